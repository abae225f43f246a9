"""Taking debts in: versions, what is told, and what is refused."""

import uuid
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from api import events
from api.debts import service
from api.debts.events import DebtsClosed, DebtsRevised
from api.debts.models import Debt
from api.debts.refusals import DebtNotFound
from api.debts.rules import DebtRow, Kind, State, Step
from api.kit.calendar import Month
from api.kit.slices import RefusedRow, Registered
from tests.support import make

LATER = make.NOW + timedelta(days=1)


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was told of debts."""
    told: list[Any] = []
    hear = [lambda _session, happened: told.append(happened)]
    monkeypatch.setattr(events, "_who_hears", {DebtsClosed: hear, DebtsRevised: hear})
    return told


@pytest.fixture
def row(session: Session) -> DebtRow:
    """A sound row of a workshop that is registered."""
    return DebtRow(
        number="0000000000017",
        workshop_code=make.workshop(session).code,
        reason="05",
        period_from=Month(1405, 4),
        period_to=Month(1405, 5),
        principal=80_000_000,
        list_fine=0,
        paid=0,
        kind=Kind.ESTIMATED,
        step=Step.NOTICE,
        issued_on=date(2026, 11, 22),
        due_on=date(2026, 10, 22),
        objection_until=date(2026, 12, 22),
        state=State.OPEN,
    )


def stored(session: Session, number: str = "0000000000017") -> Debt:
    session.expire_all()
    return session.scalars(select(Debt).where(Debt.number == number)).one()


def register(session: Session, *rows: DebtRow) -> Registered:
    return service.register(session, rows=rows, now=LATER)


def test_new_debt_is_kept_as_its_first_version(session, row, heard):
    assert register(session, row) == Registered(1, 0)
    debt = stored(session)
    assert (debt.version, debt.announced_version, debt.period_to) == (1, 0, "1405-05")
    assert debt.state is State.OPEN
    assert heard == []


def test_same_rows_again_are_unchanged_and_write_nothing(session, row):
    register(session, row)
    session.flush()
    written = []
    connection = session.connection()

    @event.listens_for(connection, "before_cursor_execute")
    def _note(_connection, _cursor, statement, *_rest: object):
        if not statement.startswith("SELECT"):
            written.append(statement)

    assert register(session, row) == Registered(0, 1)
    assert written == []


def test_changed_principal_is_a_new_version_and_is_told(session, row, heard):
    register(session, row)
    assert register(session, replace(row, principal=1)) == Registered(1, 0)
    debt = stored(session)
    assert (debt.principal, debt.version) == (1, 2)
    assert heard == [DebtsRevised((f"debt:{debt.id}",), LATER)]


def test_payment_in_part_is_no_new_version(session, row, heard):
    register(session, row)
    register(session, replace(row, paid=5))
    debt = stored(session)
    assert (debt.paid, debt.version, heard) == (5, 1, [])


def test_debts_that_close_in_a_load_are_told_once(session, row, heard):
    other = replace(row, number="0000000000025")
    register(session, row, other)
    closed = [replace(one, state=State.CLOSED) for one in (row, other)]
    register(session, *closed)
    register(session, *closed)
    ids = [stored(session, one.number).id for one in closed]
    assert heard == [DebtsClosed(tuple(f"debt:{one}" for one in ids), LATER)]
    assert stored(session).closed_at == LATER


def test_debt_that_closes_with_a_changed_sum_is_told_as_closed_alone(session, row, heard):
    register(session, row)
    register(session, replace(row, state=State.CLOSED, principal=2))
    assert [type(one) for one in heard] == [DebtsClosed]


def test_debt_that_opens_again_has_no_day_of_closing(session, row):
    register(session, replace(row, state=State.CLOSED))
    register(session, row)
    assert stored(session).closed_at is None


def test_rows_that_cannot_be_taken_are_named_and_the_others_are_in(session, row):
    stranger = replace(row, number="0000000000025", workshop_code="9999999999")
    wrong = replace(row, number="0000000000033", period_to=Month(1405, 1))
    assert register(session, stranger, row, wrong) == Registered(
        1,
        0,
        (
            RefusedRow(0, "workshop_code", "unknown_workshop"),
            RefusedRow(2, "period_to", "before_period_from"),
        ),
    )


def test_slice_costs_few_statements_however_long(session, row):
    rows = [replace(row, number=f"{number:013d}") for number in range(400)]
    register(session, *rows[:200])
    session.flush()
    statements = []

    @event.listens_for(session.connection(), "before_cursor_execute")
    def _note(_connection, _cursor, statement, *_rest: object):
        statements.append(statement)

    changed = [replace(one, paid=7) for one in rows[:200]]
    assert register(session, *changed, *rows[200:]) == Registered(400, 0)
    assert len(statements) == 4


def test_closing_tells_and_closing_twice_does_not(session, heard):
    debt = make.debt(session)
    for _ in range(2):
        assert service.close(session, number=debt.number, now=LATER) == debt.id
    assert heard == [DebtsClosed((f"debt:{debt.id}",), LATER)]
    assert stored(session, debt.number).state is State.CLOSED


def test_closing_a_debt_that_is_not_there_is_refused(session):
    with pytest.raises(DebtNotFound):
        service.close(session, number="0000000000099", now=LATER)


def test_still_owed_are_the_open_ones(session):
    workshop = make.workshop(session)
    owed = make.debt(session, workshop=workshop)
    closed = make.debt(session, workshop=workshop, state=State.CLOSED)
    abouts = [f"debt:{one}" for one in (owed.id, closed.id, uuid.uuid4())]
    assert service.still_owed(session, abouts) == {f"debt:{owed.id}"}
