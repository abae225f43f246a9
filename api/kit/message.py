"""What is said to a person, before any messenger: text, buttons, link, papers, a place.

Bots' replies and notices are both Messages; `notifier/channels/` turns one into calls.
"""

from dataclasses import dataclass, field
from enum import StrEnum


class Wants(StrEnum):
    """What a channel should make easy to send next."""

    CONTACT = "contact"
    LOCATION = "location"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Button:
    """One act: `data` comes back when it is tapped (at most 64 bytes); `url` opens a page instead."""

    label: str
    data: str = ""
    url: str = ""


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


@dataclass(frozen=True, slots=True)
class Message:
    """Everything a channel needs; already worded in the reader's language, nothing escaped.

    `buttons` are rows. `wants` asks for a contact, location or file where the channel has a button
    for it, labelled `wants_label`. `subject` and `html` are for mail. A message with a `pin` is
    that place and nothing else: `text` says the same in words. An `order` becomes a paper before
    the message leaves, or on the page that shows it.
    """

    text: str
    buttons: tuple[tuple[Button, ...], ...] = ()
    wants: Wants | None = None
    wants_label: str = ""
    subject: str = ""
    html: str = ""
    papers: tuple[Paper, ...] = field(default=())
    order: Order | None = None
    pin: Pin | None = None
    language: str = "fa"
