"""Bale on the desk: the same phones, in its own dialect, driven by our mouth and adapter."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import SecretStr

from api.kit.message import Button, Message
from api.kit.outcome import Accepted, Rejected
from bots.adapters.bale import BaleAdapter
from bots.talk import Contact, Sent
from notifier.channels.mouths import Address
from notifier.channels.settings import BotSettings
from sandbox.messenger.bots import Bot, UnusableBot, read_bot
from tests.sandbox.conftest import BAHRAM, EMPLOYERS, MINA, Desk, Opener

TOKEN = "7110000001:AAinvented-token-of-the-bot-on-bale"
ON_BALE = Bot("employers", TOKEN, "bimeyar_employers_bot", "bale")
NAME = "bale:employers"


@pytest.fixture
async def desk(open_desk: Opener) -> Desk:
    return await open_desk(bots=[EMPLOYERS, ON_BALE])


@pytest.fixture
async def adapter(desk: Desk) -> AsyncIterator[BaleAdapter]:
    token, secret = SecretStr(TOKEN), SecretStr("")
    made = BaleAdapter(BotSettings("employers", "bale", token, desk.url, desk.url, secret, ""))
    yield made
    await made.close()


async def test_what_a_person_does_is_read_and_answered(desk: Desk, adapter: BaleAdapter):
    here: dict[str, Any] = {"person": MINA, "bot": NAME}
    await desk.post("/desk/say", **here, text="/start abc")
    await desk.post("/desk/contact", **here)
    await desk.post("/desk/contact", **here, forwarded=True)
    await desk.post("/desk/contact", **here, of=BAHRAM)
    raws = await adapter.updates(None, 0)
    assert [adapter.read(raw) for raw in raws] == [
        Sent(start="abc"),
        Sent(contact=Contact("+989000000001", own=True)),
        Sent(contact=Contact("+989000000001", own=False)),
        Sent(contact=Contact("+989000000002", own=False)),
    ]
    assert {adapter.chat_of(raw) for raw in raws} == {str(desk.user_id(MINA))}

    to = Address(chat_id=str(desk.user_id(MINA)))
    message = Message("کدام؟", buttons=((Button("یک", "1.which|1"),),))
    said = await adapter.channel.send(to, message, "")
    assert isinstance(said, Accepted)
    await desk.post("/desk/tap", **here, message_id=int(said.provider_id), data="1.which|1")
    [tap] = await adapter.updates(raws[-1]["update_id"] + 1, 0)
    assert "chat_instance" not in tap["callback_query"]
    sent = adapter.read(tap)
    assert sent is not None
    assert sent.tap == "1.which|1"
    await adapter.acknowledge(sent)
    shown = await desk.get("/desk/messages", **here)
    assert shown["taps"][0]["answered"]
    other = await desk.get("/desk/messages", person=MINA, bot="employers")
    assert other["messages"] == [], "the bot on Telegram is another one"


async def test_its_refusals_are_its_own_words(desk: Desk, adapter: BaleAdapter):
    send = adapter.channel.send
    nobody = Address(chat_id="77")
    assert await send(nobody, Message("x"), "") == Rejected("blocked", address_dead=True)
    await desk.post("/desk/say", person=MINA, bot=NAME, text="سلام")
    here = Address(chat_id=str(desk.user_id(MINA)))
    await desk.post("/desk/faults", service="telegram", kind="flood", retry_after=7, times=1)
    assert await send(here, Message("x"), "") == Rejected("too_many", again=True, wait_seconds=7)
    await desk.post("/desk/block", person=MINA, bot=NAME)
    assert await send(here, Message("x"), "") == Rejected("blocked", address_dead=True)
    assert len(await adapter.updates(None, 0)) == 1, "nobody is told of the block"


async def test_what_it_does_not_have_it_refuses(desk: Desk, adapter: BaleAdapter):
    commands = [{"command": "menu", "description": "منو"}]
    assert (await desk.call("setMyCommands", token=TOKEN, commands=commands))[0] == 404
    url = "http://127.0.0.1:9/bale/employers/secret"
    hooked = {"token": TOKEN, "url": url, "secret_token": "secret"}
    assert (await desk.call("setWebhook", **hooked))[0] == 400
    assert await adapter.offer_commands({"fa": {"menu": "منو"}}), "it is not asked for"
    assert await adapter.watch("http://127.0.0.1:9/bale/employers", "secret")
    _status, told = await desk.call("getWebhookInfo", token=TOKEN)
    assert told["result"]["url"] == url
    assert await adapter.unwatch()


async def test_the_desk_names_its_bots(desk: Desk):
    bots = (await desk.get("/desk/bots"))["bots"]
    assert [(one["name"], one["audience"], one["messenger"]) for one in bots] == [
        ("employers", "employers", "telegram"),
        (NAME, "employers", "bale"),
    ]


def test_a_bot_of_bale_is_written_with_its_messenger():
    assert read_bot(f"bale:employers:{TOKEN}:bimeyar_employers_bot") == ON_BALE
    assert read_bot(f"telegram:employers:{TOKEN}:a_bot") == Bot("employers", TOKEN, "a_bot")
    with pytest.raises(UnusableBot):
        read_bot("bale:")
