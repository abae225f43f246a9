"""A random walk through the real talks and the real core.

How much of the talks a walk meets is counted in tests/bots/test_walker.py, with an invented core.
"""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from api import db
from api.db import Store
from api.identity import proving
from api.payments import gateway
from bots.dialogues import collected
from tests.bots import walker
from tests.bots.dialogues import scenes
from tests.bots.dialogues.house import GATEWAY, SCENES, Wire
from tests.bots.transcripts import player
from tests.support import core as real
from tests.support import luck, make, models

DIALOGUES = collected()
ACTIONS = ("debt_details", "is_it_genuine", "pay_bill", "bill_details")
STORIES = (
    "stranger", "one_workplace", "newcomer", "payer", "stranger", "many", "parent", "two_workplaces",
)  # fmt: skip
STORY = 100
"""Turns of one story: nobody gets far in a chat that was locked."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store on one connection, as every story is undone; where it is does not matter here."""
    opened = db.open_store(f"sqlite:///{tmp_path / 'core.db'}")
    models.create(opened)
    with opened.bind.engine.connect() as connection:
        # The application closes its pool when it stops.
        connection.detach()
        outer = connection.begin()
        yield Store(connection)
        outer.rollback()


@pytest.mark.parametrize(
    "turns", [400, pytest.param(6_000, marks=pytest.mark.faults)], ids=["short", "long"]
)
async def test_whatever_a_person_does_is_answered(
    turns: int, store: Store, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(
        proving, "secrets", SimpleNamespace(randbelow=lambda _most: int(scenes.CODE))
    )
    monkeypatch.setattr(gateway, "of", lambda _settings: None)
    seed = luck.seed()
    with real.running(store, real.Clock(), threads=1, **GATEWAY) as running:
        for part in range(turns // STORY):
            begun = store.bind.begin_nested()  # type: ignore[union-attr]
            running.clock.now = make.NOW
            walked = await _story(store, running, STORIES[part % len(STORIES)], seed + part)
            begun.rollback()
            assert walked.turns == STORY


async def _story(store: Store, running: real.Running, scene: str, seed: int) -> walker.Walk:
    with store.session(writing=True) as session:
        make.rules(session)
        here = SCENES[scene](session)
        scenes.link(session, here, "terminal")
        session.commit()
    codes = [code for name, code in here.names.items() if name.startswith(("notice", "told"))]
    async with running.client() as core:
        person = player("terminal", DIALOGUES, core, here.audience)
        return await walker.walk(
            person,  # type: ignore[arg-type]
            Wire(core, running),
            turns=STORY,
            seed=seed,
            answers={
                "national_code": [here.names.get(one, "1") for one in ("mina", "negar", "bad")],
                "month": ["1398/04", "تیر ۱۳۹۸", "1399/01"],
                "code": [scenes.CODE, "000000", "K7Q2-M4XD"],
                "day": ["7", "۲۹", "no"],
            },
            openings=[f"{action}|{code}" for action in ACTIONS for code in codes[:2]],
        )
