"""The strings behind the desk: faults, outcomes, the log, waiting for what moves, starting over."""

import json
from dataclasses import asdict
from typing import Any

from aiohttp import web

from sandbox.bank.page import way_back
from sandbox.bank.vault import AlreadyDecided, Deed, NoSuchPayment
from sandbox.desk.asking import Asked, wrong
from sandbox.desk.world import World
from sandbox.faults import UnknownFault
from sandbox.phone_company.network import Outcome
from sandbox.phone_company.server import MOBILE

LONGEST_WAIT = 25  # seconds
LINES = 1_000


class Outside:
    """The doors that move the world itself."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/desk/health", self._health),
            web.get("/desk/changes", self._changes),
            web.get("/desk/log", self._log),
            web.get("/desk/faults", self._faults),
            web.post("/desk/faults", self._add_fault),
            web.delete("/desk/faults", self._clear_faults),
            web.delete("/desk/faults/{id}", self._remove_fault),
            web.post("/desk/sms/outcome", self._outcome),
            web.get("/desk/money", self._money),
            web.post("/desk/money", self._pay),
            web.post("/desk/reset", self._reset),
        ]

    async def _health(self, _: web.Request) -> web.Response:
        return _json({"ok": True, "smtp_port": self._world.smtp.port})

    async def _changes(self, request: web.Request) -> web.Response:
        asked = await Asked.of(self._world, request)
        seconds = max(0, min(asked.number("wait", LONGEST_WAIT), LONGEST_WAIT))
        count = await self._world.changes.after(asked.number("since", 0), seconds=seconds)
        return _json({"count": count})

    async def _log(self, request: web.Request) -> web.Response:
        asked = await Asked.of(self._world, request)
        if last := asked.number("last", 0):
            return _json({"log": self._world.witness.tail(max(1, min(last, LINES)))})
        lines = self._world.witness.read(
            service=asked.text("service", "") or None,
            since=asked.number("since", 0),
            limit=max(1, min(asked.number("limit", LINES), LINES)),
        )
        return _json({"log": lines})

    async def _faults(self, _: web.Request) -> web.Response:
        return _json({"faults": self._world.faults.shown()})

    async def _add_fault(self, request: web.Request) -> web.Response:
        asked = await Asked.of(self._world, request)
        try:
            fault = self._world.faults.add(**asked.all())
        except UnknownFault as error:
            raise wrong(str(error)) from None
        self._world.changes.touch()
        return _json({"fault": asdict(fault)})

    async def _clear_faults(self, _: web.Request) -> web.Response:
        self._world.faults.clear()
        self._world.changes.touch()
        return _json({"faults": []})

    async def _remove_fault(self, request: web.Request) -> web.Response:
        number = request.match_info["id"]
        if not number.isdecimal() or not self._world.faults.remove(int(number)):
            raise wrong("there is no such fault", status=404)
        self._world.changes.touch()
        return _json({"faults": self._world.faults.shown()})

    async def _outcome(self, request: web.Request) -> web.Response:
        asked = await Asked.of(self._world, request)
        given = asked.text("phone", "") or asked.person().phone
        found = MOBILE.fullmatch(given)
        if not found:
            raise wrong("phone: a mobile number is needed, as 09…")
        try:
            outcome = Outcome(asked.text("outcome"))
        except ValueError:
            raise wrong(f"outcome: one of {', '.join(Outcome)}") from None
        delay = asked.number("delay_ms", -1)
        phone = f"0{found[1]}"
        self._world.network.choose(phone, outcome, delay_ms=None if delay < 0 else delay)
        return _json({"phone": phone, "outcome": outcome})

    async def _money(self, request: web.Request) -> web.Response:
        asked = await Asked.of(self._world, request)
        limit = max(1, min(asked.number("limit", LINES), LINES))
        return _json(self._world.vault.money(since=asked.number("since", 0), limit=limit))

    async def _pay(self, request: web.Request) -> web.Response:
        """Do at the bank what its page does, without a browser: nobody goes back by it."""
        asked = await Asked.of(self._world, request)
        paid = asked.number("paid", 0)
        if paid < 0:
            raise wrong("paid: rials above zero are needed")
        try:
            deed = Deed(asked.text("deed", Deed.PAY))
        except ValueError:
            raise wrong(f"deed: one of {', '.join(Deed)}") from None
        try:
            payment = self._world.vault.decide(asked.text("authority"), deed, paid=paid or None)
        except AlreadyDecided:
            raise wrong("this payment waits for nobody any more", status=409) from None
        except NoSuchPayment:
            raise wrong("authority: there is no such payment", status=404) from None
        return _json({"payment": payment.shown(), "way_back": way_back(payment)})

    async def _reset(self, _: web.Request) -> web.Response:
        self._world.store.empty()
        self._world.faults.clear()
        self._world.changes.touch()
        return _json({"ok": True})


def _json(body: dict[str, Any]) -> web.Response:
    return web.json_response(body, dumps=lambda value: json.dumps(value, ensure_ascii=False))
