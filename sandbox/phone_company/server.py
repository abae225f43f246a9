"""The door of the phone company: `/v1/<key>/sms/<method>.json`, shaped like Kavenegar's."""

import re
import time
from collections.abc import Callable
from typing import Any

from aiohttp import web

from sandbox import faults
from sandbox.faults import AT_THE_DOOR, Fault, Faults, Kind, Service
from sandbox.phone_company.network import Network
from sandbox.witness import Witness

LONGEST = 900  # characters of a message
RECEIVERS = 200  # of one call
ASKED_AT_ONCE = 500
MOBILE = re.compile(r"(?:0098|\+98|98|0)?(9\d{9})")
LINE = re.compile(r"\+?\d{4,15}")
WORDS = {
    200: "تایید شد",
    400: "پارامترها ناقص هستند",
    403: "کد شناسایی API-Key معتبر نمی‌باشد",
    404: "متد نامشخص است",
    405: "متد Get/Post اشتباه است",
    411: "دریافت کننده نامعتبر است",
    412: "ارسال کننده نامعتبر است",
    413: "پیام خالی است و یا طول پیام بیش از حد مجاز می‌باشد",
    414: "حجم درخواست بیشتر از حد مجاز است",
    417: "تاریخ ارسال اشتباه است",
    419: "طول آرایه متن و گیرنده و فرستنده هم اندازه نیست",
    429: "محدودیت در تعداد درخواست",
    451: "فراخوانی بیش از حد در بازه زمانی مشخص",
}


class Refused(Exception):
    """A call answered with one of Kavenegar's codes, as HTTP status and in the body."""

    def __init__(self, code: int, *, retry_after: int | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.retry_after = retry_after


class Server:
    """Answers as Kavenegar does, or misbehaves as told."""

    def __init__(
        self, network: Network, faults_: Faults, witness: Witness, *, key: str | None
    ) -> None:
        self._network = network
        self._faults = faults_
        self._witness = witness
        self._key = key
        self._methods = {
            "send": self._send,
            "status": self._status,
            "statuslocalmessageid": self._status_local,
        }

    def routes(self) -> list[web.RouteDef]:
        return [web.route("*", "/v1/{key}/{scope}/{method}.json", self._call)]

    async def _call(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        given = {**request.query, **{k: str(v) for k, v in (await request.post()).items()}}
        receptor = given.get("receptor", "")
        met = self._faults.take(Service.SMS, *AT_THE_DOOR, call=method, address=receptor)
        await faults.slowness(met)
        if faults.first(met, Kind.DROP_BEFORE):
            return faults.hang_up(request)
        try:
            _refuse_as_told(met)
            entries = self._method(request)(given)
        except Refused as refused:
            self._note(method, given, refused.code)
            if refused.code >= 500:
                # What stands before the provider answers for it then, and not in JSON.
                return web.Response(status=refused.code, text="<h1>Bad Gateway</h1>")
            return _answer(refused.code, None, retry_after=refused.retry_after)
        if faults.first(met, Kind.DROP_AFTER):
            return faults.hang_up(request)
        return _answer(200, entries)

    def _method(self, request: web.Request) -> Callable[[dict[str, str]], list[dict[str, Any]]]:
        if self._key is not None and request.match_info["key"] != self._key:
            raise Refused(403)
        found = self._methods.get(request.match_info["method"])
        if found is None or request.match_info["scope"] != "sms":
            raise Refused(404)
        if request.method not in ("GET", "POST"):
            raise Refused(405)
        return found

    def _send(self, given: dict[str, str]) -> list[dict[str, Any]]:
        message = given.get("message", "")
        if "receptor" not in given or "message" not in given:
            raise Refused(400)
        if not message.strip() or len(message) > LONGEST:
            raise Refused(413)
        receptors = [_mobile(one) for one in given["receptor"].split(",")]
        if len(receptors) > RECEIVERS:
            raise Refused(414)
        localids: list[str | None] = [*given["localid"].split(",")] if given.get("localid") else []
        if localids and len(localids) != len(receptors):
            raise Refused(419)
        sender = given.get("sender", "10001420")
        if not LINE.fullmatch(sender):
            raise Refused(412)
        date = given.get("date", "0")
        if not date.isdecimal():
            raise Refused(417)
        entries = []
        for receptor, localid in zip(receptors, localids or [None] * len(receptors), strict=True):
            entry, new = self._network.take_on(
                receptor=receptor,
                sender=sender,
                message=message,
                localid=localid,
                date=int(date) or int(time.time()),
            )
            entries.append(entry)
            self._witness.add(
                "sms",
                "send",
                accepted=True,
                address=receptor,
                text=message,
                reference=localid or "",
                result={"messageid": entry["messageid"], "new": new},
            )
        return entries

    def _status(self, given: dict[str, str]) -> list[dict[str, Any]]:
        asked = given.get("messageid", "").split(",")
        if not all(one.strip().isdecimal() for one in asked):
            raise Refused(400)
        if len(asked) > ASKED_AT_ONCE:
            raise Refused(414)
        return [self._network.status_of(int(one)) for one in asked]

    def _status_local(self, given: dict[str, str]) -> list[dict[str, Any]]:
        if not given.get("localid"):
            raise Refused(400)
        return [self._network.status_of_local(one) for one in given["localid"].split(",")]

    def _note(self, method: str, given: dict[str, str], code: int) -> None:
        self._witness.add(
            "sms",
            method,
            accepted=False,
            address=given.get("receptor", ""),
            text=given.get("message", ""),
            reference=given.get("localid", ""),
            result=code,
        )


def _refuse_as_told(met: list[Fault]) -> None:
    if error := faults.first(met, Kind.ERROR):
        raise Refused(error.status)
    if flood := faults.first(met, Kind.FLOOD):
        raise Refused(429, retry_after=flood.retry_after)


def _mobile(text: str) -> str:
    found = MOBILE.fullmatch(text.strip())
    if not found:
        raise Refused(411)
    return f"0{found[1]}"


def _answer(
    code: int, entries: list[dict[str, Any]] | None, *, retry_after: int | None = None
) -> web.Response:
    body = {"return": {"status": code, "message": WORDS.get(code, "خطا")}, "entries": entries}
    headers = {"Retry-After": str(retry_after)} if retry_after is not None else {}
    return web.json_response(body, status=code, headers=headers)
