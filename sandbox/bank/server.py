"""The door of merchants: `request.json` and `verify.json` of ZarinPal's version 4.

Success carries `data` as an object and `errors` as an empty list; failure the other way round.
"""

import json
from typing import Any

from aiohttp import web
from yarl import URL

from sandbox import faults
from sandbox.bank.vault import CARD, NoSuchPayment, Payment, State, Vault
from sandbox.faults import AT_THE_DOOR, Faults, Kind, Service
from sandbox.witness import Witness

MERCHANT_LENGTH = 36
AUTHORITY_LENGTH = 36
LEAST = 1_000  # rials
LONGEST_DESCRIPTION = 500
RIALS = {"IRR": 1, "IRT": 10}  # the toman is ten rials; without a currency the rial is meant
ASKED = frozenset({"merchant_id", "amount", "currency", "description", "callback_url", "metadata"})
VERIFIED = frozenset({"merchant_id", "amount", "authority"})
WORDS = {
    -9: "The input params invalid, validation error.",
    -10: "Terminal is not valid, please check merchant_id or ip address.",
    -12: "Too many attempts, please try again later.",
    -40: "Invalid extra params, expire_in is not valid.",
    -50: "Session is not valid, amounts values is not the same.",
    -51: "Session is not valid, session is not active paid try.",
    -53: "Session is not this merchant_id session.",
    -54: "Invalid authority.",
}


