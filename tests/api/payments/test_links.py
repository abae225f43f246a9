"""Pay links that nobody used are forgotten, and those that money came by are kept."""

from datetime import timedelta

from sqlalchemy import text

from api.payments import service
from api.payments.models import PayLink, PayLinkBill
from api.payments.rules import PageState
from tests.api.payments.town import Town

MONTH = timedelta(days=30)


def swept(town: Town, *, limit: int = 9) -> int:
    with town.store.writing("sweep") as session:
        return service.sweep(session, now=town.clock.now, limit=limit)


async def test_link_that_nobody_used_is_forgotten_after_thirty_days(town):
    unused, begun = (town.link(town.owe()) for _ in range(2))
    await town.go(begun)
    town.clock.now += MONTH
    assert swept(town) == 0
    town.clock.now += timedelta(seconds=1)
    assert swept(town) == 1
    assert [link.token for link in town.rows(PayLink)] == [begun]
    assert len(town.rows(PayLinkBill)) == 1
    assert town.page(unused).state is PageState.GONE
    assert swept(town) == 0


def test_sweep_forgets_so_many_at_a_time(town):
    bill = town.owe()
    tokens = [town.link(bill) for _ in range(3)]
    town.clock.now += 2 * MONTH
    young = town.link(bill)
    assert [swept(town, limit=2) for _ in range(3)] == [2, 1, 0]
    assert [link.token for link in town.rows(PayLink)] == [young]
    assert town.page(tokens[0]).state is PageState.GONE


async def test_link_of_a_payment_stays_whatever_it_counts(town):
    await town.go(town.link(town.owe()))
    with town.store.writing("arrange") as session:
        session.execute(text("UPDATE pay_links SET attempts = 0"))
    town.clock.now += 2 * MONTH
    assert swept(town) == 0
