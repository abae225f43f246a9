"""The record on paper and as a picture: what each says, and the code by which a paper is checked."""

from collections.abc import Container, Iterator, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from api import db
from api.errors import NotFound
from api.kit import calendar, codes
from api.kit.calendar import Month
from api.kit.identifiers import mask_name
from api.kit.language import Language, Sentence, _, _n
from api.kit.spans import span, stretch
from api.kit.speech import Medium, Speech
from api.people import queries as people
from api.printing.printer import Sheet
from api.records import service
from api.records.schemas import GapOut, RecordOut

CHECK = "/check/"
"""Where the portal says whether a paper's code is ours; the code follows."""

_SENDER = _("Social Security Organization")
_TITLE = _("Insurance record")
_MOST_DAYS = 65_535


def picture(session: Session, *, person_id: UUID, language: Language, now: datetime) -> Sheet:
    """Word the picture of a person's record: a row a year, a cell a month. NotFound if it is empty."""
    record, said = _said(session, person_id, Speech(language, Medium.PAGE), now)
    until = record.years[-1].year
    return Sheet("record_picture", "png", f"record-{until}.png", said)


def paper(
    session: Session, *, person_id: UUID, language: Language, now: datetime, public_url: str
) -> Sheet:
    """Word a person's record for printing, with its check code. NotFound if it is empty."""
    # The notifier knows papers by their codes and prints none.
    import segno

    speech = Speech(language, Medium.PAGE)
    record, said = _said(session, person_id, speech, now)
    code = code_of(calendar.today(now), record.total.all_days)
    address = f"{public_url.rstrip('/')}{CHECK}{code}"
    more = {
        "total": speech.word(_("Days")),
        "year": speech.word(_("Year")),
        "gaps_title": speech.word(_("Months without insurance:")) if record.gaps else "",
        "gaps": [speech.word(_gap(gap)) for gap in record.gaps],
        "check": speech.word(
            _("To be sure that this paper is ours, scan the square, or send our bot this code:")
        ),
        "code": codes.grouped(code),
        "square": segno.make_qr(address, error="m").svg_inline(border=0, scale=1),
    }
    until = record.years[-1].year
    return Sheet("record", "pdf", f"record-{until}.pdf", {**said, **more})


def code_of(day: date, all_days: int) -> str:
    """Give the check code of a record that was printed on this day, ungrouped."""
    return codes.paper_code(_key(), day, min(all_days, _MOST_DAYS))


def vouched(code: str) -> tuple[date, int] | None:
    """Say on which day a record of how many days was printed with this code; None for no code of ours."""
    return codes.vouched(_key(), code)


def subject_of(all_days: int) -> Sentence:
    """Say what a paper is about to whoever checks it: its days, as they could be altered on it."""
    return _n("an insurance record of {n} day", "an insurance record of {n} days", all_days)


def _key() -> bytes:
    return db.keys().sign("record_paper", b"")


def _said(
    session: Session, person_id: UUID, speech: Speech, now: datetime
) -> tuple[RecordOut, dict[str, Any]]:
    person = people.by_id(session, person_id)
    record = service.mine(session, person_id=person_id)
    if person is None or record.last_month is None:
        raise NotFound
    total = record.total
    gaps = frozenset(_months(record.gaps))
    return record, {
        "language": speech.language.value,
        "direction": speech.direction,
        "sender": speech.word(_SENDER),
        "title": speech.word(_TITLE),
        # A name of the registry is in Persian letters, whatever is spoken.
        "name_direction": "rtl",
        "name": speech.name(mask_name(person.first_name, person.last_name)),
        "long": speech.word(span(years=total.years, months=total.months, days=total.days)),
        "lines": [
            speech.word(
                _("Last month on record: {month}.").using(month=Month.parse(record.last_month))
            ),
            speech.word(
                _n(
                    "{n} month is missing between the first and the last.",
                    "{n} months are missing between the first and the last.",
                    len(gaps),
                )
                if gaps
                else _("No month is missing between the first and the last.")
            ),
        ],
        "months": [speech.month_name(number) for number in range(1, 13)],
        "years": [
            {
                "year": speech.digits(str(year.year)),
                "cells": _cells(gaps, year.year, year.days, speech),
                "total": speech.number(year.total),
            }
            for year in record.years
        ],
        "sample": speech.number(12),
        "legend": {
            "full": speech.word(_("whole month")),
            "part": speech.word(_("days of a month")),
            "gap": speech.word(_("no insurance")),
        },
        "note": speech.word(
            _n(
                "That is {n} day; 30 days are counted as a month.",
                "That is {n} days; 30 days are counted as a month.",
                total.all_days,
            )
        ),
        "footer": speech.word(_("Made on {now}").using(now=now)),
    }


def _months(gaps: Sequence[GapOut]) -> Iterator[Month]:
    """Give each month of these gaps."""
    for gap in gaps:
        since = Month.parse(gap.since)
        yield from (since.plus(number) for number in range(gap.months))


def _cells(
    gaps: Container[Month], year: int, days: Sequence[int | None], speech: Speech
) -> list[dict[str, str]]:
    return [
        {"kind": _kind(gaps, Month(year, number), count or 0), "days": speech.number(count or 0)}
        for number, count in enumerate(days, 1)
    ]


def _kind(gaps: Container[Month], month: Month, days: int) -> str:
    if days:
        return "full" if days >= month.days else "part"
    return "gap" if month in gaps else "empty"


def _gap(gap: GapOut) -> Sentence:
    return stretch(Month.parse(gap.since), Month.parse(gap.until), gap.months)
