"""What every mouth has in common: whom it speaks to, what it can do, and its two verbs."""

from dataclasses import dataclass
from typing import Protocol

from api.kit.message import Message
from api.kit.outcome import Outcome

KAVENEGAR, SMPP = "sms:kavenegar", "sms:smpp"
MAIL, SECOND_MAIL = "email:first", "email:second"
"""The senders of SMS and mail: what their rates, attempts and reports are kept under.

A line of SMS is called after its provider, in whatever order they stand: what was unknown there is
asked there and nowhere else. A bot's is `telegram:employers`.
"""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a message goes: one of the three is filled. Its repr shows none of them."""

    chat_id: str = ""
    phone: str = ""
    email: str = ""

    def __repr__(self) -> str:
        return "Address(…)"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a channel can show, and whether it can be asked about what it took.

    `length` is the longest text of one message. `papers`: it shows files and pictures, of `largest`
    bytes at most; one that `fetches` has those that are ordered made itself, when they are looked at. `location` is a button that shares one's own place,
    `pins` a place shown on a map. `asks`: `ask` gives an answer; what it does not
    know for sure it has not taken. `paced`: somebody outside counts what it is sent in a second.
    """

    length: int
    buttons: bool = False
    contact: bool = False
    location: bool = False
    files: bool = False
    links: bool = False
    pins: bool = False
    papers: bool = False
    fetches: bool = False
    largest: int = 0
    asks: bool = False
    paced: bool = True


class Channel(Protocol):
    """A mouth. Neither verb raises: whatever happens outside is one of the three outcomes."""

    @property
    def can(self) -> Capabilities: ...

    async def send(self, to: Address, message: Message, reference: str) -> Outcome:
        """Hand over one message; `reference` is our own name for it, the same when it is repeated."""
        ...

    async def ask(self, reference: str) -> Outcome | None:
        """Ask what became of a message; None when the other side cannot be asked or did not say."""
        ...

    async def close(self) -> None:
        """Let the kept connections go."""
        ...
