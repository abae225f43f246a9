"""The store and the keys of a command: opened, and looked at before anything is done with them."""

from collections.abc import Iterator
from contextlib import contextmanager

from api import db, migrations, reactions
from api.db import BadStore, Store
from api.holds import service as holds
from api.kit.sealing import Keyring
from api.settings import Settings


@contextmanager
def unmigrated(settings: Settings) -> Iterator[Store]:
    """Open a store that may be empty still. Raises BadStore."""
    store = db.open_store(settings.database_url, size=2)
    try:
        db.check_durable(store)
        yield store
    finally:
        store.bind.engine.dispose()


@contextmanager
def ready(settings: Settings, *, held: bool = False) -> Iterator[Store]:
    """Open the store with its keys, and let what happens in it be heard, as in the web process.

    `held`: one that waits for its release will do as well. Raises BadKeys, and BadStore for a
    store that is not migrated, or is held.
    """
    reactions.connect()
    db.use_keys(Keyring.load(settings.keys), settings.keys)
    with unmigrated(settings) as store:
        migrations.check(store)
        with store.reading() as session:
            if not held and holds.is_held(session):
                raise BadStore(
                    "The store is held since its restore: `python -m api release` first."
                )
        yield store
