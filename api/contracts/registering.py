"""Taking contracts in: by a sheet, or by the organisation's systems."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from api.contracts import billing, lapsing, queries, rules
from api.contracts.models import Contract
from api.contracts.rules import Bounds, ContractRow, Rates, State
from api.kit.calendar import Month, today
from api.kit.slices import RefusedRow, Registered
from api.organisation import queries as branches
from api.organisation import service as organisation
from api.people import queries as people


def register(session: Session, *, rows: Sequence[ContractRow], now: datetime) -> Registered:
    """Take in a slice of contracts, no two of one number.

    A base is judged by the rules of the day on which it comes first or anew: what was taken once
    stays when the minimum wage rises. A contract that comes as lapsed has its unpaid bills closed;
    one that has lapsed is active again only from a later first month. A first month that lies back
    bills nothing by itself: lists name contracts of many years, whose months were asked for
    elsewhere, so that the next run's month is the first one billed here.
    Raises organisation's NoRule, and IntegrityError when another transaction put the same contract
    first: the same rows are worth sending again.
    """
    known = _Known.of(session, rows, now)
    new: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    lapsed: list[uuid.UUID] = []
    refused = []
    for place, row in enumerate(rows):
        fault = known.fault(row)
        if fault is not None:
            refused.append(RefusedRow(place, *fault))
            continue
        values = known.values(row)
        contract = known.contracts.get(row.number)
        if contract is None:
            new.append({**values, "carried": 0, "created_at": now, "changed_at": now})
        elif any(getattr(contract, name) != value for name, value in values.items()):
            changed.append({**values, "id": contract.id, "changed_at": now})
            if contract.state is not State.LAPSED and row.state is State.LAPSED:
                lapsed.append(contract.id)
    if new:
        session.execute(insert(Contract), new)
    if changed:
        session.execute(update(Contract), sorted(changed, key=lambda values: values["id"]))
    if lapsed:
        lapsing.close_bills(session, lapsed, now=now)
    written = len(new) + len(changed)
    return Registered(written, len(rows) - written - len(refused), tuple(refused))


@dataclass(frozen=True, slots=True)
class _Known:
    """What a slice is judged by, read in a few statements."""

    rates: Rates
    bounds: Bounds
    people: Mapping[str, uuid.UUID]
    branches: Mapping[str, uuid.UUID]
    contracts: Mapping[str, Contract]

    @classmethod
    def of(cls, session: Session, rows: Sequence[ContractRow], now: datetime) -> "_Known":
        day = today(now)
        return cls(
            billing.rates_on(session, day),
            Bounds.read(organisation.rules_on(session, "contributions", day)),
            people.ids_by_national_code(session, {row.national_code for row in rows}),
            branches.ids_by_code(session, {row.branch_code for row in rows}),
            queries.by_numbers(session, {row.number for row in rows}),
        )

    def fault(self, row: ContractRow) -> tuple[str, str] | None:
        """Name the column and the reason for which a row is not taken; None for a sound one."""
        contract = self.contracts.get(row.number)
        fault = rules.fault(row, self.rates)
        if fault is None and (contract is None or contract.monthly_base != row.monthly_base):
            fault = rules.base_fault(row.monthly_base, self.bounds)
        if fault is not None:
            return fault
        if row.national_code not in self.people:
            return "national_code", "unknown_person"
        if row.branch_code not in self.branches:
            return "branch_code", "unknown_branch"
        if contract is not None and contract.person_id != self.people[row.national_code]:
            return "national_code", "another_person"
        return None

    def values(self, row: ContractRow) -> dict[str, Any]:
        """What is kept of a sound row."""
        contract = self.contracts.get(row.number)
        state = row.state
        if contract is not None and contract.state is State.LAPSED:
            first = Month.parse(contract.starts_on)
            state = State.LAPSED if rules.stays_lapsed(row, first) else state
        return {
            "number": row.number,
            "person_id": self.people[row.national_code],
            "kind": row.kind,
            "cover": row.cover,
            "monthly_base": row.monthly_base,
            "medical_heads": row.medical_heads,
            "branch_id": self.branches[row.branch_code],
            "starts_on": str(row.starts_on),
            "ends_on": None if row.ends_on is None else str(row.ends_on),
            "state": state,
        }
