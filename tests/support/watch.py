"""A watch over all that is logged while tests run: nothing of a person, no secret (G19).

Logging is set up as in a process that was told DEBUG, so what is watched is what would be written.
Our events are in English, keys and ids: letters of Persian or Arabic in a line are somebody's words.
"""

import io
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import structlog

from api.kit import identifiers, logs
from api.kit.identifiers import BadIdentifier
from tests.support import core

SECRETS = (core.BOTS_KEY, "an-invented-secret", "a secret of the reports")
"""What the suite's settings hold as secrets."""

_TOKENS = re.compile(r"\d{6,}:[A-Za-z0-9_-]{30,}|bk_[A-Za-z0-9_-]{20,}")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_WORDS = re.compile(r"[\u0620-\u064A\u0671-\u06D3]{2,}")
_DIGITS = re.compile(r"(?<![\w.-])\+?\d{10,16}(?![\w-])")
_CARD = 16


def found_in(text: str) -> Iterator[str]:
    """What stands in a text that could be a person's, or a secret; by its kind, never the thing itself."""
    if _TOKENS.search(text) or any(secret in text for secret in SECRETS):
        yield "a secret"
    if _MAIL.search(text):
        yield "an address"
    if _WORDS.search(text):
        yield "words of a person"
    for run in _DIGITS.findall(text):
        yield from _kinds_of(run)


def _kinds_of(digits: str) -> Iterator[str]:
    if len(digits) == _CARD and _is_card(digits):
        yield "a card"
    for kind, read in (
        ("a national code", identifiers.national_code),
        ("a phone", identifiers.mobile),
    ):
        try:
            read(digits)
        except BadIdentifier:
            continue
        yield kind


def _is_card(digits: str) -> bool:
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(digits))
    return sum(one - 9 * (one > 9) for one in doubled) % 10 == 0


@dataclass
class Watch:
    """What was written since somebody looked last."""

    stream: io.StringIO = field(default_factory=io.StringIO)
    _handler: logging.Handler | None = None

    def stand(self) -> None:
        """Set logging up, unless it is as it was left."""
        root = logging.getLogger()
        if self._handler in root.handlers and structlog.is_configured():
            return
        others = [one for one in root.handlers if one is not self._handler]
        logs.setup("DEBUG", json=True)
        [self._handler] = root.handlers
        self._handler.setStream(self.stream)  # type: ignore[attr-defined]
        root.handlers += others

    def look(self) -> list[str]:
        """The lines in which something stands that may not, with what it is; forgets all."""
        lines = self.stream.getvalue().splitlines()
        self.stream.seek(0)
        self.stream.truncate()
        return [f"{kind}: {line}" for line in lines for kind in found_in(line)]
