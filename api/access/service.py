"""The verbs of access: link and unlink chats, keep their grants, make machines' keys."""

import secrets
from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from api import events
from api.access import grants, persons, queries, signin
from api.access.events import AllUnlinked, ChatLinked, ChatUnlinked, LinkBroken
from api.access.models import ApiKey, ChatLink, FirstAnswer, Grant, SignIn
from api.access.rules import SMS, ChatAddress, EndedBy, Level, LinkState
from api.errors import Conflict, NotFound
from api.kit import calendar

FIRST_ANSWERS_LAST = timedelta(days=7)
"""Longer than any talk waits for the core before it gives up."""

links_of = queries.links_of


def link(
    session: Session,
    *,
    chat: ChatAddress,
    person_id: UUID,
    masked_name: str,
    language: str,
    level: Level,
    now: datetime,
) -> ChatLink:
    """Let a chat speak for a person, with a grant for each workplace or child of theirs.

    Which of the two is the audience's: employers act for workplaces, people for their children.

    Whoever the chat spoke for before is unlinked. Tells ChatLinked, by which every older channel
    of the person hears of it.
    """
    earlier = queries.current_link(session, chat)
    if earlier is not None:
        end_link(session, link_id=earlier.id, now=now)
    today = calendar.today(now)
    made = ChatLink(
        messenger=chat.messenger,
        audience=chat.audience,
        chat=chat.chat_id,
        chat_index=queries.chat_index(chat),
        person_id=person_id,
        masked_name=masked_name,
        language=language,
        level=level,
        linked_at=now,
        seen_on=today,
    )
    session.add(made)
    session.flush()
    _give_grants(session, made, now=now, today=today)
    events.tell(
        session,
        ChatLinked(
            person_id=person_id,
            link_id=made.id,
            audience=chat.audience,
            messenger=chat.messenger,
            at=now,
        ),
    )
    return made


def end_link(session: Session, *, link_id: UUID, now: datetime) -> None:
    """End a link and its grants and tell ChatUnlinked; one that has ended already stays as it is."""
    ended = _ended(session, link_id, now)
    if ended is None:
        return
    events.tell(
        session,
        ChatUnlinked(
            person_id=ended.person_id,
            link_id=link_id,
            audience=ended.audience,
            messenger=ended.messenger,
            at=now,
        ),
    )


def end_everywhere(session: Session, *, person_id: UUID, now: datetime) -> int:
    """End every link of a person, and what they let chats of others do; gives how many links ended.

    Tells AllUnlinked, once for all of them.
    """
    lasting = select(ChatLink.id).where(
        ChatLink.person_id == person_id, ChatLink.state != LinkState.ENDED
    )
    links = session.scalars(lasting.order_by(ChatLink.id)).all()
    for one in links:
        _ended(session, one, now)
    persons.end_all(session, person_id=person_id, by=EndedBy.PERSON, now=now)
    events.tell(session, AllUnlinked(person_id=person_id, at=now))
    return len(links)


def break_link(session: Session, *, link_id: UUID, now: datetime) -> None:
    """Send nothing more to a chat whose messenger refuses us, until it is heard of again."""
    broken = session.scalar(
        update(ChatLink)
        .where(ChatLink.id == link_id, ChatLink.state == LinkState.ACTIVE)
        .values(state=LinkState.BROKEN)
        .returning(ChatLink)
    )
    if broken is not None:
        events.tell(
            session,
            LinkBroken(
                person_id=broken.person_id,
                link_id=link_id,
                audience=broken.audience,
                messenger=broken.messenger,
                at=now,
            ),
        )


def end_number(session: Session, *, person_id: UUID, now: datetime) -> None:
    """End what a person's number proved: it takes no SMS, and the next to have it is another.

    That is what was linked by SMS, and what they let chats of others do. Writing from it links
    nothing anew (guarantees.md, "Phones").
    """
    persons.end_all(session, person_id=person_id, by=EndedBy.NUMBER, now=now)
    lasting = select(ChatLink.id).where(
        ChatLink.person_id == person_id,
        ChatLink.messenger == SMS,
        ChatLink.state != LinkState.ENDED,
    )
    for link_id in session.scalars(lasting.order_by(ChatLink.id)).all():
        end_link(session, link_id=link_id, now=now)


