"""A core, a bank and somebody who pays, and the way between them."""

from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import select

from api.access.hub import Hub
from api.bills.models import Bill
from api.db import Base, Store
from api.kit.money import Rials
from api.ledger import service as ledger
from api.ledger.rules import Kind
from api.payments import flows, service
from tests.support import core, paying

Row = TypeVar("Row", bound=Base)


@dataclass(frozen=True)
class Town:
    """One payer, one bank."""

    hub: Hub
    bank: paying.Bank
    who: paying.Payer
    clock: core.Clock

    @property
    def store(self) -> Store:
        return self.hub.store

    def owe(self, **changed: Any) -> Bill:
        """Issue a bill to the payer."""
        with self.store.writing("arrange") as session:
            return paying.bill(session, self.who.person, **changed)

    def link(self, *wanted: Bill) -> str:
        """Make a page to pay these bills on, and give its token."""
        with self.store.writing("arrange") as session:
            return paying.token(session, self.who, wanted, now=self.clock.now)

    async def begin(self, token: str) -> str | None:
        """Press pay."""
        return await flows.begin_payment(self.hub, self.bank, token)

    async def go(self, token: str) -> str:
        """Press pay, be sent to the bank, and give the bank's name for it."""
        url = await self.begin(token)
        assert url is not None
        return url.rsplit("/", 1)[1]

    def pay(self, authority: str) -> None:
        """Pay at the bank what it asks."""
        self.bank.pay(authority, self.clock.now)

    async def back(self, authority: str, *, status: str = "OK", says: str | None = None) -> None:
        """Come back from the bank, perhaps with another name than one went with."""
        secret = paying.secret(self.bank, authority)
        await flows.finish_return(self.hub, self.bank, secret, says or authority, status)

    def page(self, token: str) -> service.PayPage:
        """Look at the page."""
        with self.store.reading() as session:
            return service.page_of(session, token=token, now=self.clock.now)

    def page_back(self, authority: str) -> service.PayPage:
        """Look at the page one comes back to."""
        with self.store.reading() as session:
            secret = paying.secret(self.bank, authority)
            return service.page_of_return(session, secret=secret, now=self.clock.now)

    def rows(self, model: type[Row]) -> list[Row]:
        """All rows of a table."""
        with self.store.reading() as session:
            return list(session.scalars(select(model)))

    def balance(self, kind: Kind) -> Rials:
        """What the accounts of a kind come to."""
        with self.store.reading() as session:
            return ledger.balance(session, kind)
