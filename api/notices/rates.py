"""How much each sender may say: tokens at an even pace, and waits told by the other side."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import Select, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from api import db
from api.notices.models import Rate

# Tokens that may be spent at once: a quarter of a second's worth, so that no second sees many more
# than its rate.
_BURST_SECONDS = 0.25
# Whoever has not spoken since a wait of so late tries one first, and the others when that is taken.
_LATELY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Taken:
    """How many may leave now, and when the next may.

    `waits` is for how many seconds from now the other side wants silence, less than 0 where it did
    lately, None where it did not.
    """

    granted: int
    free_at: datetime
    waits: float | None = None


def take(session: Session, *, sender: str, wanted: int, per_second: float, now: datetime) -> Taken:
    """Take at most so many tokens of a sender; locks its row until the transaction ends."""
    rate = _locked(session, sender, now)
    lately = rate.waits_until > now - _LATELY
    waits = (rate.waits_until - now).total_seconds() if lately else None
    if rate.waits_until > now:
        return Taken(0, rate.waits_until, waits)
    begin = max(rate.free_at, now)
    ahead = (begin - now).total_seconds()
    granted = min(wanted, max(0, int(max(1.0, per_second * _BURST_SECONDS) - ahead * per_second)))
    rate.free_at = begin + timedelta(seconds=granted / per_second)
    return Taken(granted, max(rate.free_at, now), waits)


def wait(session: Session, *, sender: str, seconds: float, now: datetime) -> datetime:
    """Keep a sender silent for so long, or longer if it is so already; gives until when."""
    rate = _locked(session, sender, now)
    rate.waits_until = max(rate.waits_until, now + timedelta(seconds=seconds))
    session.flush()
    return rate.waits_until


def waits_until(session: Session, *, sender: str, now: datetime) -> datetime | None:
    """Tell until when a sender must be silent; None when it need not be."""
    until = db.ask(session, _waits_until(), sender=sender).scalar()
    return until if until is not None and until > now else None


def bot_waits_until(
    session: Session, messenger: str, audience: str, now: datetime
) -> datetime | None:
    """Tell until when the bot of an audience must be silent: what its other side is told."""
    return waits_until(session, sender=f"{messenger}:{audience}", now=now)


def _locked(session: Session, sender: str, now: datetime) -> Rate:
    asked = (
        select(Rate)
        .where(Rate.sender == sender)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    found = session.scalar(asked)
    if found is None:
        kind = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
        session.execute(
            kind.insert(Rate)
            .values(sender=sender, free_at=now, waits_until=now - _LATELY)
            .on_conflict_do_nothing()
        )
        found = session.scalars(asked).one()
    return found


@cache
def _waits_until() -> Select[datetime]:
    return select(Rate.waits_until).where(Rate.sender == bindparam("sender"))
