"""What is said to a person, before any messenger: text, buttons, link, papers, a place.

Bots' replies and notices are both Messages; `notifier/channels/` turns one into calls.

All of them are values that nobody changes. Of the two that every notice makes mypy alone sees to it
(`Final`): a frozen dataclass sets each field by a call, a sixth of the time of a notice's words.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class Wants(StrEnum):
    """What a channel should make easy to send next."""

    CONTACT = "contact"
    LOCATION = "location"
    FILE = "file"


@dataclass(slots=True, unsafe_hash=True)
class Button:
    """One act: `data` comes back when it is tapped (at most 64 bytes); `url` opens a page instead."""

    label: Final[str]
    data: Final[str] = ""
    url: Final[str] = ""


@dataclass(frozen=True, slots=True)
class Pin:
    """A place on a map: degrees of latitude and longitude, and what is there."""

    latitude: float
    longitude: float
    title: str
    address: str

    def __str__(self) -> str:
        """The same in words, with the address that map programs open (RFC 5870)."""
        return f"{self.title}\n{self.address}\ngeo:{self.latitude},{self.longitude}"


@dataclass(frozen=True, slots=True)
class Paper:
    """A file to go with a message."""

    name: str
    content: bytes
    media_type: str

    @property
    def is_picture(self) -> bool:
        return self.media_type.startswith("image/")


@dataclass(frozen=True, slots=True)
class Order:
    """A paper that is made when it leaves: the verb of the typed client that gives it.

    `grant` and `language` are what the verb is asked with.
    """

    verb: str
    picture: bool
    grant: str | None
    language: str


@dataclass(slots=True, unsafe_hash=True)
class Message:
    """Everything a channel needs; already worded in the reader's language, nothing escaped.

    `buttons` are rows. `wants` asks for a contact, location or file where the channel has a button
    for it, labelled `wants_label`. `subject` and `html` are for mail. A message with a `pin` is
    that place and nothing else: `text` says the same in words. An `order` becomes a paper before
    the message leaves, or on the page that shows it.
    """

    text: Final[str]
    buttons: Final[tuple[tuple[Button, ...], ...]] = ()
    wants: Final[Wants | None] = None
    wants_label: Final[str] = ""
    subject: Final[str] = ""
    html: Final[str] = ""
    papers: Final[tuple[Paper, ...]] = field(default=())
    order: Final[Order | None] = None
    pin: Final[Pin | None] = None
    language: Final[str] = "fa"
