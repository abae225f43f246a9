"""The sweeper: money of which nobody came back to tell."""

import asyncio
from datetime import timedelta
from itertools import pairwise

import pytest

from api.kit import points
from api.ledger.rules import Kind
from api.payments import rules
from api.payments.gateway import Unknown
from api.payments.models import PaymentAttempt
from api.payments.rules import AttemptState, PageState
from api.payments.sweeper import EVERY_SECONDS, LIMIT, Sweeper
from tests.api.payments.town import Town

TICK = timedelta(seconds=EVERY_SECONDS)


class Died(BaseException):
    """The process ends here."""


@pytest.fixture
def sweeper(town: Town) -> Sweeper:
    return Sweeper(town.hub, town.bank)


async def until_settled(town: Town, sweeper: Sweeper, most: timedelta) -> bool:
    """Let time pass, five seconds a step, until there is money in the ledger."""
    end = town.clock.now + most
    while town.clock.now < end:
        town.clock.now += TICK
        await sweeper.sweep()
        if town.balance(Kind.BANK):
            return True
    return False


@pytest.mark.parametrize("paid_after", [5, 29, 61, 600, 1190, 1500])
async def test_payment_whose_return_never_comes_is_settled_within_ninety_seconds(
    town, sweeper, paid_after
):
    bill = town.owe()
    authority = await town.go(town.link(bill))
    await until_settled(town, sweeper, timedelta(seconds=paid_after))
    town.pay(authority)
    assert await until_settled(town, sweeper, timedelta(seconds=90))
    assert town.bank.kept == town.balance(Kind.BANK) == bill.amount


async def test_gateway_that_comes_back_settles_what_waits(town, sweeper):
    bill = town.owe()
    authority = await town.go(town.link(bill))
    town.pay(authority)
    town.bank.says = Unknown("timeout")
    await town.back(authority)
    assert not await until_settled(town, sweeper, timedelta(minutes=10))
    assert town.page_back(authority).state is PageState.CHECKING
    town.bank.says = None
    assert await until_settled(town, sweeper, rules.UNKNOWN_STEP)
    assert town.page_back(authority).state is PageState.PAID


async def test_attempt_that_nobody_pays_ends_within_a_day_after_few_questions(town, sweeper):
    await town.go(town.link(town.owe()))
    assert not await until_settled(town, sweeper, timedelta(minutes=31))
    for _ in range(24 * 12):
        town.clock.now += timedelta(minutes=5)
        await sweeper.sweep()
    (attempt,) = town.rows(PaymentAttempt)
    assert (attempt.state, attempt.look_at) == (AttemptState.EXPIRED, None)
    assert len(town.bank.asked) < 70


async def test_late_return_of_an_expired_attempt_is_still_asked_about(town, sweeper):
    bill = town.owe()
    authority = await town.go(town.link(bill))
    for _ in range(60):
        town.clock.now += timedelta(minutes=30)
        await sweeper.sweep()
    assert town.rows(PaymentAttempt)[0].state is AttemptState.EXPIRED
    town.pay(authority)
    await town.back(authority)
    assert town.balance(Kind.BANK) == bill.amount


async def test_lost_answer_is_asked_for_until_it_comes(town, sweeper):
    bill = town.owe()
    authority = await town.go(town.link(bill))
    town.pay(authority)
    town.bank.loses_answers = True
    for _ in range(100):
        town.clock.now += timedelta(minutes=30)
        await sweeper.sweep()
    assert town.bank.kept == bill.amount
    assert town.balance(Kind.BANK) == 0
    town.bank.loses_answers = False
    assert await until_settled(town, sweeper, rules.LATE_STEP + TICK)


async def test_who_never_answers_is_asked_ever_more_rarely(town, sweeper):
    authority = await town.go(town.link(town.owe()))
    town.pay(authority)
    town.bank.loses_answers = True
    asked = []
    for _ in range(30 * 24):
        town.clock.now += timedelta(hours=1)
        if await sweeper.sweep():
            asked.append(town.clock.now)
    waits = [later - earlier for earlier, later in pairwise(asked)]
    assert waits[0] == timedelta(hours=1)
    assert waits == sorted(waits)
    assert waits[-1] == rules.LATE_STEP
    assert len(asked) < 120


async def test_attempt_is_asked_about_by_one_at_a_time(town, sweeper):
    await town.go(town.link(town.owe()))
    town.clock.now += rules.FIRST_LOOK
    other = Sweeper(town.hub, town.bank)
    assert [await sweeper.sweep(), await other.sweep()] == [1, 0]


async def test_sweep_takes_what_is_asked_at_once_and_no_more(busy_town):
    town = busy_town
    sweeper, bill = Sweeper(town.hub, town.bank), town.owe()
    for _ in range(3):
        token = town.link(bill)
        for _ in range(rules.MOST_ATTEMPTS):
            await town.go(token)
    town.clock.now += rules.FIRST_LOOK
    assert [await sweeper.sweep() for _ in range(3)] == [LIMIT, 30 - LIMIT, 0]


async def test_sweeper_runs_until_it_is_cancelled(town, sweeper, monkeypatch):
    calls: list[int] = []
    third = asyncio.Event()

    async def sweep() -> int:
        calls.append(len(calls))
        if len(calls) == 1:
            raise RuntimeError("once")
        if len(calls) == 3:
            third.set()
        return 0

    monkeypatch.setattr(sweeper, "sweep", sweep)
    monkeypatch.setattr("api.payments.sweeper.EVERY_SECONDS", 0.001)
    running = asyncio.create_task(sweeper.run())
    await asyncio.wait_for(third.wait(), 10)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


POINTS = [
    f"payments.{name}.{side}"
    for name in ("begin", "gateway.ask", "asked", "returned", "gateway.verify", "settle", "claim")
    for side in ("before", "after")
]


@pytest.mark.parametrize("point", POINTS)
async def test_no_rial_is_lost_when_the_process_dies(town, sweeper, point):
    """What was not committed is not there; the sweeper of another process does the rest."""
    bill = town.owe()
    token = town.link(bill)

    def die() -> None:
        points.disarm()
        raise Died

    async def pay() -> None:
        if "claim" in point:
            await town.go(token)
            town.clock.now += rules.FIRST_LOOK
            await sweeper.sweep()
        authority = await town.go(token)
        town.pay(authority)
        await town.back(authority)

    points.arm(point, die)
    with pytest.raises(Died):
        await pay()
    for _ in range(3):
        town.clock.now += timedelta(minutes=2)
        await sweeper.sweep()
    assert town.bank.kept == town.balance(Kind.BANK)
    if not town.bank.kept:
        authority = await town.go(token)
        town.pay(authority)
        await town.back(authority)
    assert town.bank.kept == town.balance(Kind.BANK) == bill.amount
