"""What a chat's address is, a link and its states, and what is given to it; pure."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Self
from uuid import UUID

from api.kit import calendar

_WORD = re.compile(r"[a-z][a-z0-9_]{0,15}")
_CHAT_ID = re.compile(r"[!-~]{1,64}")


SMS = "sms"
"""The messenger of chats by SMS: their id is a phone number (E.164), and may be forged."""
WEB = "web"
"""The messenger of talks on our own page: a session of a browser, and no place to reach anybody."""


class LinkState(StrEnum):
    """Active: talk and notices. Broken: the messenger refuses us, talk alone. Ended: neither."""

    ACTIVE = "active"
    BROKEN = "broken"
    ENDED = "ended"


class EndedBy(StrEnum):
    """Who ended a chat's right to act for another person."""

    HOLDER = "holder"
    """Whose chat it is."""
    PERSON = "person"
    """For whom it acted."""
    BRANCH = "branch"
    NUMBER = "number"
    """Nobody: the number with which it was proved takes no SMS any more."""


class Scope(StrEnum):
    """What a machine's key may be made for."""

    CONTRACTS = "contracts"
    DEBTS = "debts"


IDLE = timedelta(days=90)
"""A chat that was silent for so long has to be proved again: phones change hands (guarantees.md)."""


WEB_LASTS = timedelta(hours=12)
"""So long at most a talk on the page speaks for whom it was linked to; the bots let go of it sooner."""
PERSONS_AT_MOST = 5
"""So many other people stand behind one chat: a household, and no office that collects people."""
SPEAKS = timedelta(minutes=30)
"""So long after their PIN one of several people on a phone is the one who is answered."""
SHARING_AT_MOST = 8
"""A phone of more people than a household is nobody's: each PIN is tried with each of theirs."""


FILE_BYTES = 20 * 2**20
"""A file that is sent to us has at most so many: what a messenger lets its bots fetch
(core.telegram.org/bots/api#getfile)."""


class Level(StrEnum):
    """How well the person behind a link was proved."""

    CODE = "code"
    """A fact that stands on no paper, and a code sent to the registered phone."""


@dataclass(frozen=True, slots=True)
class ChatAddress:
    """Where a chat is: which messenger, whose bot there, which chat."""

    messenger: str
    audience: str
    chat_id: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `<messenger>:<audience>:<chat id>`; raises ValueError for any other text."""
        messenger, _, rest = text.partition(":")
        audience, _, chat_id = rest.partition(":")
        words = _WORD.fullmatch(messenger) and _WORD.fullmatch(audience)
        if not words or not _CHAT_ID.fullmatch(chat_id):
            raise ValueError("no address of a chat")
        return cls(messenger, audience, chat_id)

    def __str__(self) -> str:
        return f"{self.messenger}:{self.audience}:{self.chat_id}"


@dataclass(frozen=True, slots=True)
class Link:
    """What a chat's link says when the chat knocks: nothing sealed, and nothing to change."""

    id: UUID
    messenger: str
    audience: str
    chat_index: bytes
    person_id: UUID
    masked_name: str
    language: str
    state: str
    linked_at: datetime
    seen_on: date
    chosen_at: datetime | None

    def is_idle(self, *, now: datetime) -> bool:
        """Whether the chat speaks for nobody until it is linked again.

        It was silent for long, or is a talk on the web whose hours are over.
        """
        if self.messenger == WEB and self.linked_at <= now - WEB_LASTS:
            return True
        return self.seen_on < calendar.today(now) - IDLE

    def is_up_to_date(self, *, today: date) -> bool:
        """Whether `service.heard_of` has nothing to do today."""
        return self.seen_on >= today and self.state == LinkState.ACTIVE


@dataclass(frozen=True, slots=True)
class Given:
    """A grant as its link's knock meets it; `held_id` is the workshop's or the person's."""

    id: UUID
    link_id: UUID
    kind: str
    held_id: UUID
    number_index: bytes | None
    """Of the registered number that gave the code, where the grant is for another person."""
    ended_at: datetime | None
