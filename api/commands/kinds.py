"""What can be loaded: for each kind its columns, what tells its rows apart, and where they go."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from api.commands import cells
from api.commands.cells import Reader, maybe
from api.contracts import service as contracts
from api.contracts.rules import MOST_HEADS, ContractRow, Cover
from api.contracts.rules import Kind as ContractKind
from api.contracts.rules import State as ContractState
from api.debts import service as debts
from api.debts.rules import DebtRow, State, Step
from api.debts.rules import Kind as DebtKind
from api.employers import service as employers
from api.employers.rules import ContactRow, EmployerKind, EmployerRow, Role, WorkshopRow
from api.kit.language import Language
from api.kit.slices import SIZE, RefusedRow, Registered
from api.organisation import queries as branches
from api.organisation import service as organisation
from api.organisation.rules import (
    AvailabilityRow,
    AvailabilityState,
    BranchKind,
    BranchRow,
    HolidayRow,
)
from api.payments import bank
from api.people import queries as people_queries
from api.people import service as people
from api.people.rules import DependantRow, PersonRow, Relation
from api.records import service as records
from api.records.rules import RecordRow

Row = Mapping[str, Any]
"""The facts of a line by column."""

WHY: Mapping[str, str] = MappingProxyType({
    "unknown_employer": "no such employer is registered: load employers first",
    "unknown_branch": "no such branch is registered: load branches first",
    "unknown_workshop": "no such workshop is registered: load workshops first",
    "unknown_person": "no such person is registered: load people first",
    "amount": "is no amount that can be kept",
    "below_floor": "is below the least base: the minimum wage",
    "above_cap": "is above the largest base: the multiple of the minimum wage",
    "cover": "is no cover of that kind of contract",
    "zeros": "is made of zeros alone",
    "another_person": "is not the person whose contract it is",
    "before_starts_on": "is before starts_on",
    "year": "is in no year of the calendar",
    "before_period_from": "is before period_from",
    "before_issued_on": "is before issued_on",
    "before_since": "is before since",
    "oneself": "is the person themself",
    "days_of_month": "is more than the days of the month",
    "in_the_future": "is a month that has not begun",
    "form": "is not made of 6 to 13 digits",
    "bill_id_check_digit": "has a wrong check digit: a digit is mistyped",
    "first_check_digit": "has a wrong check digit: a digit is mistyped",
    "second_check_digit": "does not belong to this bill id: a digit of one of them is mistyped",
    "unknown_bill": "is the bill id of no bill",
    "unknown_payment": "is no payment id of a bill with this bill id",
    "several_payment_ids": "is one of several payment ids of its bill: those are not taken in yet",
    "several_bills": "is the bill id of two open bills with the same payment id",
    "reference_taken": "is the reference of another payment",
    "day_to_come": "is a day that has not come",
})  # fmt: skip
"""The reasons of the features in plain words."""


@dataclass(frozen=True, slots=True)
class Sort:
    """One kind of sheet: how its cells are read, which columns name a row, and who takes the rows.

    A sheet may lack the columns of `optional`: its cells are then as empty ones.
    """

    columns: Mapping[str, Reader]
    key: Sequence[str]
    register: Callable[[Session, Sequence[Row], datetime], Registered]
    optional: Collection[str] = ()
    at_once: int = SIZE
    """Rows a slice, where a row is more than a row to write."""


def _people(session: Session, rows: Sequence[Row], now: datetime) -> Registered:
    return people.register(session, rows=[PersonRow(**row) for row in rows], now=now)


def _dependants(session: Session, rows: Sequence[Row], _now: datetime) -> Registered:
    return people.register_dependants(session, rows=[DependantRow(**row) for row in rows])


def _records(session: Session, rows: Sequence[Row], now: datetime) -> Registered:
    return records.register(session, rows=[RecordRow(**row) for row in rows], now=now)


def _employers(session: Session, rows: Sequence[Row], _now: datetime) -> Registered:
    return employers.register_employers(
        session, rows=[EmployerRow(**_renamed(row, employer_no="number")) for row in rows]
    )


def _branches(session: Session, rows: Sequence[Row], _now: datetime) -> Registered:
    return organisation.register_branches(
        session, rows=[BranchRow(**_renamed(row, branch_code="code")) for row in rows]
    )


def _holidays(session: Session, rows: Sequence[Row], _now: datetime) -> Registered:
    return organisation.register_holidays(session, rows=[HolidayRow(**row) for row in rows])


def _availability(session: Session, rows: Sequence[Row], _now: datetime) -> Registered:
    return organisation.register_availabilities(
        session, rows=[AvailabilityRow(**row) for row in rows]
    )


def _debts(session: Session, rows: Sequence[Row], now: datetime) -> Registered:
    return debts.register(
        session, rows=[DebtRow(**_renamed(row, debt_number="number")) for row in rows], now=now
    )


def _contracts(session: Session, rows: Sequence[Row], now: datetime) -> Registered:
    return contracts.register(
        session,
        rows=[ContractRow(**_renamed(row, contract_no="number")) for row in rows],
        now=now,
    )


def _bank_payments(session: Session, rows: Sequence[Row], now: datetime) -> Registered:
    return bank.register(session, rows=[bank.BankRow(**row) for row in rows], now=now)


def _workshops(session: Session, rows: Sequence[Row], _now: datetime) -> Registered:
    known = branches.ids_by_code(session, {row["branch_code"] for row in rows})
    return _with_ids(
        rows,
        column="branch_code",
        field="branch_id",
        known=known,
        reason="unknown_branch",
        register=lambda kept: employers.register_workshops(
            session, rows=[WorkshopRow(**_renamed(row, workshop_code="code")) for row in kept]
        ),
    )


def _contacts(session: Session, rows: Sequence[Row], _now: datetime) -> Registered:
    known = people_queries.ids_by_national_code(session, {row["national_code"] for row in rows})
    return _with_ids(
        rows,
        column="national_code",
        field="person_id",
        known=known,
        reason="unknown_person",
        register=lambda kept: employers.register_contacts(
            session, rows=[ContactRow(**row) for row in kept]
        ),
    )


SORTS: Mapping[str, Sort] = MappingProxyType({
    "people": Sort(
        {
            "national_code": cells.national_code,
            "first_name": cells.words(100),
            "last_name": cells.words(100),
            "birth_date": maybe(cells.day),
            "phone": maybe(cells.mobile),
            "email": maybe(cells.email),
            "language": maybe(cells.one_of(Language), Language.FA),
            "address": maybe(cells.words(500)),
        },
        ["national_code"],
        _people,
        optional=["address"],
    ),
    "dependants": Sort(
        {
            "national_code": cells.national_code,
            "dependant_code": cells.national_code,
            "relation": cells.one_of(Relation),
            "since": cells.day,
            "until": maybe(cells.day),
        },
        ["national_code", "dependant_code"],
        _dependants,
        optional=["until"],
    ),
    "employers": Sort(
        {
            "employer_no": cells.employer_no,
            "kind": cells.one_of(EmployerKind),
            "name": cells.words(200),
        },
        ["employer_no"],
        _employers,
    ),
    "branches": Sort(
        {
            "branch_code": cells.digits(3),
            "kind": cells.one_of(BranchKind),
            "name": cells.words(200),
            "province": cells.words(100),
            "city": cells.words(100),
            "address": cells.words(500),
            "phone": maybe(cells.words(32), ""),
            "hours": maybe(cells.words(200), ""),
            "latitude": maybe(cells.degrees(90)),
            "longitude": maybe(cells.degrees(180)),
        },
        ["branch_code"],
        _branches,
    ),
    "workshops": Sort(
        {
            "workshop_code": cells.workshop_code,
            "employer_no": cells.employer_no,
            "branch_code": cells.digits(3),
            "name": cells.words(200),
            "activity": maybe(cells.words(200), ""),
            "address": maybe(cells.words(500), ""),
            "registered_on": cells.day,
            "active": maybe(cells.yes_or_no, default=True),
        },
        ["workshop_code"],
        _workshops,
        optional=["active"],
    ),
    "contacts": Sort(
        {
            "workshop_code": cells.workshop_code,
            "national_code": cells.national_code,
            "role": cells.one_of(Role),
            "since": cells.day,
            "until": maybe(cells.day),
        },
        ["workshop_code", "national_code"],
        _contacts,
        optional=["until"],
    ),
    "holidays": Sort({"day": cells.day, "name": cells.words(200)}, ["day"], _holidays),
    "availability": Sort(
        {
            "service": cells.words(64),
            "branch_code": maybe(cells.digits(3)),
            "from_day": cells.day,
            "to_day": maybe(cells.day),
            "state": cells.one_of(AvailabilityState),
            "reason": maybe(cells.words(300), ""),
        },
        ["service", "branch_code", "from_day"],
        _availability,
    ),
    "debts": Sort(
        {
            "debt_number": cells.debt_number,
            "workshop_code": cells.workshop_code,
            "reason": cells.words(16),
            "period_from": cells.month,
            "period_to": cells.month,
            "principal": cells.rials,
            "list_fine": maybe(cells.rials, 0),
            "paid": maybe(cells.rials, 0),
            "kind": cells.one_of(DebtKind),
            "step": cells.one_of(Step),
            "issued_on": cells.day,
            "due_on": cells.day,
            "objection_until": cells.day,
            "state": maybe(cells.one_of(State), State.OPEN),
        },
        ["debt_number"],
        _debts,
    ),
    "contracts": Sort(
        {
            "contract_no": cells.digits(8),
            "national_code": cells.national_code,
            "kind": cells.one_of(ContractKind),
            # An empty cell is the one cover of a voluntary contract.
            "cover": maybe(cells.one_of(Cover), Cover.FULL),
            "monthly_base": cells.rials,
            "medical_heads": maybe(cells.number(MOST_HEADS), 0),
            "branch_code": cells.digits(3),
            "starts_on": cells.month,
            "ends_on": maybe(cells.month),
            "state": maybe(cells.one_of(ContractState), ContractState.ACTIVE),
        },
        ["contract_no"],
        _contracts,
        optional=["medical_heads", "ends_on", "state"],
    ),
    "records": Sort(
        {
            "national_code": cells.national_code,
            "month": cells.month,
            "source_code": cells.workshop_code,
            "place_name": cells.words(200),
            "days": cells.number(31),
            "wage": maybe(cells.rials),
        },
        ["national_code", "month", "source_code"],
        _records,
        optional=["wage"],
    ),
    "bank_payments": Sort(
        {
            "bill_id": cells.bank_number,
            "payment_id": cells.bank_number,
            "reference": cells.reference,
            "paid_on": cells.day,
        },
        ["reference"],
        _bank_payments,
        at_once=bank.AT_ONCE,
    ),
})  # fmt: skip


def _renamed(row: Row, **names: str) -> dict[str, Any]:
    return {names.get(column, column): value for column, value in row.items()}


def _with_ids(
    rows: Sequence[Row],
    *,
    column: str,
    field: str,
    known: Mapping[str, UUID],
    reason: str,
    register: Callable[[Sequence[Row]], Registered],
) -> Registered:
    """Put the id of a neighbour's row in place of its code, and refuse rows whose code is unknown.

    Neighbours on a floor do not call each other: the command stands above them both.
    """
    places = [place for place, row in enumerate(rows) if row[column] in known]
    kept = [
        {
            **{name: value for name, value in row.items() if name != column},
            field: known[row[column]],
        }
        for row in (rows[place] for place in places)
    ]
    done = register(kept)
    strangers = [
        RefusedRow(place, column, reason)
        for place, row in enumerate(rows)
        if row[column] not in known
    ]
    refused = [RefusedRow(places[one.place], one.column, one.reason) for one in done.refused]
    return Registered(done.loaded, done.unchanged, (*strangers, *refused))
