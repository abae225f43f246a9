"""The network behind the API: what was taken on, what becomes of it, and who is told."""

import asyncio
import contextlib
import time
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any

import aiohttp

from sandbox.changes import Changes
from sandbox.faults import Faults, Kind, Service
from sandbox.phone_company.segments import parts
from sandbox.store import Store
from sandbox.witness import Witness

COST_OF_A_PART = 1_500  # rials; invented
PATIENCE = (0.5, 1, 2, 5, 10)  # seconds between tries of a report; then it is given up
FIRST_MESSAGEID = 85_000_000  # numbers as long as real ones


class Status(IntEnum):
    """Kavenegar's delivery states (domain page, payments and messaging)."""

    AT_OPERATOR = 5
    DELIVERED = 10
    UNDELIVERED = 11
    BLOCKED = 14
    UNKNOWN = 100


class Outcome(StrEnum):
    """What becomes of an SMS to a number."""

    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    BLOCKED = "blocked"
    NO_REPORT = "no_report"  # stays at the operator for ever, and nobody is told


FINAL = {
    Outcome.DELIVERED: Status.DELIVERED,
    Outcome.UNDELIVERED: Status.UNDELIVERED,
    Outcome.BLOCKED: Status.BLOCKED,
}
WORDS = {
    Status.AT_OPERATOR: "ارسال به مخابرات",
    Status.DELIVERED: "رسیده به گیرنده",
    Status.UNDELIVERED: "نرسیده به گیرنده",
    Status.BLOCKED: "بلاک شده است",
    Status.UNKNOWN: "شناسه پیامک نامعتبر است",
}


@dataclass(frozen=True)
class Addresses:
    """Where the company pushes (by GET or POST): delivery reports, inbound messages, missed calls.

    An empty address is nowhere.
    """

    report_url: str = ""
    report_method: str = "GET"
    inbound_url: str = ""
    delay_ms: int = 1_500
    missed_url: str = ""