class Refused(Exception):
    """A call answered with one of ZarinPal's error codes."""

    def __init__(self, code: int, field: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.field = field


class Server:
    """Answers merchants as ZarinPal does, or misbehaves as told."""

    def __init__(
        self, vault: Vault, faults_: Faults, witness: Witness, *, merchant: str | None
    ) -> None:
        self._vault = vault
        self._faults = faults_
        self._witness = witness
        self._merchant = merchant

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/pg/v4/payment/{method:request|verify}.json", self._call)]

    async def _call(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        given = await _read(request)
        met = self._faults.take(Service.BANK, *AT_THE_DOOR, call=method, address=_about(given))
        await faults.slowness(met)
        if faults.first(met, Kind.DROP_BEFORE):
            return faults.hang_up(request)
        if error := faults.first(met, Kind.ERROR):
            self._note(method, given, accepted=False, result=error.status)
            # What stands before the gateway answers for it then, and not in JSON.
            return web.Response(status=error.status, text="<h1>Bad Gateway</h1>")
        try:
            if flood := faults.first(met, Kind.FLOOD):
                return self._told_to_wait(method, given, flood.retry_after)
            data = self._ask(given) if method == "request" else self._verify(given)
        except Refused as refused:
            self._note(method, given, accepted=False, result=refused.code)
            return _failure(refused)
        self._note(
            method, given | {"authority": _authority(given, data)}, accepted=True, result=data
        )
        if faults.first(met, Kind.DROP_AFTER):
            return faults.hang_up(request)
        return web.json_response({"data": data, "errors": []})

    def _ask(self, given: dict[str, Any]) -> dict[str, Any]:
        self._check(given, ASKED)
        about = given.get("metadata", {})
        if not isinstance(about, dict) or not all(isinstance(one, str) for one in about.values()):
            raise Refused(-9, "metadata")
        currency = given.get("currency", "IRR")
        if currency not in RIALS:
            raise Refused(-9, "currency")
        amount = _amount(given) * RIALS[currency]
        if amount < LEAST:
            raise Refused(-9, "amount")
        authority = self._vault.ask(
            merchant=given["merchant_id"],
            amount=amount,
            order_id=about.get("order_id", ""),
            callback=_callback(given),
            description=_description(given),
            mobile=about.get("mobile", ""),
        )
        return {
            "code": 100,
            "message": "Success",
            "authority": authority,
            "fee_type": "Merchant",
            "fee": _fee(amount),
        }

    def _verify(self, given: dict[str, Any]) -> dict[str, Any]:
        self._check(given, VERIFIED)
        authority, amount = given.get("authority"), _amount(given)
        if not isinstance(authority, str) or len(authority) != AUTHORITY_LENGTH:
            raise Refused(-9, "authority")
        try:
            payment = self._vault.one(authority)
        except NoSuchPayment:
            raise Refused(-54) from None
        if payment.merchant != given["merchant_id"]:
            raise Refused(-53)
        if payment.state not in (State.PAID, State.VERIFIED):
            raise Refused(-51)
        if payment.paid != amount:
            raise Refused(-50)
        first = self._vault.verify(authority)
        return _verified(payment, first=first)

    def _check(self, given: dict[str, Any], known: frozenset[str]) -> None:
        merchant = given.get("merchant_id")
        if not isinstance(merchant, str) or len(merchant) != MERCHANT_LENGTH:
            raise Refused(-9, "merchant_id")
        if self._merchant is not None and merchant != self._merchant:
            raise Refused(-10)
        if set(given) - known:
            raise Refused(-40)

    def _told_to_wait(self, method: str, given: dict[str, Any], seconds: int) -> web.Response:
        self._note(method, given, accepted=False, result=-12)
        return _failure(Refused(-12), status=429, headers={"Retry-After": str(seconds)})

    def _note(self, method: str, given: dict[str, Any], *, accepted: bool, result: Any) -> None:
        about = given.get("metadata")
        self._witness.add(
            "bank",
            method,
            accepted=accepted,
            address=str(given.get("authority", "")),
            text=str(given.get("description", "")),
            reference=str(about.get("order_id", "")) if isinstance(about, dict) else "",
            result=result,
        )


async def _read(request: web.Request) -> dict[str, Any]:
    """Answer the body, or nothing where it is no JSON object: then a field is missing."""
    try:
        body = await request.json()
        # Half of a character is JSON and yet no text that can be kept.
        json.dumps(body, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _about(given: dict[str, Any]) -> str:
    """What a fault's `address` names: the authority, and before there is one the order."""
    about = given.get("metadata")
    order = about.get("order_id", "") if isinstance(about, dict) else ""
    return str(given.get("authority") or order)


def _authority(given: dict[str, Any], data: dict[str, Any]) -> str:
    return str(given.get("authority") or data["authority"])


def _amount(given: dict[str, Any]) -> int:
    amount = given.get("amount")
    if not isinstance(amount, int) or isinstance(amount, bool) or not 0 < amount < 10**15:
        raise Refused(-9, "amount")
    return amount


def _description(given: dict[str, Any]) -> str:
    text = given.get("description")
    if not isinstance(text, str) or not 0 < len(text) <= LONGEST_DESCRIPTION:
        raise Refused(-9, "description")
    return text


def _callback(given: dict[str, Any]) -> str:
    address = given.get("callback_url")
    try:
        url = URL(address) if isinstance(address, str) else URL()
    except ValueError:
        url = URL()
    if url.scheme not in ("http", "https") or not url.host:
        raise Refused(-9, "callback_url")
    return str(address)


def _verified(payment: Payment, *, first: bool) -> dict[str, Any]:
    return {
        "code": 100 if first else 101,
        "message": "Paid" if first else "Verified",
        "card_hash": payment.card_hash,
        "card_pan": CARD,
        "ref_id": payment.reference,
        "fee_type": "Merchant",
        "fee": _fee(payment.paid),
    }


def _fee(amount: int) -> int:
    """One per cent, at most 120,000 rials; invented."""
    return min(amount // 100, 120_000)


def _failure(
    refused: Refused, *, status: int | None = None, headers: dict[str, str] | None = None
) -> web.Response:
    wrong = [{refused.field: f"The {refused.field} is not valid."}] if refused.field else []
    error = {"code": refused.code, "message": WORDS[refused.code], "validations": wrong}
    # Which HTTP status goes with a failure is not documented: a client must read the body.
    return web.json_response(
        {"data": [], "errors": error},
        status=status or (422 if refused.code == -9 else 200),
        headers=headers,
    )
