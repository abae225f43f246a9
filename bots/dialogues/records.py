"""My record: how long somebody was insured, in one line, by year, with its gaps, month by month."""

from collections.abc import Sequence
from itertools import count

from api.client import Core
from api.kit.calendar import Month
from api.kit.language import Sentence, _, _n
from api.kit.money import Rials
from api.records.schemas import GapOut, MonthOut, PartOut, RecordOut, TotalOut, YearDetails, YearOut
from bots.dialogues.lines import lines
from bots.reply import LINES
from bots.talk import Ask, Do, Option, Say, dialogue

_GAPS = Option("gaps", _("The gaps"))
_DONE = Option("done", _("That is all"), stays=True)
_WHICH_YEAR = _("Which year shall we show?")


@dialogue(
    "record",
    words=_("My record"),
    audiences=("people",),
    place=20,
    family=True,
    service="records",
    keywords=("records", "rec", "1", "سابقه", "سوابق"),
)
async def record(core: Core) -> None:
    """Say what the record comes to, and show the years and gaps that are asked for."""
    found = await Do("record", core.records.mine)
    if not found.years:
        await Say(
            lines(
                _("There is no month on this record yet."),
                _("If you think one should be there, write “a person”."),
            )
        )
        return
    years = [Option(str(one.year), _year_label(one)) for one in reversed(found.years)]
    options = [*([_GAPS] if found.gaps else []), *years, _DONE]
    for turn in count(1):
        words = told(found) if turn == 1 else _("Which year shall we show next?")
        chosen = await Ask(f"year.{turn}", words, options, label=_WHICH_YEAR)
        if chosen == _DONE.id:
            return
        if chosen == _GAPS.id:
            await Say(all_gaps(found.gaps))
        else:
            year = await Do(f"details.{turn}", core.records.year, year=int(chosen))
            await Say(explained(year, found))


def told(record: RecordOut) -> Sentence:
    """Say the record in one line, how it was counted, and whether months are missing in it."""
    return lines(
        _("Insured for {long}.").using(long=long(record.total)),
        _("Last month on record: {month}.").using(month=Month.parse(record.last_month))
        if record.last_month
        else None,
        gaps_line(record.gaps),
        _n(
            "That is {n} day; 30 days are counted as a month.",
            "That is {n} days; 30 days are counted as a month.",
            record.total.all_days,
        ),
        "",
        _WHICH_YEAR,
    )


def long(total: TotalOut) -> Sentence:
    """So many years, months and days, without those that are none."""
    parts = [
        words
        for words, number in (
            (_n("{n} year", "{n} years", total.years), total.years),
            (_n("{n} month", "{n} months", total.months), total.months),
            (_n("{n} day", "{n} days", total.days), total.days),
        )
        if number
    ]
    match parts:
        case [one]:
            return one
        case [first, last]:
            return _("{first} and {last}").using(first=first, last=last)
        case [first, second, last]:
            return _("{first}, {second} and {last}").using(first=first, second=second, last=last)
        case _:
            return _n("{n} day", "{n} days", 0)


def gaps_line(gaps: Sequence[GapOut]) -> Sentence:
    """Say how many months are missing in between."""
    if not gaps:
        return _("No month is missing between the first and the last.")
    months = sum(gap.months for gap in gaps)
    return _n(
        "{n} month is missing between the first and the last.",
        "{n} months are missing between the first and the last.",
        months,
    )


def all_gaps(gaps: Sequence[GapOut]) -> Sentence:
    """List the gaps, the newest first, as many as one message holds well."""
    newest = list(reversed(gaps))
    more = len(newest) - LINES
    return lines(
        _("Months without insurance:"),
        *map(_gap, newest[:LINES]),
        _("and {count} earlier ones").using(count=more) if more > 0 else None,
        _("If a month is missing wrongly, your branch can help: write “a person”."),
    )


def _gap(gap: GapOut) -> Sentence:
    since, until = Month.parse(gap.since), Month.parse(gap.until)
    if since == until:
        return _("{month}, 1 month").using(month=since)
    return _n("{since} to {until}, {n} month", "{since} to {until}, {n} months", gap.months).using(
        since=since, until=until
    )


def _year_label(year: YearOut) -> Sentence:
    return _n("{year:digits} · {n} day", "{year:digits} · {n} days", year.total).using(
        year=str(year.year)
    )


def explained(year: YearDetails, record: RecordOut) -> Sentence:
    """Say a year month by month: the days, the places they come from, and the months of its gaps."""
    missing = [
        month
        for month in (Month(year.year, number) for number in range(1, 13))
        if any(Month.parse(gap.since) <= month <= Month.parse(gap.until) for gap in record.gaps)
    ]
    return lines(
        _n(
            "{year:digits}: {n} day in all.",
            "{year:digits}: {n} days in all.",
            sum(one.days for one in year.months),
        ).using(year=str(year.year)),
        *(line for one in year.months if one.days for line in _month(one)),
        _without(missing),
    )


def _month(month: MonthOut) -> list[Sentence]:
    """A month's lines: one a place, and what counts where the places overlap."""
    said = [_part(Month.parse(month.month), part) for part in month.parts if part.days]
    if sum(part.days for part in month.parts) > month.days:
        said.append(_n("of these {n} day counts", "of these {n} days count", month.days))
    return said


def _part(month: Month, part: PartOut) -> Sentence:
    days = _n("{n} day", "{n} days", part.days)
    if part.wage is None:
        words = _("{month}: {days}, {place}")
    else:
        words = _("{month}: {days}, {place}, wage {wage}").using(wage=Rials(part.wage))
    # Months of a contract come from no workplace.
    place = part.place or _("your own contribution")
    return words.using(month=month, days=days, place=place)


def _without(months: Sequence[Month]) -> Sentence | None:
    """Name the months of a year that are not on record."""
    if not months:
        return None
    named: Month | Sentence = months[0]
    for month in months[1:]:
        named = _("{before}, {month}").using(before=named, month=month)
    return _("Not on record: {months}.").using(months=named)
