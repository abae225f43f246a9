"""Another person behind a chat: who proved themself to it lets it act for them.

The right is a grant of kind `person` on the chat's link. It ends with the link, and so after ninety
silent days too; when either of the two says so, or a branch; and when the number that gave the code
is no longer registered for the person: it is another's then, or soon will be. An SMS shows nobody
but whose number it is, so such a grant is none by SMS. Who a person is, access knows by id alone:
it is asked of a higher floor, and answered by `reactions.py`.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from api import events
from api.access import grants, numbers, queries
from api.access.events import PersonAdded, PersonEnded
from api.access.grants import Held
from api.access.models import ChatLink, Grant
from api.access.refusals import AlreadyHere, NotLinked, TooManyPersons
from api.access.rules import IDLE, PERSONS_AT_MOST, EndedBy, Given, LinkState
from api.access.schemas import GrantOut
from api.errors import NotFound
from api.kit import calendar


@dataclass(frozen=True, slots=True)
class Known:
    """What access is told of a person: the masked name, the year of birth, the registered number."""

    name: str
    born: str
    number_index: bytes | None


class WhoTheyAre(Protocol):
    """Answers with those of these people who are registered."""

    def __call__(self, session: Session, person_ids: Collection[UUID]) -> Mapping[UUID, Known]: ...


_answers: list[WhoTheyAre] = []


def connect(answer: WhoTheyAre) -> None:
    """Put the answer in force; until then nobody is known, and no such grant holds."""
    _answers[:] = [answer]


def held(session: Session, link_id: UUID) -> dict[UUID, Held]:
    """The other people a link acts for, the first added first: those whose number is unchanged.

    Two of one masked name are told apart by the year of birth.
    """
    return _held(session, queries.given_to_link(session, link_id))


def shown(session: Session, given: Collection[Given]) -> list[GrantOut]:
    """The other people among whom a link's grants are for, as they are shown."""
    ids = {one.held_id: one.id for one in given if one.kind == grants.PERSON}
    return [
        GrantOut(id=ids[person_id], kind=grants.PERSON, label=one.label, role=one.role)
        for person_id, one in _held(session, given).items()
    ]


def _held(session: Session, given: Collection[Given]) -> dict[UUID, Held]:
    lasting = [one for one in given if one.kind == grants.PERSON]
    known = _known(session, [one.held_id for one in lasting])
    holding = {one.held_id: known[one.held_id] for one in lasting if _holds(one, known)}
    same = Counter(one.name for one in holding.values())
    return {
        person_id: Held(
            label=one.name if same[one.name] == 1 else f"{one.name} {one.born}".rstrip(),
            role=grants.PERSON,
        )
        for person_id, one in holding.items()
    }


def may_add(session: Session, link: ChatLink, person_id: UUID | None, *, today: date) -> None:
    """Raise TooManyPersons, or AlreadyHere where the chat acts for the person already."""
    others = held(session, link.id)
    children = grants.held_by(session, grants.CHILD, person_id=link.person_id, today=today)
    if person_id in {link.person_id, *others, *children}:
        raise AlreadyHere
    if len(others) >= PERSONS_AT_MOST:
        raise TooManyPersons(most=PERSONS_AT_MOST)


def add(
    session: Session, *, link_id: UUID, person_id: UUID, number_index: bytes, now: datetime
) -> Grant:
    """Let a link act for another person who was proved to it; tells PersonAdded.

    Raises NotLinked where the link has ended, AlreadyHere, TooManyPersons. Two at once come one
    after the other.
    """
    link = session.scalar(
        select(ChatLink)
        .where(ChatLink.id == link_id, ChatLink.state != LinkState.ENDED)
        .with_for_update()
    )
    if link is None:
        raise NotLinked
    may_add(session, link, person_id, today=calendar.today(now))
    # One proved by an older number, or a child who is of age by now, holds no more.
    session.execute(
        update(Grant)
        .where(Grant.link_id == link_id, Grant.ward_id == person_id, Grant.ended_at.is_(None))
        .values(ended_at=now)
    )
    made = Grant(
        link_id=link_id,
        person_id=link.person_id,
        kind=grants.PERSON,
        workshop_id=None,
        ward_id=person_id,
        number_index=number_index,
        since=now,
        ended_at=None,
    )
    session.add(made)
    session.flush()
    events.tell(
        session,
        PersonAdded(
            grant_id=made.id,
            link_id=link.id,
            holder_id=link.person_id,
            holder_name=link.masked_name,
            person_id=person_id,
            messenger=link.messenger,
            at=now,
        ),
    )
    return made


