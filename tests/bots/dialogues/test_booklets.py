"""The talks of booklets and requests, on every adapter, against the real core."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.orm import Session

from api.booklets import service as booklets
from api.booklets.rules import LineCode, Loss, Stage
from api.booklets.schemas import LineOut, OfferOut
from api.db import Store
from api.kit.identifiers import mask_name
from api.kit.language import Language
from api.kit.speech import Speech
from api.notices import service as notices
from api.notices.models import Notice
from api.payments.sweeper import Sweeper
from api.people.models import Person
from api.people.rules import Relation
from api.requests import rules
from api.requests import service as requests
from bots.dialogues.booklets import offered
from tests.api.booklets import office
from tests.bots.dialogues import staging
from tests.bots.dialogues.scenes import Scene
from tests.bots.transcripts import ON, PLAYERS
from tests.support import make

PATHS = sorted((Path(__file__).parent / "booklets").glob("*.txt"))
POST = "016790405700038450001000"
_FIRST = 482_019_337


def family(session: Session) -> Scene:
    """Mina is covered, has an address, a husband and a child; two branches are near Azadi, one is far."""
    mina = office.insured(session, phone=None)
    child = make.dependant(session, of=mina)
    husband = make.person(session, first_name="رضا")
    make.dependant(session, of=mina, person=husband, relation=Relation.SPOUSE)
    near = make.branch(session, name="شعبه ۱۲", latitude=35.70, longitude=51.34)
    make.branch(session, name="شعبه ۱۴", latitude=35.72, longitude=51.36)
    far = make.branch(session, name="شعبه یزد", city="یزد", latitude=31.89, longitude=54.36)
    return Scene(
        {
            "child": str(child.id),
            "child_name": mask_name(child.first_name, child.last_name),
            "husband": str(husband.id),
            "near": str(near.id),
            "far": str(far.id),
        },
        linked=mina,
    )


def alone(session: Session) -> Scene:
    """Mina is covered; nobody depends on her, and no address and no branch is known."""
    return Scene({}, linked=office.insured(session, phone=None, address=None))


def uncovered(session: Session) -> Scene:
    """Mina's last month on record is Mordad."""
    make.rules(session)
    mina = make.person(session, phone=None, address=office.ADDRESS)
    make.record(session, mina, {"1405-05": 31})
    return Scene({}, linked=mina)


def on_its_way(session: Session) -> Scene:
    """Mina has a request at the post, one for her child that waits for its fee, and one that was refused."""
    mina = office.insured(session, phone=None)
    child = make.dependant(session, of=mina)
    father = office.insured(session)
    make.dependant(session, of=father, person=child)
    parent = make.dependant(session, of=mina, relation=Relation.PARENT, birth_date=None)
    posted = office.requested(session, mina)
    for stage, given in ((Stage.PRINTED, {}), (Stage.HANDED_TO_POST, {"tracking": POST})):
        booklets.advance(session, number=posted.number, stage=stage, now=make.NOW, **given)
    waiting = office.requested(session, mina, subject_id=child.id, **office.LOST)
    refused = office.requested(session, mina, subject_id=parent.id, **office.LOST)
    booklets.advance(
        session,
        number=refused.number,
        stage=Stage.REJECTED,
        reason="عکس خوانا نیست",
        now=make.NOW + timedelta(seconds=1),
    )
    theirs = office.requested(session, father)
    return Scene(
        {
            "posted": posted.number,
            "typed": f"{posted.number[:4]} {posted.number[4:]}",
            "slip": posted.number[:9] + str((int(posted.number[9]) + 1) % 10),
            "waiting": waiting.number,
            "refused": refused.number,
            "tracking": POST,
            "theirs": theirs.number,
            "child": str(child.id),
            "notice": _notice_of(session, mina, posted.number),
            "their_notice": _notice_of(session, father, theirs.number),
            "link_notice": _told_of_link(session, mina),
        },
        linked=mina,
    )


