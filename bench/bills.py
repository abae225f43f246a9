"""A month's bills for every contract: beside a bare bulk insert of the same rows, in the same run.

What is measured, on each store: the job `bills` as a clock runs it, for so many invented contracts
(`--contracts 570000`, unless told). The first month is billed while another process writes small
rows of its own; the second with nobody beside, for its speed. The limit named beside that is a bare
`INSERT` of the second month's ready rows (bills and transfers) into a store of the same tables,
without rules: each slice after the job has written it, so that both meet the same machine. Bars: 0.4 of the limit's rows a second, the pauses
between slices left out (both figures are printed); memory that does not grow; other writers' p99
under 100 ms; a second run that bills nothing; and no difference from the rules, counted here by
other arithmetic, on 100,000 random contracts.
"""

import argparse
import json
import random
import tempfile
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from itertools import islice
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Table, insert, select

from api import db
from api.bills.models import Bill
from api.contracts.billing import SLICE
from api.contracts.models import Contract
from api.contracts.rules import Cover, Kind, State
from api.db import Store
from api.kit import logs
from api.kit.calendar import from_jalali
from api.kit.sealing import Keyring
from api.kit.slices import SIZE
from api.ledger.models import Transfer
from api.organisation import service as organisation
from api.organisation.models import Branch
from api.organisation.rules import BranchKind
from api.people.models import Person
from bench import _stores
from bench._runs import run_job
from bench._writer import Writer, p99_ms
from notifier.clock import collect_rarely
from tests.support import postgres

CONTRACTS = 570_000
CHECKED = 100_000
LEAST_OF_LIMIT = 0.4
MOST_P99_MS = 100
MOST_GROWTH_MIB = 16
SEED = 1405
SLOT = from_jalali(1405, 9, 1)
NEXT_SLOT = from_jalali(1405, 10, 1)
PERIOD, NEXT_PERIOD = "1405-08", "1405-09"
PERCENT = {"A": 12, "B": 14, "C": 18, "": 27}
PER_HEAD = 38_000
LEAST_BASE, MOST_BASE = 3_463_656 * 30, 3_463_656 * 210

# As a bare insert sees them: no objects, no session's bookkeeping.
_BILLS, _TRANSFERS = cast("Table", Bill.__table__), cast("Table", Transfer.__table__)


def run(*options: str) -> bool:
    """Print a line for each store; gives whether every bar was met."""
    given = argparse.ArgumentParser(prog="python -m bench bills")
    given.add_argument("--contracts", type=int, default=CONTRACTS)
    given.add_argument("--store", choices=_stores.STORES, default=None)
    asked = given.parse_args(options)
    db.use_keys(Keyring.new())
    logs.setup("WARNING")
    collect_rarely()
    met = []
    with tempfile.TemporaryDirectory() as folder, postgres.running() as server:
        for name in [asked.store] if asked.store else _stores.STORES:
            urls = [_stores.database(name, part, Path(folder), server) for part in ("hub", "bare")]
            with _stores.opened(urls) as (hub, bare):
                line = _measure(name, hub, bare, urls[0], asked.contracts)
            print(json.dumps(line), flush=True)
            met.append(line["met"])
    return all(met)


def _measure(name: str, hub: Store, bare: Store, url: str, count: int) -> dict[str, Any]:
    for store in (hub, bare):
        with store.writing("bench") as session:
            organisation.load_rules(session)
        _invent(store, count)
    with Writer(url) as writer:
        first = run_job(hub, "bills", SLOT)
        waits = writer.stop()
    differences, checked = _differences(hub)
    limit = _BareInsert(hub, bare)
    alone = run_job(hub, "bills", NEXT_SLOT, limit)
    again = run_job(hub, "bills", NEXT_SLOT)
    p99 = p99_ms(waits)
    rate, bare_rate = count / alone.working, count / limit.seconds
    line = {
        "figure": "bills",
        "store": name,
        "contracts": count,
        "billed": first.made,
        "rows_per_s": round(rate),
        "with_pauses_rows_per_s": round(count / alone.seconds),
        "limit": "bare bulk insert of the same rows",
        "limit_rows_per_s": round(bare_rate),
        "ratio_to_limit": round(rate / bare_rate, 2),
        "memory_mib": first.memory_mib,
        "memory_growth_mib": first.growth_mib,
        "other_writers": len(waits),
        "other_writers_p99_ms": p99,
        "again_billed": again.made,
        "again_seconds": round(again.seconds, 2),
        "checked": checked,
        "differences": differences,
    }
    met = (
        first.made == alone.made == count
        and rate >= LEAST_OF_LIMIT * bare_rate
        and first.growth_mib <= MOST_GROWTH_MIB
        and p99 < MOST_P99_MS
        and again.made == 0
        and differences == 0
    )
    return {**line, "met": met}


