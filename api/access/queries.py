"""Named questions about keys, links and grants."""

from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api import db
from api.access import grants
from api.access.models import ApiKey, ChatLink, Grant
from api.access.rules import SMS, WEB, ChatAddress, LinkState
from api.access.schemas import GrantOut


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


def grant_of_chat(
    session: Session, grant_id: UUID, index: bytes, *, kinds: Collection[str]
) -> Grant | None:
    """A grant of one of these kinds that was given to the chat of this index, ended or not."""
    return session.scalar(
        select(Grant)
        .join(ChatLink, ChatLink.id == Grant.link_id)
        .where(Grant.id == grant_id, Grant.kind.in_(kinds), ChatLink.chat_index == index)
    )


def lasting_grants(session: Session, link_id: UUID) -> Sequence[Grant]:
    """The grants of a link that have not ended, oldest first."""
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


def shown_grants(session: Session, link: ChatLink, *, today: date) -> list[GrantOut]:
    """The link's grants in the order they are shown; without those no longer held."""
    kind = grants.kind_for(link.audience)
    held = grants.held_by(session, kind, person_id=link.person_id, today=today)
    given = {
        grant.held_id: grant for grant in lasting_grants(session, link.id) if grant.kind == kind
    }
    return [
        GrantOut(id=given[one].id, kind=given[one].kind, label=shown.label, role=shown.role)
        for one, shown in held.items()
        if one in given
    ]
