"""Named questions about keys, links and grants."""

from collections.abc import Collection, Sequence
from dataclasses import fields
from datetime import date
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.orm import Session

from api import db
from api.access import grants
from api.access.models import ApiKey, ChatLink, Grant
from api.access.rules import SMS, WEB, ChatAddress, Given, Link, LinkState
from api.access.schemas import GrantOut

Asked = Select[*tuple[Any, ...]]
"""A statement put together once, for `db.ask`."""


def chat_index(chat: ChatAddress) -> bytes:
    """The blind index by which a chat is found."""
    return db.keys().blind("chat", str(chat))


def mark_of(person_id: UUID) -> str:
    """The mark by which two chats are seen to be of one person, who cannot be found by it."""
    return db.keys().blind("person_mark", str(person_id)).hex()


def key_index(key: str) -> bytes:
    """The blind index by which a machine's key is found."""
    return db.keys().blind("api_key", key)


def machine_key(session: Session, key: str) -> ApiKey | None:
    """The key that has not ended, or None."""
    return session.scalar(
        select(ApiKey).where(ApiKey.key_index == key_index(key), ApiKey.ended_at.is_(None))
    )


def link_of(session: Session, chat: ChatAddress) -> Link | None:
    """What the link of a chat says that has not ended, broken or not."""
    found = db.ask(session, _link_of_chat(), chat_index=chat_index(chat)).one_or_none()
    return None if found is None else Link(*found)


def current_link(session: Session, chat: ChatAddress) -> ChatLink | None:
    """The link of a chat that has not ended, broken or not."""
    return session.scalar(
        select(ChatLink).where(
            ChatLink.chat_index == chat_index(chat), ChatLink.state != LinkState.ENDED
        )
    )


def count_links(session: Session, person_id: UUID) -> int:
    """How many chats speak for a person, by whatever messenger."""
    asked = select(func.count()).where(
        ChatLink.person_id == person_id, ChatLink.state != LinkState.ENDED
    )
    return session.scalar(asked) or 0


def name_of(session: Session, link_id: UUID) -> str:
    """The masked name of whose chat it is."""
    return session.get_one(ChatLink, link_id).masked_name


def links_of(
    session: Session, person_ids: Collection[UUID], audience: str | None = None
) -> Sequence[ChatLink]:
    """The active links of these people, the latest first: where notices may be sent.

    A chat by SMS is none of them: SMS is a channel of its own. Nor is a talk on the web: nobody
    looks at a page that they have left.
    """
    asked = (
        select(ChatLink)
        .where(
            ChatLink.person_id.in_(person_ids),
            ChatLink.state == LinkState.ACTIVE,
            ChatLink.messenger.not_in((SMS, WEB)),
        )
        .order_by(ChatLink.linked_at.desc(), ChatLink.id.desc())
    )
    if audience is not None:
        asked = asked.where(ChatLink.audience == audience)
    return session.scalars(asked).all()


def given_to_chat(session: Session, grant_id: UUID, index: bytes) -> Given | None:
    """The grant of this id, ended or not, if it was given to the chat of this index."""
    asked = db.ask(session, _given_to_chat(), grant_id=grant_id, chat_index=index)
    found = asked.one_or_none()
    return None if found is None else Given(*found)


def given_to_link(session: Session, link_id: UUID) -> list[Given]:
    """The grants of a link that have not ended, oldest first."""
    return [Given(*one) for one in db.ask(session, _given_to_link(), link_id=link_id)]


def lasting_grants(session: Session, link_id: UUID) -> Sequence[Grant]:
    """The rows of those grants."""
    return session.scalars(
        select(Grant).where(Grant.link_id == link_id, Grant.ended_at.is_(None)).order_by(Grant.id)
    ).all()


def grant_for(session: Session, *, link_id: UUID, workshop_id: UUID) -> Grant | None:
    """The lasting grant of a link for a workshop."""
    return session.scalar(
        select(Grant).where(
            Grant.link_id == link_id, Grant.workshop_id == workshop_id, Grant.ended_at.is_(None)
        )
    )


def shown_grants(
    session: Session, link: Link | ChatLink, given: Collection[Given], *, today: date
) -> list[GrantOut]:
    """Those of a link's grants that its audience has, in the order they are shown.

    Without those no longer held.
    """
    kind = grants.kind_for(link.audience)
    own = {grant.held_id: grant for grant in given if grant.kind == kind}
    if not own:
        return []
    held = grants.held_by(session, kind, person_id=link.person_id, today=today)
    return [
        GrantOut(id=own[one].id, kind=own[one].kind, label=shown.label, role=shown.role)
        for one, shown in held.items()
        if one in own
    ]


@cache
def link_columns() -> Asked:
    """A question that is answered with the columns of a `Link`."""
    return select(*(getattr(ChatLink, field.name) for field in fields(Link)))


@cache
def _link_of_chat() -> Asked:
    return link_columns().where(
        ChatLink.chat_index == bindparam("chat_index"), ChatLink.state != LinkState.ENDED
    )


@cache
def _given() -> Asked:
    return select(
        Grant.id,
        Grant.link_id,
        Grant.kind,
        func.coalesce(Grant.workshop_id, Grant.ward_id),
        Grant.number_index,
        Grant.ended_at,
    )


@cache
def _given_to_chat() -> Asked:
    given = _given().join(ChatLink, ChatLink.id == Grant.link_id)
    return given.where(
        Grant.id == bindparam("grant_id"), ChatLink.chat_index == bindparam("chat_index")
    )


@cache
def _given_to_link() -> Asked:
    lasting = _given().where(Grant.link_id == bindparam("link_id"), Grant.ended_at.is_(None))
    return lasting.order_by(Grant.id)
