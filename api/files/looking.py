"""What a file is, by its content alone: no name, no header, and nothing is drawn.

    PDF    its head and its end are there, no password, no more pages than are read; of what is
           packed only its object streams are unpacked, so far and no further
    JPEG   the size of its frame, and its end
    PNG    the size in its head, and every part up to the last, each with its checksum

What a reader could stumble over is refused with words that help.
"""

import re
import zlib
from collections.abc import Iterator
from itertools import islice

from api.files.refusals import (
    FileDamaged,
    FileEmpty,
    FileLocked,
    FileNotTaken,
    PictureTooLarge,
    PictureTooSmall,
    TooManyPages,
)
from api.files.rules import (
    MOST_PAGES,
    MOST_PIXELS,
    MOST_PIXELS_A_BYTE,
    MOST_UNPACKED,
    SHORTEST_SIDE,
    MediaType,
)

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
# ISO 32000-1, annex H: readers look for the head in the first KiB, and for the end in the last.
_NEAR = 1024
_LOCKED = re.compile(rb"/Encrypt\s*(?:<<|\d+\s+\d+\s+R)")
_PAGE = re.compile(rb"/Type\s*/Page(?![A-Za-z])")
_PACKED = re.compile(rb"/Type\s*/ObjStm(?![A-Za-z])")
_BODY = re.compile(rb"stream\r?\n")
# What is fed at a time. However little comes out of a stream, it counts as so much: an attacker's
# twenty megabytes of empty streams are given up as early as one that is endless.
_FED, _LEAST = 16 * 1024, 1024


def media_type(content: bytes) -> MediaType:
    """Say what it is; raises the refusals of a file that is not taken."""
    if not content:
        raise FileEmpty
    if content.startswith(_PNG):
        return _picture(MediaType.PNG, *_png(content), content)
    if content.startswith(_JPEG):
        return _picture(MediaType.JPEG, *_jpeg(content), content)
    if b"%PDF-" in content[:_NEAR]:
        _look_at_pdf(content)
        return MediaType.PDF
    raise FileNotTaken


def _picture(kind: MediaType, width: int, height: int, content: bytes) -> MediaType:
    pixels = width * height
    if pixels > min(MOST_PIXELS, MOST_PIXELS_A_BYTE * len(content)):
        raise PictureTooLarge
    if min(width, height) < SHORTEST_SIDE:
        raise PictureTooSmall(least=SHORTEST_SIDE)
    return kind


def _png(content: bytes) -> tuple[int, int]:
    """Width and height; raises FileDamaged (PNG specification, clauses 5.3 and 11.2.2)."""
    at, size = len(_PNG), None
    while at + 12 <= len(content):
        length = int.from_bytes(content[at : at + 4])
        kind, body = content[at + 4 : at + 8], content[at + 8 : at + 8 + length]
        checksum = content[at + 8 + length : at + 12 + length]
        if zlib.crc32(kind + body) != int.from_bytes(checksum) or len(checksum) != 4:
            break
        if size is None:
            if kind != b"IHDR" or length != 13:
                break
            size = int.from_bytes(body[:4]), int.from_bytes(body[4:8])
        if kind == b"IEND":
            return size
        at += 12 + length
    raise FileDamaged


def _jpeg(content: bytes) -> tuple[int, int]:
    """Width and height; raises FileDamaged (ITU-T T.81, annex B)."""
    at, size = 2, None
    while at + 4 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if marker == 0xFF:
            # Any number of these may stand before a marker.
            at += 1
            continue
        length = int.from_bytes(content[at + 2 : at + 4])
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            frame = content[at + 5 : at + 9]
            size = int.from_bytes(frame[2:]), int.from_bytes(frame[:2])
        if marker == 0xDA:
            # Within the picture's data no end can stand but its own.
            if size is None or content.find(b"\xff\xd9", at) < 0:
                break
            return size
        at += 2 + length
    raise FileDamaged


def _look_at_pdf(content: bytes) -> None:
    """Raise what stands against it."""
    if b"%%EOF" not in content[-_NEAR:]:
        raise FileDamaged
    if _LOCKED.search(content):
        raise FileLocked
    pages = 0
    for part in _readable(content):
        pages += sum(1 for _found in islice(_PAGE.finditer(part), MOST_PAGES + 1))
        if pages > MOST_PAGES:
            raise TooManyPages(most=MOST_PAGES)


def _readable(content: bytes) -> Iterator[bytes]:
    """Give where pages may stand: the file in clear, and its object streams (ISO 32000-1, 7.5.7).

    Raises TooManyPages where they unpack to more than so few pages need, and FileDamaged.
    """
    yield content
    left = MOST_UNPACKED
    for found in _PACKED.finditer(content):
        body = _BODY.search(content, found.end(), found.end() + _NEAR)
        if body is None:
            raise FileDamaged
        head = content[max(0, found.start() - _NEAR) : body.start()].rpartition(b" obj")[2]
        # One without a filter stands in clear, and is read with the rest.
        part = _unpacked(content, body.end(), left) if b"/Filter" in head else b""
        left -= max(len(part), _LEAST)
        if left <= 0:
            raise TooManyPages(most=MOST_PAGES)
        yield part


def _unpacked(content: bytes, at: int, most: int) -> bytes:
    """Unpack a stream that begins here, up to so many bytes; raises FileDamaged.

    Who writes object streams packs them by deflate; another filter is none that we read.
    """
    packed, stream, part = memoryview(content), zlib.decompressobj(), bytearray()
    try:
        while at < len(content) and len(part) < most and not stream.eof:
            part += stream.decompress(packed[at : at + _FED], most - len(part))
            at += _FED
    except zlib.error:
        raise FileDamaged from None
    return bytes(part)
