"""Bringing a store to what this code was written for: its schema, and the rule tables."""

from pathlib import Path

from sqlalchemy.exc import IntegrityError

from api import migrations
from api.db import Store
from api.kit.slices import Registered
from api.organisation import reading, service
from api.organisation.rules import Origin


def migrate(store: Store) -> Registered:
    """Bring the store to the newest schema and load the repository's rule tables.

    Safe to run again, and twice at once. Raises reading.BadRuleFile.
    """
    migrations.upgrade(store)
    return _safely(store, reading.RULE_TABLES, Origin.REPOSITORY)


def rules(store: Store, folder: Path) -> Registered:
    """Load the operator's own rule tables, which no `migrate` undoes. Raises reading.BadRuleFile."""
    return _safely(store, folder, Origin.OPERATOR)


def _safely(store: Store, folder: Path, origin: Origin) -> Registered:
    try:
        return _rules(store, folder, origin)
    except IntegrityError:
        # Another process loaded the same ones at the same moment: now they are there.
        return _rules(store, folder, origin)


def _rules(store: Store, folder: Path, origin: Origin) -> Registered:
    with store.writing("rules.load") as session:
        return service.load_rules(session, folder=folder, origin=origin)
