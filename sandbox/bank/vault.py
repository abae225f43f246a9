"""The bank's own book: every payment that was asked for, and what became of the money.

waiting ─┬─ declined          the card was refused
         ├─ cancelled         the payer thought better of it
         └─ paid ─┬─ verified       the merchant asked in time: kept for good
                  └─ went_back      nobody asked in time
"""

import hashlib
import secrets
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sandbox.changes import Changes
from sandbox.store import Store
from sandbox.witness import Witness

# Unverified money goes back by itself (domain page, payments: 30 minutes at one bank, others alike).
GOES_BACK_S = 30 * 60
FIRST_REFERENCE = 8_827_300_000  # numbers as long as real ones
CARD = "610433******7719"  # invented


class State(StrEnum):
    WAITING = "waiting"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    PAID = "paid"
    VERIFIED = "verified"
    WENT_BACK = "went_back"


class Deed(StrEnum):
    """What a payer may do on the bank's page, mischief of the bank included."""

    PAY = "pay"
    DECLINE = "decline"
    CANCEL = "cancel"
    SLOW = "slow"  # pays, after some seconds
    VANISH = "vanish"  # pays and never comes back
    TWICE = "twice"  # pays and comes back twice
    OTHER = "other"  # pays another amount


WITHOUT_MONEY = {Deed.DECLINE: State.DECLINED, Deed.CANCEL: State.CANCELLED}


class NoSuchPayment(LookupError):
    """No payment has this authority."""


class AlreadyDecided(ValueError):
    """This payment is no longer waiting for its payer."""


@dataclass(frozen=True)
class Payment:
    """One payment. Amounts are rials: `amount` as asked for, `paid` as taken from the card."""

    authority: str
    merchant: str
    amount: int
    order_id: str
    callback: str
    description: str
    mobile: str
    state: State
    asked_at: float
    paid: int
    paid_at: float
    reference: int
    verified_at: float

    @property
    def card_hash(self) -> str:
        return hashlib.sha256(CARD.encode()).hexdigest().upper()

    def shown(self) -> dict[str, Any]:
        """The payment as the checker of a fault test reads it."""
        return {
            "authority": self.authority,
            "state": self.state,
            "amount": self.amount,
            "paid": self.paid,
            "order_id": self.order_id,
            "reference": self.reference,
            "asked_at": self.asked_at,
            "paid_at": self.paid_at,
            "verified_at": self.verified_at,
            "callback": self.callback,
        }


class Vault:
    """The money of every payer and merchant."""

    def __init__(
        self, store: Store, witness: Witness, changes: Changes, *, goes_back_s: float = GOES_BACK_S
    ) -> None:
        self._store = store
        self._witness = witness
        self._changes = changes
        self._goes_back_s = goes_back_s

    def ask(
        self,
        *,
        merchant: str,
        amount: int,
        order_id: str,
        callback: str,
        description: str,
        mobile: str,
    ) -> str:
        """Open a payment of so many rials and answer its authority."""
        authority = f"A{secrets.randbelow(10**35):035}"
        last = self._store.row("SELECT seq FROM sqlite_sequence WHERE name = 'payments'")
        self._store.do(
            "INSERT INTO payments (reference, authority, merchant, amount, order_id, callback, description, "
            "mobile, state, asked_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            max(last["seq"] if last else 0, FIRST_REFERENCE) + 1,
            authority,
            merchant,
            amount,
            order_id,
            callback,
            description,
            mobile,
            State.WAITING,
            round(time.time(), 3),
        )
        self._changes.touch()
        return authority

    def one(self, authority: str) -> Payment:
        """Answer a payment as it stands now. Raises NoSuchPayment."""
        self._give_back()
        row = self._store.row("SELECT * FROM payments WHERE authority = ?", authority)
        if row is None:
            raise NoSuchPayment
        return _read(row)

    def decide(self, authority: str, deed: Deed, *, paid: int | None = None) -> Payment:
        """Do what the payer has decided; `paid` rials instead of those asked for.

        Raises NoSuchPayment, and AlreadyDecided for a second decision.
        """
        payment = self.one(authority)
        state = WITHOUT_MONEY.get(deed, State.PAID)
        taken = 0 if deed in WITHOUT_MONEY else payment.amount if paid is None else paid
        changed = self._store.changed(
            "UPDATE payments SET state = ?, paid = ?, paid_at = ? WHERE authority = ? AND state = ?",
            state,
            taken,
            round(time.time(), 3) if taken else 0,
            authority,
            State.WAITING,
        )
        if not changed:
            raise AlreadyDecided
        self._witness.add(
            "bank", deed, accepted=True, address=authority, result={"state": state, "paid": taken}
        )
        return self.one(authority)

    def verify(self, authority: str) -> bool:
        """Keep the money for its merchant and answer whether this was the first time."""
        first = self._store.changed(
            "UPDATE payments SET state = ?, verified_at = ? WHERE authority = ? AND state = ?",
            State.VERIFIED,
            round(time.time(), 3),
            authority,
            State.PAID,
        )
        self._changes.touch()
        return bool(first)

    def money(self, *, since: int, limit: int) -> dict[str, Any]:
        """Answer the payments after number `since`, oldest first, and what is kept and held in all."""
        self._give_back()
        rows = self._store.rows(
            "SELECT * FROM payments WHERE reference > ? ORDER BY reference LIMIT ?", since, limit
        )
        sums = {
            row["state"]: row["paid"]
            for row in self._store.rows(
                "SELECT state, sum(paid) AS paid FROM payments GROUP BY state"
            )
        }
        return {
            "money": [_read(row).shown() for row in rows],
            "kept": sums.get(State.VERIFIED, 0),
            "held": sums.get(State.PAID, 0),
        }

    def _give_back(self) -> None:
        """Let money go back that nobody has verified in time."""
        late = self._store.rows(
            "SELECT authority, paid FROM payments WHERE state = ? AND paid_at <= ?",
            State.PAID,
            time.time() - self._goes_back_s,
        )
        for row in late:
            self._store.do(
                "UPDATE payments SET state = ? WHERE authority = ?",
                State.WENT_BACK,
                row["authority"],
            )
            self._witness.add(
                "bank",
                "money_back",
                accepted=True,
                address=row["authority"],
                result={"paid": row["paid"]},
            )


def _read(row: Any) -> Payment:
    return Payment(**{**dict(row), "state": State(row["state"])})
