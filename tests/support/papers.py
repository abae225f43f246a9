"""Papers as people send them: small, and of the right kinds to the last byte."""

import zlib
from random import Random

WEBP = b"RIFF\x24\x00\x00\x00WEBPVP8 " + bytes(24)
HEIC = b"\x00\x00\x00\x18ftypheic" + bytes(32)


def png(width: int = 600, height: int = 800, *, seed: int = 1) -> bytes:
    """A picture of black and white dots."""
    dots = Random(seed)
    row = (width + 7) // 8
    lines = b"".join(b"\0" + dots.randbytes(row) for _ in range(height))
    return _png(width, height, zlib.compress(lines, 1))


def png_bomb() -> bytes:
    """A kilobyte that claims 50,000 × 50,000 pixels."""
    return _png(50_000, 50_000, bytes(1000))


def white_page() -> bytes:
    """A page with nothing on it, packed as tightly as it goes."""
    return _png(7000, 7000, zlib.compress(bytes(7000 * 876), 9))


def _png(width: int, height: int, data: bytes) -> bytes:
    head = width.to_bytes(4) + height.to_bytes(4) + bytes([1, 0, 0, 0, 0])
    parts = ((b"IHDR", head), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_part(kind, body) for kind, body in parts)


def _part(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4) + kind + body + zlib.crc32(kind + body).to_bytes(4)


def jpeg(width: int = 1280, height: int = 960, *, progressive: bool = False) -> bytes:
    """A picture with a small one of itself in its head, as telephones make them."""
    thumbnail = b"\xff\xd8" + bytes(20) + b"\xff\xd9"
    frame = bytes([8]) + height.to_bytes(2) + width.to_bytes(2) + bytes([1, 1, 0x11, 0])
    segments = ((0xE1, b"Exif\0\0" + thumbnail), (0xC2 if progressive else 0xC0, frame))
    head = b"".join(_segment(marker, body) for marker, body in segments)
    scan = _segment(0xDA, bytes(6)) + b"\x55" * 4000
    return b"\xff\xd8" + head + scan + b"\xff\xd9"


def _segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2) + body


def pdf(pages: int = 1, *, trailer: bytes = b"", padding: int = 0) -> bytes:
    """A file of so many empty pages."""
    page = b"<< /Type /Page /Parent 2 0 R >>\n"
    return (
        b"%PDF-1.7\n<< /Type /Pages /Count 1 >>\n"
        + page * pages
        + b" " * padding
        + b"trailer << /Root 1 0 R "
        + trailer
        + b">>\nstartxref\n9\n%%EOF\n"
    )


def packed_pdf(*streams: bytes, before: bytes = b"/Filter /FlateDecode ") -> bytes:
    """A file whose objects stand in these object streams, as they are."""
    parts = b"".join(
        b"%d 0 obj\n<< /Type /ObjStm /N 1 /First 4 %s>>\nstream\n%s\nendstream\nendobj\n"
        % (number, before, stream)
        for number, stream in enumerate(streams, 1)
    )
    return b"%PDF-1.7\n" + parts + b"startxref\n9\n%%EOF\n"


def pages(count: int) -> bytes:
    """An object stream of so many pages."""
    return zlib.compress(b"1 0 << /Type/Page /Parent 2 0 R >> " * count)
