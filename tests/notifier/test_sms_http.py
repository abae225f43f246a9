"""Kavenegar's mouth."""

from collections.abc import AsyncIterator

import pytest

from api.kit.message import Message
from api.kit.outcome import Accepted, Rejected, State, Unknown
from notifier.channels.mouths import Address
from notifier.channels.sms_http import KavenegarChannel, local
from tests.notifier import servers
from tests.notifier.servers import HttpServer

TO = Address(phone="+989990000001")
TEXT = Message("بدهی کارگاه *۴۵۲۱ ثبت شد.")


def entries(*rows: dict[str, object]) -> servers.Answer:
    return servers.say(
        200, {"return": {"status": 200, "message": "تایید شد"}, "entries": list(rows)}
    )


def refused(code: int, **headers: str) -> servers.Answer:
    body = {"return": {"status": code, "message": "خطا"}, "entries": None}
    return servers.say(code, body, **headers)


@pytest.fixture
async def desk() -> AsyncIterator[HttpServer]:
    async with servers.http(entries({"messageid": 85463238, "status": 1})) as server:
        yield server


@pytest.fixture
async def channel(
    desk: HttpServer, request: pytest.FixtureRequest
) -> AsyncIterator[KavenegarChannel]:
    made = KavenegarChannel(
        "the-key", "10001420", desk.url, timeout_seconds=servers.patience(request)
    )
    yield made
    await made.close()


async def test_an_sms_leaves_with_our_reference_as_localid(channel, desk) -> None:
    assert await channel.send(TO, TEXT, "42") == Accepted("85463238", State.SENT)
    assert desk.calls == [
        (
            "/v1/the-key/sms/send.json",
            {
                "receptor": "09990000001",
                "message": TEXT.text,
                "sender": "10001420",
                "localid": "42",
            },
        )
    ]


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (entries({"messageid": 1, "status": 10}), Accepted("1", State.DELIVERED)),
        (entries({"messageid": 1, "status": 14}), Accepted("1", State.PERMANENT_FAILURE)),
        (entries({"messageid": 1, "status": 6}), Accepted("1", State.TEMPORARY_FAILURE)),
        (entries(), Unknown("not_understood")),
        (entries({"messageid": 1}), Unknown("not_understood")),
        (refused(409), Rejected("kavenegar_409", again=True)),
        (refused(503), Rejected("kavenegar_503", again=True)),
        (refused(451), Rejected("too_many", again=True, wait_seconds=5)),
        (
            refused(429, **{"Retry-After": "30"}),
            Rejected("too_many", again=True, wait_seconds=30),
        ),
        (refused(411), Rejected("no_such_number", address_dead=True)),
        (refused(429), Rejected("kavenegar_429", account=True)),
        (refused(418), Rejected("kavenegar_418", account=True)),
        (refused(401), Rejected("kavenegar_401", account=True)),
        (refused(403), Rejected("kavenegar_403", account=True)),
        (refused(407), Rejected("kavenegar_407", account=True)),
        (refused(412), Rejected("kavenegar_412", account=True)),
        (refused(422), Rejected("kavenegar_422")),
        (servers.say(502, "<h1>Bad Gateway</h1>"), Unknown("not_understood")),
        (servers.say(200, "[]"), Unknown("not_understood")),
        (servers.hang_up, Unknown("broken_off")),
        (servers.never, Unknown("timeout")),
    ],
)
async def test_every_answer_is_one_of_three_outcomes(channel, desk, answer, outcome) -> None:
    desk.answers = [answer]
    assert await channel.send(TO, TEXT, "42") == outcome


async def test_a_provider_that_is_not_there_surely_has_nothing() -> None:
    channel = KavenegarChannel("the-key", "10001420", servers.nobody())
    assert await channel.send(TO, TEXT, "42") == Rejected("not_reached", again=True)
    await channel.close()


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (entries({"messageid": 9, "status": 10}), Accepted("9", State.DELIVERED)),
        (entries({"messageid": 9, "status": 5}), Accepted("9", State.SENT)),
        (entries({"messageid": 0, "status": 100}), Rejected("not_there", again=True)),
        (refused(403), None),
        (servers.say(502, "?"), None),
        (servers.hang_up, None),
    ],
)
async def test_what_became_of_an_sms_can_be_asked_by_our_reference(
    channel, desk, answer, outcome
) -> None:
    desk.answers = [answer]
    assert await channel.ask("42") == outcome
    assert desk.calls == [("/v1/the-key/sms/statuslocalmessageid.json", {"localid": "42"})]


async def test_a_text_longer_than_the_provider_takes_does_not_leave(channel, desk) -> None:
    assert await channel.send(TO, Message("x" * 901), "42") == Rejected("too_long")
    assert desk.calls == []


@pytest.mark.parametrize(
    ("phone", "written"),
    [("+989121234567", "09121234567"), ("+4915112345678", "004915112345678")],
)
def test_numbers_are_written_as_the_provider_wants_them(phone, written) -> None:
    assert local(phone) == written
