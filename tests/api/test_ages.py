"""Each state has a greatest age, ends a course, or stands; none is forgotten."""

import importlib
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

import pytest
from sqlalchemy import select

import api
from api import ages, db
from api.notices import service as notices
from api.notices.models import Delivery
from api.occurrences import service as occurrences
from tests.api.notices.office import FACTS
from tests.support import make

# What a page or an answer says, and what is set for days: no row goes from one to the next.
NO_COURSE = {"api.organisation.rules.AvailabilityState", "api.payments.rules.PageState"}


def vocabularies() -> dict[str, type[StrEnum]]:
    """Every vocabulary of states in the features' rules, by its full name."""
    found = {}
    for path in sorted(Path(api.__path__[0]).glob("*/rules.py")):
        module = importlib.import_module(f"api.{path.parent.name}.rules")
        for name, kind in vars(module).items():
            its_own = isinstance(kind, type) and kind.__module__ == module.__name__
            if (
                its_own
                and issubclass(kind, StrEnum)
                and name.endswith(("State", "Status", "Stage"))
            ):
                found[f"{module.__name__}.{name}"] = kind
    return found


@pytest.mark.parametrize("name", sorted(set(vocabularies()) - NO_COURSE))
def test_every_word_of_a_state_is_watched_or_ends_or_stands(name: str):
    words = {word.value for word in vocabularies()[name]}
    prefix = ages.WATCHED.get(name, "claim")
    watched = {one.state.partition(".")[2] for one in ages.AGES if one.state.startswith(prefix)}
    if name == "api.identity.rules.ClaimState":
        # All of them are forgotten by the day they were made on.
        watched = words - ages.ENDS[name]
    known = [ages.ENDS.get(name, frozenset()), set(ages.STANDS.get(name, {})), watched & words]
    assert set().union(*known) == words
    assert sum(map(len, known)) == len(words), "each is one of the three"


def test_every_row_that_has_a_time_to_be_looked_at_is_watched():
    """A column of the kind `due_at` or `look_at` says that somebody must come."""
    watched = {one.since.class_.__tablename__ for one in ages.AGES}
    waiting = {
        table.name
        for table in db.Base.metadata.tables.values()
        if {"due_at", "look_at", "claimed_until"} & set(table.columns.keys())
    }
    assert waiting <= watched


def test_every_age_says_who_ends_it_and_what_to_do():
    assert all(one.swept_by and one.do for one in ages.AGES)
    assert len({one.state for one in ages.AGES}) == len(ages.AGES)


def test_what_is_past_its_age_is_counted_and_what_is_not_is_not(session):
    notices.post(
        session,
        template="debt_notice",
        to=make.person(session).id,
        about="debt:1",
        facts=FACTS,
        key="k",
        now=make.NOW,
    )
    occurrences.claim(session, job="bills", slot=make.NOW, worker="w", now=make.NOW)
    assert ages.past(session, now=make.NOW + timedelta(minutes=9)) == {}
    later = make.NOW + timedelta(hours=3)
    assert ages.past(session, now=later) == {"delivery.created": 1, "occurrence.open": 1}
    assert session.scalars(select(Delivery.status)).one() == "created"
