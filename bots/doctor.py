"""Looking the bots over: their secrets and keys, their memory, and the core they knock at."""

import time
from collections.abc import Iterator

from sqlalchemy import select

from api.kit.checkup import Finding, fail, key_file, looked, ok, reached, secret, warn
from api.kit.sealing import Keyring
from bots import ages, migrations
from bots.settings import Settings
from bots.store import Store
from bots.tables import HELD


async def findings(settings: Settings) -> list[Finding]:
    """Look at everything, one line each."""
    inbound = settings.inbound_secret.get_secret_value()
    found = list(
        looked(
            [
                ("BOTS_CORE_KEY", lambda: [secret("BOTS_CORE_KEY", _key(settings))]),
                (
                    "BOTS_INBOUND_SECRET",
                    lambda: [secret("BOTS_INBOUND_SECRET", inbound)] if inbound else [],
                ),
                ("keys", lambda: _keys(settings)),
                ("core", lambda: [reached("core", settings.core_url)]),
            ]
        )
    )
    return found + await _memory(settings)


def _key(settings: Settings) -> str:
    return settings.core_key.get_secret_value()


def _keys(settings: Settings) -> Iterator[Finding]:
    Keyring.load(settings.keys)
    yield from key_file(settings.keys)


async def _memory(settings: Settings) -> list[Finding]:
    """Look at the memory; raises BadStore where it cannot be used."""
    store = Store(settings.database_url, size=1)
    try:
        await store.check()
        found = [ok("memory", f"{store.dialect} is there, and keeps what it has committed")]
        if not await store.read(migrations.is_ready):
            do = "python -m bots migrate"
            return [*found, fail("schema", "is older than this release", do)]
        if await store.read(lambda connection: connection.scalar(select(HELD))):
            do = "python -m bots release"
            found.append(fail("memory", "is held since its restore", do))
        past = await store.read(lambda connection: ages.past(connection, time.time()))
    finally:
        await store.close()
    late = [
        warn("ages", f"{past[one.state]} of {one.state} for longer than {one.most:.0f} s", one.do)
        for one in ages.AGES
        if one.state in past
    ]
    return found + (late or [ok("ages", "nothing is older than its state may be")])
