"""What is said of bills: what they are for, until when, line by line why, and their numbers."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from uuid import UUID

from api.bills import rules as bills
from api.bills.rules import Purpose
from api.bills.schemas import BillDetails, BillLine, BillOut, BillPage
from api.booklets.rules import LineCode as FeeLine
from api.contracts.rules import Cover, Kind, LineCode, State
from api.contracts.schemas import ContractOut
from api.kit.calendar import Month
from api.kit.language import Sentence, _, _n
from api.kit.money import Rials
from bots.dialogues.lines import lines
from bots.reply import LINES
from bots.wording import BEING_CONFIRMED, WHAT_NOW

Whose = Mapping[UUID, Sentence]
"""What the contract of a bill is called, by its id, where a person has several."""

NOBODYS: Whose = MappingProxyType({})
WHAT_NEXT = _("What would you like to do next?")


def overview(page: BillPage, mine: Sequence[ContractOut], *, most: int = LINES) -> Sentence:
    """What is open and until when (`most` bills of it), what lapses otherwise, and what can be done."""
    whose = apart(page.items, mine)
    if len(page.items) == 1:
        said = _standing(page.items[0], page.as_of, NOBODYS)
    else:
        said = [
            _("{count} bills are open, {total:toman} in all, as of {day:short}.").using(
                count=page.count, total=Rials(page.total), day=page.as_of
            ),
            *(_row(one, page.as_of, whose) for one in page.items[:most]),
        ]
        if len(page.items) > most:
            said.append(_("and {count} more").using(count=len(page.items) - most))
    late = any(one.due_on < page.as_of and not one.pending for one in page.items)
    return lines(*said, *(_lapses(mine) if late else []), "", WHAT_NOW)


def _standing(bill: BillOut, today: date, whose: Whose) -> list[Sentence]:
    """One bill: its amount, then until when it is to be paid or why not now."""
    comes_to = _("{bill}: {amount:toman}.").using(
        bill=named([bill], whose), amount=Rials(bill.amount)
    )
    if bill.pending:
        return [comes_to, BEING_CONFIRMED]
    if bill.due_on < today:
        return [
            comes_to,
            _("The last day to pay was {day:short}; it can still be paid.").using(day=bill.due_on),
        ]
    return [comes_to, _("Last day to pay: {day:short}.").using(day=bill.due_on)]


def _row(bill: BillOut, today: date, whose: Whose) -> Sentence:
    if bill.pending:
        words = _("{bill}: {amount}, being confirmed")
    elif bill.due_on < today:
        words = _("{bill}: {amount}, since {day:plain} overdue")
    else:
        words = _("{bill}: {amount}, until {day:plain}")
    return words.using(bill=named([bill], whose), amount=Rials(bill.amount), day=bill.due_on)


def _lapses(mine: Sequence[ContractOut]) -> list[Sentence]:
    return [
        _("Unpaid, contract *{number:digits} lapses after {day:short}.").using(
            number=one.number_tail, day=one.lapses_on
        )
        for one in mine
        if one.lapses_on is not None
    ]


def nothing(page: BillPage, mine: Sequence[ContractOut]) -> Sentence:
    """Say that nothing is open, and how each contract stands."""
    return lines(
        _("All is in order: nothing is to be paid as of {day:short}.").using(day=page.as_of),
        *map(_contract, mine),
    )


def _contract(one: ContractOut) -> Sentence:
    words = {
        State.LAPSED: _(
            "Contract *{number:digits} has lapsed. Whether it can be taken up again, your branch can tell."
        ),
        State.ENDED: _("Contract *{number:digits} has ended."),
    }.get(one.state)
    if words is None and one.paid_until is not None:
        month = Month.parse(one.paid_until)
        words = _("Contract *{number:digits}: paid until {month}.").using(month=month)
    words = words or _("Contract *{number:digits}: no month has been billed yet.")
    return words.using(number=one.number_tail)


def apart(bills: Sequence[BillOut], mine: Sequence[ContractOut]) -> Whose:
    """What tells the contracts of these bills apart: the kind, and the number of those of one kind."""
    payers = {one.payer_of for one in bills}
    billed = [one for one in mine if one.id in payers]
    if len(billed) < 2:
        return NOBODYS
    kinds = Counter(one.kind for one in billed)
    return {
        one.id: _KINDS[one.kind]
        if kinds[one.kind] == 1
        else _("{kind}, contract *{number:digits}").using(
            kind=_KINDS[one.kind], number=one.number_tail
        )
        for one in billed
    }


def named(bills: Sequence[BillOut], whose: Whose = NOBODYS) -> Sentence:
    """The bills by what they are for: a month (and `whose`), several months, or a fee."""
    first, last = Month.parse(bills[0].period), Month.parse(bills[-1].period)
    if len(bills) == 1 and bills[0].title_code is Purpose.BOOKLET_FEE:
        return _("Fee for a booklet")
    payer = bills[0].payer_of
    if len(bills) == 1 and payer is not None and payer in whose:
        contract = whose[payer]
        return _("Bill for {month} ({contract})").using(month=first, contract=contract)
    if len(bills) == 1:
        return _("Bill for {month}").using(month=first)
    if any(one.title_code is Purpose.BOOKLET_FEE for one in bills):
        return _("All {count} bills").using(count=len(bills))
    if first == last:
        return _("{count} bills for {month}").using(count=len(bills), month=first)
    return _("Bills for {first} to {last}").using(first=first, last=last)


def label(words: Sentence, amount: int) -> Sentence:
    return _("{bill} · {amount}").using(bill=words, amount=Rials(amount))


def explained(bill: BillDetails, today: date, whose: Whose = NOBODYS) -> Sentence:
    """Say what a bill comes to, until when, and line by line how; or that it is done with."""
    what = named([bill], whose)
    match bill.state:
        case bills.State.SETTLED:
            return _("{bill}: {amount}. It is paid.").using(bill=what, amount=Rials(bill.amount))
        case bills.State.CANCELLED:
            return _("{bill} is closed: nothing is to be paid for it any more.").using(bill=what)
    return lines(
        *_standing(bill, today, whose),
        "",
        _("How it adds up:"),
        *(_line(line) for line in bill.lines),
        _("Bills are in whole thousands: {carried} goes over to the next one.").using(
            carried=Rials(bill.carried)
        )
        if bill.carried
        else None,
    )


def _line(line: BillLine) -> Sentence:
    """Say one line: its amount, and the rule that gave it."""
    facts: dict[str, Any] = {"amount": Rials(line.amount)}
    match line.code:
        case LineCode.CONTRIBUTION:
            facts |= {
                "percent": Decimal(line.facts["percent"]),
                "state": Decimal(line.facts["state_percent"]),
                "base": Rials(line.facts["base"]),
                "cover": _COVERS[Cover(line.facts["cover"])],
            }
            words = _(
                "Contribution for {cover}: {amount} ({percent} per cent of the monthly base, {base})"
            )
            if facts["state"]:
                words = _(
                    "Contribution for {cover}: {amount} ({percent} per cent of the monthly base, {base}; "
                    "the state adds {state} per cent of its own)"
                )
        case LineCode.MEDICAL:
            facts["each"] = Rials(line.facts["per_head"])
            words = _n(
                "Medical cover for {n} person: {amount}",
                "Medical cover for {n} people: {amount} ({each} each)",
                line.facts["heads"],
            )
        case LineCode.CARRIED:
            words = _("Left over from the bill before: {amount}")
        case FeeLine.DUPLICATE_FEE:
            facts |= {
                "percent": Decimal(line.facts["percent"]),
                "base": Rials(line.facts["base"]),
            }
            words = _(
                "For a duplicate: {amount} ({percent} per cent of the minimum daily wage, {base})"
            )
        case FeeLine.DELIVERY:
            words = _("Delivery: {amount}")
        case _:
            words = _("Another part: {amount}")
    return words.using(**facts)


_KINDS: Mapping[Kind, Sentence] = MappingProxyType({
    Kind.SELF_EMPLOYED: _("self-employed insurance"),
    Kind.VOLUNTARY: _("voluntary insurance"),
})  # fmt: skip

_COVERS: Mapping[Cover, Sentence] = MappingProxyType({
    Cover.PENSION: _("a pension"),
    Cover.PENSION_DEATH: _("a pension and death"),
    Cover.PENSION_DEATH_DISABILITY: _("a pension, death and disability"),
    Cover.FULL: _("all covers"),
})  # fmt: skip


def numbers(bill: BillOut, whose: Whose = NOBODYS) -> Sentence:
    """The numbers with which a bill is paid anywhere else.

    Each is a line of its own with nothing else in it, not even what sets a code apart: it is copied.
    """
    parts = len(bill.payment_ids)
    return lines(
        _("{bill}: {amount}.").using(bill=named([bill], whose), amount=Rials(bill.amount)),
        _("Bill id:"),
        bill.bill_id,
        _n(
            "Payment id:",
            "This bill is paid in {n} parts. Payment ids:",
            parts,
        ),
        *bill.payment_ids,
    )
