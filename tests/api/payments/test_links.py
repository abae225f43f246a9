"""Pay links that nobody used are forgotten, and those that money came by are kept."""

from datetime import timedelta

from sqlalchemy import text

from api.payments import service
from api.payments.models import PayLink, PayLinkBill
from api.payments.queries import token_index
from api.payments.rules import PageState
from tests.api.payments.town import Town
from tests.support import paying

MONTH = timedelta(days=30)


def swept(town: Town, *, limit: int = 9) -> int:
    with town.store.writing("sweep") as session:
        return service.sweep(session, now=town.clock.now, limit=limit)


def kept(town: Town) -> list[bytes]:
    return [link.token_index for link in town.rows(PayLink)]


async def test_token_is_forgotten_when_the_link_is_over_and_its_page_still_tells(town):
    token = town.link(bill := town.owe())
    authority = await town.go(token)
    town.pay(authority)
    await town.back(authority)
    assert swept(town) == 0
    assert town.rows(PayLink)[0].token == token
    town.clock.now += paying.LASTS
    assert [swept(town), swept(town)] == [1, 0]
    assert town.rows(PayLink)[0].token is None
    for page in (town.page(token), town.page_back(authority)):
        assert (page.state, page.amount, page.token) == (PageState.PAID, bill.amount, "")


async def test_link_that_nobody_used_is_forgotten_after_thirty_days(town):
    unused, begun = (town.link(town.owe()) for _ in range(2))
    await town.go(begun)
    town.clock.now += MONTH
    # The tokens of both.
    assert swept(town) == 2
    town.clock.now += timedelta(seconds=1)
    assert swept(town) == 1
    assert kept(town) == [token_index(begun)]
    assert len(town.rows(PayLinkBill)) == 1
    assert town.page(unused).state is PageState.GONE
    assert swept(town) == 0


def test_sweep_forgets_so_many_at_a_time(town):
    bill = town.owe()
    tokens = [town.link(bill) for _ in range(3)]
    town.clock.now += 2 * MONTH
    young = town.link(bill)
    for left in (2, 1, 1):
        # Young ones are left alone, and no more than two of the old go at a time.
        assert swept(town, limit=2) <= 4
        assert len(town.rows(PayLink)) == left
    assert swept(town, limit=2) == 0
    assert kept(town) == [token_index(young)]
    assert town.page(tokens[0]).state is PageState.GONE


async def test_link_of_a_payment_stays_whatever_it_counts(town):
    await town.go(town.link(town.owe()))
    with town.store.writing("arrange") as session:
        session.execute(text("UPDATE pay_links SET attempts = 0"))
    town.clock.now += 2 * MONTH
    swept(town)
    assert len(town.rows(PayLink)) == 1
