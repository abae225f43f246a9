"""People who ask for booklets, and the days they do it on."""

import uuid
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from api.access import service as access
from api.access.rules import ChatAddress, Level
from api.booklets import service
from api.booklets.rules import Kind, Loss, Way
from api.booklets.schemas import BookletOut, OfferOut
from api.booklets.service import Wish
from api.files import service as files
from api.files.rules import Purpose
from api.organisation import reading
from api.organisation import service as organisation
from api.organisation.rules import Origin
from api.people.models import Person
from tests.support import make, papers

COVERED = {"1405-08": 30}
ADDRESS = "تهران، خیابان آزادی، پلاک ۱"


def insured(session: Session, **facts: Any) -> Person:
    """Register a person whose cover is in force, with an address; the rules are loaded."""
    make.rules(session)
    person = make.person(session, **{"address": ADDRESS, **facts})
    make.record(session, person, COVERED)
    return person


def a_wish(person: Person, **changed: Any) -> Wish:
    """A renewal by post for this person, unless told."""
    usual: dict[str, Any] = {
        "subject_id": person.id,
        "kind": Kind.RENEWAL,
        "loss": None,
        "way": Way.REGISTERED,
        "address": None,
        "branch_id": None,
        "paper_id": None,
    }
    return Wish(**{**usual, **changed})


def charged(session: Session, folder: Path, *, way: Way, cost: int) -> None:
    """Let the operator set what a way costs, by a rule table written into this folder."""
    days = {Way.REGISTERED: 10, Way.ANOTHER: 12, Way.BRANCH: 5}[way]
    given = (reading.RULE_TABLES / "booklets.toml").read_text("utf-8")
    changed = given.replace(f"days = {days}\ncost = 0", f"days = {days}\ncost = {cost}")
    (folder / "booklets.toml").write_text(changed, "utf-8")
    organisation.load_rules(session, folder=folder, origin=Origin.OPERATOR)


LOST: dict[str, Any] = {"kind": Kind.DUPLICATE, "loss": Loss.LOST}
STOLEN: dict[str, Any] = {"kind": Kind.DUPLICATE, "loss": Loss.STOLEN}


def a_paper(session: Session, person: Person) -> uuid.UUID:
    """Let this person send the paper of a theft."""
    content = papers.pdf()
    kept = files.keep(
        session,
        person_id=person.id,
        purpose=Purpose.LOSS_PAPER,
        content=content,
        sha256=sha256(content).digest(),
        channel="telegram",
        now=make.NOW,
    )
    return kept.id


def offered(
    session: Session, person: Person, *, now: datetime = make.NOW, **changed: Any
) -> OfferOut:
    wish = a_wish(person, **changed)
    return service.offer(session, person_id=person.id, wish=wish, now=now)


def taken(
    session: Session, person: Person, offer_id: uuid.UUID, *, now: datetime = make.NOW
) -> BookletOut:
    return service.request(session, person_id=person.id, offer_id=offer_id, now=now)


def requested(
    session: Session, person: Person, *, now: datetime = make.NOW, **changed: Any
) -> BookletOut:
    """Ask for a booklet and take the offer."""
    return taken(session, person, offered(session, person, now=now, **changed).id, now=now)


def chat_of(session: Session, person: Person, chat_id: str = "2001") -> dict[str, str]:
    """Link a chat of the people's bot, and give the headers it knocks with."""
    chat = ChatAddress("telegram", "people", chat_id)
    access.link(
        session,
        chat=chat,
        person_id=person.id,
        masked_name="م*** آ***",
        language="fa",
        level=Level.CODE,
        now=make.NOW,
    )
    return {"X_Chat": str(chat)}
