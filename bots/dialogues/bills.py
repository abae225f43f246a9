"""My bill: what is to be paid and until when, paid from the chat, explained, and reminded of."""

from collections.abc import Sequence
from datetime import date
from itertools import count
from uuid import UUID

from api.bills.refusals import BillNotFound
from api.bills.rules import Purpose, State
from api.bills.schemas import BillDetails, BillOut, BillPage
from api.client import Core
from api.contracts import rules as contracts
from api.contracts.schemas import ContractOut
from api.errors import NotFound
from api.kit.language import Sentence, _
from api.kit.money import Rials
from api.kit.text import ascii_digits
from api.payments.refusals import BillBeingChecked, BillClosed, NothingToPay, PayingUnavailable
from api.payments.rules import MOST_BILLS
from bots import talk, wording
from bots.dialogues.bill_words import (
    Whose,
    apart,
    explained,
    label,
    named,
    nothing,
    numbers,
    overview,
)
from bots.dialogues.lines import lines
from bots.talk import Ask, Chosen, Do, Finish, Link, Option, Say, Unclear, dialogue

_PAY = _("Pay")
_PAYING = Option("pay", _PAY)
_WHY = Option("why", _("Why this much?"))
_REMIND = Option("remind", _("Remind me"))
_NUMBERS = Option("numbers", _("Numbers to copy").by_sms(_("The numbers")))
_DONE = Option("done", wording.THAT_IS_ALL)
_NEVER = Option("never", _("On no day"))
_WHICH_DAY = _("On which day of the month shall we remind you while a bill is unpaid?")
_ALL = "all"


@dialogue(
    "bill",
    words=_("My bill"),
    audiences=("people",),
    place=10,
    family=True,
    persons=True,
    service="bills",
    keywords=("bills", "3", "قبض", "قبض‌ها"),
)
async def bill(core: Core) -> None:
    """Say what is to be paid, and do with it what is asked."""
    page = await Do("page", core.bills.mine)
    mine = await Do("contracts", core.contracts.mine)
    if not page.items:
        await Say(nothing(page, mine.items))
        return
    await _goes_on(core, page, mine.items, overview(page, mine.items))


@dialogue(
    "pay_bill",
    words=_("Pay"),
    audiences=("people",),
    family=True,
    menu=False,
    service="bills",
    actions=("pay_bill",),
)
async def pay_bill(core: Core, notice: str) -> None:
    """Pay the bill that a notice told of, alone or with the others."""
    told = await _told(core, notice)
    if told is None:
        return
    page = await Do("page", core.bills.mine)
    if told.state is not State.OPEN or told.pending:
        await Say(explained(told, page.as_of))
        return
    several = len({one.payer_of for one in page.items}) > 1
    mine = (await Do("contracts", core.contracts.mine)).items if several else ()
    await _pay(core, 0, page, apart(page.items, mine))


@dialogue(
    "bill_details",
    words=_("See the details"),
    audiences=("people",),
    family=True,
    menu=False,
    service="bills",
    actions=("bill_details",),
)
async def bill_details(core: Core, notice: str) -> None:
    """Explain the bill that a notice told of."""
    told = await _told(core, notice)
    if told is None:
        return
    page = await Do("page", core.bills.mine)
    await Say(explained(told, page.as_of))
    if told.state is not State.OPEN or not page.items:
        return
    mine = await Do("contracts", core.contracts.mine)
    await _goes_on(core, page, mine.items, wording.WHAT_NOW)


async def _told(core: Core, notice: str) -> BillDetails | None:
    """The bill of a notice; None, and said so, where there is none."""
    try:
        opened = await Do("told", core.notices.opened, code=notice)
        kind, _colon, id = opened.about.partition(":")
        if kind != "bill":
            raise BillNotFound
        details: BillDetails = await Do("details.0", core.bills.show, bill=UUID(id))
    except NotFound:
        await Say(wording.refusal(BillNotFound()))
        return None
    else:
        return details


async def _goes_on(
    core: Core, page: BillPage, mine: Sequence[ContractOut], asked: Sentence
) -> None:
    """Offer what can be done with the open bills, until something is done."""
    running = [one for one in mine if one.state is contracts.State.ACTIVE]
    acts = [_PAYING, _WHY, *([_REMIND] if running else []), _NUMBERS, _DONE]
    if all(one.pending for one in page.items):
        acts.remove(_PAYING)
    whose = apart(page.items, mine)
    for turn in count(1):
        words = asked if turn == 1 else wording.WHAT_NEXT
        match await Ask(f"act.{turn}", words, acts, label=wording.WHAT_NEXT):
            case _PAYING.id:
                await _pay(core, turn, page, whose)
                return
            case _REMIND.id:
                await _remind(core, running)
                return
            case _WHY.id:
                chosen = await _one(turn, page.items, whose)
                details = await Do(f"details.{turn}", core.bills.show, bill=chosen.id)
                await Say(explained(details, page.as_of, whose))
            case _NUMBERS.id:
                await Say(numbers(await _one(turn, page.items, whose), whose))
            case _:
                return


