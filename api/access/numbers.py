"""Whose a phone number is, and which link answers an SMS from it.

The number that an SMS names as its sender can be forged, so it opens nothing by itself: it is
answered with the link of the one linked person for whom the registry holds this number, by an SMS
to that number. Of several linked people on a phone the PIN says which: until one was shown the
number is answered as anybody's, and then for that person. Whom the registry holds a number for is
asked of a higher floor, and answered by `reactions.py`.
"""

from collections.abc import Collection
from datetime import date, datetime
from functools import cache
from typing import Protocol
from uuid import UUID

from sqlalchemy import bindparam, case, update
from sqlalchemy.orm import Session

from api import db
from api.access.models import ChatLink
from api.access.queries import Asked, chat_index, link_columns, link_of
from api.access.rules import IDLE, SHARING_AT_MOST, SMS, SPEAKS, WEB, ChatAddress, Link, LinkState
from api.kit import calendar


class WhoseNumber(Protocol):
    """Answers with everybody for whom a number (E.164) is registered."""

    def __call__(self, session: Session, number: str) -> Collection[UUID]: ...


_answers: list[WhoseNumber] = []


def connect(answer: WhoseNumber) -> None:
    """Put the answer in force; until then no number is anybody's."""
    _answers[:] = [answer]


def registered_for(session: Session, number: str) -> set[UUID]:
    """Everybody for whom a number is registered."""
    return {person for answer in _answers for person in answer(session, number)}


def speaking_link(session: Session, chat: ChatAddress, *, now: datetime) -> Link | None:
    """The link that speaks for a chat; None where nobody does.

    By SMS that is the link of the one linked person whose number it is: the number's own, else the
    latest of the same audience on a messenger. Of several people it is the one whose PIN was shown
    last, for a while.
    """
    if chat.messenger != SMS:
        return link_of(session, chat)
    links = _links_of_number(session, chat.chat_id, calendar.today(now))
    if len({link.person_id for link in links}) > 1:
        links = [link for link in links if link.chosen_at and link.chosen_at > now - SPEAKS]
    of_audience = [link for link in links if link.audience == chat.audience]
    own = (link for link in of_audience if link.messenger == SMS)
    return next(own, None) or next(iter(of_audience), None)


def may_link(session: Session, chat: ChatAddress, *, today: date) -> set[UUID]:
    """Who could be linked to a chat of SMS: whose number it is, and nobody else's who is linked."""
    linked = {link.person_id for link in _links_of_number(session, chat.chat_id, today)}
    if not linked:
        return registered_for(session, chat.chat_id)
    return linked if len(linked) == 1 else set()


def sharing(session: Session, chat: ChatAddress, *, now: datetime) -> set[UUID]:
    """The several linked people of a number; empty where it is one's or nobody's."""
    if chat.messenger != SMS:
        return set()
    links = _links_of_number(session, chat.chat_id, calendar.today(now))
    found = {link.person_id for link in links}
    return found if 1 < len(found) <= SHARING_AT_MOST else set()


def choose(session: Session, chat: ChatAddress, *, person_id: UUID, now: datetime) -> None:
    """Let one of the people of a number be the one who is answered, for a while."""
    links = _links_of_number(session, chat.chat_id, calendar.today(now))
    session.execute(
        update(ChatLink)
        .where(ChatLink.id.in_([link.id for link in links]))
        .values(chosen_at=case((ChatLink.person_id == person_id, now), else_=None))
    )


def _links_of_number(session: Session, number: str, today: date) -> list[Link]:
    """The links, latest first, of everybody for whom a number is registered.

    A link that was silent for long is none (phones change hands), nor is one by SMS from a number
    that was theirs before, nor a talk on the web, which is over sooner than its link looks.
    """
    people = registered_for(session, number)
    lasting = db.ask(session, _lasting_of(), people=list(people), since=today - IDLE)
    return [
        link
        for link in (Link(*one) for one in lasting)
        if link.messenger != SMS
        or link.chat_index == chat_index(ChatAddress(SMS, link.audience, number))
    ]


@cache
def _lasting_of() -> Asked:
    lasting = link_columns().where(
        ChatLink.person_id.in_(bindparam("people", expanding=True)),
        ChatLink.state != LinkState.ENDED,
        ChatLink.messenger != WEB,
        ChatLink.seen_on >= bindparam("since"),
    )
    return lasting.order_by(ChatLink.linked_at.desc(), ChatLink.id.desc())
