"""Texts as octets: which part of what came, and what it says."""

import pytest

from api.kit import sms
from notifier.channels.smpp import texts
from notifier.channels.smpp.pdus import Delivered
from tests.vectors import cases


def brought(octets: bytes, esm_class: int = 0x40, **parameters: bytes) -> Delivered:
    tags = {"reference": 0x020C, "total": 0x020E, "number": 0x020F}
    return Delivered(
        sender="989990000001",
        line="10001420",
        esm_class=esm_class,
        coding=8,
        octets=octets,
        parameters={tags[name]: value for name, value in parameters.items()},
    )


@pytest.mark.parametrize("case", cases("sms_segments"), ids=lambda case: str(case["text_repeat"]))
def test_a_text_is_cut_into_as_many_parts_as_the_vectors_count(case):
    letter, times = case["text_repeat"]
    cut = texts.cut(letter * times, "42")
    assert len(cut.parts) == case["segments"]
    assert cut.is_ucs2 == (case["coding"] == "ucs2")
    # A short message holds 140 octets: as many letters of 16 bits, or 160 of seven.
    assert max(map(len, cut.parts)) <= (140 if cut.is_ucs2 else 160)


@pytest.mark.parametrize("text", ["€" * 153, "😀" * 100, "ی" * 135, "a" * 400, "", "\x0c[~]"])
def test_what_was_cut_is_read_again_whole(text):
    cut = texts.cut(text, "42")
    pieces = [texts.piece(brought(part, 0x40 if cut.has_header else 0)) for part in cut.parts]
    assert [one.number for one in pieces] == list(range(1, sms.parts(text) + 1))
    octets = b"".join(one.octets for one in pieces)
    assert texts.read(8 if cut.is_ucs2 else 0, octets) == text


@pytest.mark.parametrize(
    ("delivered", "piece"),
    [
        (brought(b"\x05\x00\x03\x2a\x02\x01hi"), texts.Piece(b"hi", "8:42", 1, 2)),
        (brought(b"\x06\x08\x04\x01\x2a\x03\x02hi"), texts.Piece(b"hi", "16:298", 2, 3)),
        # Another element stands before the one that joins.
        (brought(b"\x09\x24\x02\x01\x02\x00\x03\x07\x02\x02hi"), texts.Piece(b"hi", "8:7", 2, 2)),
        (
            brought(b"hi", 0, reference=b"\x01\x00", total=b"\x02", number=b"\x01"),
            texts.Piece(b"hi", "sar:256", 1, 2),
        ),
        # A header of ports alone, one that lies, and one that is longer than what it heads.
        (brought(b"\x06\x05\x04\x0b\x84\x23\xf0hi"), texts.Piece(b"hi")),
        (brought(b"\x05\x00\x03\x2a\x02\x03hi"), texts.Piece(b"hi")),
        (brought(b"\x05\x00\x03\x2a\x00\x00hi"), texts.Piece(b"hi")),
        (brought(b"\x40hi"), texts.Piece(b"\x40hi")),
        (brought(b""), texts.Piece(b"")),
        (brought(b"\x05\x00\x03\x2a\x02\x01hi", 0), texts.Piece(b"\x05\x00\x03\x2a\x02\x01hi")),
        (brought(b"hi", 0, total=b"\x02", number=b"\x05"), texts.Piece(b"hi")),
    ],
)
def test_a_part_tells_of_what_it_is_one(delivered, piece):
    assert texts.piece(delivered) == piece


@pytest.mark.parametrize(
    ("coding", "octets", "text"),
    [
        (0x08, "سلام".encode("utf-16-be"), "سلام"),
        (0x18, "سلام".encode("utf-16-be"), "سلام"),
        (0x08, "سلام".encode("utf-16-be")[:-1], "سلا�"),
        (0x00, b"\x00\x1b\x65 1", "@€ 1"),
        (0xF1, b"REC", "REC"),
        (0x01, b"a@b", "a@b"),
        (0x03, b"\xe9", "é"),
        (0x00, b"\xff1", "?1"),
    ],
)
def test_octets_are_read_by_what_the_centre_calls_their_alphabet(coding, octets, text):
    assert texts.read(coding, octets) == text
