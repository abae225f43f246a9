"""A post office for tests: people, notices, and a postman whose every step is said by the test."""

import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.access import service as access
from api.access.models import ChatLink
from api.access.rules import ChatAddress, Level
from api.kit.outcome import Accepted, Outcome
from api.notices import questions
from api.notices import service as notices
from api.notices.models import Attempt, Delivery, Notice
from api.people.models import Person
from api.templates.catalogue import TEMPLATES
from tests.support import make

FACTS = TEMPLATES["debt_notice"].example.model_dump(mode="json")
SENDERS: Mapping[str, float] = {
    "bale:employers": 20,
    "telegram:employers": 20,
    "telegram:people": 20,
    "sms": 1000,
    "email": 1000,
}
CHATS = iter(range(1_000_000, 2_000_000))


def all_true() -> None:
    """Answer every question with yes."""
    questions.connect({"debt_open": lambda _session, abouts: set(abouts)})


def chat(
    session: Session,
    person: Person,
    *,
    audience: str = "employers",
    messenger: str = "telegram",
    now: datetime = make.NOW,
) -> ChatLink:
    """Link a chat to a person."""
    return access.link(
        session,
        chat=ChatAddress(messenger, audience, str(next(CHATS))),
        person_id=person.id,
        masked_name="م*** آ***",
        language="en",
        level=Level.CODE,
        now=now,
    )


class Office:
    """One session, one clock that the test moves."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.now = make.NOW
        self.senders = SENDERS
        self.asks = {"sms"}
        self.pauses: dict[str, notices.Pause] = {}
        self._keys = iter(range(10_000))

    def later(self, **by: float) -> None:
        self.now += timedelta(**by)

    def post(self, person: Person, *, template: str = "debt_notice", **more: Any) -> Notice:
        values: dict[str, Any] = {"about": "debt:1", "facts": FACTS, "key": f"k{next(self._keys)}"}
        if template == "debt_reminder":
            values["facts"] = {**FACTS, "days_left": 3}
        posted = notices.post(
            self.session, template=template, to=person.id, now=self.now, **{**values, **more}
        )
        assert posted is not None
        return self.session.get_one(Notice, posted)

    def look(self, channel: str, *, places: int = 100) -> notices.Work:
        """Claim what is due on a channel and open its attempts."""
        claim = notices.claim(self.session, channel=channel, places=places, now=self.now)
        if claim is None:
            return notices.Work()
        self.session.expire_all()
        return notices.open_attempts(
            self.session,
            claim,
            channel=channel,
            per_second=self.senders,
            asks=self.asks,
            now=self.now,
            pauses=self.pauses,
        )

    def tell(self, asked: notices.Letter | notices.Question, outcome: Outcome | None) -> int:
        """Record what came of a letter or a question."""
        told = notices.Told(
            delivery_id=asked.delivery_id,
            lease=asked.lease,
            attempt_id=asked.attempt_id if isinstance(asked, notices.Letter) else None,
            outcome=outcome,
            sender=asked.sender,
        )
        return notices.record(self.session, [told], now=self.now, asks=self.asks)

    def send(
        self,
        channel: str,
        outcome: Outcome | Callable[[notices.Letter], Outcome] | None = None,
    ) -> list[notices.Letter]:
        """Look at a channel and let every letter meet with this outcome (accepted, unless told)."""
        work = self.look(channel)
        for letter in work.letters:
            came = outcome(letter) if callable(outcome) else outcome
            self.tell(letter, came or Accepted(f"{channel}-{letter.reference}"))
        return list(work.letters)

    def deliveries(self, notice: Notice) -> list[tuple[str, str]]:
        """The channels and statuses of a notice, in the order of its plan."""
        self.session.expire_all()
        rows = self.session.scalars(
            select(Delivery).where(Delivery.notice_id == notice.id).order_by(Delivery.step)
        )
        return [(row.channel, row.status) for row in rows]

    def delivery(self, notice: Notice, channel: str) -> Delivery:
        self.session.expire_all()
        return self.session.scalars(
            select(Delivery).where(Delivery.notice_id == notice.id, Delivery.channel == channel)
        ).one()

    def attempts(self, notice: Notice) -> Iterator[Attempt]:
        self.session.expire_all()
        return iter(
            self.session.scalars(
                select(Attempt)
                .join(Delivery, Delivery.id == Attempt.delivery_id)
                .where(Delivery.notice_id == notice.id)
                .order_by(Attempt.opened_at, Attempt.id)
            ).all()
        )

    def status(self, notice: Notice) -> str:
        self.session.expire_all()
        return notice.status


def new_key() -> str:
    return uuid.uuid4().hex
