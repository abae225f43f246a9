"""The job that ends personal data, by small slices, dying once and run again: nothing outlives its time."""

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import func, select, update

from api.access.models import ChatLink
from api.notices import service as notices
from api.notices.models import Notice
from api.notices.rules import NoticeStatus
from api.retention import service as retention
from api.templates.catalogue import TEMPLATES
from tests.faults import clock, country
from tests.faults.nursery import Death
from tests.faults.tally import Tally
from tests.faults.world import PATIENCE, Opener, World
from tests.support import make

MANY = 5
LONG = timedelta(days=4_000)
SLICE = 2

POINTS = ("clock.claim", "clock.slice")
NTH: Mapping[str, int] = {"clock.slice": 8}


def take_small_slices() -> None:
    """Let this process forget a few rows at a time; called in it before its main."""
    defaults = retention.purge.__kwdefaults__
    assert defaults is not None
    defaults["limit"] = SLICE


def run(open_world: Opener, dialect: str, death: Death) -> Tally:
    """Let the job die at a point, and run again."""
    world = open_world(dialect)
    _hold(world)
    first = f"{__name__}:{take_small_slices.__name__}"
    ordered = ("notifier", "run", "retention", "--on", "today")
    dying = world.run(*ordered, dies_at=death, first=first)
    assert dying.wait(PATIENCE) == -9, dying.said()
    clock.lease_ends(world)
    done = world.run(*ordered, first=first)
    assert done.wait(PATIENCE) == 0, done.said()
    with world.store.reading() as session:
        texts = session.scalar(select(func.count()).where(Notice.emptied_at.is_(None))) or 0
        chats = session.scalar(select(func.count()).where(ChatLink.masked_name != "")) or 0
        left = session.scalar(select(func.count()).select_from(Notice)) or 0
    # Of each kind one is not past its time, and no row goes with its text.
    return Tally(lost=max(0, texts + chats - 2), twice=2 - min(texts, 1) - min(chats, 1)) + Tally(
        lost=MANY + 1 - left
    )


def _hold(world: World) -> None:
    """Let there be notices and chats whose time is long over, and one of each whose is not."""
    now, template = country.now(), "debt_notice"
    with world.store.writing("arranged") as session:
        person = make.person(session)
        for number in range(MANY + 1):
            old = now - LONG if number else now
            notices.post(
                session,
                template=template,
                to=person.id,
                about=f"debt:{number}",
                facts=TEMPLATES[template].example.model_dump(mode="json"),
                key=f"old:{number}",
                now=old,
            )
            country.ended_chat(session, person.id, str(number), at=old)
        session.execute(update(Notice).values(status=NoticeStatus.DELIVERED))
