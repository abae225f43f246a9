"""The transcripts of this folder by SMS, against the real core: equal words, numbers in place of taps."""

import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from api import db
from api.access import service as access
from api.access.rules import SMS, ChatAddress, Level
from api.client import Core
from api.db import Store
from api.identity import confirming, proving
from api.kit.language import Language
from api.kit.sms import parts
from api.payments.sweeper import Sweeper
from api.people import service as people
from api.people.models import Person
from api.requests import rules
from api.requests import service as requests
from bots.dialogues import collected
from bots.texting import PARTS
from tests.bots.dialogues import scenes, test_booklets, test_transcripts
from tests.bots.dialogues.house import GATEWAY, Wire
from tests.bots.phones import NUMBER
from tests.bots.texting import CODE, heard_of, play_by_sms
from tests.support import core as real
from tests.support import make

DIALOGUES = collected()

# Their subject is what SMS does not have, by a rule of the product (talks.md, "Two-way SMS"): a notice has no
# buttons, a menu offers no parked talk, who writes has a phone, and a code of ours stands for "send".
# tests/bots/test_texting.py tells of that. A line that differs is marked in its transcript.
OTHERWISE = {
    "dialogues/left_and_resumed": "a talk that the menu has parked",
    "dialogues/meeting_left_and_resumed": "a talk that the menu has parked",
    "dialogues/no_registered_phone": "somebody without a phone",
    "dialogues/people_household": "another person of the chat: nobody is added by SMS",
    "dialogues/people_record_papers": "pictures and papers",
    "dialogues/unlinked_taps": "buttons of notices",
    "booklets/core_away": "a summary that is sent without a code",
    "booklets/paper_refused": "a file",
    "booklets/satisfied": "buttons of notices",
    "booklets/stolen": "a file",
}


def _is_alike(path: Path) -> bool:
    return f"{path.parent.name}/{path.stem}" not in OTHERWISE


PATHS = [path for path in test_transcripts.PATHS if _is_alike(path)]
BOOKLETS = [path for path in test_booklets.PATHS if _is_alike(path)]
# The longest of each kind; those of the people are judged in tests/bots/test_texting.py.
LONG = ("debts", "many_debts", "notices", "people_bills", "unlinked_asks")

# What SMS makes of an answer knows no store.
pytestmark = [
    pytest.mark.parametrize("store_url", ["sqlite"], indirect=True),
    pytest.mark.usefixtures("endless"),
]


@pytest.fixture
async def opened() -> AsyncIterator[list[Core]]:
    """Clients that are closed at the end."""
    cores: list[Core] = []
    yield cores
    for core in cores:
        await core.close()


@pytest.fixture(autouse=True)
def _known_codes_and_nobody_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    # It would cross the one connection of these stories while they are told.
    monkeypatch.setattr(Sweeper, "run", test_booklets._idle)
    for module, code in ((proving, scenes.CODE), (confirming, CODE)):
        told = SimpleNamespace(randbelow=lambda _most, code=code: int(code))
        monkeypatch.setattr(module, "secrets", told)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
async def test_a_talk_goes_as_written(
    path: Path,
    store: Store,
    opened: list[Core],
    tmp_path: Path,
):
    filled, scene = test_transcripts._arranged(path, store, tmp_path)
    # By SMS who has not said yet what they want is one of the people.
    wish = "/debts" if scene.audience == "employers" else ""
    with _core(store, opened, GATEWAY) as core:
        _write_from(NUMBER, filled, store, linked=scene.linked, audience=scene.audience)
        await play_by_sms(filled, dialogues=DIALOGUES, core=core, wish=wish)


@pytest.mark.parametrize("path", BOOKLETS, ids=lambda path: path.stem)
async def test_a_booklet_is_asked_for_as_written(
    path: Path,
    store: Store,
    opened: list[Core],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    numbers = map(rules.numbered, count(test_booklets._FIRST))
    monkeypatch.setattr(requests, "_new_number", lambda: next(numbers))
    filled, linked, settings = test_booklets._arranged(path, store, tmp_path)
    with _core(store, opened, settings) as core:
        _write_from(NUMBER, filled, store, linked=linked, audience="people")
        await play_by_sms(filled, dialogues=DIALOGUES, core=core, also=_ALSO)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("stem", LONG)
async def test_no_answer_is_longer_than_its_budget(
    stem: str,
    language: Language,
    store: Store,
    opened: list[Core],
    tmp_path: Path,
):
    path = next(path for path in test_transcripts.PATHS if path.stem == stem)
    filled, scene = test_transcripts._arranged(path, store, tmp_path)
    with _core(store, opened, GATEWAY) as core:
        _write_from(NUMBER, filled, store, linked=scene.linked, audience=scene.audience)
        heard = await heard_of(
            filled, dialogues=DIALOGUES, core=core, also={}, language=language, pin=True
        )
    assert max(map(parts, heard)) <= PARTS, max(heard, key=parts)


def _write_from(
    number: str, path: Path, store: Store, *, linked: Person | None, audience: str
) -> None:
    """Make a number that of the person who is linked, or who says in this story who they are."""
    with store.session(writing=True) as session:
        if linked is not None:
            access.link(
                session,
                chat=ChatAddress(SMS, audience, number),
                person_id=linked.id,
                masked_name=people.masked_name(linked),
                language="fa",
                level=Level.CODE,
                now=make.NOW,
            )
        writer = linked or _first_named(session, path.read_text("utf-8"))
        if writer is not None:
            # Not before the link: of that somebody with a phone is told.
            writer = session.get_one(Person, writer.id)
            writer.phone, writer.phone_index = number, db.keys().blind("phone", number)
        session.commit()


@contextmanager
def _core(
    store: Store, opened: list[Core], settings: Mapping[str, Any]
) -> Iterator[tuple[Core, Wire]]:
    # The application closes its pool when it stops; this connection is the test's own.
    store.bind.detach()  # type: ignore[union-attr]
    with real.running(store, real.Clock(), threads=1, **settings) as running:
        client = running.client()
        opened.append(client)
        yield client, Wire(client, running)


_ALSO: Mapping[str, Callable[[Any], None]] = {"an hour passes": lambda wire: wire.wait(3600)}


def _first_named(session: Session, text: str) -> Person | None:
    """Whose national code is written first: by SMS they write from their own number."""
    for code in re.findall(r"^> (\d{10})$", text, re.MULTILINE):
        # In Persian digits too.
        index = db.keys().blind("national_code", f"{int(code):010}")
        found = session.scalar(select(Person).where(Person.national_code_index == index))
        if found is not None:
            return found
    return None