async def _one(turn: int, bills: Sequence[BillOut], whose: Whose) -> BillOut:
    """The bill that is meant; asked where there are several."""
    if len(bills) == 1:
        return bills[0]
    options = [Option(str(one.id), label(named([one], whose), one.amount)) for one in bills]
    chosen = await Ask(f"bill.{turn}", _("Which bill?"), options)
    return next(one for one in bills if str(one.id) == chosen)


# Paying


async def _pay(core: Core, turn: int, page: BillPage, whose: Whose) -> None:
    """Open the page where the bills that are chosen are paid, months oldest first.

    Where no page opens their numbers are said, of those that are open at this moment.
    """
    choices = ways_to_pay(page.items)
    chosen = next(iter(choices), "")
    if len(choices) > 1:
        options = [
            Option(id, label(named(of, whose), sum(one.amount for one in of)))
            for id, of in choices.items()
        ]
        asked = _("What shall be paid? Months are paid oldest first.")
        chosen = await Ask(f"which.{turn}", asked, options)
    wanted = choices.get(chosen, [])
    if not wanted:
        await Say(wording.BEING_CONFIRMED)
        return
    if not talk.opens_pages():
        # With numbers nobody asks us again: what was paid since the list is not to be paid twice.
        now = [
            await Do(f"now.{turn}.{place}", core.bills.show, bill=one.id)
            for place, one in enumerate(wanted, 1)
        ]
        await Say(lines(*(_to_pay(one, page.as_of) for one in now)))
        return
    try:
        link = await Do(f"link.{turn}", core.payments.link, bills=[one.id for one in wanted])
    except (BillBeingChecked, BillClosed, BillNotFound, NothingToPay, PayingUnavailable) as no:
        await Say(wording.refusal(no))
        return
    await Say(
        lines(
            _("To pay: {amount:toman}, {bills}.").using(
                amount=Rials(link.amount), bills=named(wanted, whose)
            ),
            _("The page stays open until {moment:plain}. The receipt comes here by itself.").using(
                moment=link.expires_at
            ),
        ),
        links=[Link(_PAY, link.url)],
    )


def _to_pay(bill: BillDetails, today: date) -> Sentence:
    """The numbers a bill is paid with; of one that is not to be paid now, why."""
    if bill.pending:
        return wording.BEING_CONFIRMED
    return numbers(bill) if bill.state is State.OPEN else explained(bill, today)


def ways_to_pay(bills: Sequence[BillOut]) -> dict[str, list[BillOut]]:
    """What may be paid together, by the id of its last bill: the months up to it, a fee, or all.

    What is being confirmed is not paid again.
    """
    due = [one for one in bills if not one.pending]
    months = [one for one in due if one.title_code is Purpose.CONTRIBUTION]
    fees = [one for one in due if one.title_code is not Purpose.CONTRIBUTION]
    ways = {str(month.id): months[:place] for place, month in enumerate(months[:MOST_BILLS], 1)}
    ways |= {str(fee.id): [fee] for fee in fees}
    if fees and 1 < len(due) <= MOST_BILLS:
        ways[_ALL] = due
    return ways


# Being reminded


async def _remind(core: Core, running: Sequence[ContractOut]) -> None:
    """Choose the day of every month on which to be reminded."""
    chosen = str(running[0].id)
    if len(running) > 1:
        options = [
            Option(str(one.id), _("Contract *{number:digits}").using(number=one.number_tail))
            for one in running
        ]
        chosen = await Ask("contract", _("For which contract?"), options)
    day_now = next(one.remind_day for one in running if str(one.id) == chosen)
    asked = lines(
        None if day_now is None else _("Now it is day {day} of each month.").using(day=day_now),
        _WHICH_DAY,
        _("Write a number from 1 to {last}.").using(last=contracts.LAST_REMIND_DAY),
    )
    never = [] if day_now is None else [_NEVER]
    answer = await Ask("day", asked, never, check=a_day, label=_WHICH_DAY)
    day = None if isinstance(answer, Chosen) else int(answer)
    await Finish("remind", core.contracts.remind, contract=UUID(chosen), day=day)
    if day is None:
        await Say(
            _(
                "You are no longer reminded on a day of your own; before each last day we still write."
            )
        )
    else:
        await Say(
            _("From now on we remind you on day {day} of each month while a bill is unpaid."),
            day=day,
        )


def a_day(text: str) -> str:
    """Read a day that every month has, in any digits; raises Unclear."""
    typed = ascii_digits(text).strip()
    if (
        not typed.isascii()
        or not typed.isdigit()
        or not 1 <= int(typed[:4]) <= contracts.LAST_REMIND_DAY
    ):
        raise Unclear(
            _("Please write a number from 1 to {last}.").using(last=contracts.LAST_REMIND_DAY)
        )
    return str(int(typed))
