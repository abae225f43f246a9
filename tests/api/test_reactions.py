"""Who hears of what: reminders stop when a debt is paid, older channels hear of a new chat."""

import dataclasses
import inspect
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

import api
from api import events, reactions
from api.access import grants
from api.access import service as access
from api.debts import service as debts
from api.kit.calendar import Month
from api.notices import questions
from api.notices import service as notices
from api.notices.models import Delivery, Notice
from api.preferences import service as preferences
from api.records import service as records
from api.records.rules import NewMonth
from api.templates import render
from api.templates.catalogue import TEMPLATES
from tests.api.notices.office import Office, chat
from tests.support import make


@pytest.fixture(autouse=True)
def _connected() -> Iterator[None]:
    reactions.connect()
    yield
    events.connect({})
    questions.connect({})
    grants.connect({})


def _debt_notice(session: Session):
    person = make.person(session, language="en")
    workshop = make.workshop(session, contacts=[person])
    debt = make.debt(session, workshop=workshop)
    make.rules(session)
    debts.announce(session, slot=make.TODAY, after=None, now=make.NOW)
    return person, debt, session.scalars(select(Notice)).one()


def test_what_waits_about_a_debt_is_taken_back_when_it_is_paid(session: Session) -> None:
    _, debt, notice = _debt_notice(session)
    debts.close(session, number=debt.number, now=make.NOW)
    session.expire_all()
    assert notice.status == "cancelled"


def test_a_paid_debt_is_not_told_even_if_nobody_was_told_that_it_is_paid(
    session: Session,
) -> None:
    person, debt, notice = _debt_notice(session)
    chat(session, person)
    events.connect({})
    debts.close(session, number=debt.number, now=make.NOW)
    office = Office(session)
    assert office.send("chat") == []
    assert office.status(notice) == "cancelled"


def test_every_older_channel_hears_of_a_new_chat_and_the_new_one_does_not(
    session: Session,
) -> None:
    person = make.person(session, email="mina@example.org", language="en")
    older = chat(session, person)
    session.execute(delete(Delivery))
    session.execute(delete(Notice))
    chat(session, person, audience="people")
    office = Office(session)
    assert [letter.address for letter in office.send("chat")] == [older.chat]
    assert [letter.address for letter in office.send("sms")] == [person.phone]
    assert [letter.address for letter in office.send("email")] == ["mina@example.org"]


def test_a_new_chat_is_one_line_of_the_inbox_by_however_many_channels_it_is_told(
    session: Session,
) -> None:
    person = make.person(session, email="mina@example.org", language="en")
    chat(session, person)
    session.execute(delete(Delivery))
    session.execute(delete(Notice))
    chat(session, person, audience="people")
    later = make.NOW + timedelta(hours=1)
    chat(session, person, now=later)
    page = notices.mine(session, person_id=person.id, language="en")
    # Two chats are two lines, the first told by three channels and the second by more.
    assert [line.template for line in page.items] == ["link_added", "link_added"]
    (line, _) = page.items
    out, _ = notices.opened(session, person_id=person.id, code=line.code, language="en", now=later)
    assert out.template == "link_added"


@pytest.mark.parametrize("template", ["link_added", "link_ended"])
def test_who_takes_a_chat_over_at_night_and_writes_stop_silences_nobody(
    session: Session, template: str
) -> None:
    person = make.person(session, email="mina@example.org", language="en")
    session.execute(delete(Delivery))
    session.execute(delete(Notice))
    office = Office(session)
    office.now = make.NOW.replace(hour=22)  # Half past one in the morning in Tehran.
    taken = chat(session, person, now=office.now)
    if template == "link_ended":
        session.execute(delete(Delivery))
        session.execute(delete(Notice))
        access.end_link(session, link_id=taken.id, now=office.now)
    preferences.set_consent(session, person_id=person.id, on=False, now=office.now)
    assert office.send("chat") == []
    assert [letter.template for letter in office.send("sms")] == [template]


def test_stop_in_a_newly_linked_chat_does_not_silence_the_older_one(session: Session) -> None:
    person = make.person(session, language="en")
    older = chat(session, person)
    session.execute(delete(Delivery))
    session.execute(delete(Notice))
    newer = chat(session, person, audience="people")
    preferences.set_consent(session, person_id=person.id, on=False, now=make.NOW)
    office = Office(session)
    (letter,) = office.send("chat")
    assert (letter.template, letter.address) == ("link_added", older.chat)
    assert letter.address != newer.chat


def test_who_earned_months_hears_what_the_record_makes_now(session: Session) -> None:
    person = make.person(session, language="en")
    make.record(session, person, {"1405-05": 31})
    link = chat(session, person, audience="people")
    session.execute(delete(Delivery))
    session.execute(delete(Notice))
    rows = [
        NewMonth(
            person_id=person.id,
            month=month,
            source="contract:1",
            days=month.days,
            place_name="",
        )
        for month in (Month(1405, 7), Month(1405, 6))
    ]
    for _ in range(2):
        records.add_months(session, rows=rows, now=make.NOW)
    other = [dataclasses.replace(row, source="contract:2") for row in rows]
    records.add_months(session, rows=other, now=make.NOW)
    (notice,) = session.scalars(select(Notice)).all()
    (letter,) = Office(session).send("chat")
    assert (letter.address, notice.person_id) == (link.chat, person.id)
    message = render.message(
        notice.template, notice.facts, language="en", channel="chat", code="K7Q2M4XD"
    )
    assert message.text.startswith(
        "Added to your record: Shahrivar 1405 to Mehr 1405.\n"
        "Your record is now 3 months and 2 days; 30 days are counted as a month."
    )


@pytest.mark.parametrize(
    ("months", "total", "said"),
    [
        ([8], (0, 1, 0), ["Aban 1405", "1 month;"]),
        ([6, 8], (12, 0, 3), ["2 months", "12 years and 3 days;"]),
        ([6, 7], (1, 2, 3), ["Shahrivar 1405 to Mehr 1405", "1 year, 2 months and 3 days;"]),
        ([8], (0, 0, 0), ["Aban 1405", "0 days;"]),
    ],
)
def test_record_is_said_without_the_parts_that_are_none(
    months: list[int], total: tuple[int, int, int], said: list[str]
) -> None:
    facts = {
        "months": [str(Month(1405, month)) for month in months],
        **dict(zip(("years", "more_months", "more_days"), total, strict=True)),
    }
    text = render.message(
        "record_month_added", facts, language="en", channel="chat", code="K7Q2M4XD"
    ).text
    for words in said:
        assert words in text


def test_an_ended_chat_is_told_to_the_channel_that_is_left(session: Session) -> None:
    person = make.person(session, language="en")
    link = chat(session, person)
    session.execute(delete(Delivery))
    session.execute(delete(Notice))
    access.end_link(session, link_id=link.id, now=make.NOW)
    office = Office(session)
    assert office.send("chat") == []
    (letter,) = office.send("sms")
    assert letter.template == "link_ended"


def test_every_question_of_a_template_has_an_answer() -> None:
    asked = {one.question for one in TEMPLATES.values() if one.question is not None}
    assert asked == set(reactions.ANSWERS)


def test_every_event_that_is_heard_is_one_that_a_feature_tells() -> None:
    for kind in reactions.WHO_HEARS:
        assert dataclasses.is_dataclass(kind)
        module = inspect.getmodule(kind)
        assert module is not None
        assert module.__name__.startswith(f"{api.__name__}.")
        assert module.__name__.endswith(".events")
