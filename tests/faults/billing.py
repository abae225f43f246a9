"""The jobs of contracts run one after the other by small slices, and each dies once and runs again.

What a run in which nobody died writes is what one with deaths must have written: each bill, each
rial of the ledger and each notice once.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import func, select

from api.bills.models import Bill
from api.contracts import service as contracts
from api.contracts.rules import LAST_REMIND_DAY
from api.kit.calendar import jalali
from api.ledger.models import Transfer
from api.notices.models import Notice
from tests.faults import clock, country
from tests.faults.nursery import Death
from tests.faults.tally import Tally
from tests.faults.world import PATIENCE, Opener, World

JOBS = ("contract-lapses", "bills", "bill-notices", "bill-reminders")
LAPSING, BILLED = range(1, 5), range(5, 13)
LONG_AGO = timedelta(days=200)
"""Whose month before this day is unpaid has lost the contract, of whatever kind."""
SLICE = 3

POINTS = ("clock.claim", "clock.slice")
NTH: Mapping[str, int] = {"clock.slice": 2}

_undisturbed: dict[str, int] = {}
"""What is there after a run in which nobody died, the same on every store."""


def take_small_slices() -> None:
    """Let this process handle a few contracts at a time; called in it before its main."""
    for verb in (contracts.lapse, contracts.bill_ahead, contracts.announce, contracts.remind):
        defaults = verb.__kwdefaults__
        assert defaults is not None
        defaults["limit"] = SLICE


def run(open_world: Opener, dialect: str, death: Death) -> Tally:
    """Run the jobs undisturbed, and so that each of them dies; hold one against the other."""
    if not _undisturbed:
        _undisturbed.update(_ran(open_world("sqlite"), None))
        assert _undisturbed["notice contract_lapsed"] == len(LAPSING)
        assert _undisturbed["notice bill_issued"] == len(BILLED)
    cut = _ran(open_world(dialect), death)
    tally = Tally()
    for what in _undisturbed.keys() | cut.keys():
        wanted, found = _undisturbed.get(what, 0), cut.get(what, 0)
        tally += Tally(lost=int(found < wanted), twice=int(found > wanted))
        if found != wanted:
            tally.notes.append(f"{what}: {found}, not {wanted}")
    return tally


def _ran(world: World, death: Death | None) -> Mapping[str, int]:
    """Run every job once to its end; gives how much there is of everything then."""
    _owe(world)
    first = f"{__name__}:{take_small_slices.__name__}"
    for job in JOBS:
        ordered = ("notifier", "run", job, "--on", "today")
        if death is not None:
            dying = world.run(*ordered, dies_at=death, first=first)
            assert dying.wait(PATIENCE) == -9, dying.said()
            clock.lease_ends(world)
        done = world.run(*ordered, first=first)
        assert done.wait(PATIENCE) == 0, done.said()
    with world.store.reading() as session:
        told = Counter(session.scalars(select(Notice.template)))
        billed = session.scalar(select(func.sum(Bill.amount))) or 0
        posted = session.scalar(select(func.sum(Transfer.amount))) or 0
    return {
        **world.rows(),
        **{f"notice {template}": count for template, count in told.items()},
        "rials billed": int(billed),
        "rials in the ledger": int(posted),
    }


def _owe(world: World) -> None:
    """Let some have owed for too long, and others be billed and reminded today."""
    with world.store.writing("arranged") as session:
        for number in LAPSING:
            country.payer(session, number)
        country.bill(session, on=country.today() - LONG_AGO)
        # Not every month has a thirtieth: on such days nobody is reminded, of either run.
        day = min(jalali(country.today())[2], LAST_REMIND_DAY)
        for number in BILLED:
            country.payer(session, number, remind_day=day)
