"""Backing up, bringing back and releasing, as an operator types it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from api import db
from api.audit.models import Entry
from api.commands import holding, opening
from api.commands.troubles import CannotDo
from api.db import BadStore, Store
from api.holds import service as holds
from api.settings import Settings
from tests.support import make
from tests.support.core import BOTS_KEY


def begun(store: Store, *, whole: bool = True) -> None:
    with store.writing("arranged") as session:
        holds.begin(session, taken_at=make.NOW, now=make.NOW + timedelta(hours=2))
        if whole:
            holds.complete(session)


def test_release_is_written_down_and_lifts_the_hold(store: Store):
    begun(store)
    said = holding.release(store, make.NOW + timedelta(hours=1), now=make.NOW + timedelta(hours=3))
    assert said[-1] == "released"
    with store.reading() as session:
        assert not holds.is_held(session)
        (entry,) = session.scalars(select(Entry).where(Entry.verb == "holds.lift")).all()
    assert entry.detail["lost_at"] == (make.NOW + timedelta(hours=1)).isoformat()
    assert "not held" in holding.release(store, None, now=make.NOW)[0]


@pytest.mark.parametrize("hours", [-1, 3])
def test_loss_lies_between_backup_and_restore(store: Store, hours: int):
    begun(store)
    with pytest.raises(CannotDo, match="The loss lies between"):
        holding.release(store, make.NOW + timedelta(hours=hours), now=make.NOW)


def test_restore_that_did_not_end_is_not_released(store: Store):
    begun(store, whole=False)
    with pytest.raises(CannotDo, match="not come to its end"):
        holding.release(store, None, now=make.NOW + timedelta(hours=3))


def test_instant_without_a_zone_is_of_tehran():
    assert holding.instant("2026-11-23T08:00") == datetime(2026, 11, 23, 4, 30, tzinfo=UTC)
    with pytest.raises(CannotDo):
        holding.instant("yesterday")


def test_held_store_takes_files_and_no_other_command(
    fresh_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("api.migrations.is_ready", lambda _: True)
    db.keys().save(tmp_path / "keys")
    given = Settings(database_url=fresh_url, keys=tmp_path / "keys", bots_key=BOTS_KEY)
    with opening.ready(given) as store:
        begun(store)
    with opening.ready(given, held=True):
        pass
    with pytest.raises(BadStore, match="held"), opening.ready(given):
        pass
