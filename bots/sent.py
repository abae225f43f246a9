"""What a person sent, neutral: before any messenger, and as it is kept and compared."""

from dataclasses import dataclass, replace

from api.kit.text import normalise

# A deep link's payload has at most so many characters (Bot API).
_PAYLOAD = 64


@dataclass(frozen=True, slots=True)
class Place:
    """A pin: degrees of latitude and longitude."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class File:
    """A file that a person sent, by the messenger's own reference; `size` in bytes.

    A photo has no name.
    """

    reference: str
    name: str
    size: int
    media_type: str


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact card. `own` is true only where the messenger vouches that it is the sender's."""

    phone: str
    own: bool


@dataclass(frozen=True, slots=True)
class Sent:
    """What a person sent, neutral: at most one of these is set; none at all is something unreadable.

    `start` is the payload of a deep link ("" for a plain /start). `private` is false in groups.
    `left` says that the person stopped the bot, `rang` that the phone rang and nobody spoke.
    """

    text: str = ""
    tap: str = ""
    start: str | None = None
    contact: Contact | None = None
    place: Place | None = None
    file: File | None = None
    private: bool = True
    left: bool = False
    rang: bool = False
    acknowledge: str = ""
    """The messenger's reference of a tap that waits to be acknowledged."""

    def cleaned(self) -> "Sent":
        """The same as we keep and compare it: nothing invisible, nothing a store cannot take."""
        card, file = self.contact, self.file
        return replace(
            self,
            text=normalise(self.text),
            tap=normalise(self.tap),
            start=None if self.start is None else normalise(self.start)[:_PAYLOAD],
            contact=replace(card, phone=normalise(card.phone)) if card else None,
            file=replace(file, name=normalise(file.name)) if file else None,
        )
