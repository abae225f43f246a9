"""Files fetched from messengers: whole or not at all, bounded, by both libraries' adapters."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from pydantic import SecretStr

from api import db
from api.access.refusals import BodyTooLarge
from api.access.rules import FILE_BYTES
from api.errors import Unavailable
from api.files.refusals import FileNotFound
from bots import carrying, fetching, log
from bots.adapters.bale import BaleAdapter
from bots.adapters.bot_api import BotApiAdapter
from bots.adapters.files import Files
from bots.adapters.sms import SmsAdapter, SmsMouth
from bots.adapters.telegram import TelegramAdapter
from bots.adapters.terminal import TerminalAdapter
from bots.talk import File
from notifier.channels.settings import BotSettings
from sandbox.messenger.bots import Bot
from sandbox.messenger.validation import Upload
from tests.sandbox.conftest import MINA, TOKEN, a_desk
from tests.support import papers

ADAPTERS: dict[str, type[TelegramAdapter | BaleAdapter]] = {
    "telegram": TelegramAdapter,
    "bale": BaleAdapter,
}


def at(messenger: str, root: str) -> BotSettings:
    nothing = SecretStr("")
    return BotSettings("employers", messenger, SecretStr(TOKEN), root, root, nothing, "")


@asynccontextmanager
async def closing(adapter: BotApiAdapter) -> AsyncIterator[BotApiAdapter]:
    try:
        yield adapter
    finally:
        await adapter.close()


@pytest.mark.parametrize("messenger", ADAPTERS)
@pytest.mark.parametrize("sent_as", ["photo", "document"])
async def test_what_is_sent_on_the_desk_comes_whole(messenger: str, sent_as: str):
    bot = Bot("employers", TOKEN, "bimeyar_employers_bot", messenger)
    async with (
        a_desk(bots=[bot]) as desk,
        closing(ADAPTERS[messenger](at(messenger, desk.url))) as adapter,
    ):
        content = Upload(papers.png())
        content.name, content.mime = "حکم دادگاه.png", "image/png"
        person = desk.world.people.get(MINA)
        desk.world.phones.file(person, bot, content, caption="", photo=sent_as == "photo")
        [raw] = await adapter.updates(None, 0)
        sent = adapter.read(raw)
        assert sent is not None
        assert sent.file is not None
        assert sent.file.size == len(papers.png())
        assert await adapter.fetch(sent.file) == papers.png()


async def test_file_that_the_messenger_does_not_give_is_too_large_or_gone():
    async with a_desk() as desk, closing(TelegramAdapter(at("telegram", desk.url))) as adapter:
        long = Upload(bytes(FILE_BYTES + 1))
        long.name, long.mime = "long.pdf", "application/pdf"
        kept = desk.world.files.keep(long)
        with pytest.raises(BodyTooLarge):
            await adapter.fetch(File(kept["file_id"], "long.pdf", 0, ""))
        with pytest.raises(FileNotFound):
            await adapter.fetch(File("nobody's", "gone.pdf", 0, ""))


Answer = Callable[[web.Request], web.StreamResponse]


@asynccontextmanager
async def messenger(told: object, file: Answer, status: int = 200) -> AsyncIterator[Files]:
    """A messenger that answers getFile so, and gives the file so."""

    async def ask(_request: web.Request) -> web.Response:
        return web.json_response(told, status=status)

    async def give(request: web.Request) -> web.StreamResponse:
        return file(request)

    app = web.Application()
    app.router.add_post("/bot{token}/getFile", ask)
    app.router.add_get("/{path:.*}", give)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    files = Files(at("telegram", f"http://127.0.0.1:{runner.addresses[0][1]}"))
    try:
        yield files
    finally:
        await files.close()
        await runner.cleanup()


def there(path: str) -> dict[str, object]:
    return {"ok": True, "result": {"file_path": path}}


async def fetched(told: object, file: Answer, status: int = 200) -> bytes:
    async with messenger(told, file, status) as files:
        return await files.fetch(File("f", "paper.pdf", 0, ""))


def whole(_request: web.Request) -> web.Response:
    return web.Response(body=b"%PDF-")


def away(_request: web.Request) -> web.Response:
    return web.Response(status=502)


def gone(_request: web.Request) -> web.Response:
    return web.Response(status=404)


def elsewhere(_request: web.Request) -> web.Response:
    return web.Response(status=302, headers={"Location": "http://127.0.0.1:9/secret"})


def endless(_request: web.Request) -> web.Response:
    return web.Response(body=bytes(FILE_BYTES + 1))


def broken_off(request: web.Request) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.close()
    return web.Response()


@pytest.mark.parametrize(
    ("told", "status", "file", "trouble"),
    [
        (there("documents/f.pdf"), 200, away, Unavailable),
        (there("documents/f.pdf"), 200, elsewhere, Unavailable),
        (there("documents/f.pdf"), 200, broken_off, Unavailable),
        (there("documents/f.pdf"), 200, gone, FileNotFound),
        (there("documents/f.pdf"), 200, endless, BodyTooLarge),
        (there("../../etc/passwd"), 200, whole, FileNotFound),
        (there("http://127.0.0.1:9/x"), 200, whole, FileNotFound),
        (there("/var/lib/f.pdf"), 200, whole, FileNotFound),
        ({"ok": True, "result": []}, 200, whole, Unavailable),
        ([], 200, whole, Unavailable),
        ({"ok": False, "error_code": 429, "description": "slow"}, 429, whole, Unavailable),
        ({"ok": False, "error_code": 401, "description": "no"}, 401, whole, Unavailable),
        ({"ok": False, "error_code": 400, "description": "wrong file_id"}, 400, whole, FileNotFound),
        ({"ok": False, "error_code": 400, "description": "file is too big"}, 400, whole, BodyTooLarge),
    ],
)  # fmt: skip
async def test_every_trouble_has_its_name(told, status, file, trouble):
    with pytest.raises(trouble) as caught:
        await fetched(told, file, status)
    assert TOKEN not in str(caught.value), "the address holds the token"


async def test_nobody_who_listens_is_waited_for():
    files = Files(at("telegram", "http://127.0.0.1:9"))
    with pytest.raises(Unavailable) as caught:
        await files.fetch(File("f", "paper.pdf", 0, ""))
    await files.close()
    assert TOKEN not in str(caught.value)


async def test_file_of_the_terminal_is_read_by_its_path(tmp_path):
    (tmp_path / "paper.png").write_bytes(papers.png())
    adapter = TerminalAdapter("people", lambda _chat, _message: None)
    assert await adapter.fetch(File(str(tmp_path / "paper.png"), "", 0, "")) == papers.png()
    with pytest.raises(FileNotFound):
        await adapter.fetch(File(str(tmp_path / "gone.png"), "", 0, ""))


async def test_no_file_comes_by_sms():
    channel = TerminalAdapter("people", lambda _chat, _message: None).channel
    with pytest.raises(FileNotFound):
        await SmsAdapter(SmsMouth(channel)).fetch(File("f", "", 0, ""))


async def test_what_is_told_to_be_too_large_is_not_even_asked_for():
    async def never(_file: File) -> bytes:
        raise AssertionError("it was fetched")

    token = fetching.fetching.set(never)
    try:
        content = fetching.contents(File("f", "", FILE_BYTES + 1, ""))
        with pytest.raises(BodyTooLarge):
            await content()
    finally:
        fetching.fetching.reset(token)


async def test_slow_messenger_is_asked_again_later():
    async def slow(_file: File) -> bytes:
        raise TimeoutError

    token = fetching.fetching.set(slow)
    try:
        with pytest.raises(Unavailable):
            await fetching.contents(File("f", "", 0, ""))()
    finally:
        fetching.fetching.reset(token)


def test_a_talk_that_goes_on_elsewhere_leaves_its_files_where_they_were_sent():
    chat = log.new_chat("salt", "en")
    talk = log.begin(chat, "booklet", notice="", audience="people", now=0.0)
    there, here = log.Box(db.keys(), "telegram:people:1", 1), log.Box(db.keys(), "bale:people:2", 1)
    talk["steps"] = {
        "paper.1": log.Step(sealed=there.seal("paper.1", {"file": {"reference": "f"}})),
        "address": log.Step(sealed=there.seal("address", {"text": "Azadi street"})),
    }
    into = log.begin(chat, "booklet", notice="", audience="people", now=0.0)
    carrying.pour(talk, into, opened=there, sealed=here)
    assert set(into["steps"]) == {"address"}
