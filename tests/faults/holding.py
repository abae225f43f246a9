"""Restores and releases that die in their middle: what is there then is held, or is no store at all."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from sqlalchemy import create_engine, func, select, text
from sqlalchemy.engine import make_url

from api import db
from api.audit.models import Entry
from api.debts import service as debts
from api.holds.models import Hold
from api.notices.models import Delivery
from api.notices.rules import Status
from tests.faults import country
from tests.faults.nursery import Death
from tests.faults.tally import Tally
from tests.faults.world import PATIENCE, Opener, World
from tests.support import postgres

RESTORING = ("memory.held", "memory.whole", "restore.held", "restore.whole")
POINTS = (*RESTORING, "memory.lifted", "release.lifted", "release.slice")


def run(open_world: Opener, dialect: str, death: Death) -> Tally:
    """Back up, bring back and release, let one of them die at a point, and type it again."""
    point = death.point.rpartition(".")[0]
    room = "bots" if point.startswith("memory.") else "api"
    world = open_world(dialect, talks=True)
    world.env["PATH"] = f"{postgres.programs()}:{world.env['PATH']}"
    with world.store.writing("arranged") as session:
        country.settle(session, 1, country.holder(1))
        debts.announce(session, slot=country.today(), after=None, now=country.now())
    backup = str(world.folder / "backup")
    assert _typed(world, room, "backup", backup) == 0
    with _empty(world, room):
        if point in RESTORING:
            return _restored_again(world, room, backup, death)
        assert _typed(world, room, "restore", "--held", backup) == 0
        assert _typed(world, room, "release", dies_at=death) == -9
        assert _typed(world, room, "release") == 0
        return _released_once(world) if room == "api" else Tally()


def _restored_again(world: World, room: str, backup: str, death: Death) -> Tally:
    """What a restore that died has left can be released only if it is whole."""
    assert _typed(world, room, "restore", "--held", backup, dies_at=death) == -9
    is_whole = world.dialect == "postgresql" and death.point.endswith("whole.after")
    released = _typed(world, room, "release")
    if world.dialect == "sqlite":
        # Nothing has stood in the place of the store before all of it does.
        assert _typed(world, room, "restore", "--held", backup) == 0
    return Tally(twice=int(released == 0 and not is_whole))


def _released_once(world: World) -> Tally:
    store = db.open_store(world.env["API_DATABASE_URL"], size=1)
    with store.reading() as session:
        lifted = select(func.count()).select_from(Entry).where(Entry.verb == "holds.lift")
        audited = session.scalar(lifted) or 0
        held = session.scalars(select(Hold.released_at)).all()
        statuses = session.scalars(select(Delivery.status)).all()
    store.bind.engine.dispose()
    assert statuses == [Status.UNCERTAIN]
    return Tally(lost=held.count(None) + int(not audited), twice=max(0, audited - 1))


@contextmanager
def _empty(world: World, room: str) -> Iterator[None]:
    """Let a room's store be one that nothing was put in."""
    name = f"{room.upper()}_DATABASE_URL"
    before = world.env[name]
    fresh = f"e{uuid4().hex}"
    if world.dialect == "sqlite":
        world.env[name] = f"sqlite:///{world.folder / fresh}"
        yield
        world.env[name] = before
        return
    engine = create_engine(before, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {fresh}"))
        world.env[name] = make_url(before).set(database=fresh).render_as_string(hide_password=False)
        yield
        world.env[name] = before
        connection.execute(text(f"DROP DATABASE {fresh} WITH (FORCE)"))
    engine.dispose()


def _typed(world: World, room: str, *arguments: str, dies_at: Death | None = None) -> int:
    return world.run(room, *arguments, dies_at=dies_at).wait(PATIENCE)
