"""What a file is, told by its content, and what is refused of it."""

import random
import zlib

import pytest

from api.errors import Refusal
from api.files import looking
from api.files.refusals import (
    FileDamaged,
    FileEmpty,
    FileLocked,
    FileNotTaken,
    PictureTooLarge,
    PictureTooSmall,
    TooManyPages,
)
from api.files.rules import MOST_UNPACKED, MediaType
from tests.support import papers


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (papers.png(), MediaType.PNG),
        (papers.png(500, 500), MediaType.PNG),
        (papers.jpeg(), MediaType.JPEG),
        (papers.jpeg(progressive=True), MediaType.JPEG),
        # Cameras put things of their own behind the end.
        (papers.jpeg() + bytes(500), MediaType.JPEG),
        (papers.pdf(), MediaType.PDF),
        (papers.pdf(50), MediaType.PDF),
        (b"\n\n" + papers.pdf() + b"\r\n", MediaType.PDF),
        (papers.packed_pdf(papers.pages(25), papers.pages(25)), MediaType.PDF),
        (papers.packed_pdf(b"1 0 << /Type/Page >> " * 50, before=b""), MediaType.PDF),
    ],
)
def test_papers_are_told_by_their_content(content: bytes, kind: MediaType):
    assert looking.media_type(content) is kind


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"", FileEmpty),
        (papers.WEBP, FileNotTaken),
        (papers.HEIC, FileNotTaken),
        (b"PK\x03\x04" + bytes(40), FileNotTaken),
        (b"<html>%PDF</html>", FileNotTaken),
        (papers.png(499, 5000), PictureTooSmall),
        (papers.jpeg(320, 240), PictureTooSmall),
        (papers.jpeg(0, 0), PictureTooSmall),
        (papers.png_bomb(), PictureTooLarge),
        (papers.white_page(), PictureTooLarge),
        (papers.jpeg(60_000, 60_000), PictureTooLarge),
        (papers.png()[:-1], FileDamaged),
        (papers.png()[:30], FileDamaged),
        (papers.png()[:200] + b"?" + papers.png()[201:], FileDamaged),
        (papers.jpeg()[:-2], FileDamaged),
        (papers.jpeg()[:12], FileDamaged),
        (papers.pdf()[:-8], FileDamaged),
        (papers.pdf(trailer=b"/Encrypt 12 0 R "), FileLocked),
        (papers.pdf(trailer=b"/Encrypt << /Filter /Standard >> "), FileLocked),
        (papers.pdf(51), TooManyPages),
        (papers.packed_pdf(papers.pages(51)), TooManyPages),
        (papers.packed_pdf(papers.pages(26), papers.pages(25)), TooManyPages),
        (papers.packed_pdf(b"1 0 << /Type/Page >> " * 51, before=b""), TooManyPages),
        (papers.packed_pdf(zlib.compress(bytes(MOST_UNPACKED + 1))), TooManyPages),
        (papers.packed_pdf(*[zlib.compress(b"")] * 9000), TooManyPages),
        (papers.packed_pdf(b"of another kind", before=b"/Filter /LZWDecode "), FileDamaged),
        (papers.packed_pdf()[:-20] + b"<< /Type /ObjStm >> %%EOF", FileDamaged),
    ],
)
def test_what_cannot_be_read_is_refused(content: bytes, refusal: type[Refusal]):
    with pytest.raises(refusal):
        looking.media_type(content)


@pytest.mark.parametrize(
    "whole",
    [papers.png(500, 500), papers.jpeg(), papers.pdf(), papers.packed_pdf(papers.pages(9))],
)
def test_whatever_is_broken_is_refused_and_never_breaks_the_reader(whole: bytes):
    dice = random.Random(len(whole))
    for _ in range(300):
        broken = bytearray(whole[: dice.randrange(len(whole))])
        for _ in range(dice.randrange(4)):
            if broken:
                broken[dice.randrange(len(broken))] = dice.randrange(256)
        try:
            looking.media_type(bytes(broken))
        except Refusal:
            continue


def test_half_a_file_is_never_taken_for_a_whole():
    for whole in (papers.png(500, 500), papers.jpeg(), papers.pdf()):
        for end in range(1, len(whole) - 8, max(1, len(whole) // 60)):
            with pytest.raises(Refusal):
                looking.media_type(whole[:end])
