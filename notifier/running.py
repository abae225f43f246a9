"""One job run by name: `python -m notifier run debt-notices --on 1405-09-02`, or only looked at."""

import asyncio
from collections import Counter
from datetime import UTC, date, datetime

from api.db import Store
from api.holds import service as holds
from api.kit import sms
from api.kit.calendar import BadDate, jalali, parse_day, today
from api.occurrences.service import LeaseLost, now_of
from api.templates import render
from notifier.clock import Clock
from notifier.settings import CannotStart
from notifier.timetable import TIMETABLE, Job

_JALALI_UNTIL = 1700


def job_of(name: str) -> Job:
    """Give a job by its name; raises CannotStart that names them all."""
    if name not in TIMETABLE:
        raise CannotStart(f"There is no job {name!r}: the jobs are {', '.join(TIMETABLE)}.")
    return TIMETABLE[name]


def day_of(text: str) -> date:
    """Read a day: today, Gregorian (2026-11-23) or Jalali (1405-09-02); raises CannotStart."""
    if text == "today":
        return today(datetime.now(UTC))
    try:
        if text[:4].isascii() and text[:4].isdecimal() and int(text[:4]) >= _JALALI_UNTIL:
            return date.fromisoformat(text)
        return parse_day(text)
    except (BadDate, ValueError):
        raise CannotStart(f"{text!r} is no day: write today, 2026-11-23 or 1405-09-02.") from None


def run(store: Store, job: Job, day: date) -> str:
    """Run a job for a day, now, and say in one line what was done; one that has ended runs again.

    Raises CannotStart when a clock is running it at this moment, and while the store is held.
    """
    clock = Clock(store, [job])
    with store.reading() as session:
        if holds.is_held(session):
            raise CannotStart("The store is held since its restore: `python -m api release` first.")
        slot = job.slot_on(day, now_of(session))
    try:
        done = asyncio.run(clock.run_slot(job, slot, again=True))
    except LeaseLost:
        raise CannotStart(f"{job.name}: another clock has taken this day over.") from None
    if done is None:
        raise CannotStart(f"{job.name}: a clock is running this day now; try again in a minute.")
    made = f"{done.posted} {' '.join(job.makes)}"
    return f"{job.name} {_written(day)}: {done.lease.done} looked at, {made}."


def look(store: Store, job: Job, day: date) -> list[str]:
    """Say what a run would make, without making it: how many, in which languages, twenty samples.

    Samples are the words of the SMS, which holds neither a name nor an amount. Raises CannotStart
    for a job that posts nothing.
    """
    if job.preview is None:
        raise CannotStart(f"{job.name} posts nothing: there is nothing to look at.")
    with store.reading() as session:
        seen = job.preview(session, day, now_of(session))
    texts = [
        render.message(
            one.template, one.facts, language=one.language, channel="sms", code="0" * 8, today=day
        ).text
        for one in seen.samples
    ]
    parts = Counter(sms.parts(text) for text in texts)
    # A tie goes by name: the same day says the same, whoever came out of the store first.
    ranked = sorted(seen.by_language.items(), key=lambda counted: (-counted[1], counted[0]))
    return [
        *(f"  {place:2d}. {' / '.join(text.splitlines())}" for place, text in enumerate(texts, 1)),
        "SMS parts of the samples: "
        + (", ".join(f"{count} of {size}" for size, count in sorted(parts.items())) or "none"),
        "Languages: " + (", ".join(f"{name} {count}" for name, count in ranked) or "none"),
        f"{job.name} {_written(day)}: {seen.count} {' would be '.join(job.makes)}; nothing was.",
    ]


def _written(day: date) -> str:
    year, month, of_month = jalali(day)
    return f"{day.isoformat()} ({year:04d}-{month:02d}-{of_month:02d})"
