"""Every page of the core by everybody: with nothing, with their own cookie, with another's things.

Whoever has the address of a pay page may look at it: it shows what is to be paid and nobody's name.
All else opens for whose it is, and a foreign thing is answered as one that never was.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from types import MappingProxyType
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import select
from sqlalchemy.orm import Session

from api import app as app_module
from api import db
from api.access import signin
from api.access.doors import Door
from api.access.models import ChatLink
from api.db import Store, new_id
from api.kit.language import Language
from api.payments import service as payments
from tests.api.portal.test_receipts import Press
from tests.bots.dialogues.house import GATEWAY
from tests.matrix.test_doors import counting
from tests.matrix.town import House, settle
from tests.support import core, make, paying

THINGS: Mapping[str, str] = MappingProxyType({
    "/pay/{token}": "pay link", "/pay/return/{secret}": "return", "/pay/done/{secret}": "return",
    "/enter/{token}": "sign-in", "/my/receipts": "", "/my/receipts/{payment}.pdf": "payment",
    "/my/leave": "", "/check/{code}": "paper code", "/portal/{name}": "file",
    "/health/live": "", "/health/ready": "", "/metrics": "",
})  # fmt: skip
"""Each page, and what its address names."""

BY_ADDRESS = frozenset({"pay link", "return", "sign-in"})
"""Whoever has such a one is let in: it is as good as a key, and is guessed by nobody."""
_ABSENT: Mapping[str, str] = MappingProxyType({
    "pay link": "x" * 22, "return": "x" * 22, "sign-in": "x" * 22, "paper code": "ZZZZ-ZZZZ-ZZ",
    "file": "passwd",
})  # fmt: skip


@dataclass(frozen=True)
class Guest:
    """Somebody with a browser: whose cookie it has, if anybody's."""

    name: str
    cookie: str
    house: House | None = None


@dataclass(frozen=True)
class Place:
    """The pages of a town, everybody who looks, and what there is to name, by house."""

    houses: tuple[House, House]
    guests: list[Guest]
    things: list[Mapping[str, str]]
    _found: dict[str, list[tuple[int, str, str]]] = field(default_factory=dict)

    def marks_in(self, text: str) -> list[tuple[int, str, str]]:
        """The marks that a text carries: of which house and party, and which."""
        if text not in self._found:
            self._found[text] = [
                (house.number, name, mark)
                for house in self.houses
                for name, party in house.parties.items()
                for mark in party.marks
                if any(form in text for form in _forms(mark))
            ]
        return self._found[text]


def _forms(mark: str) -> set[str]:
    """How a mark is written on a page: an amount by thousands as well."""
    is_amount = mark.isdecimal() and not mark.startswith("0")
    return {mark, f"{int(mark):,}"} if is_amount else {mark}


def _arranged(session: Session) -> Place:
    town = settle(session)
    things, guests = [], [Guest("nobody", ""), Guest("a forger", "x" * 43)]
    for house in town.houses:
        kept = _things(session, house)
        secret = signin.take(session, _sign_in(session, house), now=make.NOW)
        assert secret is not None
        guests.append(Guest(f"house {house.number}", secret, house))
        things.append(kept)
    return Place(town.houses, guests, things)


def _link(session: Session, house: House) -> ChatLink:
    grant = house.self.things["whom"]
    return session.scalars(
        select(ChatLink).where(ChatLink.audience == "people", ChatLink.person_id == UUID(grant))
    ).one()


def _sign_in(session: Session, house: House) -> str:
    link = _link(session, house)
    return signin.offer(session, link_id=link.id, person_id=link.person_id, now=make.NOW)


