"""Many at once: parallel returns, many payers for one bill, and a gateway that hangs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

from pydantic import SecretStr
from sqlalchemy import Engine
from sqlalchemy.pool import QueuePool

from api.bills.models import Bill
from api.bills.rules import State
from api.ledger.rules import Kind
from api.payments import flows
from api.payments.models import Credit
from api.payments.sweeper import Sweeper
from api.payments.zarinpal import ZarinPal
from tests.api.payments import pal as pals
from tests.api.payments.pal import MERCHANT, Pal
from tests.support import core


async def test_fifty_returns_at_once_settle_a_bill_once(busy_town):
    town = busy_town
    bill = town.owe()
    authority = await town.go(town.link(bill))
    town.pay(authority)
    sweeper = Sweeper(town.hub, town.bank)
    await asyncio.gather(*(town.back(authority) for _ in range(50)), sweeper.sweep())
    assert town.bank.kept == town.balance(Kind.BANK) == bill.amount
    assert town.rows(Credit) == []


async def test_fifty_payers_of_one_bill_settle_it_once_and_get_the_rest_back(busy_town):
    town = busy_town
    bill = town.owe()
    authorities = [await town.go(town.link(bill)) for _ in range(50)]
    for authority in authorities:
        town.pay(authority)
    await asyncio.gather(*map(town.back, authorities))
    assert [one.state for one in town.rows(Bill)] == [State.SETTLED]
    assert len(town.rows(Credit)) == 49
    assert town.bank.kept == town.balance(Kind.BANK) == 50 * bill.amount
    assert -town.balance(Kind.UNAPPLIED) == 49 * bill.amount
    assert town.balance(Kind.PAYER) == 0


@asynccontextmanager
async def _gateway(pal: Pal) -> AsyncIterator[ZarinPal]:
    bank = ZarinPal(pal.url, SecretStr(MERCHANT), seconds=30)
    try:
        yield bank
    finally:
        await bank.close()


async def test_payers_before_a_gateway_that_hangs_hold_no_session(busy_town):
    town = busy_town
    bill = town.owe()
    tokens = [town.link(bill) for _ in range(20)]
    pool = cast("QueuePool", cast("Engine", town.store.bind).pool)
    async with pals.opened() as pal, _gateway(pal) as bank:
        pal.hangs = True
        waiting: list[Any] = [
            asyncio.create_task(flows.begin_payment(town.hub, bank, token)) for token in tokens
        ]
        async with asyncio.timeout(30):
            await pal.crowded.wait()
            assert not any(one.done() for one in waiting)
            # All are with the gateway, so none is in the store.
            assert pool.checkedout() == 0
            application = core.app(town.store, town.clock)
            async with core.doors(application, **town.who.headers) as doors:
                page = (await doors.get("/v1/bills")).json()
            assert not all(one.done() for one in waiting)
            pal.woken.set()
            await asyncio.gather(*waiting)
    assert page["total"] == bill.amount
    assert pal.most_inside == 20
