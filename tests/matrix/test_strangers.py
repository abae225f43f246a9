"""The doors to which messengers and providers bring something: a stranger finds none of them there.

A wrong secret, a bot that is not ours and an address that never was are answered alike, and nothing
is kept.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from pydantic import SecretStr
from sqlalchemy import func, select
from yarl import URL

from api import db
from api.db import Store
from api.notices.models import Report
from bots.doors import SECRET_HEADER, Watched, doors
from bots.memory import Memory
from bots.web.doors import Doors
from bots.web.visits import Visits
from notifier.reports import ReportsDoor, kavenegar
from tests.bots import trials
from tests.bots.test_doors import SECRET, _adapter, an_update
from tests.faults.tree import ROOT

WITH_SECRET = frozenset({
    "/sms/inbound/{secret}", "/sms/missed/{secret}", "/{messenger}/{audience}",
    "/{messenger}/{audience}/{secret}", "/reports/{provider}/{secret}",
})  # fmt: skip
OF_VISITORS: Mapping[str, str] = MappingProxyType({
    "/talk/static/{name}": "test_doors.py::test_style_script_and_font_come_from_us",
    "/talk/{audience}": "test_doors.py::test_a_stranger_with_a_guessed_cookie_sees_no_talk",
    "/talk/{audience}/begin": "test_doors.py::test_a_form_that_stood_elsewhere_is_no_line",
    "/talk/{audience}/file": "test_files.py::test_form_that_is_not_ours_is_refused_before_its_file_is_read",
    "/talk/{audience}/leave": "test_doors.py::test_the_form_of_another_visitor_is_none_of_mine",
    "/talk/{audience}/paper/{line}": "test_papers.py::test_another_visitor_has_no_paper_of_mine",
})  # fmt: skip
"""The pages of the web talk, and which test of tests/bots/web tries a stranger there."""
OF_OPERATORS = frozenset({"/health/live", "/health/ready", "/metrics"})
GUESSES = (
    "",
    "x",
    SECRET[:-1],
    SECRET + "x",
    SECRET.upper(),
    "%FF",
    "%ED%B3%BF",
    "%D8%B1",
    "x" * 3000,
)


def _bots(memory: Memory) -> web.Application:
    async def ready() -> bool:
        return True

    pages = Doors(
        Visits(memory, db.keys()),
        db.keys(),
        trials.new_core(trials.new_knocker()),
        audiences=["people", "employers"],
        url="https://talk.example",
        proxies=0,
        came=lambda: None,
    )
    watched = [
        Watched(_adapter("telegram", "employers"), SECRET),
        Watched(_adapter("bale", "employers"), SECRET, in_path=True),
    ]
    line = (_adapter("sms", "people"), SECRET)
    return doors(memory.inbox.receive, watched, ready=ready, line=line, pages=pages.routes())


def _notifier(store: Store) -> web.Application:
    application = web.Application()
    readers = {"kavenegar": kavenegar("messageid", "status")}
    application.add_routes(ReportsDoor(store, SecretStr(SECRET), readers).routes())
    return application


def _paths(application: web.Application) -> set[str]:
    found = (one.canonical for one in application.router.resources())
    # The bots' audiences stand in the pattern of their pages.
    return {re.sub(r"{(\w+):[^}]*}+", r"{\1}", path) for path in found}


async def test_each_door_is_known_for_whom_it_is(memory: Memory, fresh_store: Store):
    found = _paths(_bots(memory)) | _paths(_notifier(fresh_store))
    assert found == WITH_SECRET | OF_OPERATORS | set(OF_VISITORS)
    for told in OF_VISITORS.values():
        name, _, test = told.partition("::")
        text = (ROOT / "tests" / "bots" / "web" / name).read_text(encoding="utf-8")
        assert f"def {test}(" in text, told


async def test_stranger_finds_no_door_and_leaves_nothing(memory: Memory, fresh_store: Store):
    answers = set()
    async with (
        TestClient(TestServer(_bots(memory))) as bots,
        TestClient(TestServer(_notifier(fresh_store))) as notifier,
    ):
        for guess in GUESSES:
            for client, path, headers in (
                (bots, "/telegram/employers", {SECRET_HEADER: guess}),
                (bots, "/telegram/nobody", {SECRET_HEADER: SECRET}),
                (bots, f"/bale/employers/{guess or '-'}", {}),
                (bots, f"/bale/nobody/{SECRET}", {}),
                (bots, f"/sms/inbound/{guess or '-'}?from=1&message=2&messageid=3", {}),
                (bots, f"/sms/missed/{guess or '-'}?from=1", {}),
                (notifier, f"/reports/kavenegar/{guess or '-'}?messageid=1&status=10", {}),
                (notifier, f"/reports/nobody/{SECRET}?messageid=1&status=10", {}),
            ):
                answer = await client.post(
                    URL(path, encoded=True), data=an_update(), headers=headers
                )
                answers.add((answer.status, await answer.text()))
    assert answers == {(404, "")}
    assert await memory.inbox.waiting() == 0
    with fresh_store.reading() as session:
        assert session.scalar(select(func.count()).select_from(Report)) == 0
