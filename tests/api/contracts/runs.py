"""Running a job of contracts to its end, as a clock does."""

from datetime import date, datetime, time
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.bills.models import Bill
from api.kit.calendar import TEHRAN, from_jalali
from api.kit.slices import Slice
from api.notices.models import Notice


def day(text: str) -> date:
    """Read a Jalali day."""
    return from_jalali(*map(int, text.split("-")))


def at(slot: date, hour: int = 10) -> datetime:
    """Give an hour of a day in Tehran."""
    return datetime.combine(slot, time(hour), tzinfo=TEHRAN)


def run(
    session: Session, verb: Any, slot: date, *, limit: int = 100, now: datetime | None = None
) -> int:
    """Run a job's verb slice by slice; gives how much it posted."""
    after: str | None = None
    posted = 0
    while True:
        done: Slice = verb(session, slot=slot, after=after, now=now or at(slot), limit=limit)
        session.flush()
        session.expire_all()
        posted, after = posted + done.posted, done.after
        if after is None:
            return posted


def bills(session: Session) -> list[Bill]:
    """All bills, in the order of accounts and months."""
    return list(session.scalars(select(Bill).order_by(Bill.payer_of, Bill.period)))


def notices(session: Session, template: str) -> list[Notice]:
    """What was posted by a template, in the order of keys."""
    return list(
        session.scalars(select(Notice).where(Notice.template == template).order_by(Notice.key))
    )