def _things(session: Session, house: House) -> Mapping[str, str]:
    link = _link(session, house)
    token = payments.make_link(
        session,
        bill_ids=[UUID(house.self.things["bill"])],
        person_id=link.person_id,
        made_by=link.person_id,
        link_id=link.id,
        language=Language.EN,
        lasts=paying.LASTS,
        now=make.NOW,
    )[1]
    begun = payments.begin(session, token=token, gateway=paying.GATEWAY, now=make.NOW)
    assert begun is not None
    kept = payments.papers(session, person_id=link.person_id, today=make.TODAY)
    return {
        "pay link": token,
        "return": begun.secret,
        "sign-in": _sign_in(session, house),
        "payment": str(kept[0].receipt.id),
        "file": "look.css",
    }


def pages() -> set[str]:
    """Every page of the core: what is no door of its OpenAPI page."""
    application = core.app(db.open_store("sqlite:////nonexistent/core.db"))
    of_routers = {
        one.path  # type: ignore[attr-defined]
        for router in app_module._ROUTERS
        for one in router.routes
        if not isinstance(one, Door)
    }
    own = {one.path for one in application.router.routes if hasattr(one, "path")}
    return of_routers | (own - {"/openapi.json"})


def test_each_page_is_looked_at():
    assert pages() == set(THINGS)


async def test_no_page_shows_what_is_anothers(store: Store):
    app = core.app(store, core.Clock(), threads=1, **GATEWAY)
    app.state.printer = Press()
    with store.writing("test") as session:
        place = _arranged(session)
    statements: list[str] = []
    leaks: list[str] = []
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    headers = {"accept-language": "en", "sec-fetch-site": "same-origin"}
    async with httpx.AsyncClient(
        transport=transport, base_url="https://hub.example", headers=headers
    ) as browser:
        with counting(store, statements):
            probed = 0
            for path, guest, method in product(THINGS, place.guests[:3], ("GET", "POST")):
                told: dict[str, Any] = {}
                for whose, thing in _named(place, THINGS[path]):
                    statements.clear()
                    undone = store.bind.begin_nested()  # type: ignore[union-attr]
                    cookie = f"__Host-receipts={guest.cookie}" if guest.cookie else ""
                    answer = await browser.request(
                        method,
                        re.sub(r"{\w+}", thing, path),
                        headers={"cookie": cookie} if cookie else {},
                    )
                    undone.rollback()
                    probed += 1
                    where = f"{guest.name}: {method} {path} of {whose}: {answer.status_code}"
                    if answer.status_code >= 500 and path != "/health/ready":
                        leaks.append(f"fault: {where}")
                    leaks += [
                        f"{mark}: {where}" for mark in _seen(place, guest, path, whose, answer)
                    ]
                    text = re.sub(r'(name="form" value=")[^"]*', r"\1", answer.text)
                    told[str(whose)] = (
                        answer.status_code,
                        text.replace(thing, "it") if thing else text,
                        list(statements),
                    )
                mine = "" if guest.house is None else str(guest.house.number)
                for whose, one in told.items():
                    if THINGS[path] == "payment" and whose != mine and one != told["nobody"]:
                        leaks.append(f"told apart: {guest.name}: {method} {path} of {whose}")
    assert not leaks, "\n".join(leaks)
    assert probed > 100


def _named(place: Place, thing: str) -> Iterator[tuple[str, str]]:
    """What stands in the address, and whose it is."""
    if not thing:
        yield "nobody", ""
        return
    yield "nobody", _ABSENT.get(thing, str(new_id()))
    for house, things in zip(place.houses, place.things, strict=True):
        if thing in things:
            yield str(house.number), things[thing]


def _seen(
    place: Place, guest: Guest, path: str, whose: str, answer: httpx.Response
) -> Iterator[str]:
    """The marks that an answer may not carry."""
    for number, name, mark in place.marks_in(answer.text):
        own = guest.house and guest.house.number == number and path.startswith("/my/")
        by_address = THINGS[path] in BY_ADDRESS and whose == str(number) and name == "self"
        # What is to be paid, and the masked name: a page by its address shows no more.
        shown = by_address and (mark.isdecimal() or "***" in mark)
        if not shown and not (own and name in {"self", "child"}):
            yield mark
