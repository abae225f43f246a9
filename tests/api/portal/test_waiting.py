"""A bank that hangs slows nobody down, and open payments are looked after while the doors are open."""

import asyncio
from datetime import timedelta

import httpx

from api.db import Store
from api.kit.language import Language
from api.payments.gateway import Answer, Asked
from tests.api.portal.bank import PAID, ROOT, Bank, payer
from tests.api.portal.test_doors import form_of, press
from tests.support import core


class Hanging(Bank):
    """A bank that takes its time."""

    def __init__(self, payers: int) -> None:
        super().__init__()
        self.payers = payers
        self.all_asked, self.answers = asyncio.Event(), asyncio.Event()
        self.closed = False

    async def ask(self, *, amount: int, order: str, callback: str, description: str) -> Answer:
        self.asked.append((amount, callback))
        authority = self.authority
        if len(self.asked) == self.payers:
            self.all_asked.set()
        await self.answers.wait()
        return Asked(authority, f"{ROOT}/pg/StartPay/{authority}")

    async def close(self) -> None:
        self.closed = True


async def test_who_waits_for_the_bank_holds_no_place(store: Store):
    with store.writing("test") as session:
        payers = [payer(session, language=Language.EN) for _ in range(3)]
    app = core.app(store, threads=1, zarinpal_root=ROOT, zarinpal_merchant="m" * 36)
    app.state.gateway = bank = Hanging(len(payers))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8000"
    ) as browser:
        forms = [form_of(await browser.get(f"/pay/{one.token}")) for one in payers]
        pressed = [
            asyncio.create_task(browser.post(f"/pay/{one.token}", data=form))
            for one, form in zip(payers, forms, strict=True)
        ]
        await asyncio.wait_for(bank.all_asked.wait(), 30)
        # The only place is free for whoever comes meanwhile.
        page = await asyncio.wait_for(browser.get("/pay/nothing"), 30)
        assert page.status_code == 404
        assert not any(one.done() for one in pressed)
        bank.answers.set()
        led = await asyncio.gather(*pressed)
    assert [one.status_code for one in led] == [303] * len(payers)


async def test_a_return_that_never_comes_is_settled_while_the_doors_are_open(
    fresh_store: Store, clock: core.Clock
):
    with fresh_store.writing("test") as session:
        mina = payer(session, language=Language.EN)
    app = core.app(fresh_store, clock, zarinpal_root=ROOT, zarinpal_merchant="m" * 36)
    app.state.gateway = bank = Hanging(1)
    bank.answers.set()
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8000"
    ) as browser:
        await press(browser, mina.token)
        bank.outcome = PAID
        clock.now += timedelta(seconds=31)
        async with app.router.lifespan_context(app):
            for _ in range(300):
                page = await browser.get(f"/pay/{mina.token}")
                if "<h1>Paid</h1>" in page.text:
                    break
                await asyncio.sleep(0.1)
    assert "201456789" in page.text
    assert bank.closed
