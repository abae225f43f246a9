"""My debts: what a workplace owes, why, and until when one may object."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import UUID

from api.client import Core
from api.debts.rules import Kind, LineCode, State, Step
from api.debts.schemas import DebtDetails, DebtOut, DebtPage, LineOut
from api.errors import NotFound
from api.kit.calendar import Month
from api.kit.language import Sentence, _, _n
from api.kit.money import Rials
from api.organisation.refusals import NoBranch
from bots import wording
from bots.dialogues.lines import lines
from bots.reply import LINES
from bots.talk import Ask, Do, Option, Say, dialogue

_NOT_FOUND = _(
    "We found no such debt at your workplaces. If you think it should be there, write “a person”."
)
_WHICH_DEBT = _("Which one shall we explain?")
_BRANCH = Option("branch", _("Where is the branch?"))
_OTHERS = Option("others", _("My other debts"))
_DONE = Option("done", wording.THAT_IS_ALL)


@dialogue(
    "debts",
    words=_("My debts"),
    audiences=("employers",),
    place=20,
    acting=True,
    service="debts",
    keywords=("debt", "2", "بدهی", "بدهی‌ها"),
)
async def debts(core: Core) -> None:
    """List the open debts of a workplace, and explain those that are chosen."""
    page = await Do("page", core.debts.mine)
    if not page.items:
        await Say(
            _("All is in order: this workplace owes nothing as of {day:short}."), day=page.as_of
        )
        return
    for turn in count(1):
        chosen = str(page.items[0].id)
        if len(page.items) > 1:
            options = [Option(str(debt.id), _label(debt)) for debt in page.items]
            chosen = await Ask(f"debt.{turn}", _asked(page), options, label=_WHICH_DEBT)
        debt = await Do(f"details.{turn}", core.debts.show, debt=UUID(chosen))
        await Say(explained(debt))
        if not await _goes_on(core, turn, others=len(page.items) > 1):
            return


@dialogue(
    "debt_details",
    words=_("See the details"),
    audiences=("employers",),
    acting=True,
    menu=False,
    service="debts",
    actions=("debt_details",),
)
async def debt_details(core: Core, notice: str) -> None:
    """Explain the debt that a notice told of."""
    try:
        told = await Do("told", core.notices.opened, code=notice)
        debt = await Do("details.0", core.debts.show, debt=_debt_of(told.about))
    except NotFound:
        await Say(_NOT_FOUND)
        return
    await Say(explained(debt))
    if debt.state is State.CLOSED:
        return
    still_open = await Do("open", core.debts.mine)
    if await _goes_on(core, 0, others=len(still_open.items) > 1):
        await debts(core)


def _debt_of(about: str) -> UUID:
    """Read what a notice is about; NotFound where that is no debt."""
    kind, _colon, debt = about.partition(":")
    if kind != "debt":
        raise NotFound
    return UUID(debt)


async def _goes_on(core: Core, turn: int, *, others: bool) -> bool:
    """Offer the branch, where an objection goes, and the other debts; True where those are wanted."""
    after = [_OTHERS, _DONE] if others else [_DONE]
    chosen = await Ask(f"next.{turn}", wording.WHAT_NEXT, [_BRANCH, *after])
    if chosen == _BRANCH.id:
        try:
            branch = await Do(f"branch.{turn}", core.organisation.branch)
        except NoBranch:
            branch = None
        await Say(wording.a_person(branch))
        chosen = await Ask(f"then.{turn}", wording.WHAT_NEXT, after) if others else _DONE.id
    return chosen == _OTHERS.id


def _asked(page: DebtPage) -> Sentence:
    """The sum, the debts while they fit one page of the list, and the question."""
    overview = (
        _("{count} debts are open, {total:toman} in all, as of {day:short}.")
        .by_sms(_("{count} debts are open, {total} in all."))
        .using(count=page.count, total=Rials(page.total), day=page.as_of)
    )
    rows = [_row(debt, page.as_of) for debt in page.items] if len(page.items) <= LINES else []
    return lines(overview, *rows, _WHICH_DEBT).by_sms(overview)


def _row(debt: DebtOut, today: date) -> Sentence:
    if _may_object(debt, today):
        row = _("{period}: {total}, objection until {day:plain}")
    else:
        row = _("{period}: {total}")
    return row.using(period=_period(debt), total=Rials(debt.total), day=debt.objection_until)


def _label(debt: DebtOut) -> Sentence:
    words = _("{period} · {total}").by_sms(_("{period}, *{number:digits}"))
    return words.using(period=_period(debt), total=Rials(debt.total), number=debt.number_tail)


def _may_object(debt: DebtOut, today: date) -> bool:
    return debt.step in {Step.NOTICE, Step.RULING} and debt.objection_until >= today


def explained(debt: DebtDetails) -> Sentence:
    """Say what a debt comes to, how, until when one may object, and how sure all this is."""
    if debt.state is State.CLOSED:
        return _("Workplace {workshop:digits}, {period}: this debt is settled.").using(
            workshop=debt.workshop, period=_period(debt)
        )
    comes_to = _(
        "Workplace {workshop:digits}, {period}, debt *{number:digits}: {total:toman} as of {day:short}."
    ).by_sms(_("{period}, *{number:digits}: {total} on {day:plain}."))
    comes_to = comes_to.using(
        workshop=debt.workshop,
        period=_period(debt),
        number=debt.number_tail,
        total=Rials(debt.total),
        day=debt.as_of,
    )
    still = [*_how_far(debt), *_how_sure(debt)]
    words = lines(comes_to, "", _("How it adds up:"), *map(_line, debt.lines), "", *still)
    return words.by_sms(lines(comes_to, *_sums(debt.lines), *still))


def _sums(found: Sequence[LineOut]) -> list[Sentence]:
    """The lines of an SMS: the fines in one, and no rules."""
    fines = [line for line in found if line.code in _FINES]
    said = [_line(line) for line in found if line not in fines]
    if fines:
        estimated = any(line.code is LineCode.LATE_FINE for line in fines)
        words = _("Fines (estimated): {amount}") if estimated else _("Fines: {amount}")
        said.insert(1, words.using(amount=Rials(sum(line.amount for line in fines))))
    return said


_FINES = frozenset({LineCode.LIST_FINE, LineCode.LATE_FINE})


def _period(debt: DebtOut) -> Month | Sentence:
    first, last = Month.parse(debt.period_from), Month.parse(debt.period_to)
    if first == last:
        return first
    return _("{first} to {last}").using(first=first, last=last)


def _line(line: LineOut) -> Sentence:
    """Say one line: its amount, and the rule that gave it."""
    facts: dict[str, Any] = {"amount": Rials(line.amount)}
    if "base" in line.facts:
        facts |= {"base": Rials(line.facts["base"]), "percent": Decimal(line.facts["percent"])}
    match line.code:
        case LineCode.PRINCIPAL:
            words = _("Contribution: {amount}")
        case LineCode.LIST_FINE if "base" in line.facts:
            words = _(
                "Fine for the contribution list: {amount} ({percent} per cent of {base}, by the law on fines)"
            )
        case LineCode.LIST_FINE:
            words = _("Fine for the contribution list: {amount}")
        case LineCode.LATE_FINE:
            words = _n(
                "Fine for delay: {amount} ({n} month, {percent} per cent of the unpaid {base}, by the law on fines)",
                "Fine for delay: {amount} ({n} months, each {percent} per cent of the unpaid {base}, by the law on fines)",
                line.facts["months"],
            )
        case LineCode.ENFORCEMENT_FEE:
            words = _("Enforcement fee: {amount} ({percent} per cent of the unpaid {base})").by_sms(
                _("Enforcement fee: {amount}")
            )
        case LineCode.PAID:
            words = _("Paid so far, taken off: {amount}").by_sms(_("Paid so far: {amount}"))
            facts["amount"] = Rials(-line.amount)
    return words.using(**facts)


def _how_far(debt: DebtDetails) -> list[Sentence]:
    """Say until when one may object and how, or what came after it."""
    match debt.step:
        case Step.OBJECTION:
            return [_("You have objected; the board's decision is awaited.")]
        case Step.ENFORCEMENT:
            return [
                _("The enforcement order is out. Your branch can tell how it is settled.").by_sms(
                    _("The enforcement order is out: ask your branch.")
                )
            ]
    if not _may_object(debt, debt.as_of):
        return [_("The last day to object was {day:short}.").using(day=debt.objection_until)]
    left = (debt.objection_until - debt.as_of).days
    still = _n("{n} day is left.", "{n} days are left.", left) if left else _("That is today.")
    return [
        _("Last day to object: {day:short}. {left}")
        .by_sms(_("Objections until {day:plain}, in writing to the branch."))
        .using(day=debt.objection_until, left=still),
        _("To object, write to the workplace's branch by {object_by:plain}.")
        .by_sms(None)
        .using(object_by=debt.objection_until),
    ]


def _how_sure(debt: DebtDetails) -> list[Sentence]:
    """Say what may still change: an estimated debt, and our fine until the branch confirms it."""
    said = []
    if debt.kind is Kind.ESTIMATED:
        said.append(
            _("This debt is estimated: its sum may still change.").by_sms(
                _("The debt is estimated.")
            )
        )
    if any(line.code is LineCode.LATE_FINE for line in debt.lines):
        # The law does not say how months are counted (domain page "Contributions", section 3).
        said.append(
            _("The fine for delay is our estimate until the branch confirms it.").by_sms(None)
        )
    return said
