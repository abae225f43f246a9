"""Updates wait for their bot, whatever happens to bot or sandbox in between."""

import time
from typing import Any

import pytest
from aiohttp import web

from tests.sandbox.conftest import MINA, Desk, Opener


async def polled(desk: Desk, **asked: Any) -> list[dict[str, Any]]:
    status, body = await desk.call("getUpdates", **asked)
    assert status == 200, body
    found: list[dict[str, Any]] = body["result"]
    return found


async def test_an_update_stays_until_it_is_confirmed(desk: Desk):
    for text in ("یک", "دو"):
        await desk.post("/desk/say", person=MINA, text=text)
    first, second = await polled(desk)
    assert [first, second] == await polled(desk)
    assert await polled(desk, offset=second["update_id"]) == [second]
    assert await polled(desk, offset=second["update_id"] + 1) == []
    (confirmed, _) = [one for one in await desk.log("telegram") if one["call"] == "getUpdates"]
    assert confirmed["result"] == {"confirmed": 1, "offset": second["update_id"]}


async def test_numbers_begin_at_the_clocks_second_and_no_restart_repeats_them(
    open_desk: Opener, tmp_path
):
    before = int(time.time())
    one = await open_desk(var=tmp_path)
    for _ in range(20):
        await one.post("/desk/say", person=MINA, text="سلام")
    numbers = [update["update_id"] for update in await polled(one)]
    assert numbers[0] >= before
    await polled(one, offset=numbers[-1] + 1)
    again = await open_desk(var=tmp_path)
    said = await again.post("/desk/say", person=MINA, text="باز هم")
    assert said["update_id"] > numbers[-1]


async def test_a_restart_keeps_chats_and_waiting_updates(open_desk: Opener, tmp_path):
    one = await open_desk(var=tmp_path)
    await one.post("/desk/say", person=MINA, text="سلام")
    again = await open_desk(var=tmp_path)
    assert [update["message"]["text"] for update in await polled(again)] == ["سلام"]
    seen = await again.get("/desk/messages", person=MINA)
    assert [message["text"] for message in seen["messages"]] == ["سلام"]


async def test_only_the_kinds_asked_for_are_queued(desk: Desk):
    await polled(desk, allowed_updates=["message"])
    await desk.post("/desk/say", person=MINA, text="سلام")
    assert (await desk.post("/desk/block", person=MINA))["update_id"] is None
    assert [set(update) for update in await polled(desk)] == [{"update_id", "message"}]


async def test_a_told_double_hands_the_same_update_over_twice(desk: Desk):
    await desk.post("/desk/say", person=MINA, text="سلام")
    await desk.post("/desk/faults", service="telegram", kind="double", times=1)
    first, second = await polled(desk)
    assert first == second
    assert len(await polled(desk)) == 1


async def test_a_long_text_leaves_the_phone_in_pieces(desk: Desk):
    said = await desk.post("/desk/say", person=MINA, text="س" * 5000)
    assert said["pieces"] == 2
    assert [len(update["message"]["text"]) for update in await polled(desk)] == [4096, 904]


async def test_a_message_in_a_group_says_so(desk: Desk):
    await desk.post("/desk/group", person=MINA, text="بدهی من؟")
    (update,) = await polled(desk)
    chat = update["message"]["chat"]
    assert (chat["type"], chat["id"] < 0) == ("group", True)
    status, _ = await desk.call("sendMessage", chat_id=chat["id"], text="اینجا نه")
    assert status == 200
    seen = await desk.get("/desk/messages", person=MINA, group="true")
    assert [message["text"] for message in seen["messages"]] == ["بدهی من؟", "اینجا نه"]


async def test_a_broken_update_goes_out_as_it_stands(desk: Desk):
    sent = await desk.post("/desk/update", update={"message": {"text": 5}})
    assert await polled(desk) == [{"update_id": sent["update_id"], "message": {"text": 5}}]


async def test_a_button_that_is_not_there_is_tapped_only_by_forgers(desk: Desk):
    await desk.post("/desk/say", person=MINA, text="سلام")
    await desk.post("/desk/tap", person=MINA, message_id=1, data="9.x|1", expect=409)
    forged = await desk.post("/desk/tap", person=MINA, message_id=1, data="9.x|1", forged=True)
    assert forged["update_id"]


class Hook:
    """A bot's door that answers what it is told and keeps what it got."""

    def __init__(self) -> None:
        self.answers = [500, 200]
        self.got: list[tuple[str, dict[str, Any]]] = []

    async def door(self, request: web.Request) -> web.Response:
        secret = request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")
        self.got.append((secret, await request.json()))
        return web.Response(status=self.answers.pop(0) if self.answers else 200)


@pytest.fixture
async def hook():
    hook = Hook()
    app = web.Application()
    app.router.add_post("/hook", hook.door)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield hook, f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    await runner.cleanup()


async def test_a_webhook_gets_its_secret_and_is_tried_until_it_takes_the_update(desk: Desk, hook):
    door, url = hook
    await desk.call("setWebhook", url=url, secret_token="s3cret")
    status, body = await desk.call("getUpdates")
    assert (status, "webhook is active" in body["description"]) == (409, True)
    await desk.post("/desk/say", person=MINA, text="سلام")
    for _ in range(100):
        info = (await desk.call("getWebhookInfo"))[1]["result"]
        if info["pending_update_count"] == 0:
            break
        await desk.get("/desk/changes", since=desk.world.changes.count, wait=1)
    assert [secret for secret, _ in door.got] == ["s3cret", "s3cret"]
    assert door.got[0] == door.got[1]
    assert "500" in info["last_error_message"]
    assert "secret_token" not in info
    await desk.call("deleteWebhook")
    await desk.post("/desk/say", person=MINA, text="باز")
    assert len(await polled(desk)) == 1
