"""The bare peer of a chat turn: aiogram's own dispatcher, one read, one write, one reply.

    python -m bench._echo PORT API_ROOT TOKEN DATABASE_URL

It keeps no inbox and no log, and an update that dies with it is gone.
"""

import asyncio
import sys
import time

from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import Message
from aiohttp import web
from sqlalchemy import Engine, create_engine, event, text

_READ = text("SELECT said FROM chats WHERE chat = :chat")
_WRITE = text("INSERT INTO log VALUES (:chat, :said, :at)")


async def _serve(port: int, root: str, token: str, url: str) -> None:
    engine = _opened(url)
    bot = Bot(token, session=AiohttpSession(api=TelegramAPIServer.from_base(root)))
    dispatcher = Dispatcher()

    @dispatcher.message()
    async def echo(message: Message) -> None:
        count = await asyncio.to_thread(_kept, engine, message.chat.id, message.text)
        await message.answer(f"{message.text} {count}")

    async def update(request: web.Request) -> web.Response:
        await dispatcher.feed_raw_update(bot, await request.json())
        return web.Response()

    async def ready(_request: web.Request) -> web.Response:
        return web.Response()

    application = web.Application()
    application.add_routes([web.post("/telegram/people", update), web.get("/health/ready", ready)])
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


def _kept(engine: Engine, chat: int, said: str | None) -> int | None:
    told = {"chat": chat, "said": said, "at": time.time()}
    with engine.begin() as connection:
        count: int | None = connection.scalar(_READ, told)
        connection.execute(_WRITE, told)
    return count


def _opened(url: str) -> Engine:
    engine = create_engine(url, pool_size=12)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def prepare(connection: object, _record: object) -> None:
            for line in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000"):
                connection.execute(f"PRAGMA {line}").close()  # type: ignore[attr-defined]

    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE chats (chat BIGINT PRIMARY KEY, said INTEGER)"))
        connection.execute(text("CREATE TABLE log (chat BIGINT, said TEXT, at FLOAT)"))
    return engine


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), *sys.argv[2:5]))
