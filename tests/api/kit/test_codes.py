"""Check codes of notices."""

import base64
import hashlib
import hmac
import uuid
from datetime import date

import pytest
from hypothesis import given, strategies

from api.kit import codes
from api.kit.codes import check_code, grouped, parse_code

KEY = b"k" * 32
NOTICE = uuid.UUID("018f6d3e-0000-7000-8000-0123456789ab")


def test_a_code_is_always_the_same_for_its_notice_and_key():
    code = check_code(b"k" * 32, NOTICE)
    assert code == _by_hand(b"k" * 32, NOTICE)
    assert code != check_code(b"l" * 32, NOTICE)
    assert code != check_code(b"k" * 32, uuid.UUID(int=NOTICE.int + 1))


def _by_hand(key: bytes, notice_id: uuid.UUID, start: int = 0) -> str:
    digest = hmac.new(key, notice_id.bytes, hashlib.sha256).digest()
    rfc4648 = base64.b32encode(digest[start : start + 5]).decode()
    return rfc4648.translate(
        str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789ABCDEFGHJKMNPQRSTVWXYZ")
    )


def test_a_code_has_a_digit_so_that_it_is_no_word():
    wordy = next(
        notice_id
        for notice_id in (uuid.UUID(int=no) for no in range(1000))
        if _by_hand(KEY, notice_id).isalpha()
    )
    assert not check_code(KEY, wordy).isalpha()
    assert check_code(KEY, wordy) == _by_hand(KEY, wordy, start=1)
    # What was sent before codes had one is still answered.
    assert codes.is_check_code(KEY, wordy, _by_hand(KEY, wordy))
    assert codes.is_check_code(KEY, wordy, check_code(KEY, wordy))
    assert not codes.is_check_code(b"l" * 32, wordy, check_code(KEY, wordy))
    assert not any(codes.fresh().isalpha() for _ in range(200))


def test_a_code_is_grouped_for_the_eye():
    assert grouped("K7Q2M4XD") == "K7Q2-M4XD"


@pytest.mark.parametrize(
    "text",
    ["K7Q2-M4XD", "k7q2m4xd", "k۷q۲ m۴xd", "\u2066K7Q2-M4XD\u2069", "K7Q2–M4XD", " K7Q2 - M4XD "],
)
def test_a_code_is_read_as_people_type_it(text):
    assert parse_code(text) == "K7Q2M4XD"


def test_letters_that_look_like_digits_are_read_as_digits():
    assert parse_code("OIL0oil1") == "01100111"


@pytest.mark.parametrize(
    "text", ["", "K7Q2-M4X", "K7Q2-M4XDD", "K7Q2-M4XU", "سلام بر شما", "K7Q2.M4XD"]
)
def test_another_text_is_no_code(text):
    assert parse_code(text) is None


@given(strategies.uuids())
def test_every_code_is_read_back(notice_id):
    code = check_code(b"k" * 32, notice_id)
    assert len(code) == 8
    assert parse_code(grouped(code).lower()) == code


def test_the_code_of_a_paper_holds_its_day_and_number_and_vouches_by_its_key():
    code = codes.paper_code(KEY, date(2026, 11, 23), 4321)
    assert len(code) == 16
    assert codes.vouched(KEY, code) == (date(2026, 11, 23), 4321)
    assert codes.vouched(b"another", code) is None
    assert codes.grouped(code).count("-") == 3
    assert codes.parse_paper_code(codes.grouped(code).lower()) == code
    assert codes.parse_code(code) is None


@pytest.mark.parametrize(
    ("day", "number"),
    [(date(1999, 12, 31), 1), (date(2180, 1, 1), 1), (date(2026, 1, 1), 65_536)],
)
def test_a_day_or_number_that_no_code_holds_is_named(day: date, number: int):
    with pytest.raises(ValueError, match="no such day or number"):
        codes.paper_code(KEY, day, number)


@pytest.mark.parametrize("code", ["", "K7Q2M4XD", "K" * 15 + "U", "0" * 17])
def test_what_is_no_code_of_a_paper_vouches_for_nothing(code: str):
    assert codes.vouched(KEY, code) is None
