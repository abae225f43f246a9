"""A job run by name, and a look at what it would post."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select
from typer.testing import CliRunner

from api import events, reactions
from api.access import grants
from api.db import Store
from api.kit.calendar import today
from api.notices import questions
from api.notices.models import Notice
from notifier.__main__ import app
from notifier.running import day_of, job_of, look, run
from notifier.settings import CannotStart
from tests.support import make

DAY = today(datetime.now(UTC))


@pytest.fixture(autouse=True)
def _connected() -> Iterator[None]:
    reactions.connect()
    yield
    events.connect({})
    questions.connect({})
    grants.connect({})


@pytest.fixture
def indebted(fresh_store: Store) -> Store:
    """A store with one employer, two contacts and one debt."""
    with fresh_store.writing("test") as session:
        make.rules(session)
        people = [make.person(session, language=language) for language in ("fa", "en")]
        make.debt(
            session,
            workshop=make.workshop(session, contacts=people, name="کارگاه نان سحر"),
            issued_on=DAY - timedelta(days=1),
            objection_until=DAY + timedelta(days=29),
        )
    return fresh_store


def _posted(store: Store) -> int:
    with store.reading() as session:
        return session.scalar(select(func.count()).select_from(Notice)) or 0


def test_a_run_by_name_posts_and_says_so_in_one_line(indebted: Store) -> None:
    said = run(indebted, job_of("debt-notices"), DAY)
    assert said.startswith(f"debt-notices {DAY.isoformat()} (14")
    assert said.endswith(": 1 looked at, 2 notices posted.")
    assert _posted(indebted) == 2


def test_a_second_run_by_name_posts_nothing_twice(indebted: Store) -> None:
    run(indebted, job_of("debt-notices"), DAY)
    assert run(indebted, job_of("debt-notices"), DAY).endswith("0 looked at, 0 notices posted.")
    assert _posted(indebted) == 2


def test_a_look_posts_nothing_and_shows_neither_name_nor_amount(indebted: Store) -> None:
    said = look(indebted, job_of("debt-notices"), DAY)
    assert _posted(indebted) == 0
    assert said[-1].endswith(": 2 notices would be posted; nothing was.")
    assert said[-2] == "Languages: en 1, fa 1"
    assert said[-3].startswith("SMS parts of the samples: ")
    assert len(said) == 5
    assert "نان سحر" not in "".join(said)
    assert "80,000,000" not in "".join(said)


def test_a_run_that_makes_bills_says_so(fresh_store: Store) -> None:
    with fresh_store.writing("arrange") as session:
        make.rules(session)
        make.contract(session)
    looked = look(fresh_store, job_of("bills"), DAY)
    assert looked[-1].endswith(": 1 bills would be issued; nothing was.")
    assert run(fresh_store, job_of("bills"), DAY).endswith(": 1 looked at, 1 bills issued.")
    assert _posted(fresh_store) == 0


def test_a_job_that_posts_nothing_has_nothing_to_look_at(fresh_store: Store) -> None:
    with pytest.raises(CannotStart, match="posts nothing"):
        look(fresh_store, job_of("sweep"), DAY)
    assert run(fresh_store, job_of("sweep"), DAY).endswith("0 notices posted.")


def test_an_unknown_job_is_answered_with_those_there_are() -> None:
    with pytest.raises(CannotStart, match=r"debt-notices, bill-notices, .*, sweep"):
        job_of("debts")


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-11-23", date(2026, 11, 23)),
        ("1405-09-02", date(2026, 11, 23)),
        ("۱۴۰۵/۰۹/۰۲", date(2026, 11, 23)),
    ],
)
def test_days_are_read_gregorian_and_jalali(text, day) -> None:
    assert day_of(text) == day


def test_today_is_tehrans_day() -> None:
    before = today(datetime.now(UTC))
    read = day_of("today")
    # Midnight may pass in the midst of a test.
    assert before <= read <= today(datetime.now(UTC))


def test_the_help_names_every_form_of_a_day() -> None:
    said = CliRunner().invoke(app, ["run", "--help"], env={"COLUMNS": "200"}).output
    assert "today, 2026-11-23 or 1405-09-02" in said


@pytest.mark.parametrize("text", ["", "tomorrow", "1405-13-01", "2026-02-30", "23/11/2026"])
def test_what_is_no_day_is_told_in_one_sentence(text) -> None:
    with pytest.raises(CannotStart, match="is no day"):
        day_of(text)
