"""Looking the core over: settings, keys, store, rules, catalogues, gateway, ages."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy.engine import make_url

from api import ages, db, migrations
from api.db import Store
from api.holds import service as holds
from api.kit import calendar
from api.kit.checkup import Finding, fail, key_file, looked, ok, reached, secret, warn
from api.kit.language import open_catalogues
from api.kit.sealing import Keyring
from api.occurrences.service import now_of
from api.organisation import reading
from api.organisation import service as organisation
from api.organisation.refusals import NoRule
from api.payments import gateway
from api.settings import Settings

_LEAST_ROOM, _LITTLE_ROOM = 200 << 20, 2 << 30
_SKEW, _MUCH_SKEW = timedelta(seconds=1), timedelta(seconds=5)
_AHEAD = timedelta(days=30)
_HERE = {"127.0.0.1", "localhost", "::1"}


def findings(settings: Settings) -> Iterator[Finding]:
    """Look at everything, one line each."""
    yield from looked(
        [
            ("API_BOTS_KEY", lambda: [secret("API_BOTS_KEY", _plain(settings))]),
            ("API_PUBLIC_URL", lambda: _public(settings)),
            ("keys", lambda: _keys(settings)),
            ("catalogues", _catalogues),
            ("gateway", lambda: _gateway(settings)),
            ("store", lambda: _room(settings)),
        ]
    )
    if not _is_there(settings):
        yield fail("store", "is not there", "python -m api migrate")
        return
    store = db.open_store(settings.database_url, size=1, wait_seconds=5)
    try:
        yield from looked(
            [
                ("store", lambda: _store(store)),
                ("clock", lambda: _clock(store)),
                ("rules", lambda: _rules(store)),
                ("ages", lambda: _ages(store)),
            ]
        )
    finally:
        store.bind.engine.dispose()


def _is_there(settings: Settings) -> bool:
    """Whether there is a file to look into: SQLite would make one."""
    url = make_url(settings.database_url)
    return url.get_backend_name() != "sqlite" or Path(url.database or "").is_file()


def _plain(settings: Settings) -> str:
    return settings.bots_key.get_secret_value()


def _public(settings: Settings) -> Iterator[Finding]:
    parts = urlsplit(settings.public_url)
    if parts.scheme == "https" or parts.hostname in _HERE:
        yield ok("API_PUBLIC_URL", settings.public_url)
    else:
        yield fail("API_PUBLIC_URL", f"{settings.public_url} is open to be read", "write https://…")


def _keys(settings: Settings) -> Iterator[Finding]:
    Keyring.load(settings.keys)
    yield from key_file(settings.keys)


def _catalogues() -> Iterator[Finding]:
    open_catalogues()
    yield ok("catalogues", "compiled")


def _room(settings: Settings) -> Iterator[Finding]:
    url = make_url(settings.database_url)
    if url.get_backend_name() != "sqlite":
        return
    folder = Path(url.database or ".").resolve().parent
    free = shutil.disk_usage(folder).free
    said = f"{free >> 20:,} MiB are free at the store"
    if free < _LEAST_ROOM:
        yield fail("room", said, "make room: what is not written is refused")
    elif free < _LITTLE_ROOM:
        yield warn("room", said, "make room before it is less")
    else:
        yield ok("room", said)


def _store(store: Store) -> Iterator[Finding]:
    db.check_durable(store)
    yield ok("store", f"{store.dialect} is there, and keeps what it has committed")
    with store.reading() as session:
        if migrations.is_ready(session.connection()):
            yield ok("schema", "is this release's, or a newer one's")
        else:
            yield fail("schema", "is older than this release", "python -m api migrate")
            return
        if holds.is_held(session):
            yield fail("store", "is held since its restore", "python -m api release --lost-at …")


def _clock(store: Store) -> Iterator[Finding]:
    with store.reading() as session:
        skew = abs(now_of(session) - datetime.now(UTC))
    said = f"{skew.total_seconds():.1f} s between this machine and the store"
    if skew > _MUCH_SKEW:
        yield fail("clock", said, "set both by NTP: leases are counted in seconds")
    elif skew > _SKEW:
        yield warn("clock", said, "set both by NTP")
    else:
        yield ok("clock", said)


def _rules(store: Store) -> Iterator[Finding]:
    day = calendar.today(datetime.now(UTC))
    names = sorted(path.stem for path in reading.RULE_TABLES.glob("*.toml"))
    with store.reading() as session:
        for name in names:
            try:
                organisation.rules_on(session, name, day)
            except NoRule:
                yield fail("rules", f"{name} has no version for today", "python -m api rules …")
                continue
            try:
                organisation.rules_on(session, name, day + _AHEAD)
            except NoRule:
                yield warn("rules", f"{name} ends within a month", "python -m api rules …")
    yield ok("rules", f"{len(names)} tables looked at")


def _gateway(settings: Settings) -> Iterator[Finding]:
    if gateway.is_set_up(settings):
        yield reached("gateway", settings.zarinpal_root)
    else:
        yield warn("gateway", "is not set", "nobody can pay by a link; set API_ZARINPAL_… for that")


def _ages(store: Store) -> Iterator[Finding]:
    with store.reading() as session:
        past = ages.past(session, now=now_of(session))
    for age in ages.AGES:
        if count := past.get(age.state):
            yield warn("ages", f"{count} of {age.state} for longer than {age.most}", age.do)
    if not past:
        yield ok("ages", "nothing is older than its state may be")
