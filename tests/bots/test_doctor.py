"""The doctor of the bots: secrets, memory and core."""

from pathlib import Path

from api import db
from api.kit.checkup import Level
from bots import doctor
from bots.settings import Settings

RANDOM = "qW8rT5yU2iO9pA4sD7fG1hJ6kL3zX0cV"


async def test_core_that_is_away_is_named_and_the_memory_is_well(memory_url: str, tmp_path: Path):
    db.keys().save(tmp_path / "keys")
    given = Settings(
        database_url=memory_url,
        keys=tmp_path / "keys",
        core_key=RANDOM,
        core_url="http://127.0.0.1:1",
    )
    levels = {one.about: one.level for one in await doctor.findings(given)}
    assert levels == {
        "BOTS_CORE_KEY": Level.OK,
        "keys": Level.OK,
        "core": Level.FAIL,
        "memory": Level.OK,
        "ages": Level.OK,
    }
