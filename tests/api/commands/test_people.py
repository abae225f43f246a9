"""What is held about a person, told and erased at a branch."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from api import reactions
from api.access import service as access
from api.access.models import ChatLink
from api.access.rules import ChatAddress, Level
from api.audit.models import Entry
from api.commands import people
from api.commands.troubles import CannotDo
from api.db import Store
from api.identity.models import Pin
from api.kit.language import Language
from api.ledger import service as ledger
from api.ledger.rules import Account, Kind, NewTransfer
from api.notices import service as notices
from api.notices.models import Notice
from api.people.models import Person
from api.preferences import service as preferences
from api.retention import service as retention
from api.templates.catalogue import TEMPLATES
from tests.support import make

CODE = make.new_national_code(92_001)
PHONE = make.new_phone(92_001)
OTHER = "somebody else's"


@pytest.fixture
def person(store: Store) -> Person:
    """Somebody with a chat, a PIN, preferences, notices and money; and somebody else beside them."""
    reactions.connect()
    with store.writing("test") as session:
        made = make.person(session, national_code=CODE, phone=PHONE, address="خیابان آزادی")
        other = make.person(session, last_name=OTHER, address=OTHER, email=OTHER)
        for one, chat in ((made, "7001"), (other, "7002")):
            access.link(
                session,
                chat=ChatAddress("telegram", "people", chat),
                person_id=one.id,
                masked_name="م*** آ***",
                language="fa",
                level=Level.CODE,
                now=make.NOW,
            )
            session.add(Pin(person_id=one.id, salt=bytes(16), hash=bytes(32), chosen_at=make.NOW))
            for template in ("debt_notice", "debt_reminder"):
                facts = TEMPLATES[template].example.model_dump(mode="json")
                key = f"{template}:{one.id}"
                notices.post(
                    session, template=template, to=one.id, about="debt:1",
                    facts=facts, key=key, now=make.NOW,
                )  # fmt: skip
        own = make.employer(session, number=CODE, name="دکان مینا")
        make.workshop(session, employer=own, name="کارگاه مینا")
        make.workshop(session, contacts=[other], name=OTHER)
        preferences.set_language(session, person_id=made.id, language=Language.EN, now=make.NOW)
        paid = NewTransfer(
            "one", Account(Kind.BANK), Account(Kind.UNAPPLIED, made.id), 5_000, "x", make.TODAY
        )
        assert ledger.post(session, [paid], make.NOW) == 1
        session.execute(update(Notice).values(status="delivered"))
        return made


def test_everything_of_a_person_is_told_and_nothing_of_another(
    store: Store, person: Person, tmp_path: Path
):
    file = tmp_path / "held.json"
    assert "written to" in people.export(store, CODE, file, now=make.NOW)
    assert file.stat().st_mode & 0o077 == 0
    text = file.read_text(encoding="utf-8")
    told = json.loads(text)
    assert {
        "people", "chat_links", "pins", "notices", "deliveries", "preferences", "transfers",
        "audit_entries",
    } <= set(told["held"])  # fmt: skip
    for mine in (CODE, PHONE, "خیابان آزادی", "7001", "5000", "دکان مینا", "کارگاه مینا"):
        assert mine in text
    for theirs in (OTHER, "7002"):
        assert theirs not in text
    assert len(told["held"]["notices"]["rows"]) >= 2
    assert told["held"]["notices"]["days_at_most"] == 3_653
    assert "hash" not in told["held"]["pins"]["rows"][0]
    # What only a blind index leads to is named, not searched.
    assert {"first_answers", "bots.chats"} <= set(told["not_searched"])


def test_who_looked_is_written_down_first(store: Store, person: Person, tmp_path: Path):
    with pytest.raises(CannotDo, match="cannot be written"):
        people.export(store, CODE, tmp_path, now=make.NOW)
    with store.reading() as session:
        entry = session.scalars(select(Entry).where(Entry.verb == "people.export")).one()
    assert entry.subject == f"person:{person.id}"


def test_what_may_be_erased_is_and_what_stays_is_said(store: Store, person: Person):
    late = make.NOW + timedelta(days=4)
    said = people.erase(store, CODE, now=late)
    assert said[0].startswith("erased: 1 chats unlinked, 1 PIN, ")
    stays = "\n".join(said[1:])
    for kept in ("of people", "of transfers", "of preferences", "of notices"):
        assert f" {kept} (" in stays
    assert "is a legal record" in stays
    with store.reading() as session:
        texts = dict(
            session.execute(
                select(Notice.template, Notice.emptied_at).where(Notice.person_id == person.id)
            ).all()
        )
        assert texts["debt_reminder"] == late
        assert texts["debt_notice"] is None
        others = select(Notice.emptied_at).where(Notice.person_id != person.id)
        assert set(session.scalars(others)) == {None}
        assert session.scalars(select(Pin.person_id)).one() != person.id
        entry = session.scalars(select(Entry).where(Entry.verb == "people.erase")).one()
        assert (entry.subject, entry.detail["PIN"]) == (f"person:{person.id}", 1)


def test_erased_again_nobody_is_told_twice_and_the_chat_s_address_ends_in_its_time(
    store: Store, person: Person
):
    people.erase(store, CODE, now=make.NOW)
    assert people.erase(store, CODE, now=make.NOW)[0].startswith("erased: 0 chats unlinked, 0 PIN")
    later = make.NOW + timedelta(days=31)
    with store.writing("test") as session:
        told = session.scalars(select(Notice).where(Notice.template == "links_ended")).all()
        assert len(told) == 1
        part = retention.purge(session, slot=make.TODAY, after=None, now=later)
        assert part.done == 1
    with store.reading() as session:
        link = session.scalars(select(ChatLink).where(ChatLink.person_id == person.id)).one()
        assert (link.chat, link.masked_name) == ("", "")


@pytest.mark.parametrize("code", ["123", make.new_national_code(92_999)])
def test_who_is_nobody_is_said_to_be(store: Store, tmp_path: Path, code: str):
    with pytest.raises(CannotDo):
        people.export(store, code, tmp_path / "x", now=make.NOW)
    with pytest.raises(CannotDo):
        people.erase(store, code, now=make.NOW)
