"""Check digits, forms and masks."""

import contextlib
from typing import Any

import pytest
from hypothesis import given, strategies

from api.kit import identifiers
from api.kit.identifiers import BadIdentifier
from tests.vectors import cases

READERS = {
    "national_code": identifiers.national_code,
    "legal_id": identifiers.legal_id,
    "workshop_code": identifiers.workshop_code,
    "mobile": identifiers.mobile,
}


def of(name: str) -> list[Any]:
    return [pytest.param(name, case, id=f"{name} {case['input']!r}") for case in cases(name)]


@pytest.mark.parametrize(("kind", "case"), [each for kind in READERS for each in of(kind)])
def test_an_identifier_is_read_or_refused_as_the_vectors_say(kind, case):
    if case["valid"] and not case.get("needs_repair"):
        expected = case.get("e164") or case.get("normalized") or case["input"]
        assert READERS[kind](case["input"]) == expected
    else:
        with pytest.raises(BadIdentifier) as refused:
            READERS[kind](case["input"])
        assert case.get("reason", "length").split()[0] == refused.value.reason
        assert refused.value.kind == kind


@pytest.mark.parametrize(
    "case", [case for case in cases("national_code") if case.get("needs_repair")], ids=str
)
def test_lost_zeros_come_back_only_when_asked(case):
    assert identifiers.national_code(case["input"], repair=True) == case["normalized"]


def test_repair_adds_at_most_two_zeros():
    with pytest.raises(BadIdentifier, match="length"):
        identifiers.national_code("1234567", repair=True)


@pytest.mark.parametrize(("kind", "case"), of("postal_code"))
def test_a_postal_code_is_ten_digits_and_its_pattern_a_warning(kind, case):
    if case.get("reason") == "length":
        with pytest.raises(BadIdentifier, match="length"):
            identifiers.postal_code(case["input"])
    else:
        code = identifiers.postal_code(case["input"])
        assert identifiers.is_usual_postal_code(code) is case["valid"]


def test_an_employer_is_a_company_or_a_person():
    assert identifiers.employer_no("۱۴۰۰۵۵۵۸۰۷۴") == "14005558074"
    assert identifiers.employer_no("0435746928") == "0435746928"
    with pytest.raises(BadIdentifier, match="employer_no: check_digit"):
        identifiers.employer_no("14005558075")
    with pytest.raises(BadIdentifier, match="employer_no: length"):
        identifiers.employer_no("123456789012")


def test_a_debt_number_has_thirteen_digits():
    assert identifiers.debt_number(" ۱۴۰۵-۰۰۰۰-۱۲۳۴۵ ") == "1405000012345"
    with pytest.raises(BadIdentifier, match="length"):
        identifiers.debt_number("140500001234")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" Office@Example.IR ", "Office@example.ir"),
        ("\u200ea.b+c@mail.example.com\u200f", "a.b+c@mail.example.com"),
        ("user۱@example.com", "user1@example.com"),
    ],
)
def test_an_address_is_kept_with_its_domain_in_lower_case(typed, kept):
    assert identifiers.email(typed) == kept


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("", "empty"),
        ("no-at.example.com", "form"),
        ("a@b", "form"),
        ("a@-b.com", "form"),
        ("a..b@example.com", "form"),
        ("a@example.com\r\nBcc: b@example.com", "form"),
        ("a@example.com, b@example.com", "form"),
        ("نام@example.com", "form"),
        ("a" * 65 + "@example.com", "length"),
        ("a@" + "b" * 60 + ".c" * 100 + ".com", "length"),
    ],
)
def test_what_is_no_single_plain_address_is_refused(typed, reason):
    with pytest.raises(BadIdentifier) as refused:
        identifiers.email(typed)
    assert refused.value.reason == reason


@given(strategies.text(alphabet="0123456789۰۱۲۳۴۵۶۷۸۹٠١٢+- abc\u200e²①", max_size=20))
def test_whatever_is_typed_is_a_canonical_code_or_a_refusal(text):
    for read in (*READERS.values(), identifiers.employer_no, identifiers.postal_code):
        with contextlib.suppress(BadIdentifier):
            code = read(text)
            assert code.removeprefix("+").isascii()
            assert read(code) == code


def test_a_refusal_never_repeats_what_was_typed():
    with pytest.raises(BadIdentifier) as refused:
        identifiers.national_code("5272072919")
    assert "5272072919" not in repr(refused.value)


def test_masks_show_enough_to_know_oneself():
    assert identifiers.mask_phone("+989121234567") == "0912•••4567"
    assert identifiers.mask_name("مریم", "احمدی") == "م*** ا***"
    assert identifiers.mask_name("", "احمدی") == "ا***"
    assert identifiers.mask_workshop("8847674521") == "*4521"
