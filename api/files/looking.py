"""What a file is, by its content alone: no name, no header, and nothing is unpacked or drawn.

    PDF    its head and its end are there, no password, no more pages than are read
    JPEG   the size of its frame, and its end
    PNG    the size in its head, and every part up to the last, each with its checksum

What a reader could stumble over is refused with words that help.
"""

import re
import zlib

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
    SHORTEST_SIDE,
    MediaType,
)

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
# ISO 32000-1, annex H: readers look for the head in the first KiB, and for the end in the last.
_NEAR = 1024
_LOCKED = re.compile(rb"/Encrypt\s*(?:<<|\d+\s+\d+\s+R)")
_PAGE = re.compile(rb"/Type\s*/Page(?![A-Za-z])")


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
    """Raise what stands against it. Pages inside packed objects are not counted."""
    if b"%%EOF" not in content[-_NEAR:]:
        raise FileDamaged
    if _LOCKED.search(content):
        raise FileLocked
    for number, _found in enumerate(_PAGE.finditer(content), 1):
        if number > MOST_PAGES:
            raise TooManyPages(most=MOST_PAGES)
