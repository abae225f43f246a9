"""Transcripts in their scenes, against the real core: each story begins where the scene ended."""

import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from string import Template
from types import MappingProxyType
from typing import Any

from sqlalchemy import NestedTransaction
from sqlalchemy.orm import Session

from api.client import Core
from api.db import Store
from bots.dialogues import collected
from tests.bots.dialogues import scenes
from tests.bots.dialogues.house import Wire
from tests.bots.dialogues.scenes import Scene
from tests.bots.transcripts import play
from tests.support import core as real
from tests.support import make
from tests.support.drawing import QuickPrinter

_SCENE = re.compile(r"# scene: ([a-z_]+)")

DIALOGUES = collected()

ALSO: Mapping[str, Callable[[Any], None]] = MappingProxyType(
    {
        "an hour passes": lambda wire: wire.wait(3600),
    }
)
"""Lines of these transcripts that do something to the wire."""

Begun = Callable[[Callable[[], None]], tuple[Core, Wire]]


def arranged(
    path: Path, store: Store, folder: Path, among: Mapping[str, Callable[[Session], Scene]]
) -> tuple[Path, Scene]:
    """Arrange the scene a transcript names, and fill in the names of what lives there.

    Gives the transcript to play and the scene.
    """
    text = path.read_text("utf-8")
    named = _SCENE.match(text)
    assert named is not None, f"{path.name} begins with its scene"
    with store.session(writing=True) as session:
        make.rules(session)
        scene = among[named[1]](session)
        session.commit()
    filled = folder / path.name
    filled.write_text(Template(text).substitute(scene.names), "utf-8")
    return filled, scene


async def played(
    path: Path,
    scene: Scene,
    store: Store,
    settings: Mapping[str, Any],
    *,
    on: Sequence[str],
    switching: bool,
    first: Callable[[], None] = lambda: None,
) -> None:
    """Play what was arranged on these channels; every story begins with `first` and a linked chat."""

    def linked(messenger: str) -> None:
        first()
        with store.session(writing=True) as session:
            scenes.link(session, scene, messenger)
            session.commit()

    async with stories(store, settings) as begun:
        await play(
            path,
            dialogues=DIALOGUES,
            core=lambda messenger: begun(partial(linked, messenger)),
            audience=scene.audience,
            also=ALSO,
            on=on,
            switching=switching,
        )


@asynccontextmanager
async def stories(store: Store, settings: Mapping[str, Any]) -> AsyncIterator[Begun]:
    """Run the core, and begin each story where the scene ended: the one before it is undone."""
    # The application closes its pool when it stops; this connection is the test's own.
    store.bind.detach()  # type: ignore[union-attr]
    told: list[NestedTransaction] = []
    async with AsyncExitStack() as stack:
        running = stack.enter_context(real.running(store, real.Clock(), threads=1, **settings))
        running.app.state.printer = QuickPrinter()

        def begun(first: Callable[[], None]) -> tuple[Core, Wire]:
            if told:
                told.pop().rollback()
            told.append(store.bind.begin_nested())  # type: ignore[union-attr]
            running.clock.now = make.NOW
            first()
            client = running.client()
            stack.push_async_callback(client.close)
            return client, Wire(client, running)

        yield begun
