"""The desk's JSON: finding people, faults in words, waiting for what moves, starting over."""

import asyncio

import pytest

from tests.sandbox.conftest import BAHRAM, GITI, MINA, Desk


@pytest.mark.parametrize("words", ["مينا", "۰۰۱۰۰۰۰۰۰۳", "09000000001", "نان سحر", "mina@"])
async def test_a_person_is_found_by_anything_that_stands_on_the_card(desk: Desk, words):
    found = (await desk.get("/desk/people", q=words))["people"]
    assert [person["id"] for person in found] == [MINA]


async def test_a_number_at_the_messenger_is_steady_and_wide(desk: Desk):
    (person,) = (await desk.get("/desk/people", q=MINA))["people"]
    assert person["user_id"] == desk.user_id(MINA) > 2**32


@pytest.mark.parametrize(
    ("path", "body", "status", "why"),
    [
        ("/desk/say", {"person": "1", "text": "x"}, 404, "nobody"),
        ("/desk/say", {"person": MINA, "text": ""}, 422, "text"),
        ("/desk/say", {"person": MINA, "text": "\ud800"}, 422, "no JSON that can be kept"),
        ("/desk/say", {"person": MINA, "text": "x", "bot": "moon"}, 404, "no such bot"),
        ("/desk/tap", {"person": MINA, "message_id": "x", "data": "1"}, 422, "whole number"),
        ("/desk/contact", {"person": GITI}, 422, "no phone"),
        ("/desk/location", {"person": MINA, "latitude": 91, "longitude": 0}, 422, "this earth"),
        ("/desk/file", {"person": MINA, "name": "x"}, 422, "base64"),
        ("/desk/file", {"person": MINA, "content": "UEs=", "photo": True}, 422, "IMAGE_PROCESS"),
        ("/desk/faults", {"service": "moon", "kind": "slow"}, 422, "telegram, sms, mail"),
        ("/desk/faults", {"service": "sms", "kind": "slow", "speed": 1}, 422, "unknown: speed"),
        ("/desk/faults", {"service": "sms", "kind": "slow", "ms": "1"}, 422, "ms must be int"),
        ("/desk/faults", {"service": "sms", "kind": "slow", "times": 0}, 422, "at least 1"),
        ("/desk/sms/outcome", {"person": MINA, "outcome": "lost"}, 422, "delivered"),
        ("/desk/update", {"update": "x"}, 422, "JSON object"),
    ],
)
async def test_what_cannot_be_done_is_said_in_a_sentence(desk: Desk, path, body, status, why):
    said = await desk.post(path, expect=status, **body)
    assert why in said["error"]


async def test_anothers_contact_carries_the_others_number(desk: Desk):
    await desk.post("/desk/contact", person=MINA, of=BAHRAM, forwarded=True)
    (message,) = (await desk.get("/desk/messages", person=MINA))["messages"]
    assert message["contact"]["user_id"] == desk.user_id(BAHRAM)
    assert message["from"]["id"] == desk.user_id(MINA)
    assert message["forward_origin"]["type"] == "user"


async def test_whoever_waits_hears_of_the_next_happening(desk: Desk):
    seen = (await desk.get("/desk/changes", wait=0))["count"]
    waiting = asyncio.create_task(desk.get("/desk/changes", since=seen, wait=5))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    await desk.post("/desk/say", person=MINA, text="سلام")
    assert (await waiting)["count"] > seen


async def test_a_fault_lasts_as_many_calls_as_it_was_told(desk: Desk):
    await desk.post("/desk/say", person=MINA, text="سلام")
    await desk.post("/desk/faults", service="telegram", kind="error", call="sendMessage", times=2)
    chat = desk.user_id(MINA)
    answers = [(await desk.call("sendMessage", chat_id=chat, text="x"))[0] for _ in range(3)]
    assert answers == [502, 502, 200]
    assert (await desk.get("/desk/faults"))["faults"] == []


async def test_a_fault_without_end_is_switched_off(desk: Desk):
    fault = (await desk.post("/desk/faults", service="telegram", kind="error"))["fault"]
    assert (await desk.call("getMe"))[0] == 502
    assert (await desk.call("getUpdates"))[0] == 200
    async with desk.http.delete(f"{desk.url}/desk/faults/{fault['id']}") as answer:
        assert answer.status == 200
    assert (await desk.call("getMe"))[0] == 200


async def test_the_log_is_numbered_and_read_on_from_anywhere(desk: Desk, tmp_path):
    await desk.post("/desk/say", person=MINA, text="سلام")
    for text in ("یک", "دو"):
        await desk.call("sendMessage", chat_id=desk.user_id(MINA), text=text)
    first, second = await desk.log()
    assert (first["text"], first["address"]) == ("یک", f"employers:{desk.user_id(MINA)}")
    assert second["seq"] == first["seq"] + 1
    assert (await desk.get("/desk/log", since=first["seq"]))["log"] == [second]


async def test_a_reset_forgets_what_happened_but_repeats_no_number(desk: Desk):
    before = await desk.post("/desk/say", person=MINA, text="سلام")
    await desk.post("/desk/reset")
    assert (await desk.get("/desk/messages", person=MINA))["messages"] == []
    after = await desk.post("/desk/say", person=MINA, text="سلام")
    assert after["update_id"] > before["update_id"]
    assert after["message_id"] > before["message_id"]
