"""Nothing of a person stands in either store without a class that says how long, and why."""

from datetime import timedelta

import pytest
from sqlalchemy import Column, Table

from api.db import Base, Sealed
from api.retention.holdings import HOLDINGS, IMPERSONAL
from bots import memory, tables
from bots.carrying import CODE_SECONDS
from bots.web.visits import LASTS_SECONDS
from tests.support import models

models.import_all()
TABLES: dict[str, Table] = {
    **Base.metadata.tables,
    **{f"bots.{name}": table for name, table in tables.metadata.tables.items()},
}
PEOPLE = {"people.id", "chat_links.id"}
OF_BOTS = {"address", "chat", "raw", "sealed", "state", "text", "visitor"}
# The blind index of a program's key.
OF_NOBODY = {"api_keys.key_index"}


def is_personal(table: str, column: Column[object]) -> bool:
    """Whether a column is known to be a person's by what it is: sealed, blind, or leading to one."""
    if f"{table}.{column.name}" in OF_NOBODY:
        return False
    leads = {str(key.target_fullname) for key in column.foreign_keys}
    of_bots = table.startswith("bots.") and column.name in OF_BOTS
    known = column.name.endswith(("_index", "_hash", "_name"))
    return isinstance(column.type, Sealed) or known or of_bots or bool(leads & PEOPLE)


def test_every_table_of_both_stores_has_a_class_or_is_of_nobody():
    assert set(TABLES) == {*HOLDINGS, *IMPERSONAL}
    assert not set(HOLDINGS) & set(IMPERSONAL)


@pytest.mark.parametrize("name", HOLDINGS)
def test_what_a_holding_names_is_there(name: str):
    holding = HOLDINGS[name]
    assert {*holding.columns, *holding.of} <= set(TABLES[name].columns.keys())
    assert holding.kept.why


@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_column_of_a_person_is_named(name: str):
    personal = {one.name for one in TABLES[name].columns if is_personal(name, one)}
    named = set(HOLDINGS[name].columns) if name in HOLDINGS else set()
    assert personal - named == set()


@pytest.mark.parametrize(
    ("name", "seconds"),
    [
        ("bots.chats", memory.SILENT_SECONDS),
        ("bots.inbox", memory.KEPT_SECONDS),
        ("bots.visitors", LASTS_SECONDS),
        ("bots.carried", CODE_SECONDS),
    ],
)
def test_the_bots_times_are_those_of_the_bots(name: str, seconds: float):
    assert HOLDINGS[name].kept.at_most == timedelta(seconds=seconds)
