"""Every transcript of this folder, on every adapter, against the real core.

All of them on SQLite, in one language and in many; what an adapter makes of an update knows no
store, so that on PostgreSQL two are enough, and all of them are played there among the faults.
By SMS: test_transcripts_by_sms.py.
"""

import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from string import Template
from types import SimpleNamespace

import pytest
from sqlalchemy import NestedTransaction

from api.client import Core
from api.db import Store
from api.identity import proving
from api.payments import gateway
from bots.dialogues import collected
from tests.bots.dialogues import scenes
from tests.bots.dialogues.house import GATEWAY, SCENES, Wire
from tests.bots.dialogues.scenes import Scene
from tests.bots.transcripts import ON, PLAYERS, play
from tests.support import core as real
from tests.support import make
from tests.support.drawing import QuickPrinter

PATHS = sorted(Path(__file__).parent.glob("*.txt"))
_SCENE = re.compile(r"# scene: ([a-z_]+)")

DIALOGUES = collected()


@pytest.fixture
async def opened() -> AsyncIterator[list[Core]]:
    """Clients that are closed at the end."""
    cores: list[Core] = []
    yield cores
    for core in cores:
        await core.close()


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
async def test_a_talk_goes_as_written(
    path: Path,
    store: Store,
    opened: list[Core],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    quick = store.dialect == "sqlite"
    await _played(path, store, opened, tmp_path, monkeypatch, on=ON[store.dialect], switching=quick)


@pytest.mark.faults
@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
async def test_a_talk_goes_as_written_in_every_chat(
    path: Path,
    store: Store,
    opened: list[Core],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    await _played(path, store, opened, tmp_path, monkeypatch, on=tuple(PLAYERS), switching=False)


async def _played(
    path: Path,
    store: Store,
    opened: list[Core],
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
    # The application closes its pool when it stops; this connection is the test's own.
    store.bind.detach()  # type: ignore[union-attr]
    # Paying is open, and nobody asks the gateway by themselves while a transcript is played.
    monkeypatch.setattr(gateway, "of", lambda _settings: None)
    filled, scene = _arranged(path, store, folder)
    with ExitStack() as stack:
        clock = real.Clock()
        running = stack.enter_context(real.running(store, clock, threads=1, **GATEWAY))
        running.app.state.printer = QuickPrinter()
        await play(
            filled,
            dialogues=DIALOGUES,
            core=_stories(store, scene, running, opened),
            audience=scene.audience,
            on=on,
            switching=switching,
        )


def _arranged(path: Path, store: Store, folder: Path) -> tuple[Path, Scene]:
    """Arrange the scene a transcript names, and fill in the names of what lives there.

    Gives the transcript to play and the scene.
    """
    text = path.read_text("utf-8")
    named = _SCENE.match(text)
    assert named is not None, f"{path.name} begins with its scene"
    with store.session(writing=True) as session:
        make.rules(session)
        scene = SCENES[named[1]](session)
        session.commit()
    filled = folder / path.name
    filled.write_text(Template(text).substitute(scene.names), "utf-8")
    return filled, scene


def _stories(
    store: Store,
    scene: Scene,
    running: real.Running,
    opened: list[Core],
) -> Callable[[str], tuple[Core, Wire]]:
    """Begin each story where the scene ended: the one before it is undone."""
    told: list[NestedTransaction] = []

    def begun(messenger: str) -> tuple[Core, Wire]:
        if told:
            told.pop().rollback()
        told.append(store.bind.begin_nested())  # type: ignore[union-attr]
        running.clock.now = make.NOW
        with store.session(writing=True) as session:
            scenes.link(session, scene, messenger)
            session.commit()
        client = running.client()
        opened.append(client)
        return client, Wire(client, running)

    return begun
