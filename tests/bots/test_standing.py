"""What is believed of the services between two questions to the core."""

from api.organisation.schemas import ServiceOut, Services
from bots.standing import Closed
from tests.bots.conftest import Clock
from tests.support import make


async def test_which_services_are_off_is_asked_for_all_chats_and_soon_again(clock: Clock):
    asked = 0

    async def ask() -> Services:
        nonlocal asked
        asked += 1
        items = [ServiceOut(service="debts", state="off", reason="repairs")]
        return Services(day=make.TODAY, items=items if asked == 1 else [])

    closed = Closed(clock)
    told = []
    for _chat in range(3):
        told.append(await closed.off(ask))
        clock.pass_(2)
    assert told == [{"debts": "repairs"}] * 3
    assert asked == 1
    assert await closed.off(ask) == {}
    clock.pass_(-3600)
    await closed.off(ask)
    assert asked == 3, "a clock that was set back holds nothing for long"
