"""The phone company answers as Kavenegar does, reports, and can be told to fail."""

import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from sandbox.phone_company.network import Addresses
from sandbox.phone_company.segments import parts
from tests.sandbox.conftest import MINA, Desk, Opener

VECTORS = json.loads(
    (Path(__file__).parents[2] / "vectors" / "sms_segments.json").read_text(encoding="utf-8")
)


async def send(desk: Desk, **given: str) -> tuple[int, Any]:
    url = f"{desk.url}/v1/KEY/sms/send.json"
    async with desk.http.post(url, data=given) as answer:
        return answer.status, await answer.json()


async def status(desk: Desk, method: str = "status", **given: Any) -> Any:
    return (await desk.get(f"/v1/KEY/sms/{method}.json", **given))["entries"]


@pytest.fixture
async def listener():
    """Whoever asked for pushes: the address, and what arrived."""
    got: list[dict[str, str]] = []

    async def door(request: web.Request) -> web.Response:
        got.append({**request.query, **{k: str(v) for k, v in (await request.post()).items()}})
        return web.Response(status=200)

    app = web.Application()
    app.router.add_route("*", "/{name}", door)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}", got
    await runner.cleanup()


async def until(happens: Any) -> None:
    async with asyncio.timeout(30):
        while not happens():  # noqa: ASYNC110 - what comes in has no event.
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("case", VECTORS["cases"])
def test_parts_are_counted_as_on_the_air(case):
    letter, times = case.get("text_repeat", (case.get("text", ""), 1))
    assert parts(letter * times) == case["segments"]


async def test_a_repeated_localid_is_not_sent_twice(desk: Desk):
    given = {"receptor": "09000000001", "message": "بدهی ثبت شد", "localid": "n-1"}
    code, first = await send(desk, **given)
    _, second = await send(desk, **given)
    assert code == 200
    assert first == second
    (entry,) = first["entries"]
    assert entry["receptor"] == "09000000001"
    assert len((await desk.get("/desk/sms", person=MINA))["sms"]) == 1
    assert [line["result"]["new"] for line in await desk.log("sms")] == [True, False]
    (asked,) = await status(desk, "statuslocalmessageid", localid="n-1")
    assert asked["messageid"] == entry["messageid"]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"receptor": "09000000001"}, 400),
        ({"receptor": "02188776655", "message": "x"}, 411),
        ({"receptor": "09000000001", "message": "x", "sender": "me"}, 412),
        ({"receptor": "09000000001", "message": " "}, 413),
        ({"receptor": "09000000001", "message": "x" * 901}, 413),
        ({"receptor": ",".join(["09000000001"] * 201), "message": "x"}, 414),
        ({"receptor": "09000000001", "message": "x", "date": "soon"}, 417),
        ({"receptor": "09000000001", "message": "x", "localid": "1,2"}, 419),
    ],
)
async def test_a_refusal_is_an_http_status_with_the_code_in_its_body(desk: Desk, given, code):
    got, body = await send(desk, **given)
    assert (got, body["return"]["status"], body["entries"]) == (code, code, None)


async def test_a_wrong_key_and_an_unknown_method_are_refused(open_desk: Opener):
    desk = await open_desk(sms_key="KEY")
    assert (await desk.get("/v1/OTHER/sms/send.json"))["return"]["status"] == 403
    assert (await desk.get("/v1/KEY/sms/dance.json"))["return"]["status"] == 404


async def test_a_report_is_pushed_and_the_status_agrees(open_desk: Opener, listener):
    url, got = listener
    desk = await open_desk(addresses=Addresses(f"{url}/report", "POST", delay_ms=30))
    await desk.post("/desk/sms/outcome", phone="09000000002", outcome="blocked", delay_ms=0)
    _, one = await send(desk, receptor="09000000001", message="یک", localid="a")
    _, two = await send(desk, receptor="09000000002", message="دو", localid="b")
    numbers = [str(said["entries"][0]["messageid"]) for said in (one, two)]
    await until(lambda: len(got) == 2)
    assert {each["messageid"]: each["status"] for each in got} == {
        numbers[0]: "10",
        numbers[1]: "14",
    }
    entries = await status(desk, messageid=",".join([*numbers, "7"]))
    assert [entry["status"] for entry in entries] == [10, 14, 100]


