"""SMS through Kavenegar's HTTP API (domain page "Payment gateways, SMS, messengers", section 2).

Our reference is its `localid`: a repeated one is not sent twice, and what became of it can be
asked. The API key stands in the path, so no address of it is ever logged.
"""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

import aiohttp

from api.kit import points
from api.kit.message import Message
from api.kit.outcome import Accepted, Outcome, Rejected, State, Unknown
from notifier.channels.mouths import Address, Capabilities

API_ROOT = "https://api.kavenegar.com"
LENGTH = 900
"""The longest message Kavenegar takes, in characters."""

STATES: Mapping[int, State] = MappingProxyType(
    {
        1: State.SENT,
        2: State.SENT,
        4: State.SENT,
        5: State.SENT,
        6: State.TEMPORARY_FAILURE,
        10: State.DELIVERED,
        11: State.PERMANENT_FAILURE,
        13: State.PERMANENT_FAILURE,
        14: State.PERMANENT_FAILURE,
    }
)
"""What Kavenegar's delivery states mean; others are kept and change nothing."""

_OK = 200
_TRY_LATER = 409
_THEIRS = 500
_TOO_QUICK = 451
_IP_LIMITED = 429
# Disabled, bad key, address not allowed, line, credit, links barred, service and line level, an
# address that is limited, and an account in test: nothing of it lies in the message.
_ACCOUNT = frozenset({401, 403, 407, 412, 418, 420, 426, 427, _IP_LIMITED, 501})
_BAD_RECEIVER = 411
_NOT_THERE = 100
# Kavenegar names no time to wait when we were too quick.
_WAIT_SECONDS = 5.0
_TIMEOUT_SECONDS = 10.0
# Written here: the library's own form takes a tenth of a call, a boundary by chance first.
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class KavenegarChannel:
    """The mouth of one SMS line."""

    can = Capabilities(length=LENGTH, asks=True)

    def __init__(
        self,
        key: str,
        sender: str,
        api_root: str = API_ROOT,
        *,
        timeout_seconds: float = _TIMEOUT_SECONDS,
    ) -> None:
        self._base = f"{api_root.rstrip('/')}/v1/{key}/sms"
        self._sender = sender
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._http: aiohttp.ClientSession | None = None

    async def send(self, to: Address, message: Message, reference: str) -> Outcome:
        """Hand over one SMS; its text alone goes."""
        if len(message.text) > LENGTH:
            return Rejected("too_long")
        form = {
            "receptor": local(to.phone),
            "message": message.text,
            "sender": self._sender,
            "localid": reference,
        }
        with points.around("channels.sms.send"):
            answer = await self._call("send", form)
        if not isinstance(answer, list):
            return answer
        return _taken(answer)

    async def ask(self, reference: str) -> Outcome | None:
        """Ask by our reference: taken (and how it goes), surely not taken, or None: no answer."""
        with points.around("channels.sms.ask"):
            answer = await self._call("statuslocalmessageid", {"localid": reference})
        if not isinstance(answer, list):
            return None
        taken = _taken(answer)
        return None if isinstance(taken, Unknown) else taken

    async def close(self) -> None:
        if self._http is not None:
            await self._http.close()

    async def _call(self, method: str, form: Mapping[str, str]) -> list[Any] | Rejected | Unknown:
        """Make one call and give the entries of the answer, or why there are none."""
        if self._http is None:
            self._http = aiohttp.ClientSession(
                timeout=self._timeout,
                connector=aiohttp.TCPConnector(limit=0),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        try:
            async with self._http.post(
                f"{self._base}/{method}.json",
                data=urlencode(form).encode(),
                headers=_FORM,
                allow_redirects=False,
            ) as response:
                body = await response.read()
                wait = response.headers.get("Retry-After", "")
        except aiohttp.ClientConnectorError:
            return Rejected("not_reached", again=True)
        except TimeoutError:
            return Unknown("timeout")
        except aiohttp.ClientError:
            return Unknown("broken_off")
        return _read(body, float(wait) if wait.isdecimal() else None)


def local(phone: str) -> str:
    """Write an E.164 number as the provider wants it: an Iranian one as 09…, others with 00."""
    if phone.startswith("+98"):
        return "0" + phone.removeprefix("+98")
    return "00" + phone.removeprefix("+")


def _read(body: bytes, wait_seconds: float | None) -> list[Any] | Rejected | Unknown:
    """Read an answer; the HTTP status repeats the code in it and says nothing more."""
    try:
        answer = json.loads(body)
        code = int(answer["return"]["status"])
        entries = answer.get("entries") or []
    except (ValueError, KeyError, TypeError, AttributeError):
        # Not Kavenegar's own words: somebody between us and it answered.
        return Unknown("not_understood")
    if code == _OK and isinstance(entries, list):
        return entries
    if code == _TOO_QUICK or (code == _IP_LIMITED and wait_seconds):
        return Rejected("too_many", again=True, wait_seconds=wait_seconds or _WAIT_SECONDS)
    if code == _BAD_RECEIVER:
        return Rejected("no_such_number", address_dead=True)
    account = code in _ACCOUNT
    again = code == _TRY_LATER or (code >= _THEIRS and not account)
    return Rejected(f"kavenegar_{code}", again=again, account=account)


def _taken(entries: list[Any]) -> Accepted | Rejected | Unknown:
    """Read the entry of our one message."""
    try:
        status = int(entries[0]["status"])
        name = str(entries[0]["messageid"])
    except (IndexError, KeyError, TypeError, ValueError):
        return Unknown("not_understood")
    if status == _NOT_THERE:
        return Rejected("not_there", again=True)
    return Accepted(name, STATES.get(status, State.SENT))