def delivered(session: Session) -> Scene:
    """Mina has her booklet, and one for her child is printed; the notices of both are in her chat."""
    mina = office.insured(session, phone=None)
    child = make.dependant(session, of=mina)
    way: list[tuple[Stage, dict[str, str]]] = [
        (Stage.PRINTED, {}),
        (Stage.HANDED_TO_POST, {"tracking": POST}),
        (Stage.DELIVERED, {}),
    ]
    there = office.requested(session, mina)
    for stage, given in way:
        booklets.advance(session, number=there.number, stage=stage, now=make.NOW, **given)
    coming = office.requested(session, mina, subject_id=child.id)
    booklets.advance(session, number=coming.number, stage=Stage.PRINTED, now=make.NOW)
    return Scene(
        {
            "there": there.number,
            "notice": _notice_of(session, mina, there.number),
            "coming": _notice_of(session, mina, coming.number),
        },
        linked=mina,
    )


def _notice_of(session: Session, person: Person, number: str) -> str:
    """The check code of the last notice of a request."""
    told = (
        session.query(Notice)
        .filter(Notice.person_id == person.id, Notice.about == f"request:{number}")
        .order_by(Notice.id)
        .all()[-1]
    )
    told.code = notices.code_of(told.id)
    session.flush()
    return told.code


def _told_of_link(session: Session, person: Person) -> str:
    posted = notices.post(
        session,
        template="link_added",
        to=person.id,
        about="link:1",
        facts={"messenger": "telegram", "audience": "people", "day": make.TODAY.isoformat()},
        key="link_added:1",
        now=make.NOW,
    )
    assert posted is not None
    session.get_one(Notice, posted).code = notices.code_of(posted)
    session.flush()
    return notices.code_of(posted)


SCENES: dict[str, Callable[[Session], Scene]] = {
    one.__name__: one for one in (family, alone, uncovered, on_its_way, delivered)
}


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
    filled, scene, settings = _arranged(path, store, folder)
    # It would cross the one connection of these stories while they are told.
    monkeypatch.setattr(Sweeper, "run", _idle)
    await staging.played(
        filled,
        scene,
        store,
        settings,
        on=on,
        switching=switching,
        first=lambda: _number_alike(monkeypatch),
    )


def _number_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give requests the same numbers in each story: what they say is compared."""
    numbers = map(rules.numbered, count(_FIRST))
    monkeypatch.setattr(requests, "_new_number", lambda: next(numbers))


@pytest.mark.parametrize(
    ("codes", "said", "unsaid"),
    [
        ([], "somebody looks at it first", "To be paid"),
        ([LineCode.DELIVERY], "To be paid when your paper was looked at", "To be paid first"),
        ([LineCode.DUPLICATE_FEE, LineCode.DELIVERY], "To be paid first", "word of your paper"),
    ],
)
def test_what_a_paper_spares_is_looked_at_before_anything_is_paid(codes, said, unsaid):
    facts = {"again": False, "percent": "50"}
    lines = [LineOut(code=code, amount=350_000, facts=facts) for code in codes]
    offer = OfferOut(id=uuid4(), cost=350_000 * len(lines), lines=lines, day=make.TODAY)
    words = Speech(Language.EN).word(offered(offer, Loss.STOLEN, uuid4()))
    assert said in words
    assert unsaid not in words


async def _idle(_sweeper: Sweeper) -> None:
    """Ask nobody."""


def _arranged(path: Path, store: Store, folder: Path) -> tuple[Path, Scene, dict[str, Any]]:
    """Arrange the scene a transcript names; gives what to play, the scene, and settings."""
    filled, scene = staging.arranged(path, store, folder, SCENES)
    # Nobody knocks at this gateway: only the pay page would.
    paying = {"zarinpal_root": "http://127.0.0.1:9", "zarinpal_merchant": "m" * 36}
    told = replace(scene, audience="people")
    return filled, told, paying if "# paying" in filled.read_text("utf-8") else {}
