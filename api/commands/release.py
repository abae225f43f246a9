"""Bringing a store to what this code was written for: its schema, and the rule tables."""

from pathlib import Path

from sqlalchemy.exc import IntegrityError

from api import migrations
from api.db import Store
from api.kit.slices import Registered
from api.organisation import reading, service


def migrate(store: Store) -> Registered:
    """Bring the store to the newest schema and load the repository's rule tables.

    Safe to run again, and twice at once. Raises reading.BadRuleFile.
    """
    migrations.upgrade(store)
    return rules(store, reading.RULE_TABLES)


def rules(store: Store, folder: Path) -> Registered:
    """Load the rule tables of a folder. Raises reading.BadRuleFile."""
    try:
        return _rules(store, folder)
    except IntegrityError:
        # Another process loaded the same ones at the same moment: now they are there.
        return _rules(store, folder)


def _rules(store: Store, folder: Path) -> Registered:
    with store.writing("rules.load") as session:
        return service.load_rules(session, folder=folder)