class Network:
    """SMS in both directions."""

    def __init__(
        self,
        store: Store,
        faults: Faults,
        witness: Witness,
        changes: Changes,
        addresses: Addresses,
    ) -> None:
        self._store = store
        self._faults = faults
        self._witness = witness
        self._changes = changes
        self._addresses = addresses
        self._http: aiohttp.ClientSession | None = None
        self._reporter: asyncio.Task[None] | None = None
        self._errands: set[asyncio.Task[None]] = set()
        self._news = asyncio.Event()

    async def start(self) -> None:
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10))
        self._reporter = asyncio.create_task(self._report_what_is_due())

    async def stop(self) -> None:
        tasks = [task for task in (self._reporter, *self._errands) if task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._http:
            await self._http.close()

    def take_on(
        self, *, receptor: str, sender: str, message: str, localid: str | None, date: int
    ) -> tuple[dict[str, Any], bool]:
        """Take a message on and answer its entry, and whether it is new: a known localid is not sent again."""
        if localid is not None:
            old = self._store.row("SELECT * FROM sms WHERE localid = ?", localid)
            if old is not None:
                return self._entry(old), False
        chosen = self._store.row("SELECT * FROM sms_outcomes WHERE phone = ?", receptor)
        delay = self._addresses.delay_ms if chosen is None else chosen["delay_ms"]
        outcome = Outcome.DELIVERED if chosen is None else Outcome(chosen["outcome"])
        count = parts(message)
        last = self._store.row("SELECT seq FROM sqlite_sequence WHERE name = 'sms'")
        number = max(last["seq"] if last else 0, FIRST_MESSAGEID) + 1
        self._store.do(
            "INSERT INTO sms (messageid, localid, receptor, sender, message, parts, cost, date, outcome, "
            "final_at, reported) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            number,
            localid,
            receptor,
            sender,
            message,
            count,
            count * COST_OF_A_PART,
            date,
            outcome,
            max(time.time(), date) + delay / 1000,
            outcome == Outcome.NO_REPORT,
        )
        self._changes.touch()
        self._news.set()
        row = self._store.row("SELECT * FROM sms WHERE messageid = ?", number)
        return self._entry(row), True

    def status_of(self, messageid: int) -> dict[str, Any]:
        row = self._store.row("SELECT * FROM sms WHERE messageid = ?", messageid)
        status = _status(row)
        return {"messageid": messageid, "status": int(status), "statustext": WORDS[status]}

    def status_of_local(self, localid: str) -> dict[str, Any]:
        row = self._store.row("SELECT * FROM sms WHERE localid = ?", localid)
        status = _status(row)
        return {
            "messageid": row["messageid"] if row else 0,
            "localid": localid,
            "status": int(status),
            "statustext": WORDS[status],
        }

    def choose(self, phone: str, outcome: Outcome, *, delay_ms: int | None) -> None:
        """Decide what becomes of every SMS sent to this number from now on."""
        delay = self._addresses.delay_ms if delay_ms is None else delay_ms
        self._store.do(
            "INSERT INTO sms_outcomes VALUES (?, ?, ?) "
            "ON CONFLICT (phone) DO UPDATE SET outcome = excluded.outcome, delay_ms = excluded.delay_ms",
            phone,
            outcome,
            delay,
        )
        self._changes.touch()

    def chosen(self, phone: str) -> str:
        row = self._store.row("SELECT outcome FROM sms_outcomes WHERE phone = ?", phone)
        return row["outcome"] if row else Outcome.DELIVERED.value

    async def write_in(self, *, phone: str, receiver: str, message: str) -> dict[str, Any]:
        """Send an SMS from a person's phone to the organisation and answer whether somebody took it."""
        number = self._store.do(
            "INSERT INTO sms_inbound (phone, receiver, message, date, handed) VALUES (?, ?, ?, ?, 0)",
            phone,
            receiver,
            message,
            int(time.time()),
        )
        facts = {"messageid": str(number), "from": phone, "to": receiver, "message": message}
        trouble = await self._push(self._addresses.inbound_url, facts)
        if not trouble:
            self._store.do("UPDATE sms_inbound SET handed = 1 WHERE messageid = ?", number)
        self._witness.add(
            "sms",
            "inbound",
            accepted=not trouble,
            address=phone,
            text=message,
            reference=str(number),
            result=trouble or "taken",
        )
        return {"messageid": number, "taken": not trouble, "why": trouble}

    async def ring(self, *, phone: str) -> dict[str, Any]:
        """Let a person's phone ring the organisation and hang up; answers whether somebody noted it."""
        trouble = await self._push(self._addresses.missed_url, {"from": phone})
        self._witness.add(
            "sms", "missed", accepted=not trouble, address=phone, result=trouble or "taken"
        )
        return {"taken": not trouble, "why": trouble}

    def inbox(self, phone: str, *, since: int) -> list[dict[str, Any]]:
        """Answer what stands on a phone's SMS screen, oldest first: what came, and what its owner sent."""
        came = [
            {
                "id": row["messageid"],
                "mine": False,
                "from": row["sender"],
                "text": row["message"],
                "parts": row["parts"],
                "date": row["date"],
                "localid": row["localid"],
            }
            for row in self._store.rows(
                "SELECT * FROM sms WHERE receptor = ? AND messageid > ? AND outcome IN (?, ?) ORDER BY messageid",
                phone,
                since,
                Outcome.DELIVERED,
                Outcome.NO_REPORT,
            )
        ]
        went = [
            {
                "id": row["messageid"],
                "mine": True,
                "to": row["receiver"],
                "text": row["message"],
                "date": row["date"],
                "taken": bool(row["handed"]),
            }
            for row in self._store.rows("SELECT * FROM sms_inbound WHERE phone = ?", phone)
        ]
        return sorted(came + went, key=lambda one: (one["date"], one["mine"], one["id"]))

    def _entry(self, row: Any) -> dict[str, Any]:
        status = _status(row)
        return {
            "messageid": row["messageid"],
            "message": row["message"],
            "status": int(status),
            "statustext": WORDS[status],
            "sender": row["sender"],
            "receptor": row["receptor"],
            "date": row["date"],
            "cost": row["cost"],
        }

    async def _report_what_is_due(self) -> None:
        """Push each final state once, when its time has come; those of before a restart too."""
        while True:
            row = self._store.row("SELECT * FROM sms WHERE NOT reported ORDER BY final_at LIMIT 1")
            self._news.clear()
            wait = row["final_at"] - time.time() if row else None
            if row is None or (wait or 0) > 0:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._news.wait(), wait)
                continue
            self._store.do("UPDATE sms SET reported = 1 WHERE messageid = ?", row["messageid"])
            doubled = self._faults.take(Service.SMS, Kind.DOUBLE, address=row["receptor"])
            for _ in range(2 if doubled else 1):
                errand = asyncio.create_task(self._report(dict(row)))
                self._errands.add(errand)
                errand.add_done_callback(self._errands.discard)

    async def _report(self, row: dict[str, Any]) -> None:
        status = FINAL[row["outcome"]]
        facts = {"messageid": str(row["messageid"]), "status": str(int(status))}
        if not self._addresses.report_url:
            return
        trouble = ""
        for wait in (0, *PATIENCE):
            await asyncio.sleep(wait)
            trouble = await self._push(self._addresses.report_url, facts)
            if not trouble:
                break
        self._witness.add(
            "sms",
            "report",
            accepted=not trouble,
            address=row["receptor"],
            reference=row["localid"] or str(row["messageid"]),
            result={**facts, "trouble": trouble},
        )

    async def _push(self, url: str, facts: dict[str, str]) -> str:
        """Hand facts to an address and answer what went wrong, or nothing."""
        if not url or self._http is None:
            return "nobody listens: no address was given"
        get = self._addresses.report_method == "GET"
        call = self._http.get(url, params=facts) if get else self._http.post(url, data=facts)
        try:
            async with call as answer:
                return "" if 200 <= answer.status < 300 else f"answered {answer.status}"
        except (aiohttp.ClientError, TimeoutError) as error:
            return type(error).__name__


def _status(row: Any) -> Status:
    """Answer what the company says of a message now."""
    if row is None:
        return Status.UNKNOWN
    if row["outcome"] == Outcome.NO_REPORT or time.time() < row["final_at"]:
        return Status.AT_OPERATOR
    return FINAL[row["outcome"]]
