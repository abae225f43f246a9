"""Signing in to the pages by an address that a linked chat was given.

The address holds a random token and nothing else. Looking at it changes nothing, so that a
messenger's preview does not use it up; who confirms takes it, once, for a session. Unlinking the
chat ends what came of it.
"""

import secrets
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select, update
from sqlalchemy.orm import Session

from api import db
from api.access.models import ChatLink, SignIn
from api.access.rules import LinkState

TOKEN_LASTS = timedelta(minutes=15)
SESSION_LASTS = timedelta(minutes=30)

_BYTES = 32


def offer(session: Session, *, link_id: UUID, person_id: UUID, now: datetime) -> str:
    """Make a token that signs this person in once, within a quarter of an hour."""
    token = secrets.token_urlsafe(_BYTES)
    session.add(
        SignIn(
            token_index=_token_index(token),
            link_id=link_id,
            person_id=person_id,
            expires_at=now + TOKEN_LASTS,
            taken_at=None,
            secret_index=None,
            ends_at=None,
        )
    )
    session.flush()
    return token


def peek(session: Session, token: str, *, now: datetime) -> str | None:
    """Tell the masked name of whom a token signs in; None for one that opens nothing (any more)."""
    return session.scalar(
        select(ChatLink.masked_name)
        .join(SignIn, SignIn.link_id == ChatLink.id)
        .where(_opens(token, now), _linked())
    )


def take(session: Session, token: str, *, now: datetime) -> str | None:
    """Use a token up and give the secret of a session of half an hour; None as for `peek`."""
    if peek(session, token, now=now) is None:
        return None
    secret = secrets.token_urlsafe(_BYTES)
    taken = session.scalar(
        update(SignIn)
        .where(_opens(token, now))
        .values(taken_at=now, secret_index=_secret_index(secret), ends_at=now + SESSION_LASTS)
        .returning(SignIn.id)
        .execution_options(synchronize_session=False)
    )
    return None if taken is None else secret


def who(session: Session, secret: str, *, now: datetime) -> UUID | None:
    """Tell whose session this is; None when it has ended or there is none."""
    return session.scalar(
        select(SignIn.person_id)
        .join(ChatLink, ChatLink.id == SignIn.link_id)
        .where(SignIn.secret_index == _secret_index(secret), SignIn.ends_at > now, _linked())
    )


def leave(session: Session, secret: str, *, now: datetime) -> None:
    """End a session; one that has ended stays so."""
    session.execute(
        update(SignIn)
        .where(SignIn.secret_index == _secret_index(secret), SignIn.ends_at > now)
        .values(ends_at=now)
        .execution_options(synchronize_session=False)
    )


def _opens(token: str, now: datetime) -> ColumnElement[bool]:
    return and_(
        SignIn.token_index == _token_index(token),
        SignIn.taken_at.is_(None),
        SignIn.expires_at > now,
    )


def _linked() -> ColumnElement[bool]:
    return ChatLink.state != LinkState.ENDED


def _token_index(token: str) -> bytes:
    return db.keys().blind("signin_token", token)


def _secret_index(secret: str) -> bytes:
    return db.keys().blind("signin_session", secret)
