"""What debts of the store come to: their rows and the rule tables, brought together."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from api.debts import rules
from api.debts.models import Debt
from api.debts.rules import Line, NoRate, Owing, Rates, State
from api.kit.money import Rials
from api.organisation import service as organisation
from api.organisation.refusals import NoRule

_FINES = "debt_fines"


def rates_of(session: Session) -> tuple[Rates, ...]:
    """Give the fines of all times, to count months under different rates."""
    return tuple(
        Rates.of(one.valid_from, one.valid_to, one.body)
        for one in organisation.versions_of(session, _FINES)
    )


def sum_of(debt: Debt, rates: tuple[Rates, ...], day: date) -> tuple[tuple[Line, ...], Rials]:
    """Explain a debt as of a day; a closed one comes to nothing. Raises organisation's NoRule."""
    if debt.state is State.CLOSED:
        return (), Rials(0)
    owing = Owing(
        principal=debt.principal,
        list_fine=debt.list_fine,
        paid=debt.paid,
        kind=debt.kind,
        step=debt.step,
        due_on=debt.due_on,
    )
    with _missing():
        return rules.explain(owing, rates, day)


def totals_of(debts: Sequence[Any], rates: tuple[Rates, ...], day: date) -> Mapping[UUID, Rials]:
    """Say what open debts (rows of `queries`) come to as of a day, by id. Raises NoRule."""
    with _missing():
        return {debt.id: rules.total(debt, rates, day) for debt in debts}


@contextmanager
def _missing() -> Iterator[None]:
    try:
        yield
    except NoRate as missing:
        raise NoRule(name=_FINES, day=missing.day.isoformat()) from None
