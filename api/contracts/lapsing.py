"""When a contract lapses for an unpaid month, and the job `contract-lapses`."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from api import events
from api.bills import checking
from api.bills import queries as bill_queries
from api.bills import service as bills
from api.bills.models import Bill
from api.bills.rules import Purpose, about
from api.contracts import queries, rules
from api.contracts.events import BillsClosed
from api.contracts.models import Contract
from api.contracts.rules import Kind, State
from api.kit.calendar import Month
from api.kit.slices import SIZE, Slice
from api.notices import service as notices
from api.notices.service import NewNotice
from api.organisation import service as organisation

_YEAR = timedelta(days=366)


class Grace:
    """The rule table `contract_lapse` of a day, and the holidays about it. Raises NoRule."""

    def __init__(self, session: Session, day: date) -> None:
        body = organisation.rules_on(session, "contract_lapse", day)
        self.warnings: Sequence[int] = body["warnings_days_before"]
        self._lists = timedelta(days=body["days_for_bank_lists"])
        self._months = {Kind(kind): int(n) for kind, n in body["months_of_grace"].items()}
        self._holidays = organisation.holidays_between(session, day - _YEAR, day + _YEAR)
        self._days: dict[tuple[Kind, str], date] = {}

    def last_day(self, kind: Kind, period: str) -> date:
        """Give the last day on which this month can be paid before the contract lapses."""
        known = self._days.get((kind, period))
        if known is None:
            known = rules.lapse_day(Month.parse(period), self._months[kind], self._holidays)
            self._days[kind, period] = known
        return known

    def periods_near(self, day: date) -> Iterator[tuple[Kind, str]]:
        """Give the months of each kind whose last day may lie in the months about a day."""
        for kind, months in self._months.items():
            middle = Month.of(day).plus(-1 - months)
            for step in (-2, -1, 0, 1, 2):
                yield kind, str(middle.plus(step))

    def is_over(self, kind: Kind, period: str, day: date) -> bool:
        """Whether the last day has passed on a day, and the days for bank lists after it."""
        return self.last_day(kind, period) + self._lists < day

    def over_before(self, day: date) -> str:
        """Give the latest month that, for any kind, is over on a day."""
        return max(p for kind, p in self.periods_near(day) if self.is_over(kind, p, day))


@dataclass(frozen=True, slots=True)
class Lapsing:
    """A contract that lapses for its oldest unpaid bill."""

    contract: Contract
    bill: Bill
    last_day: date


def lapse(
    session: Session, *, slot: date, after: str | None, now: datetime, limit: int = SIZE
) -> Slice:
    """End the contracts whose oldest unpaid month could be paid until some days before the slot.

    The days are for the lists of banks (rule table `contract_lapse`), so that what was paid there
    on the last day keeps its contract.
    Their open bills are cancelled: money that still comes for one is a credit. The person is told.
    A bill that is paid at this moment keeps its contract; one whose payment was begun in time or is
    being confirmed keeps it until the end of that is known: a gateway that is away ends nobody's
    insurance.
    """
    found, done, following = due_to_lapse(session, slot=slot, after=after, limit=limit)
    cancelled = bills.cancel(session, [one.bill.id for one in found], now)
    lapsing = [one for one in found if one.bill.id in cancelled]
    if lapsing:
        ids = [one.contract.id for one in lapsing]
        session.execute(
            update(Contract),
            [{"id": one, "state": State.LAPSED, "changed_at": now} for one in ids],
        )
        _tell_closed(session, cancelled, now)
        close_bills(session, ids, now=now)
    posted = notices.post_many(session, [notice_of(one) for one in lapsing], now)
    return Slice(done, following, posted)


def close_bills(session: Session, contract_ids: Sequence[UUID], *, now: datetime) -> None:
    """Cancel what is unpaid of these contracts, and tell BillsClosed."""
    unpaid = open_bills(session, contract_ids)
    _tell_closed(
        session, bills.cancel(session, [one.id for its in unpaid.values() for one in its], now), now
    )


def _tell_closed(session: Session, bill_ids: Collection[UUID], now: datetime) -> None:
    if bill_ids:
        events.tell(session, BillsClosed(tuple(about(one) for one in bill_ids), now))


def due_to_lapse(
    session: Session, *, slot: date, after: str | None, limit: int
) -> tuple[Sequence[Lapsing], int, str | None]:
    """Read a slice of unpaid bills: the contracts they make lapse, how many, where to go on.

    A contract whose oldest bill may yet prove paid in time is left for the run of the next day.
    """
    grace = Grace(session, slot)
    unpaid = bill_queries.open_until(
        session,
        purpose=Purpose.CONTRIBUTION,
        period=grace.over_before(slot),
        after=after,
        limit=limit,
    )
    active = queries.active_among(session, {bill.payer_of for bill in unpaid})
    oldest: dict[UUID, Lapsing] = {}
    for bill in unpaid:
        contract = active.get(bill.payer_of)
        if contract is None:
            continue
        last_day = grace.last_day(contract.kind, bill.period)
        before = oldest.get(contract.id)
        if grace.is_over(contract.kind, bill.period, slot) and (
            before is None or bill.period < before.bill.period
        ):
            oldest[contract.id] = Lapsing(contract, bill, last_day)
    following = str(unpaid[-1].id) if len(unpaid) == limit else None
    # The oldest of all: it may have been in a slice before this one.
    first = {id: its[0] for id, its in open_bills(session, list(oldest)).items()}
    waits = checking.may_be_in_time(
        session,
        {
            bill.id: grace.last_day(oldest[id].contract.kind, bill.period)
            for id, bill in first.items()
        },
    )
    found = [one for id, one in oldest.items() if id not in first or first[id].id not in waits]
    return found, len(unpaid), following


def open_bills(session: Session, contract_ids: Collection[UUID]) -> Mapping[UUID, list[Bill]]:
    """Give the unpaid bills of contracts, the oldest month first."""
    found: dict[UUID, list[Bill]] = {}
    for bill in bill_queries.open_of_payers(
        session, purpose=Purpose.CONTRIBUTION, payers=contract_ids
    ):
        found.setdefault(bill.payer_of, []).append(bill)
    return found


def notice_of(one: Lapsing) -> NewNotice:
    """Tell a person that a contract of theirs has lapsed."""
    return NewNotice(
        template="contract_lapsed",
        to=one.bill.person_id,
        about=rules.about(one.contract.id),
        facts={
            "contract_tail": one.contract.number[-4:],
            "period": one.bill.period,
            "lapsed_on": one.last_day.isoformat(),
        },
        key=f"contract_lapsed:{one.bill.about}:{one.bill.period}",
    )
