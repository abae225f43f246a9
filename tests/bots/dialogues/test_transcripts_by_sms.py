"""The transcripts of this folder by SMS, against the real core: equal words, numbers in place of taps."""

import re
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from api import db
from api.access import service as access
from api.access.rules import SMS, ChatAddress, Level
from api.db import Store
from api.identity import confirming, proving
from api.kit.language import Language
from api.kit.sms import parts
from api.payments.sweeper import Sweeper
from api.people import service as people
from api.people.models import Person
from bots.adapters.web import MESSENGER
from bots.texting import PARTS
from tests.bots.dialogues import scenes, staging, test_booklets, test_transcripts
from tests.bots.dialogues.house import GATEWAY, SCENES
from tests.bots.phones import NUMBER
from tests.bots.players import CHAT
from tests.bots.texting import CODE, heard_of, play_by_sms
from tests.support import make

_STRANGE = "# by SMS a strange number"
_GOING_ON = "at the page"
# The longest of each kind; those of the people are judged in tests/bots/test_texting.py.
LONG = ("debts", "many_debts", "notices", "people_bills", "unlinked_asks")

# These are told in many languages each time, as all are among the faults and with a pretended core.
MANY = ("debts", "meeting_left_and_resumed", "unlink", "in_persian", "stolen")
# What SMS makes of an answer knows no store: on the second one it is played among the faults.
_SQLITE = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
_POSTGRESQL = pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
pytestmark = pytest.mark.usefixtures("endless")


@pytest.fixture(autouse=True)
def _known_codes_and_nobody_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    # It would cross the one connection of these stories while they are told.
    monkeypatch.setattr(Sweeper, "run", test_booklets._idle)
    for module, code in ((proving, scenes.CODE), (confirming, CODE)):
        told = SimpleNamespace(randbelow=lambda _most, code=code: int(code))
        monkeypatch.setattr(module, "secrets", told)


@_SQLITE
@pytest.mark.parametrize("path", test_transcripts.PATHS, ids=lambda path: path.stem)
async def test_a_talk_goes_as_written(path: Path, store: Store, tmp_path: Path):
    await _played(path, store, tmp_path, switching=True)


@pytest.mark.faults
@_POSTGRESQL
@pytest.mark.parametrize("path", test_transcripts.PATHS, ids=lambda path: path.stem)
async def test_a_talk_goes_as_written_on_postgresql(path: Path, store: Store, tmp_path: Path):
    await _played(path, store, tmp_path, switching=True)


@_SQLITE
@pytest.mark.parametrize("path", test_booklets.PATHS, ids=lambda path: path.stem)
async def test_a_booklet_is_asked_for_as_written(
    path: Path,
    store: Store,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    await _asked_for(path, store, tmp_path, monkeypatch, switching=path.stem in MANY)


@pytest.mark.faults
@_POSTGRESQL
@pytest.mark.parametrize("path", test_booklets.PATHS, ids=lambda path: path.stem)
async def test_a_booklet_is_asked_for_as_written_on_postgresql(
    path: Path,
    store: Store,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    await _asked_for(path, store, tmp_path, monkeypatch, switching=True)


@_SQLITE
@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("stem", LONG)
async def test_no_answer_is_longer_than_its_budget(
    stem: str,
    language: Language,
    store: Store,
    tmp_path: Path,
):
    path = next(path for path in test_transcripts.PATHS if path.stem == stem)
    filled, scene = staging.arranged(path, store, tmp_path, SCENES)
    arranged = partial(_write_from, NUMBER, filled, store, scene.linked, scene.audience)
    async with staging.stories(store, GATEWAY) as begun:
        heard = await heard_of(
            filled,
            dialogues=staging.DIALOGUES,
            core=begun(arranged),
            also={},
            language=language,
            pin=True,
        )
    assert max(map(parts, heard)) <= PARTS, max(heard, key=parts)


async def _played(path: Path, store: Store, folder: Path, *, switching: bool) -> None:
    filled, scene = staging.arranged(path, store, folder, SCENES)
    arranged = partial(_write_from, NUMBER, filled, store, scene.linked, scene.audience)
    # By SMS who has not said yet what they want is one of the people.
    wish = "/debts" if scene.audience == "employers" else ""
    async with staging.stories(store, GATEWAY) as begun:
        await play_by_sms(
            filled,
            dialogues=staging.DIALOGUES,
            core=partial(begun, arranged),
            wish=wish,
            switching=switching,
        )


async def _asked_for(
    path: Path,
    store: Store,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    switching: bool,
) -> None:
    filled, scene, settings = test_booklets._arranged(path, store, folder)

    def arranged() -> None:
        test_booklets._number_alike(monkeypatch)
        _write_from(NUMBER, filled, store, scene.linked, scene.audience)

    async with staging.stories(store, settings) as begun:
        await play_by_sms(
            filled,
            dialogues=staging.DIALOGUES,
            core=partial(begun, arranged),
            also=staging.ALSO,
            switching=switching,
        )


def _write_from(
    number: str, path: Path, store: Store, linked: Person | None, audience: str
) -> None:
    """Make a number that of the person who is linked, or who says in this story who they are.

    In a story that goes on at the page, who is linked has a chat there as well; in one of a strange
    number, whoever is named in it has another number, or none.
    """
    text = path.read_text("utf-8")
    with store.session(writing=True) as session:
        chats = [(SMS, number), *([(MESSENGER, CHAT)] if _GOING_ON in text else [])]
        for messenger, chat in chats:
            if linked is not None:
                access.link(
                    session,
                    chat=ChatAddress(messenger, audience, chat),
                    person_id=linked.id,
                    masked_name=people.masked_name(linked),
                    language="fa",
                    level=Level.CODE,
                    now=make.NOW,
                )
        writer = linked or (None if _STRANGE in text else _first_named(session, text))
        if writer is not None:
            # Not before the link: of that somebody with a phone is told.
            writer = session.get_one(Person, writer.id)
            writer.phone, writer.phone_index = number, db.keys().blind("phone", number)
        session.commit()


def _first_named(session: Session, text: str) -> Person | None:
    """Whose national code is written first: by SMS they write from their own number."""
    for code in re.findall(r"^> (\d{10})$", text, re.MULTILINE):
        # In Persian digits too.
        index = db.keys().blind("national_code", f"{int(code):010}")
        found = session.scalar(select(Person).where(Person.national_code_index == index))
        if found is not None:
            return found
    return None