async def test_no_report_stays_at_the_operator(open_desk: Opener, listener):
    url, got = listener
    desk = await open_desk(addresses=Addresses(f"{url}/report", delay_ms=0))
    await desk.post("/desk/sms/outcome", person=MINA, outcome="no_report")
    _, said = await send(desk, receptor="09000000001", message="یک")
    await asyncio.sleep(0.1)
    assert got == []
    (entry,) = await status(desk, messageid=said["entries"][0]["messageid"])
    assert entry["status"] == 5


async def test_a_told_double_reports_twice(open_desk: Opener, listener):
    url, got = listener
    desk = await open_desk(addresses=Addresses(f"{url}/report", delay_ms=0))
    await desk.post("/desk/faults", service="sms", kind="double", times=1)
    await send(desk, receptor="09000000001", message="یک")
    await until(lambda: len(got) == 2)
    assert got[0] == got[1]


async def test_a_cut_line_after_acceptance_leaves_the_message_on_the_phone(desk: Desk):
    await desk.post("/desk/faults", service="sms", kind="drop_after", times=1)
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await send(desk, receptor="09000000001", message="یک", localid="x")
    (entry,) = await status(desk, "statuslocalmessageid", localid="x")
    assert entry["status"] == 5
    (missing,) = await status(desk, "statuslocalmessageid", localid="y")
    assert (missing["messageid"], missing["status"]) == (0, 100)


async def test_a_cut_line_before_acceptance_leaves_nothing(desk: Desk):
    await desk.post("/desk/faults", service="sms", kind="drop_before", times=1)
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await send(desk, receptor="09000000001", message="یک")
    assert (await desk.get("/desk/sms", person=MINA))["sms"] == []


async def test_a_rate_limit_and_a_broken_gateway_answer_as_real_ones(desk: Desk):
    await desk.post("/desk/faults", service="sms", kind="error", status=451, times=1)
    assert (await send(desk, receptor="09000000001", message="x"))[0] == 451
    await desk.post("/desk/faults", service="sms", kind="error", times=1)
    async with desk.http.get(f"{desk.url}/v1/KEY/sms/send.json") as answer:
        assert (answer.status, answer.content_type) == (502, "text/plain")
    await desk.post("/desk/faults", service="sms", kind="flood", retry_after=9, times=1)
    async with desk.http.get(f"{desk.url}/v1/KEY/sms/send.json") as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (429, "9")


async def test_a_persons_sms_is_handed_in(open_desk: Opener, listener):
    url, got = listener
    desk = await open_desk(addresses=Addresses(inbound_url=f"{url}/inbound"))
    said = await desk.post("/desk/sms", person=MINA, text="۲")
    assert said["taken"]
    (inbound,) = got
    assert (inbound["from"], inbound["message"]) == ("09000000001", "۲")
    (mine,) = (await desk.get("/desk/sms", person=MINA))["sms"]
    assert mine["mine"]


async def test_without_an_address_the_sender_is_told_that_nobody_listens(desk: Desk):
    said = await desk.post("/desk/sms", person=MINA, text="۲")
    assert (said["taken"], "nobody listens" in said["why"]) == (False, True)


async def test_a_missed_call_is_told(open_desk: Opener, listener):
    url, got = listener
    desk = await open_desk(addresses=Addresses(missed_url=f"{url}/inbound"))
    assert (await desk.post("/desk/ring", person=MINA))["taken"]
    assert [one["from"] for one in got] == ["09000000001"]
