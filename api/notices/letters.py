"""What passes between the core and the postman: claims, letters, questions and what came of them."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from api.kit.outcome import Outcome, State


@dataclass(frozen=True, slots=True)
class Claim:
    """Deliveries that are ours to look at until `until`."""

    lease: uuid.UUID
    ids: tuple[uuid.UUID, ...]
    until: datetime


class Pause(NamedTuple):
    """A sender that may not speak freely now: for `seconds` nobody, from then on one at a time.

    is_outage: its other side fails; otherwise it has told us to wait.
    """

    seconds: float
    is_outage: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One attempt, committed: everything its rendering and its call need, and no database.

    `address` is a chat id, a phone or a mail address, by `channel`. Its repr shows neither it nor
    the secret.
    """

    attempt_id: uuid.UUID
    delivery_id: uuid.UUID
    lease: uuid.UUID
    channel: str
    sender: str
    address: str = field(repr=False)
    template: str
    facts: dict[str, Any] = field(repr=False)
    secret: dict[str, str] | None = field(repr=False)
    language: str
    code: str
    reference: str
    opened_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A delivery whose fate the provider is asked about before anything else happens to it."""

    delivery_id: uuid.UUID
    lease: uuid.UUID
    channel: str
    sender: str
    reference: str


@dataclass(frozen=True, slots=True)
class Work:
    """What came of looking at a claim.

    `looked_at` is how many were claimed, `limited` how many of them were put off because their
    sender has no token left. `handed_over`: something waits for another channel now. `waits` are
    the senders whose other side told somebody of ours to wait: for how many seconds from now, less
    than 0 where that has ended a while ago.
    """

    letters: tuple[Letter, ...] = ()
    questions: tuple[Question, ...] = ()
    looked_at: int = 0
    limited: int = 0
    handed_over: bool = False
    waits: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What came of one letter, or of one question (no attempt; None when nobody could say).

    `sender` is who was asked; a letter's is its attempt's.
    """

    delivery_id: uuid.UUID
    lease: uuid.UUID
    attempt_id: uuid.UUID | None
    outcome: Outcome | None
    sender: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReport:
    """What a provider told us: by our reference, by its own name, or both.

    `state` is None for a word we do not know: it is kept and changes nothing. `at` is the
    provider's own time as it wrote it, empty where it gives none; `told` the raw text.
    """

    provider: str
    reference: int | None
    provider_id: str | None
    status: str
    state: State | None
    at: str
    told: str = field(repr=False)
