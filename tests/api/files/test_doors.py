"""The door of files, knocked at for real."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import func, select

from api.access import uploads
from api.access.refusals import BodyTooLarge
from api.access.rules import FILE_BYTES
from api.audit.models import Entry
from api.client import knock
from api.client.files import Content
from api.errors import Unavailable
from api.files.models import File
from api.files.refusals import FileNotTaken
from api.files.rules import MediaType, Purpose
from tests.api.booklets import office
from tests.support import core, make, papers

PATH = "/v1/files?purpose=loss_paper"


def linked(store) -> dict[str, str]:
    with store.writing("arrange") as session:
        return office.chat_of(session, make.person(session))


@pytest.fixture
def headers(store) -> dict[str, str]:
    return linked(store)


async def post(
    store,
    content: bytes | AsyncIterator[bytes],
    headers: dict[str, str],
    *,
    key: str = "",
    path=PATH,
):
    key = key or uuid.uuid4().hex
    async with core.doors(core.app(store), **headers, Idempotency_Key=key) as doors:
        return await doors.post(path, content=content)


def files(store) -> int:
    with store.reading() as session:
        return session.scalar(select(func.count()).select_from(File)) or 0


async def test_paper_is_kept_for_a_day_and_noted(store, headers):
    answer = await post(store, papers.png(), headers)
    assert answer.status_code == 200
    told = answer.json()
    assert (told["media_type"], told["size"]) == ("image/png", len(papers.png()))
    with store.reading() as session:
        entry = session.scalars(select(Entry).where(Entry.verb == "files.keep")).one()
        mina = session.scalars(select(File.person_id)).one()
    assert (entry.actor, entry.subject) == (f"person:{mina}", f"file:{told['id']}")
    assert entry.detail == {"purpose": "loss_paper", "media_type": "image/png", "for": str(mina)}


async def test_same_key_is_kept_once_and_another_file_under_it_is_refused(store, headers):
    first = await post(store, papers.png(), headers, key="one")
    assert (await post(store, papers.png(), headers, key="one")).json() == first.json()
    other = await post(store, papers.jpeg(), headers, key="one")
    assert (other.status_code, other.json()["code"]) == (422, "other_body_same_key")
    assert files(store) == 1


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (papers.HEIC, "file_not_taken"),
        (papers.jpeg(100, 100), "picture_too_small"),
        (papers.png_bomb(), "picture_too_large"),
        (papers.pdf(trailer=b"/Encrypt 1 0 R "), "file_locked"),
        (papers.png()[:-5], "file_damaged"),
    ],
)
async def test_what_is_not_taken_is_said_by_its_code(store, headers, content, code):
    answer = await post(store, content, headers)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert files(store) == 0


async def test_file_of_twenty_megabytes_is_taken_and_one_byte_more_is_not(store, headers):
    most = papers.pdf(padding=FILE_BYTES - len(papers.pdf()))
    assert len(most) == FILE_BYTES
    assert (await post(store, most, headers)).status_code == 200
    answer = await post(store, most + b"\n", headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


async def test_body_without_a_length_is_counted_while_it_comes(store, headers):
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 65_536
            yield bytes(65_536)

    answer = await post(store, endless(), headers)
    assert answer.status_code == 413
    assert read <= FILE_BYTES + 10 * 65_536


async def test_nothing_is_read_of_who_shows_no_key(store):
    read = False

    async def bytes_of_a_stranger() -> AsyncIterator[bytes]:
        nonlocal read
        read = True
        yield b"%PDF-"

    headers = {"X_Key": "nobody's"}
    answer = await post(store, bytes_of_a_stranger(), headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "not_known")
    assert not read


async def test_chat_of_nobody_and_unknown_purposes_are_refused(store, headers):
    stranger = await post(store, papers.png(), {"X_Chat": "telegram:people:9"})
    assert (stranger.status_code, stranger.json()["code"]) == (403, "not_linked")
    strange = await post(store, papers.png(), headers, path="/v1/files?purpose=fun")
    assert strange.status_code == 422


async def test_where_there_is_no_room_the_same_knock_is_worth_repeating(
    store, headers, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(uploads, "WAIT_SECONDS", 0.01)
    application = core.app(store)
    application.state.hub.uploads._room._value = 0
    async with core.doors(application, **headers, Idempotency_Key="one") as doors:
        answer = await doors.post(PATH, content=papers.png())
        assert (answer.status_code, answer.json()["code"]) == (503, "busy")
        application.state.hub.uploads._room.release()
        assert (await doors.post(PATH, content=papers.png())).status_code == 200
        assert application.state.hub.uploads._room._value == 1


async def test_upload_that_breaks_off_leaves_nothing(fresh_store):
    headers = linked(fresh_store)
    with core.running(fresh_store) as running:
        host, port = running.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        lines = [
            f"POST {PATH} HTTP/1.1",
            "Host: core",
            f"X-Key: {core.BOTS_KEY}",
            f"X-Chat: {headers['X_Chat']}",
            "Idempotency-Key: one",
            f"Content-Length: {len(papers.png())}",
        ]
        writer.write("\r\n".join([*lines, "", ""]).encode() + papers.png()[:1000])
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        assert not await reader.read()
        # The place it had is free again: a whole one is taken.
        async with running.client() as client:
            with chat(headers, "two"):
                await client.files.keep(purpose=Purpose.LOSS_PAPER, content=_given(papers.png()))
    assert files(fresh_store) == 1


async def test_client_fetches_and_brings_a_file(fresh_store):
    headers = linked(fresh_store)

    async def gone() -> bytes:
        raise Unavailable("messenger")

    purpose = Purpose.LOSS_PAPER
    with core.running(fresh_store) as running:
        async with running.client() as client:
            with chat(headers, "one"):
                kept = await client.files.keep(purpose=purpose, content=_given(papers.pdf()))
                assert (kept.media_type, kept.size) == (MediaType.PDF, len(papers.pdf()))
                again = await client.files.keep(purpose=purpose, content=_given(papers.pdf()))
                assert again == kept
            with chat(headers, "two"):
                with pytest.raises(FileNotTaken):
                    await client.files.keep(purpose=purpose, content=_given(papers.WEBP))
                with pytest.raises(Unavailable):
                    await client.files.keep(purpose=purpose, content=gone)
                with pytest.raises(BodyTooLarge):
                    await client.files.keep(purpose=purpose, content=_given(bytes(FILE_BYTES + 1)))
    assert files(fresh_store) == 1


def _given(content: bytes) -> Content:
    async def fetched() -> bytes:
        return content

    return fetched


@contextmanager
def chat(headers: dict[str, str], key: str) -> Iterator[None]:
    """Knock for this chat, under this key."""
    token = knock.current.set(knock.Knock(chat=headers["X_Chat"], key=key))
    try:
        yield
    finally:
        knock.current.reset(token)
