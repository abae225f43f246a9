"""Talks of yesterday: chats as they were kept in the middle of a talk, to be gone on with today.

    python -m tests.bots.yesterday NAME

stores one more from SCENES. A file is never written again: it is what an older release left behind.
Its keys are invented and seal nothing else.
"""

import hashlib
import json
import random
import sys
from dataclasses import dataclass
from pathlib import Path

from api.kit.sealing import Keyring
from bots.dialogues import collected
from tests.bots import invented
from tests.bots.players import Heard, TerminalPlayer
from tests.bots.pretend import PretendKnocker, core_on
from tests.bots.transcripts import act

FOLDER = Path(__file__).parent


def keys() -> Keyring:
    """The keys of the stored talks: always the same, from nothing secret."""
    key = hashlib.sha256(b"yesterday").digest()
    return Keyring("y", {"y": key}, key, key)


@dataclass(frozen=True)
class Scene:
    """How a talk came to where it was kept, and how it is to go on."""

    linked: bool
    workplaces: int
    lines: tuple[str, ...]
    goes_on: tuple[tuple[str, str], ...]
    audience: str = "employers"


SCENES = {
    "meeting_code": Scene(
        linked=False,
        workplaces=1,
        lines=("> /start", "> tap:agree", "> contact", "> 0012345679", "> 1398-04"),
        goes_on=(("> menu", "What would you like to do?"), ("> tap:0.go_on|1", "SMS")),
    ),
    "debts_list": Scene(
        linked=True,
        workplaces=2,
        lines=("> /debts", "> 1"),
        goes_on=(("> back", "Which workplace?"), ("> 2", "debt")),
    ),
    "debt_of_a_notice": Scene(
        linked=True,
        workplaces=1,
        lines=("> tap:debt_details|K7Q2M4XD",),
        goes_on=(("> ?", "What would you like to do next?"), ("> tap:branch", "شعبهٔ ۱۲ تهران")),
    ),
    "notice_open": Scene(
        linked=True,
        workplaces=1,
        lines=("> /notices", "> 1"),
        goes_on=(("> wait", "What would you like to do next?"), ("> 1", "Which notice?")),
    ),
    "unlink_summary": Scene(
        linked=True,
        workplaces=1,
        lines=("> /unlink",),
        goes_on=(("> 0", "Very well, this chat stays linked."),),
    ),
    "bill_which": Scene(
        linked=True,
        workplaces=1,
        audience="people",
        lines=("> /bill", "> 2", "> 1", "> 1"),
        goes_on=(("> ?", "What shall be paid?"), ("> 2", "The page stays open until")),
    ),
    "record_of_a_child": Scene(
        linked=True,
        workplaces=2,
        audience="people",
        lines=("> /record", "> 2", "> 2"),
        goes_on=(
            ("> ?", "Which year shall we show next?"),
            ("> back", "Which year shall we show?"),
        ),
    ),
}


def player(scene: Scene) -> tuple[TerminalPlayer, PretendKnocker]:
    """Somebody before the talk, at a core without a no."""
    knocker = invented.new_knocker(
        random.Random(0),
        linked=scene.linked,
        workplaces=scene.workplaces,
        noes=False,
        audience=scene.audience,
    )
    person = TerminalPlayer(collected(), core_on(knocker), scene.audience, "en")
    person.keys = keys()
    return person, knocker


async def store(name: str) -> None:
    """Play a scene to its middle and keep the chat."""
    scene = SCENES[name]
    person, knocker = player(scene)
    heard: list[Heard] = []
    for line in scene.lines:
        heard = await act(line, person, heard, knocker) or heard
    with (FOLDER / f"{name}.json").open("x", encoding="utf-8") as file:
        json.dump(person.chat, file, indent=1, ensure_ascii=False)
        file.write("\n")
    sys.stdout.write("\n".join(message.text for message in heard) + "\n")
