"""The engine on a pretended house: one transcript a rule."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from api.client import Core
from tests.bots import trials
from tests.bots.pretend import CHILDREN, GRANTS, PretendKnocker
from tests.bots.transcripts import play

PATHS = sorted((Path(__file__).parent / "trial").glob("*.txt"))


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
async def test_a_transcript_is_the_same_on_every_adapter(path: Path):
    def core(_messenger: str) -> tuple[Core, Any]:
        knocker = trials.new_knocker()
        return trials.new_core(knocker), knocker

    await play(path, dialogues=trials.DIALOGUES, core=core, also=_ALSO)


# Lines of these transcripts alone: what the core knows of the chat.
_ALSO: dict[str, Callable[[PretendKnocker], None]] = {
    "unlinked": lambda knocker: setattr(knocker, "linked", False),
    "several": lambda knocker: setattr(knocker, "grants", list(GRANTS)),
    "children": lambda knocker: setattr(knocker, "grants", list(CHILDREN)),
    "grown up": lambda knocker: setattr(knocker, "grants", []),
    "one": lambda knocker: setattr(knocker, "grants", GRANTS[:1]),
}
