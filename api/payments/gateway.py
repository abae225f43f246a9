"""What a payment gateway is to us: two questions, and the answers each may have.

A gateway never raises for what the network or the other side does: no usable answer is `Unknown`.
"""

from dataclasses import dataclass
from typing import Protocol

from api.settings import Settings


@dataclass(frozen=True, slots=True)
class Asked:
    """The gateway knows of the payment as `authority`; the payer goes on at `url`."""

    authority: str
    url: str


@dataclass(frozen=True, slots=True)
class Verified:
    """The gateway keeps exactly our amount for this authority, confirmed now or before."""

    reference: str
    card_masked: str | None


@dataclass(frozen=True, slots=True)
class NotPaid:
    """Nobody has paid on this authority, so far."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The gateway will never keep our amount for this; its code says why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """No answer, or none that says anything; `reason` is for the log."""

    reason: str


Answer = Asked | Refused | Unknown
Outcome = Verified | NotPaid | Refused | Unknown


class Gateway(Protocol):
    """Somebody who takes money for us. Each question takes eight seconds at most."""

    name: str

    async def ask(self, *, amount: int, order: str, callback: str, description: str) -> Answer:
        """Announce a payment of so many rials; the payer comes back to `callback`."""

    async def verify(self, *, amount: int, authority: str) -> Outcome:
        """Ask whether this amount was paid on this authority; asking twice is asking once."""

    async def close(self) -> None:
        """Close the connections."""


def is_set_up(settings: Settings) -> bool:
    """Whether there is a gateway at all."""
    return bool(settings.zarinpal_root and settings.zarinpal_merchant.get_secret_value())


def of(settings: Settings) -> Gateway | None:
    """Give the gateway of the settings, None where none is set up; nothing is connected yet."""
    if not is_set_up(settings):
        return None
    # With the client of HTTP it is ten MiB, which a core without a gateway need not hold.
    from api.payments.zarinpal import ZarinPal

    return ZarinPal(settings.zarinpal_root, settings.zarinpal_merchant)
