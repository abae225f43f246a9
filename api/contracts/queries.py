"""Questions about contracts."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Row,
    Select,
    Uuid,
    bindparam,
    cast,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from api.contracts.models import REMINDED, Contract
from api.contracts.rules import State
from api.db import Json
from api.organisation.models import Branch


def of_person(session: Session, person_id: uuid.UUID) -> Sequence[Contract]:
    """The contracts of a person: those in force first, then by number."""
    return session.scalars(
        select(Contract)
        .where(Contract.person_id == person_id)
        .order_by(Contract.state != State.ACTIVE, Contract.number)
    ).all()


def one_of_person(
    session: Session, person_id: uuid.UUID, contract_id: uuid.UUID
) -> Contract | None:
    """A contract, if it is this person's; held against others until the transaction ends."""
    return session.scalar(
        select(Contract)
        .where(Contract.id == contract_id, Contract.person_id == person_id)
        .with_for_update()
    )


def by_ids(session: Session, ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, Contract]:
    """The contracts of these ids."""
    found = session.scalars(select(Contract).where(Contract.id.in_(ids)))
    return {contract.id: contract for contract in found}


def by_numbers(session: Session, numbers: Collection[str]) -> Mapping[str, Contract]:
    """The contracts of these numbers, held against others until the transaction ends."""
    found = session.scalars(
        # In the order of ids, as everybody who holds several: so that nobody waits in a ring.
        select(Contract).where(Contract.number.in_(numbers)).order_by(Contract.id).with_for_update()
    )
    return {contract.number: contract for contract in found}


def active_among(session: Session, ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, Contract]:
    """Those of these contracts that are in force, held against others."""
    found = session.scalars(
        select(Contract)
        .where(Contract.id.in_(ids), Contract.state == State.ACTIVE)
        .order_by(Contract.id)
        .with_for_update()
    )
    return {contract.id: contract for contract in found}


def unbilled(
    session: Session, period: str, *, after: str | None, limit: int
) -> Sequence[Row[*tuple[Any, ...]]]:
    """What a bill is made of, of contracts that have none for a month yet, in order of ids.

    Plain rows: half a million objects a month would cost more than the rules.
    """
    wanted = _unbilled(period).limit(limit)
    if after is not None:
        wanted = wanted.where(Contract.id > uuid.UUID(after))
    return session.execute(wanted).all()


def unbilled_among(
    session: Session, period: str, ids: Collection[uuid.UUID]
) -> Sequence[Row[*tuple[Any, ...]]]:
    """The same of those of these contracts that have none still; held against others."""
    its_id, _ = _given(session)
    wanted = (
        _unbilled(period).where(Contract.id == its_id).with_for_update(of=Contract, key_share=True)
    )
    return session.execute(wanted, {"given": dict.fromkeys((one.hex for one in ids), 0)}).all()


def _unbilled(period: str) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Contract.id,
            Contract.number,
            Contract.person_id,
            Contract.kind,
            Contract.cover,
            Contract.monthly_base,
            Contract.medical_heads,
            Contract.carried,
        )
        .where(
            Contract.state == State.ACTIVE,
            Contract.starts_on <= period,
            or_(Contract.ends_on.is_(None), Contract.ends_on >= period),
            or_(Contract.billed_until.is_(None), Contract.billed_until < period),
        )
        .order_by(Contract.id)
    )


def keep_billed(session: Session, rests: Mapping[uuid.UUID, int], period: str) -> None:
    """Note the month that contracts are billed until, and what each carries on from it.

    One statement for a slice: a statement for each contract would take longer than its rules.
    """
    if not rests:
        return
    its_id, rest = _given(session)
    session.execute(
        update(Contract)
        .where(Contract.id == its_id)
        .values(carried=cast(rest, BigInteger), billed_until=period)
        .execution_options(synchronize_session=False),
        {"given": {contract_id.hex: rest for contract_id, rest in rests.items()}},
    )


def _given(session: Session) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """Ids and values of the parameter `given`, an object by the hex of ids: one for a whole slice.

    A parameter for each id would take longer to bind than the rows to find.
    """
    on_postgresql = session.get_bind().dialect.name == "postgresql"
    each = func.jsonb_each if on_postgresql else func.json_each
    given = each(bindparam("given", type_=Json)).table_valued("key", "value")
    return (cast(given.c.key, Uuid) if on_postgresql else given.c.key), given.c.value


def reminded_on(session: Session, day: int, *, after: str | None, limit: int) -> Sequence[Contract]:
    """Contracts in force whose person asked to be reminded on a day of the month, by id."""
    wanted = select(Contract).where(REMINDED, Contract.remind_day == day)
    if after is not None:
        wanted = wanted.where(Contract.id > uuid.UUID(after))
    return session.scalars(wanted.order_by(Contract.id).limit(limit)).all()


def branch_codes(session: Session, ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, str]:
    """The codes of branches by their ids."""
    found = session.execute(select(Branch.id, Branch.code).where(Branch.id.in_(ids)))
    return dict(found.all())
