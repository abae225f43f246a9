"""Sealing personal data at rest: AES-GCM with a key id, and keyed blind indexes for look-ups.

A key file is JSON, made by `python -m api keys new`:

    {"sealing": {"current": "k1", "keys": {"k1": "<base64 of 32 bytes>"}},
     "index": "<base64>", "signing": "<base64>"}

Rotation adds a sealing key and makes it current; old ones stay to open what they sealed. The index
key does not rotate with it: a blind index of another key finds nothing.
"""

import base64
import fcntl
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE = 12


class BadKeys(ValueError):
    """The key file cannot be used; the text says why and what to do."""


class CannotOpen(ValueError):
    """Sealed bytes do not open: another key, another context, or altered."""


@dataclass(frozen=True, repr=False)
class Keyring:
    """The keys of one room. Its repr shows none of them."""

    current: str
    sealing: dict[str, bytes]
    index: bytes
    signing: bytes

    @classmethod
    def new(cls) -> Self:
        """Make fresh keys from the operating system's randomness."""
        name = secrets.token_hex(4)
        return cls(name, {name: os.urandom(32)}, os.urandom(32), os.urandom(32))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a key file; raises BadKeys with a sentence when it is missing or broken."""
        try:
            data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            keys = {name: _decoded(key) for name, key in data["sealing"]["keys"].items()}
            ring = cls(
                data["sealing"]["current"], keys, _decoded(data["index"]), _decoded(data["signing"])
            )
        except FileNotFoundError:
            raise BadKeys(
                f"The key file {path} is not there: make one with `keys new {path}`."
            ) from None
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            raise BadKeys(f"The key file {path} cannot be read as a key file.") from None
        if ring.current not in ring.sealing:
            raise BadKeys(f"The key file {path} names a current key that it does not hold.")
        return ring

    def save(self, path: Path) -> None:
        """Write the key file, readable by its owner alone, whole or not at all."""
        data = {
            "sealing": {
                "current": self.current,
                "keys": {name: _encoded(key) for name, key in self.sealing.items()},
            },
            "index": _encoded(self.index),
            "signing": _encoded(self.signing),
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(path.name + ".new")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(data, file, indent=2)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)

    def rotated(self) -> Self:
        """The same ring with a fresh sealing key made current."""
        name = secrets.token_hex(4)
        return type(self)(name, {**self.sealing, name: os.urandom(32)}, self.index, self.signing)

    def seal(self, text: str, *, context: str) -> bytes:
        """Seal a text; it opens only in the same context (a column's name, for one)."""
        nonce = os.urandom(_NONCE)
        cipher = AESGCM(self.sealing[self.current])
        name = self.current.encode()
        body = cipher.encrypt(nonce, text.encode("utf-8"), name + b"\0" + context.encode())
        return bytes([len(name)]) + name + nonce + body

    def open(self, sealed: bytes, *, context: str) -> str:
        """Open what `seal` made; raises CannotOpen."""
        size = sealed[0] if sealed else 0
        name = bytes(sealed[1 : 1 + size])
        key = self.sealing.get(name.decode("ascii", "replace"))
        if key is None:
            raise CannotOpen("sealed with a key that is not in the key file")
        nonce, body = sealed[1 + size : 1 + size + _NONCE], sealed[1 + size + _NONCE :]
        try:
            plain = AESGCM(key).decrypt(nonce, body, name + b"\0" + context.encode())
        except (InvalidTag, ValueError):
            raise CannotOpen("altered, or sealed for another place") from None
        return plain.decode("utf-8")

    def holds_key_of(self, sealed: bytes) -> bool:
        """Whether the key that sealed these bytes is in this ring."""
        return bytes(sealed[1 : 1 + sealed[0]]).decode("ascii", "replace") in self.sealing

    def sealed_with_current(self, sealed: bytes) -> bool:
        """Whether a rotation has nothing left to do for these bytes."""
        return sealed[1 : 1 + sealed[0]] == self.current.encode()

    def blind(self, kind: str, value: str) -> bytes:
        """A keyed index of a value: equal values of a kind are equal, and say nothing else."""
        return hmac.digest(self.index, f"{kind}\0{value}".encode(), hashlib.sha256)[:16]

    def sign(self, kind: str, value: bytes) -> bytes:
        """An HMAC of 32 bytes over a value of a kind."""
        return hmac.digest(self.signing, kind.encode() + b"\0" + value, hashlib.sha256)


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold a key file against another rotation: two would each lose the other's key.

    Raises BadKeys while somebody else holds it, and where it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.with_name(path.name + ".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise BadKeys(f"Another command is changing {path}: wait for its end.") from None
            yield
    except OSError as error:
        raise BadKeys(f"{path} cannot be written ({error.strerror}).") from None


def _encoded(key: bytes) -> str:
    return base64.b64encode(key).decode("ascii")


def _decoded(text: str) -> bytes:
    key = base64.b64decode(text, validate=True)
    if len(key) != 32:
        raise ValueError("a key has 32 bytes")
    return key