def trusted_by(
    session: Session, person_id: UUID, *, now: datetime
) -> Sequence[tuple[Grant, ChatLink]]:
    """The rights that a person gave to chats of others and that hold, the first given first."""
    found = session.execute(
        select(Grant, ChatLink)
        .join(ChatLink, ChatLink.id == Grant.link_id)
        .where(
            Grant.ward_id == person_id,
            Grant.kind == grants.PERSON,
            Grant.ended_at.is_(None),
            ChatLink.seen_on >= calendar.today(now) - IDLE,
        )
        .order_by(Grant.id)
    )
    known = _known(session, [person_id])
    return [(grant, link) for grant, link in found if _holds(grant, known)]


def end(session: Session, *, grant_id: UUID, link_id: UUID, person_id: UUID, now: datetime) -> None:
    """End one right, for the chat that has it or the person who gave it; NotFound for anybody else."""
    (grant,) = _lasting(session, Grant.id == grant_id) or (None,)
    if grant is None or (grant.link_id != link_id and grant.ward_id != person_id):
        raise NotFound
    by = EndedBy.PERSON if grant.ward_id == person_id else EndedBy.HOLDER
    _end(session, [grant], by=by, now=now)


def end_all(session: Session, *, person_id: UUID, by: EndedBy, now: datetime) -> int:
    """Let no chat of another act for a person any more; gives how many did."""
    gave = _lasting(session, Grant.ward_id == person_id)
    _end(session, gave, by=by, now=now)
    return len(gave)


def end_for_number(session: Session, number: str, *, now: datetime) -> None:
    """Do so for everybody for whom a number (E.164) is registered.

    Who writes may have forged the number. They only take away, which the person can give again.
    """
    for person_id in sorted(numbers.registered_for(session, number)):
        end_all(session, person_id=person_id, by=EndedBy.PERSON, now=now)


def _end(session: Session, lasting: Sequence[Grant], *, by: EndedBy, now: datetime) -> None:
    known = _known(session, [one.held_id for one in lasting])
    for grant in lasting:
        link = session.get_one(ChatLink, grant.link_id)
        grant.ended_at = now
        named = known.get(grant.held_id)
        events.tell(
            session,
            PersonEnded(
                grant_id=grant.id,
                link_id=link.id,
                holder_id=link.person_id,
                holder_name=link.masked_name,
                person_id=grant.held_id,
                person_name=named.name if named else "",
                messenger=link.messenger,
                by=by,
                at=now,
            ),
        )
    session.flush()


def _lasting(session: Session, whose: ColumnElement[bool]) -> Sequence[Grant]:
    return session.scalars(
        select(Grant)
        .where(whose, Grant.kind == grants.PERSON, Grant.ended_at.is_(None))
        .order_by(Grant.id)
    ).all()


def _holds(grant: Grant | Given, known: Mapping[UUID, Known]) -> bool:
    """Whether the number that gave the code is still the person's."""
    person = known.get(grant.held_id)
    return person is not None and person.number_index == grant.number_index


def _known(session: Session, person_ids: Collection[UUID]) -> Mapping[UUID, Known]:
    if not person_ids:
        return {}
    return {
        person_id: one
        for answer in _answers
        for person_id, one in answer(session, person_ids).items()
    }
