"""Telling of monthly bills: the jobs `bill-notices` and `bill-reminders`, slice by slice.

Dates go by the slot, the day the run is for, and not by the wall clock: a run that is taken over or
repeated makes the same notices, and their keys let each of them exist once.

The reminders of a day come of three readings, one after the other: bills whose last day is near,
contracts whose person chose this day of the month, and contracts that will lapse.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from api.bills import queries as bill_queries
from api.bills import rules as bill_rules
from api.bills import service as bills
from api.bills.models import Bill
from api.bills.rules import Purpose
from api.bills.rules import about as about_bill
from api.contracts import billing, lapsing, queries
from api.contracts.lapsing import Grace
from api.contracts.models import Contract
from api.contracts.rules import State, days_reminded, owes_word, own_days
from api.kit.calendar import Month, end_of_day, jalali, today
from api.kit.slices import SIZE, Slice
from api.notices import previewing
from api.notices import service as notices
from api.notices.previewing import Preview
from api.notices.service import NewNotice
from api.organisation import service as organisation


@dataclass(frozen=True, slots=True)
class _Part:
    """A slice of a run, judged and not yet written."""

    done: int
    notices: Sequence[NewNotice]
    after: str | None


_Reader = Callable[[Session, date, datetime, str | None, int], _Part]


def announce(
    session: Session, *, slot: date, after: str | None, now: datetime, limit: int = SIZE
) -> Slice:
    """Tell those who owe a monthly bill of it; each bill once."""
    part = _to_announce(session, slot, now, after, limit)
    posted = notices.post_many(session, part.notices, now)
    bills.mark_announced(session, [bill_rules.id_of(one.about) for one in part.notices], now)
    return Slice(part.done, part.after, posted)


def remind(
    session: Session, *, slot: date, after: str | None, now: datetime, limit: int = SIZE
) -> Slice:
    """Remind of unpaid bills on the days of the rule table and on the person's own, and warn of lapses.

    A slot that runs late says what is still of use: where another day of the kind has come since,
    that one says it. One reminder a bill and day, whichever rule asks for it.
    """
    part = _to_remind(session, slot, now, after, limit)
    posted = notices.post_many(session, part.notices, now)
    return Slice(part.done, part.after, posted)


def preview(session: Session, *, job: str, slot: date, now: datetime, limit: int = SIZE) -> Preview:
    """Say what a run of a job of contracts would issue or post; writes nothing.

    What was posted already is counted again: its keys pass it over in a real run. KeyError for
    another job.
    """
    return previewing.preview(session, _READERS[job], slot=slot, now=now, limit=limit)


def _to_bill(session: Session, slot: date, _now: datetime, after: str | None, limit: int) -> _Part:
    """The notices that the bills of a run would be told by."""
    period = Month.of(slot).plus(-1)
    rows = queries.unbilled(session, str(period), after=after, limit=limit)
    posted = [
        NewNotice(
            template="bill_issued",
            to=one.person_id,
            about=one.about,
            facts=_facts(one.file_code, one.period, one.amount, one.due_on),
            key=f"bill_issued:{one.about}:{one.period}",
        )
        for one in billing.bills_of(session, rows, period, slot)
        if one.amount
    ]
    return _Part(len(rows), posted, _next(rows, limit))


def _to_announce(
    session: Session, _slot: date, _now: datetime, after: str | None, limit: int
) -> _Part:
    found = bills.unannounced(session, purpose=Purpose.CONTRIBUTION, after=after, limit=limit)
    contracts = queries.by_ids(session, {bill.payer_of for bill in found})
    posted = [
        NewNotice(
            template="bill_issued",
            to=bill.person_id,
            about=about_bill(bill.id),
            facts=_facts_of(bill, contracts),
            key=f"bill_issued:{bill.about}:{bill.period}",
        )
        for bill in found
    ]
    return _Part(len(found), posted, _next(found, limit))


def _to_remind(session: Session, slot: date, now: datetime, after: str | None, limit: int) -> _Part:
    """One slice of the three readings; `after` names the reading and where it stopped."""
    name, _, key = (after or _FIRST).partition(":")
    part = _REMINDERS[name](session, slot, now, key or None, limit)
    if part.after is not None:
        return _Part(part.done, part.notices, f"{name}:{part.after}")
    return _Part(part.done, part.notices, _FOLLOWING[name])


def _due(session: Session, slot: date, now: datetime, after: str | None, limit: int) -> _Part:
    """One last day after the other: a whole month's bills share one, and are read by their index."""
    days_before = _days_before(session, slot)
    place, _, key = (after or "0").partition("/")
    last_days = sorted(slot + timedelta(days=days) for days in days_before)[int(place) :]
    if not last_days:
        return _Part(0, (), None)
    found = bill_queries.open_due_on(
        session, purpose=Purpose.CONTRIBUTION, day=last_days[0], after=key or None, limit=limit
    )
    contracts = queries.by_ids(session, {bill.payer_of for bill in found})
    late = today(now)
    posted = [
        _reminder(bill, contracts, slot)
        for bill in found
        if late <= bill.due_on
        and owes_word(slot, late, _days(bill, contracts[bill.payer_of], days_before, slot, late))
    ]
    following = _next(found, limit)
    if following is not None:
        return _Part(len(found), posted, f"{place}/{following}")
    return _Part(len(found), posted, str(int(place) + 1) if last_days[1:] else None)


