"""My record: how long somebody was insured, in one line, by year, with its gaps, month by month."""

from collections.abc import Sequence
from itertools import count

from api.client import Core
from api.kit.calendar import Month
from api.kit.language import Private, Sentence, _, _n
from api.kit.money import Rials
from api.kit.spans import span, stretch
from api.records.schemas import GapOut, MonthOut, PartOut, RecordOut, TotalOut, YearDetails, YearOut
from bots import wording
from bots.dialogues.lines import lines
from bots.reply import LINES
from bots.talk import Ask, Do, Give, Option, Say, dialogue, shows_papers

_PICTURE = Option("picture", _("A picture of it"))
_PAPER = Option("paper", _("To print (PDF)"))
_GAPS = Option("gaps", _("The gaps"))
_DONE = Option("done", wording.THAT_IS_ALL, stays=True)
_WHICH = _("Which year?")
_WHICH_YEAR = _("Which year shall we show?").by_sms(_WHICH)
_WHICH_NEXT = _("Which year shall we show next?").by_sms(_WHICH)


@dialogue(
    "record",
    words=_("My record"),
    audiences=("people",),
    place=20,
    family=True,
    persons=True,
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
    papers = [_PICTURE, _PAPER] if shows_papers() else []
    options = [*papers, *([_GAPS] if found.gaps else []), *years, _DONE]
    for turn in count(1):
        words = told(found) if turn == 1 else _WHICH_NEXT
        chosen = await Ask(f"year.{turn}", words, options, label=_WHICH_YEAR)
        if chosen == _DONE.id:
            return
        if chosen == _PICTURE.id:
            await Give(core.records.picture, summed_up(found), picture=True)
        elif chosen == _PAPER.id:
            await Give(core.records.paper, summed_up(found))
        elif chosen == _GAPS.id:
            await Say(all_gaps(found.gaps))
        else:
            year = await Do(f"details.{turn}", core.records.year, year=int(chosen))
            await Say(explained(year, found))


def told(record: RecordOut) -> Sentence:
    """Say the record in one line, how it was counted, and whether months are missing in it."""
    return lines(summed_up(record), "", _WHICH_YEAR)


def summed_up(record: RecordOut) -> Sentence:
    """Say what all months come to; it goes beside a picture too."""
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
        ).by_sms(None),
    )


def long(total: TotalOut) -> Sentence:
    """So many years, months and days, without those that are none."""
    return span(years=total.years, months=total.months, days=total.days)


def gaps_line(gaps: Sequence[GapOut]) -> Sentence:
    """Say how many months are missing in between."""
    if not gaps:
        return _("No month is missing between the first and the last.").by_sms(
            _("No month is missing.")
        )
    months = sum(gap.months for gap in gaps)
    return _n(
        "{n} month is missing between the first and the last.",
        "{n} months are missing between the first and the last.",
        months,
    ).by_sms(_n("{n} month is missing.", "{n} months are missing.", months))


def all_gaps(gaps: Sequence[GapOut]) -> Sentence:
    """List the gaps, the newest first, as many as one message holds well."""
    newest = list(reversed(gaps))
    more = len(newest) - LINES
    return lines(
        _("Months without insurance:"),
        *map(_gap, newest[:LINES]),
        _("and {count} earlier ones").using(count=more) if more > 0 else None,
        _("If a month is missing wrongly, your branch can help: write “a person”.").by_sms(
            _("Is one missing wrongly? Write “a person”.")
        ),
    )


def _gap(gap: GapOut) -> Sentence:
    return stretch(Month.parse(gap.since), Month.parse(gap.until), gap.months)


def _year_label(year: YearOut) -> Sentence:
    words = _n("{year:digits} · {n} day", "{year:digits} · {n} days", year.total)
    return words.by_sms(_("{year:digits}")).using(year=str(year.year))


def explained(year: YearDetails, record: RecordOut) -> Sentence:
    """Say a year month by month: the days, the places they come from, and the months of its gaps.

    An SMS says months that are alike in one line, and no wages.
    """
    missing = [
        month
        for month in (Month(year.year, number) for number in range(1, 13))
        if any(Month.parse(gap.since) <= month <= Month.parse(gap.until) for gap in record.gaps)
    ]
    in_all = _n(
        "{year:digits}: {n} day in all.",
        "{year:digits}: {n} days in all.",
        sum(one.days for one in year.months),
    ).using(year=str(year.year))
    known = [one for one in year.months if one.days]
    return lines(
        in_all, *(line for one in known for line in _month(one)), _without(missing)
    ).by_sms(lines(in_all, *_alike(known)))


def _alike(months: Sequence[MonthOut]) -> list[Sentence]:
    """A line for months that follow one another with as many days from the same places."""
    runs: list[list[MonthOut]] = []
    for one in months:
        if runs and _kind(one) == _kind(runs[-1][-1]) and _follows(one, runs[-1][-1]):
            runs[-1].append(one)
        else:
            runs.append([one])
    return [_run(run) for run in runs]


def _kind(month: MonthOut) -> tuple[int, list[str]]:
    return month.days, [part.place for part in month.parts if part.days]


def _follows(month: MonthOut, before: MonthOut) -> bool:
    return Month.parse(before.month).plus(1) == Month.parse(month.month)


def _run(run: Sequence[MonthOut]) -> Sentence:
    """Months that are alike: the days of each, and where they come from, for who has the PIN."""
    days, places = _kind(run[0])
    named: Month | Sentence = Month.parse(run[0].month)
    if len(run) > 1:
        last = Month.parse(run[-1].month)
        named = _("{first} to {last}").using(first=named, last=last)
    facts = {"month": named, "days": _n("{n} day", "{n} days", days)}
    place = _joined([place or _("your own contribution").by_sms(_("yourself")) for place in places])
    bare = _("{month}: {days}").using(**facts)
    return lines(Private(_("{month}: {days}, {place}").using(place=place, **facts), bare))


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
    return _("Not on record: {months}.").using(months=_joined(months))


def _joined(words: Sequence[Month | Sentence | str]) -> Month | Sentence | str:
    named = words[0]
    for word in words[1:]:
        named = _("{before}, {month}").using(before=named, month=word)
    return named