def _invent(store: Store, count: int) -> None:
    """Write people and their contracts of every kind, the same each time."""
    chance = random.Random(SEED)
    now = datetime.now(UTC)
    branch = db.new_id()
    with store.writing("bench") as session:
        session.execute(insert(Branch), [_branch(branch)])
    for begun in range(0, count, SIZE):
        size = min(SIZE, count - begun)
        people = [_person(begun + number, now) for number in range(size)]
        with store.writing("bench") as session:
            session.execute(insert(Person), people)
            session.execute(
                insert(Contract),
                [
                    _contract(begun + place, one["id"], branch, chance, now)
                    for place, one in enumerate(people)
                ],
            )


def _branch(branch_id: uuid.UUID) -> dict[str, Any]:
    return {
        "id": branch_id,
        "code": "001",
        "kind": BranchKind.BRANCH,
        "name": "شعبه یک",
        "province": "تهران",
        "city": "تهران",
        "address": "خیابان آزادی",
        "phone": "",
        "hours": "",
        "latitude": None,
        "longitude": None,
    }


def _person(number: int, now: datetime) -> dict[str, Any]:
    return {
        "id": uuid.UUID(int=number + 1),
        "national_code": f"{number:010d}",
        "national_code_index": number.to_bytes(16, "big"),
        "first_name": "مینا",
        "last_name": "آزمون",
        "birth_date": None,
        "phone": None,
        "phone_index": None,
        "email": None,
        "language": "fa",
        "created_at": now,
        "changed_at": now,
    }


def _contract(
    number: int, person_id: uuid.UUID, branch_id: uuid.UUID, chance: random.Random, now: datetime
) -> dict[str, Any]:
    cover = chance.choice(list(PERCENT))
    return {
        "id": db.new_id(),
        "number": f"{number + 1:08d}",
        "person_id": person_id,
        "kind": Kind.SELF_EMPLOYED if cover else Kind.VOLUNTARY,
        "cover": Cover(cover),
        "monthly_base": chance.randint(LEAST_BASE, MOST_BASE),
        "medical_heads": chance.randint(0, 6),
        "branch_id": branch_id,
        "starts_on": "1404-01",
        "ends_on": None,
        "state": State.ACTIVE,
        "billed_until": None,
        "remind_day": None,
        "carried": chance.randint(0, 999),
        "created_at": now,
        "changed_at": now,
    }


class _BareInsert:
    """Inserts what the job wrote into a store of the same tables, a slice of it at each call.

    Only the inserts and their commits count as `seconds`.
    """

    def __init__(self, hub: Store, bare: Store) -> None:
        self._ready = _ready(hub)
        self._bare = bare
        self.seconds = 0.0

    def __call__(self) -> None:
        for bills, transfers in islice(self._ready, 1):
            began = time.perf_counter()
            with self._bare.writing("bench") as session:
                session.execute(insert(_BILLS), bills)
                session.execute(insert(_TRANSFERS), transfers)
            self.seconds += time.perf_counter() - began


def _ready(hub: Store) -> Iterator[tuple[list[dict[str, Any]], list[dict[str, Any]]]]:
    after = uuid.UUID(int=0)
    while True:
        with hub.reading() as session:
            part = session.execute(
                select(_BILLS)
                .where(_BILLS.c.id > after, _BILLS.c.period == NEXT_PERIOD)
                .order_by(_BILLS.c.id)
                .limit(SLICE)
            )
            rows = [dict(row) for row in part.mappings()]
            if not rows:
                return
            keys = [f"issue:{row['id']}" for row in rows]
            found = session.execute(select(_TRANSFERS).where(_TRANSFERS.c.key.in_(keys)))
            owed = [dict(row) for row in found.mappings()]
        # Not within: a reading that stays open keeps SQLite from tidying its log.
        yield rows, owed
        after = rows[-1]["id"]


def _differences(store: Store) -> tuple[int, int]:
    """Count again, by decimals, what the first contracts were to be billed: how many are not so."""
    different = checked = 0
    after = ""
    while checked < CHECKED:
        with store.reading() as session:
            rows = session.execute(
                select(Contract, Bill, Transfer.amount)
                .join(Bill, Bill.payer_of == Contract.id)
                .join(Transfer, Transfer.debit_of == Contract.id)
                .where(Contract.number > after)
                .order_by(Contract.number)
                .limit(SIZE)
            ).all()
        for contract, bill, owed in rows:
            different += not _is_right(contract, bill, owed)
        if not rows:
            break
        checked += len(rows)
        after = rows[-1][0].number
    return different, checked


def _is_right(contract: Contract, bill: Bill, owed: int) -> bool:
    base = Decimal(contract.monthly_base)
    contribution = (base * PERCENT[contract.cover] / 100).quantize(Decimal(1), ROUND_HALF_UP)
    exact = int(contribution) + contract.medical_heads * PER_HEAD
    brought = sum(line["amount"] for line in bill.lines if line["code"] == "carried")
    return (
        (bill.period, bill.due_on) == (PERIOD, from_jalali(1405, 9, 30))
        and bill.assessed == owed == exact
        and sum(line["amount"] for line in bill.lines) == exact + brought
        and bill.amount == (exact + brought) // 1000 * 1000
        and bill.carried == contract.carried == (exact + brought) % 1000
    )
