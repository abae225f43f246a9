"""Signing in to the pages from a chat: once, not for long, and not after unlinking."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from api.access import service, signin
from api.access.models import ChatLink, SignIn
from api.db import Store
from tests.api.access.conftest import FAMILY_CHAT, Link
from tests.support import core, make

SECOND = timedelta(seconds=1)
QUARTER = timedelta(minutes=15)
HALF_HOUR = timedelta(minutes=30)
NOW = make.NOW


@pytest.fixture
def linked(session: Session, link: Link) -> ChatLink:
    return link(session, make.person(session), FAMILY_CHAT)


def offer(session: Session, link: ChatLink) -> str:
    return signin.offer(session, link_id=link.id, person_id=link.person_id, now=NOW)


def test_token_opens_one_session(session: Session, linked: ChatLink):
    token = offer(session, linked)
    assert len(token) >= 22
    for _ in range(2):
        assert signin.peek(session, token, now=NOW) == linked.masked_name
    secret = signin.take(session, token, now=NOW)
    assert secret is not None
    assert signin.who(session, secret, now=NOW) == linked.person_id
    assert signin.peek(session, token, now=NOW) is None
    assert signin.take(session, token, now=NOW) is None
    assert signin.who(session, token, now=NOW) is None
    assert signin.take(session, secret, now=NOW) is None


def test_of_many_who_take_a_token_at_once_one_gets_a_session(fresh_store: Store, link: Link):
    with fresh_store.writing("test") as session:
        token = offer(session, link(session, make.person(session), FAMILY_CHAT))

    def take(_number: int) -> str | None:
        with fresh_store.writing("test") as session:
            return signin.take(session, token, now=NOW)

    with ThreadPoolExecutor(6) as threads:
        taken = list(threads.map(take, range(6)))
    assert sum(one is not None for one in taken) == 1


def test_token_ages_after_a_quarter_of_an_hour(session: Session, linked: ChatLink):
    token = offer(session, linked)
    assert signin.peek(session, token, now=NOW + QUARTER) is None
    assert signin.take(session, token, now=NOW + QUARTER) is None
    assert signin.take(session, token, now=NOW + QUARTER - SECOND) is not None


def test_session_lasts_half_an_hour(session: Session, linked: ChatLink):
    secret = signin.take(session, offer(session, linked), now=NOW)
    assert secret is not None
    assert signin.who(session, secret, now=NOW + HALF_HOUR - SECOND) == linked.person_id
    assert signin.who(session, secret, now=NOW + HALF_HOUR) is None


def test_who_leaves_is_signed_out_and_nobody_else(session: Session, linked: ChatLink):
    mine, other = (signin.take(session, offer(session, linked), now=NOW) for _ in range(2))
    assert mine is not None
    assert other is not None
    for _ in range(2):
        signin.leave(session, mine, now=NOW + SECOND)
    assert signin.who(session, mine, now=NOW + SECOND) is None
    assert signin.who(session, other, now=NOW + SECOND) == linked.person_id


def test_unlinking_the_chat_ends_tokens_and_sessions(session: Session, linked: ChatLink):
    token, used = offer(session, linked), offer(session, linked)
    secret = signin.take(session, used, now=NOW)
    assert secret is not None
    service.end_link(session, link_id=linked.id, now=NOW)
    assert signin.peek(session, token, now=NOW) is None
    assert signin.take(session, token, now=NOW) is None
    assert signin.who(session, secret, now=NOW) is None


@pytest.mark.parametrize("token", ["", "x", "ضصث", "0" * 5000])
def test_token_that_is_none_opens_nothing(session: Session, linked: ChatLink, token: str):
    offer(session, linked)
    assert signin.peek(session, token, now=NOW) is None
    assert signin.take(session, token, now=NOW) is None
    assert signin.who(session, token, now=NOW) is None


def test_neither_token_nor_secret_is_in_the_store(session: Session, linked: ChatLink):
    token = offer(session, linked)
    secret = signin.take(session, token, now=NOW)
    assert secret is not None
    (row,) = session.execute(text("SELECT * FROM sign_ins")).all()
    shown = b"|".join(
        bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
        for value in row
    )
    assert token.encode() not in shown
    assert secret.encode() not in shown


def test_sweep_forgets_a_sign_in_when_its_session_must_be_over(session: Session, linked: ChatLink):
    secret = signin.take(session, offer(session, linked), now=NOW + QUARTER - SECOND)
    assert secret is not None
    over = NOW + QUARTER + HALF_HOUR
    assert service.sweep(session, now=over - SECOND) == 0
    assert signin.who(session, secret, now=over - 2 * SECOND) == linked.person_id
    assert service.sweep(session, now=over + SECOND) == 1
    assert session.scalar(select(func.count()).select_from(SignIn)) == 0


async def test_linked_chat_is_given_an_address(store: Store, link: Link):
    with store.writing("test") as session:
        made = link(session, make.person(session), FAMILY_CHAT)
    app = core.app(store, public_url="https://hub.example.org/")
    async with core.doors(app, X_Chat=str(FAMILY_CHAT)) as doors:
        answer = await doors.post("/v1/access/signin", headers={"Idempotency-Key": "k"})
        again = await doors.post("/v1/access/signin", headers={"Idempotency-Key": "k"})
    said = answer.json()
    assert (answer.status_code, again.json()) == (200, said)
    assert said["expires_at"] == "2026-12-02T06:45:00Z"
    address, _, language = said["url"].partition("?lang=")
    root, _, token = address.rpartition("/enter/")
    assert (root, language) == ("https://hub.example.org", "fa")
    with store.reading() as session:
        assert signin.peek(session, token, now=NOW) == made.masked_name


async def test_chat_of_nobody_is_given_none(store: Store):
    async with core.doors(core.app(store), X_Chat=str(FAMILY_CHAT)) as doors:
        answer = await doors.post("/v1/access/signin", headers={"Idempotency-Key": "k"})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_linked")
