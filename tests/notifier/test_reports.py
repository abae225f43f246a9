"""The door of delivery reports."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from api.db import Store
from api.kit import points
from api.kit.outcome import Accepted
from api.notices import questions
from api.notices.models import Delivery, Report
from api.notices.rules import Status
from notifier.channels.mouths import KAVENEGAR
from notifier.reports import ReportsDoor, kavenegar
from tests.api.notices.office import Office, all_true
from tests.support import make

SECRET = "a secret of the reports"


@dataclass
class Door:
    url: str
    store: Store
    http: ClientSession

    async def get(self, path: str, **fields: str) -> int:
        async with self.http.get(f"{self.url}/reports/{path}", params=fields) as answer:
            return answer.status

    async def post(self, path: str, **fields: str) -> int:
        async with self.http.post(f"{self.url}/reports/{path}", data=fields) as answer:
            return answer.status

    def kept(self) -> list[Report]:
        with self.store.reading() as session:
            return list(session.scalars(select(Report)))

    def status(self) -> str:
        with self.store.reading() as session:
            sms = select(Delivery.status).where(Delivery.channel == "sms")
            return session.scalars(sms).one()


@pytest.fixture(autouse=True)
def _answers() -> Iterator[None]:
    all_true()
    yield
    questions.connect({})
    points.disarm()


@pytest.fixture
async def door(fresh_store: Store) -> AsyncIterator[Door]:
    with fresh_store.writing("test") as session:
        office = Office(session)
        office.senders = {KAVENEGAR: 1_000, **office.senders}
        office.post(make.person(session, language="en"))
        office.look("chat")
        office.send("sms", Accepted("85463238"))
    readers = {"kavenegar": kavenegar("messageid", "status")}
    application = web.Application()
    application.add_routes(ReportsDoor(fresh_store, SecretStr(SECRET), readers).routes())
    async with TestServer(application) as server, ClientSession() as http:
        yield Door(str(server.make_url("")).rstrip("/"), fresh_store, http)


async def test_a_report_is_kept_and_changes_the_status(door: Door) -> None:
    assert await door.get(f"kavenegar/{SECRET}", messageid="85463238", status="10") == 204
    assert door.status() == Status.DELIVERED
    (report,) = door.kept()
    assert (report.state, report.told) == ("delivered", "messageid=85463238&status=10")


async def test_get_and_post_are_taken_and_a_repeat_is_kept_once(door: Door) -> None:
    assert await door.post(f"kavenegar/{SECRET}", messageid="85463238", status="11") == 204
    assert await door.get(f"kavenegar/{SECRET}", messageid="85463238", status="11") == 204
    assert door.status() == Status.PERMANENT_FAILURE
    assert len(door.kept()) == 1


async def test_a_report_of_nothing_we_know_is_kept(door: Door) -> None:
    assert await door.get(f"kavenegar/{SECRET}", messageid="1", status="10") == 204
    assert await door.get(f"kavenegar/{SECRET}", messageid="85463238", status="77") == 204
    assert {report.provider_id: report.state for report in door.kept()} == {
        "1": "delivered",
        "85463238": None,
    }
    assert door.status() == Status.SENT


@pytest.mark.parametrize("path", ["kavenegar/wrong", f"another/{SECRET}", "kavenegar/ü"])
async def test_a_wrong_secret_and_an_unknown_provider_are_answered_alike(door: Door, path) -> None:
    assert await door.get(path, messageid="85463238", status="10") == 404
    assert door.kept() == []


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"messageid": "85463238"},
        {"messageid": "x", "status": "10"},
        {"messageid": "9" * 21, "status": "10"},
        {"messageid": "85463238", "status": "delivered"},
    ],
)
async def test_what_is_no_report_is_refused(door: Door, fields) -> None:
    assert await door.get(f"kavenegar/{SECRET}", **fields) == 400
    assert door.kept() == []


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=x", b"x"),
        ("application/x-www-form-urlencoded; charset=klingon", b"messageid=1&status=10"),
        ("application/x-www-form-urlencoded", b"messageid=1&status=10&\xff\xfe"),
    ],
)
async def test_what_is_no_form_is_refused(door: Door, kind, body) -> None:
    address = f"{door.url}/reports/kavenegar/{SECRET}"
    async with door.http.post(address, data=body, headers={"Content-Type": kind}) as answer:
        assert answer.status == 400
    assert door.kept() == []


async def test_nothing_is_acknowledged_while_the_store_is_away(door: Door) -> None:
    def fall() -> None:
        raise OperationalError("away", {}, Exception("away"))

    points.arm("notifier.report.before", fall)
    assert await door.get(f"kavenegar/{SECRET}", messageid="85463238", status="10") == 503
    assert door.kept() == []
    points.disarm()
    assert await door.get(f"kavenegar/{SECRET}", messageid="85463238", status="10") == 204


async def test_without_a_secret_of_ours_no_report_is_taken(fresh_store: Store) -> None:
    readers = {"kavenegar": kavenegar("messageid", "status")}
    application = web.Application()
    application.add_routes(ReportsDoor(fresh_store, SecretStr(""), readers).routes())
    async with TestServer(application) as server, ClientSession() as http:
        url = server.make_url("/reports/kavenegar/x")
        async with http.get(url, params={"messageid": "1", "status": "10"}) as answer:
            assert answer.status == 404