def heard_of(session: Session, *, link_id: UUID, now: datetime) -> None:
    """Note that a chat wrote today: it can be sent to again, and gets grants for what is newly held."""
    today = calendar.today(now)
    seen = session.scalar(
        update(ChatLink)
        .where(ChatLink.id == link_id, ChatLink.state != LinkState.ENDED)
        .values(seen_on=today, state=LinkState.ACTIVE)
        .returning(ChatLink)
    )
    if seen is not None:
        _give_grants(session, seen, now=now, today=today)


def set_language(session: Session, *, link_id: UUID, language: str) -> None:
    """Remember the language of a chat."""
    session.execute(update(ChatLink).where(ChatLink.id == link_id).values(language=language))


def new_key(session: Session, *, name: str, scopes: Iterable[str], now: datetime) -> str:
    """Make a machine's key and give it, this once; Conflict while its name has one that lasts.

    After the end of its key the same machine may have another.
    """
    held = session.scalar(select(ApiKey).where(ApiKey.name == name).with_for_update())
    if held is None:
        held = ApiKey(name=name)
        session.add(held)
    elif held.ended_at is None:
        raise Conflict(field="name")
    key = f"bk_{secrets.token_urlsafe(32)}"
    held.key_index = queries.key_index(key)
    held.scopes = sorted(set(scopes))
    held.created_at = now
    held.ended_at = None
    session.flush()
    return key


def end_key(session: Session, *, name: str, now: datetime) -> None:
    """End a machine's key; NotFound when there is none of this name that lasts."""
    ended = session.scalar(
        update(ApiKey)
        .where(ApiKey.name == name, ApiKey.ended_at.is_(None))
        .values(ended_at=now)
        .returning(ApiKey.id)
    )
    if ended is None:
        raise NotFound(field="name")


def sweep(session: Session, *, now: datetime, limit: int = 5000) -> int:
    """Forget first answers and sign-ins past their time, at most `limit` of each; gives how many."""
    old_answers = (
        select(FirstAnswer.index)
        .where(FirstAnswer.created_at < now - FIRST_ANSWERS_LAST)
        .order_by(FirstAnswer.created_at)
        .limit(limit)
    )
    # A token's last moment and a whole session after it: by then the session is over as well.
    old_signins = (
        select(SignIn.id)
        .where(SignIn.expires_at < now - signin.SESSION_LASTS)
        .order_by(SignIn.expires_at)
        .limit(limit)
    )
    forgotten = 0
    for statement in (
        delete(FirstAnswer).where(FirstAnswer.index.in_(old_answers)).returning(FirstAnswer.status),
        delete(SignIn).where(SignIn.id.in_(old_signins)).returning(SignIn.expires_at),
    ):
        swept = session.scalars(statement.execution_options(synchronize_session=False))
        forgotten += len(swept.all())
    return forgotten


def _ended(session: Session, link_id: UUID, now: datetime) -> ChatLink | None:
    """End a link and its grants; None where it has ended already."""
    ended: ChatLink | None = session.scalar(
        update(ChatLink)
        .where(ChatLink.id == link_id, ChatLink.state != LinkState.ENDED)
        .values(state=LinkState.ENDED, ended_at=now)
        .returning(ChatLink)
    )
    if ended is not None:
        session.execute(
            update(Grant)
            .where(Grant.link_id == link_id, Grant.ended_at.is_(None))
            .values(ended_at=now)
        )
    return ended


def _give_grants(session: Session, link: ChatLink, *, now: datetime, today: date) -> None:
    kind = grants.kind_for(link.audience)
    held: Collection[UUID] = grants.held_by(session, kind, person_id=link.person_id, today=today)
    given = {grant.held_id for grant in queries.lasting_grants(session, link.id)}
    session.add_all(
        Grant(
            link_id=link.id,
            person_id=link.person_id,
            kind=kind,
            workshop_id=one if kind == grants.WORKSHOP else None,
            ward_id=one if kind == grants.CHILD else None,
            since=now,
            ended_at=None,
        )
        for one in held
        if one not in given
    )
    session.flush()
