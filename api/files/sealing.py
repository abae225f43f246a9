"""A key for each file, and the file's bytes in pieces sealed with it.

The key alone is sealed with the room's own, so that a rotation of those writes a line for each file
and no piece anew; and where the line is deleted, nobody opens the pieces any more.
"""

import base64
from collections.abc import Iterable, Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from api.kit.sealing import CannotOpen

PIECE_BYTES = 256 * 1024


def new_key() -> str:
    """Make a key, as text."""
    return base64.b64encode(AESGCM.generate_key(256)).decode("ascii")


def sealed(key: str, content: bytes) -> Iterator[bytes]:
    """Give the sealed pieces of a file, in order."""
    cipher = AESGCM(base64.b64decode(key))
    last = max(0, len(content) - 1) // PIECE_BYTES
    for ordinal in range(last + 1):
        piece = content[ordinal * PIECE_BYTES : (ordinal + 1) * PIECE_BYTES]
        yield cipher.encrypt(_nonce(ordinal), piece, _place(ordinal, last))


def opened(key: str, pieces: Iterable[bytes], size: int) -> Iterator[bytes]:
    """Give the bytes of a file of that size again, piece by piece; raises CannotOpen."""
    cipher = AESGCM(base64.b64decode(key))
    last = max(0, size - 1) // PIECE_BYTES
    ordinal = -1
    for ordinal, piece in enumerate(pieces):
        try:
            yield cipher.decrypt(_nonce(ordinal), piece, _place(ordinal, last))
        except InvalidTag:
            raise CannotOpen("altered, or sealed for another place") from None
    if ordinal != last:
        raise CannotOpen("a piece is missing")


def _nonce(ordinal: int) -> bytes:
    # A key seals each ordinal once, so counting them repeats no nonce.
    return ordinal.to_bytes(12)


def _place(ordinal: int, last: int) -> bytes:
    return f"{ordinal} of {last}".encode()
