"""When each job is due."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.inbound import service as inbound
from api.inbound.service import NewPart
from api.kit.calendar import TEHRAN, today
from api.kit.slices import Slice
from api.payments.models import PayLink
from notifier.timetable import SEAL, SWEEP, TIMETABLE, Job, Late, sweep
from tests.support import make, paying


def _nothing(session: Session, *, slot: date, after: str | None, now: datetime) -> Slice:
    return Slice(0, None)


DAILY = Job("daily", _nothing, time(8), Late.RUN)
MINUTELY = Job("minutely", _nothing, None, Late.OVERTAKEN)
NOON = datetime(2026, 12, 2, 12, 0, tzinfo=TEHRAN)


def test_a_daily_job_is_due_at_its_hour_in_tehran() -> None:
    assert DAILY.latest_slot(NOON) == NOON.replace(hour=8)
    assert DAILY.latest_slot(NOON.replace(hour=8)) == NOON.replace(hour=8)
    assert DAILY.latest_slot(NOON.replace(hour=7, minute=59)) == NOON.replace(day=1, hour=8)


def test_after_three_days_three_slots_are_due() -> None:
    slots = DAILY.slots_between(NOON.replace(hour=8), NOON + timedelta(days=3))
    assert [today(slot).day for slot in slots] == [3, 4, 5]


def test_a_job_of_every_minute_is_due_at_each_full_one() -> None:
    begin = NOON.replace(second=30)
    slots = MINUTELY.slots_between(begin, begin + timedelta(minutes=2))
    assert [slot.minute for slot in slots] == [1, 2]
    assert MINUTELY.latest_slot(begin) == NOON


@pytest.mark.parametrize("year", range(2015, 2036))
def test_every_day_of_twenty_years_has_one_slot_whatever_the_zone_does(year: int) -> None:
    begin = datetime(year, 1, 1, tzinfo=UTC)
    slots = DAILY.slots_between(begin, begin + timedelta(days=365))
    assert len(slots) == 365
    days = [today(slot) for slot in slots]
    assert days == [date(year, 1, 1) + timedelta(days=n) for n in range(365)]
    assert {slot.astimezone(TEHRAN).time() for slot in slots} == {time(8)}


def test_a_day_named_by_a_person_has_the_slot_that_the_clock_would_run() -> None:
    assert DAILY.slot_on(date(2026, 12, 3), NOON) == NOON.replace(day=3, hour=8)
    assert MINUTELY.slot_on(date(2026, 12, 3), NOON) == NOON.replace(day=3)


def test_the_timetable_names_the_jobs_people_type() -> None:
    assert {name: job.at for name, job in TIMETABLE.items()} == {
        "anchor": time(0, 10),
        "contract-lapses": time(0, 30),
        "retention": time(2, 30),
        "bills": time(5),
        "debt-notices": time(8),
        "bill-notices": time(8, 30),
        "debt-reminders": time(9),
        "bill-reminders": time(9, 30),
        SEAL: None,
        SWEEP: None,
    }


def test_the_sweep_forgets_pay_links_too(session: Session) -> None:
    who = paying.payer(session)
    paying.token(session, who, [paying.bill(session, who.person)])
    late = make.NOW + timedelta(days=31)
    sweep(session, slot=today(late), after=None, now=late)
    assert session.scalars(select(PayLink)).all() == []


def test_the_sweep_says_how_many_sms_came_in_part_and_nothing_of_them(
    session: Session, logged: Sequence[Mapping[str, Any]]
) -> None:
    half = NewPart(
        sender="989990000001", line="10001420", coding=0, octets=b"1234", reference="8:1", total=2
    )
    inbound.keep(session, half, bind=uuid.uuid4(), now=make.NOW)
    late = make.NOW + timedelta(hours=1)
    sweep(session, slot=today(late), after=None, now=late)
    assert [line for line in logged if line["event"].startswith("inbound.")] == [
        {"event": "inbound.incomplete", "count": 1, "log_level": "warning"}
    ]
