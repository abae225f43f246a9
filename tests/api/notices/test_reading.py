"""The inbox, and the question "is it genuine"."""

import time
import uuid
from datetime import date
from typing import Any

import pytest
from sqlalchemy.orm import Session

from api.errors import NotFound
from api.kit.codes import grouped
from api.kit.language import Language
from api.notices import service as notices
from api.notices.models import Notice
from api.notices.refusals import NotACode
from api.templates.catalogue import TEMPLATES
from tests.support import make

FACTS = TEMPLATES["debt_notice"].example.model_dump(mode="json")


def _post(session: Session, person, key="k", template="debt_notice", **more: Any) -> uuid.UUID:
    values = {"about": "debt:1", "facts": FACTS, **more}
    posted = notices.post(session, to=person.id, key=key, template=template, now=make.NOW, **values)
    assert posted is not None
    return posted


def test_a_notice_is_readable_from_the_moment_it_is_posted(session: Session) -> None:
    person = make.person(session)
    _post(session, person)
    page = notices.mine(session, person_id=person.id, language="en")
    (line,) = page.items
    assert (line.template, line.subject, line.day) == (
        "debt_notice",
        "Debt notice: workplace *4521, Mordad 1405",
        date(2026, 12, 2),
    )
    out, workshop = notices.opened(
        session, person_id=person.id, code=grouped(line.code), language="en", now=make.NOW
    )
    assert "4521" in out.text
    assert grouped(line.code) in out.text
    assert workshop is None


@pytest.mark.parametrize(
    "template", sorted(name for name, one in TEMPLATES.items() if not one.example_secret)
)
def test_every_notice_has_its_line_and_its_text(session: Session, template: str) -> None:
    person = make.person(session)
    facts = TEMPLATES[template].example.model_dump(mode="json")
    _post(session, person, template=template, facts=facts)
    for language in Language:
        (line,) = notices.mine(session, person_id=person.id, language=language).items
        assert line.subject
        out, _workshop = notices.opened(
            session, person_id=person.id, code=line.code, language=language, now=make.NOW
        )
        assert out.text


def test_the_inbox_is_paged_newest_first(session: Session) -> None:
    person = make.person(session)
    codes = []
    for n in range(5):
        codes.append(notices.code_of(_post(session, person, f"k{n}")))
        time.sleep(0.002)  # Ids are in the order of milliseconds.
    first = notices.mine(session, person_id=person.id, language="en", limit=3)
    rest = notices.mine(session, person_id=person.id, language="en", limit=3, after=first.after)
    assert [line.code for line in (*first.items, *rest.items)] == codes[::-1]
    assert rest.after is None


def test_one_time_codes_are_never_in_the_inbox(session: Session) -> None:
    person = make.person(session)
    posted = _post(session, person, template="link_code", facts={}, secret={"code": "482913"})
    assert notices.mine(session, person_id=person.id, language="en").items == []
    with pytest.raises(NotFound):
        notices.opened(
            session,
            person_id=person.id,
            code=notices.code_of(posted),
            language="en",
            now=make.NOW,
        )


def test_anothers_notice_is_not_found(session: Session) -> None:
    posted = _post(session, make.person(session))
    session.get_one(Notice, posted).code = notices.code_of(posted)
    session.flush()
    with pytest.raises(NotFound):
        notices.opened(
            session,
            person_id=make.person(session).id,
            code=notices.code_of(posted),
            language="en",
            now=make.NOW,
        )


def test_anybody_can_check_a_code_that_was_sent(session: Session) -> None:
    posted = _post(session, make.person(session))
    session.get_one(Notice, posted).code = notices.code_of(posted)
    session.flush()
    answer = notices.check(session, notices.code_of(posted).lower(), language="en")
    assert answer.model_dump() == {
        "genuine": True,
        "day": date(2026, 12, 2),
        "subject": "the debt of a workplace",
        "paper": False,
    }


def test_a_code_that_was_never_sent_is_checked_by_its_own_person_alone(session: Session) -> None:
    person = make.person(session)
    code = notices.code_of(_post(session, person))
    assert not notices.check(session, code, language="en").genuine
    assert notices.check(session, code, language="en", person_id=person.id).genuine
    assert not notices.check(
        session, code, language="en", person_id=make.person(session).id
    ).genuine


def test_a_code_written_into_the_table_by_hand_is_not_genuine(session: Session) -> None:
    posted = _post(session, make.person(session))
    session.get_one(Notice, posted).code = "00000000"
    session.flush()
    answer = notices.check(session, "0000-0000", language="en")
    assert answer.model_dump() == {"genuine": False, "day": None, "subject": None, "paper": False}


def test_of_two_notices_with_one_code_the_newest_answers(session: Session) -> None:
    older = _post(session, make.person(session), key="older")
    time.sleep(0.002)  # Ids are in the order of milliseconds.
    newest = _post(session, make.person(session), key="newest")
    code = notices.code_of(newest)
    for one in (older, newest):
        session.get_one(Notice, one).code = code
        session.flush()
    assert notices.check(session, code, language="en").genuine


def test_what_is_no_code_is_refused(session: Session) -> None:
    with pytest.raises(NotACode):
        notices.check(session, "K7Q2", language="en")