def _own_day(session: Session, slot: date, now: datetime, after: str | None, limit: int) -> _Part:
    days_before = _days_before(session, slot)
    found = queries.reminded_on(session, jalali(slot)[2], after=after, limit=limit)
    contracts = {contract.id: contract for contract in found}
    late = max(slot, today(now))
    posted = [
        _reminder(its[0], contracts, slot)
        for contract_id, its in lapsing.open_bills(session, list(contracts)).items()
        if owes_word(slot, late, _days(its[0], contracts[contract_id], days_before, slot, late))
    ]
    return _Part(len(found), posted, _next(found, limit))


def _lapse(session: Session, slot: date, now: datetime, after: str | None, limit: int) -> _Part:
    late = today(now)
    grace = Grace(session, slot)
    warned = {
        (kind, period): last_day
        for kind, period in grace.periods_near(slot)
        if late <= (last_day := grace.last_day(kind, period))
        and owes_word(slot, late, days_reminded(last_day, grace.warnings))
    }
    if not warned:
        return _Part(0, (), None)
    found = bill_queries.open_until(
        session,
        purpose=Purpose.CONTRIBUTION,
        period=max(period for _, period in warned),
        after=after,
        limit=limit,
    )
    contracts = queries.by_ids(session, {bill.payer_of for bill in found})
    near: dict[UUID, Bill] = {}
    for bill in sorted(found, key=lambda one: one.period):
        contract = contracts[bill.payer_of]
        if contract.state is State.ACTIVE and (contract.kind, bill.period) in warned:
            near.setdefault(contract.id, bill)
    unpaid = lapsing.open_bills(session, list(near))
    posted = [
        NewNotice(
            template="lapse_warning",
            to=bill.person_id,
            about=about_bill(bill.id),
            facts={
                "contract_tail": contracts[contract_id].number[-4:],
                "period": bill.period,
                "months": len(unpaid[contract_id]),
                "amount": sum(one.amount for one in unpaid[contract_id]),
                "lapses_on": (
                    last_day := warned[contracts[contract_id].kind, bill.period]
                ).isoformat(),
            },
            key=f"lapse_warning:{bill.about}:{bill.period}:{(last_day - slot).days}",
            expires_at=end_of_day(last_day),
        )
        for contract_id, bill in near.items()
        # An older month lapses the contract sooner: it has its own warnings.
        if unpaid[contract_id][0].id == bill.id
    ]
    return _Part(len(found), posted, _next(found, limit))


def _to_lapse(session: Session, slot: date, _now: datetime, after: str | None, limit: int) -> _Part:
    found, done, following = lapsing.due_to_lapse(session, slot=slot, after=after, limit=limit)
    return _Part(done, [lapsing.notice_of(one) for one in found], following)


_REMINDERS: Mapping[str, _Reader] = {"due": _due, "own": _own_day, "lapse": _lapse}
_FIRST = "due"
_FOLLOWING: Mapping[str, str | None] = {"due": "own", "own": "lapse", "lapse": None}

_READERS: Mapping[str, _Reader] = {
    "bills": _to_bill,
    "bill-notices": _to_announce,
    "bill-reminders": _to_remind,
    "contract-lapses": _to_lapse,
}


def _reminder(bill: Bill, contracts: Mapping[UUID, Contract], slot: date) -> NewNotice:
    return NewNotice(
        template="bill_reminder",
        to=bill.person_id,
        about=about_bill(bill.id),
        facts=_facts_of(bill, contracts),
        key=f"bill_reminder:{bill.about}:{bill.period}:{slot.isoformat()}",
        expires_at=end_of_day(bill.due_on) if slot <= bill.due_on else None,
    )


def _days(
    bill: Bill, contract: Contract, days_before: Sequence[int], slot: date, late: date
) -> frozenset[date]:
    """The days on which a bill is spoken of: those of the rule, and the person's own."""
    own = own_days(contract.remind_day, slot, late)
    return days_reminded(bill.due_on, days_before) | own


def _days_before(session: Session, slot: date) -> Sequence[int]:
    days: Sequence[int] = organisation.rules_on(session, "bill_reminders", slot)["days_before_due"]
    return days


def _facts_of(bill: Bill, contracts: Mapping[UUID, Contract]) -> dict[str, Any]:
    return _facts(contracts[bill.payer_of].number, bill.period, bill.amount, bill.due_on)


def _facts(number: str, period: str, amount: int, due_on: date) -> dict[str, Any]:
    return {
        "contract_tail": number[-4:],
        "period": period,
        "amount": amount,
        "due_on": due_on.isoformat(),
    }


def _next(rows: Sequence[Any], limit: int) -> str | None:
    return str(rows[-1].id) if len(rows) == limit else None
