"""A claim's world: a contact of two workplaces, and doors to knock at."""

import json
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from api import events
from api.access import grants
from api.access.rules import ChatAddress
from api.db import Store
from api.identity import queries
from api.notices.models import Notice
from tests.support import core, make

MONTH = "1398-04"
"""When `make.workshop` was registered."""
CHAT = ChatAddress("telegram", "employers", "1001")
NATIONAL_CODE = make.new_national_code(77_001)
PHONE = "+989990077001"

_keys = count()


@dataclass
class Meeting:
    """One chat that tries to be linked."""

    doors: httpx.AsyncClient
    store: Store
    clock: core.Clock
    chat: ChatAddress = CHAT
    claim: str = ""
    answers: list[httpx.Response] = field(default_factory=list)

    async def knock(self, path: str, **said: object) -> tuple[int, dict[str, Any]]:
        answer = await self.doors.post(
            f"/v1/identity/claims{path}",
            json=said,
            headers={"Idempotency-Key": f"k{next(_keys)}", "X-Chat": str(self.chat)},
        )
        self.answers.append(answer)
        return answer.status_code, answer.json()

    async def open(
        self, national_code: str = NATIONAL_CODE, phone: str = PHONE
    ) -> tuple[int, dict[str, Any]]:
        status, body = await self.knock("", national_code=national_code, phone=phone)
        self.claim = body.get("id", self.claim)
        return status, body

    async def fact(self, month: str = MONTH) -> tuple[int, dict[str, Any]]:
        return await self.knock(f"/{self.claim}/fact", month=month)

    async def code(self, code: str) -> tuple[int, dict[str, Any]]:
        return await self.knock(f"/{self.claim}/code", code=code)

    async def resend(self) -> tuple[int, dict[str, Any]]:
        return await self.knock(f"/{self.claim}/resend")

    def codes(self) -> list[str]:
        """The codes that left for the phone, oldest first."""
        with self.store.reading() as session:
            found = session.scalars(
                select(Notice).where(Notice.template == "link_code").order_by(Notice.id)
            ).all()
            return [json.loads(str(one.secret))["code"] for one in found]

    def wrong_code(self) -> str:
        return f"{(int(self.codes()[-1]) + 1) % 1_000_000:06d}"


@pytest.fixture(autouse=True)
def _wired(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "_who_hears", {})
    monkeypatch.setattr(grants, "_answers", {grants.WORKSHOP: queries.workplaces_held})


def register(session: Session) -> None:
    """Register the contact of two workplaces."""
    person = make.person(session, national_code=NATIONAL_CODE, phone=PHONE)
    make.workshop(session, contacts=[person], name="نان سحر")
    make.workshop(session, contacts=[person], registered_on=make.TODAY)


@pytest.fixture
async def meeting(store: Store) -> Any:
    with store.writing("test") as session:
        register(session)
    clock = core.Clock()
    async with core.doors(core.app(store, clock)) as doors:
        yield Meeting(doors, store, clock)


@pytest.fixture
async def busy_meeting(fresh_store: Store) -> Any:
    """The same on a store that really commits, for many knocks at once."""
    with fresh_store.writing("test") as session:
        register(session)
    clock = core.Clock()
    async with core.doors(core.app(fresh_store, clock)) as doors:
        yield Meeting(doors, fresh_store, clock)
