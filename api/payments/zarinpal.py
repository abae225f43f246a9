"""ZarinPal, version 4 of its interface: request and verify.

Source: domain page "Payment gateways". A success is `{"data": {...}, "errors": []}`, a failure
`{"data": [], "errors": {...}}`, with any HTTP status: both shapes are read.
"""

import asyncio
import re
from collections.abc import Mapping
from typing import Any

import aiohttp
from pydantic import SecretStr
from pydantic_core import from_json, to_json

from api.payments.gateway import Answer, Asked, NotPaid, Outcome, Refused, Unknown, Verified

SECONDS = 8.0
"""The longest a question takes, waiting for a place included."""

AT_ONCE = 20

_MOST_BYTES = 65_536
_DONE, _DONE_BEFORE = 100, 101
_NOT_PAID = -51
# The amount is another, the authority is another merchant's, the authority is none: no later answer
# will be better. All other codes speak of our terminal or of the gateway itself.
_FINAL = frozenset({-50, -53, -54})
_AUTHORITY = re.compile(r"[0-9A-Za-z]{1,64}")
_REFERENCE = re.compile(r"[0-9A-Za-z-]{1,32}")
_CARD = re.compile(r"([0-9]{6})[0-9*xX-]{2,9}([0-9]{4})")


class ZarinPal:
    """The gateway at `root` (https://payment.zarinpal.com), for one merchant."""

    name = "zarinpal"

    def __init__(
        self, root: str, merchant: SecretStr, *, seconds: float = SECONDS, at_once: int = AT_ONCE
    ) -> None:
        self._root = root.rstrip("/")
        self._merchant = merchant
        self._seconds = seconds
        self._at_once = at_once
        self._places = asyncio.Semaphore(at_once)
        self._session: aiohttp.ClientSession | None = None

    async def ask(self, *, amount: int, order: str, callback: str, description: str) -> Answer:
        """Announce a payment; the payer's name, phone and mail stay with us."""
        said = await self._call(
            "request",
            {
                "amount": amount,
                "currency": "IRR",
                "callback_url": callback,
                "description": description,
                "metadata": {"order_id": order},
            },
        )
        if isinstance(said, Unknown):
            return said
        code, data = said
        if code != _DONE:
            return Refused(str(code))
        authority = str(data.get("authority", ""))
        if not _AUTHORITY.fullmatch(authority):
            return Unknown("authority")
        return Asked(authority, f"{self._root}/pg/StartPay/{authority}")

    async def verify(self, *, amount: int, authority: str) -> Outcome:
        """Ask whether it was paid. "Verified before" is a yes: the authority is ours."""
        said = await self._call("verify", {"amount": amount, "authority": authority})
        if isinstance(said, Unknown):
            return said
        code, data = said
        if code in {_DONE, _DONE_BEFORE}:
            reference = str(data.get("ref_id", ""))
            if not _REFERENCE.fullmatch(reference):
                return Unknown("reference")
            return Verified(reference, _masked(str(data.get("card_pan", ""))))
        if code == _NOT_PAID:
            return NotPaid()
        return Refused(str(code)) if code in _FINAL else Unknown(str(code))

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _call(
        self, verb: str, said: Mapping[str, Any]
    ) -> tuple[int, Mapping[str, Any]] | Unknown:
        try:
            async with asyncio.timeout(self._seconds), self._places:
                return _read(*await self._post(verb, said))
        except TimeoutError:
            return Unknown("timeout")
        except aiohttp.ClientError as error:
            return Unknown(type(error).__name__)

    async def _post(self, verb: str, said: Mapping[str, Any]) -> tuple[int, bytes]:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._at_once),
                headers={"Content-Type": "application/json", "Accept": "application/json"},
            )
        async with self._session.post(
            f"{self._root}/pg/v4/payment/{verb}.json",
            data=to_json({"merchant_id": self._merchant.get_secret_value(), **said}),
            allow_redirects=False,
        ) as response:
            body = b""
            async for part in response.content.iter_chunked(8192):
                body += part
                if len(body) > _MOST_BYTES:
                    break
            return response.status, body


def _read(status: int, body: bytes) -> tuple[int, Mapping[str, Any]] | Unknown:
    """Read an answer of either shape: its code, and its data (empty with a failure)."""
    if status >= 500:
        return Unknown(f"status_{status}")
    try:
        answer = from_json(body)
    except ValueError:
        return Unknown("form")
    if not isinstance(answer, dict):
        return Unknown("form")
    data, errors = answer.get("data"), answer.get("errors")
    for part in (errors, data):
        if isinstance(part, dict) and type(part.get("code")) is int:
            return part["code"], data if isinstance(data, dict) else {}
    return Unknown("form")


def _masked(card: str) -> str | None:
    """Keep of a card what a receipt shows, even where the gateway shows more."""
    found = _CARD.fullmatch(card)
    return f"{found[1]}******{found[2]}" if found else None
