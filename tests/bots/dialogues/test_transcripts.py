"""Every transcript of this folder, on every adapter, against the real core.

All of them on SQLite, in one language and in many; what an adapter makes of an update knows no
store, so that on PostgreSQL two are enough, and all of them are played there among the faults.
By SMS: test_transcripts_by_sms.py.
"""

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from api.db import Store
from api.identity import proving
from api.payments import gateway
from tests.bots.dialogues import scenes, staging
from tests.bots.dialogues.house import GATEWAY, SCENES
from tests.bots.transcripts import ON, PLAYERS

PATHS = sorted(Path(__file__).parent.glob("*.txt"))


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
async def test_a_talk_goes_as_written(
    path: Path,
    store: Store,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    quick = store.dialect == "sqlite"
    await _played(path, store, tmp_path, monkeypatch, on=ON[store.dialect], switching=quick)


@pytest.mark.faults
@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
async def test_a_talk_goes_as_written_in_every_chat(
    path: Path,
    store: Store,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    await _played(path, store, tmp_path, monkeypatch, on=tuple(PLAYERS), switching=False)


async def _played(
    path: Path,
    store: Store,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    on: Sequence[str],
    switching: bool,
) -> None:
    """Play a transcript in its scene, on these channels."""
    monkeypatch.setattr(
        proving, "secrets", SimpleNamespace(randbelow=lambda _most: int(scenes.CODE))
    )
    # Paying is open, and nobody asks the gateway by themselves while a transcript is played.
    monkeypatch.setattr(gateway, "of", lambda _settings: None)
    filled, scene = staging.arranged(path, store, folder, SCENES)
    await staging.played(filled, scene, store, GATEWAY, on=on, switching=switching)
