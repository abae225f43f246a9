"""The day's debt notices, beside a bare INSERT … SELECT of the same rows, in the same run.

What is measured, on each store: the job `debt-notices` as a clock runs it, over so many debts of
which a part waits to be told (`--debts 1200000 --due 256000`, for a nation). It runs once while
another process writes small rows of its own, and once more with nobody beside, for its speed. The
limit named beside that copies the rows of each slice, once the job has written it, into tables of
the same columns, indexes and foreign keys, so that both meet the same machine: notices and
deliveries, no rules.
Bars: 0.4 of the limit's rows a second on PostgreSQL, 0.2 on SQLite, pauses between slices left out;
memory that does not grow; other writers' p99 under 100 ms; a run again that posts nothing within a
second.
"""

import json
import re
import time
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import select, text, update

from api import db, sets
from api.db import Store
from api.debts.models import Debt
from api.debts.rules import Kind, State, Step
from api.kit import logs
from api.kit.sealing import Keyring
from api.notices.models import Notice
from bench import _stores
from bench._runs import run_job
from bench._writer import Writer, p99_ms
from notifier.clock import collect_rarely
from tests.support import make

DEBTS = 120_000
DUE = 25_600
LEAST = {"postgresql": 0.4, "sqlite": 0.2}
MOST_P99_MS = 100
MOST_GROWTH_MIB = 16
MOST_SECONDS_AGAIN = 1.0
DAY = date(2026, 12, 2)
_WORKSHOPS = 500
_SLICE = 10_000
_COPIED = ("notices", "deliveries")


def run(*options: str) -> bool:
    """Print a line for each store; gives whether every bar was met."""
    asked = _stores.asked("plan", options, debts=DEBTS, due=DUE)
    db.use_keys(Keyring.new())
    logs.setup("ERROR")
    collect_rarely()
    met = []
    with _stores.running(asked.store) as (folder, server):
        for name in asked.store:
            url = _stores.database(name, "plan", folder, server)
            with _stores.opened([url]) as (store,):
                line = _measure(name, store, url, asked.debts, asked.due)
            print(json.dumps(line), flush=True)
            met.append(line["met"])
    return all(met)


def _measure(name: str, store: Store, url: str, debts: int, due: int) -> dict[str, Any]:
    _invent(store, debts, due)
    _stores.settled(store)
    with Writer(url) as writer:
        first = run_job(store, "debt-notices", DAY)
        waits = writer.stop()
    _revise(store, due)
    _stores.settled(store)
    limit = _BareCopy(store)
    alone = run_job(store, "debt-notices", DAY, limit)
    again = run_job(store, "debt-notices", DAY)
    p99 = p99_ms(waits)
    rate, bare_rate = due / alone.working, limit.notices / limit.seconds
    met = (
        first.made == alone.made == limit.notices == due
        and rate >= LEAST[name] * bare_rate
        and first.growth_mib <= MOST_GROWTH_MIB
        and p99 < MOST_P99_MS
        and again.made == 0
        and again.seconds <= MOST_SECONDS_AGAIN
    )
    return {
        "figure": "plan",
        "store": name,
        "debts": debts,
        "due": due,
        "posted": first.made,
        "notices_per_s": round(rate),
        "with_pauses_per_s": round(due / alone.seconds),
        "limit": "bare INSERT ... SELECT of the same rows",
        "limit_per_s": round(bare_rate),
        "ratio_to_limit": round(rate / bare_rate, 2),
        "cpu_us": round(alone.cpu / due * 1e6),
        "limit_cpu_us": round(limit.cpu / due * 1e6),
        "memory_mib": first.memory_mib,
        "memory_growth_mib": first.growth_mib,
        "other_writers": len(waits),
        "other_writers_p99_ms": p99,
        "again_posted": again.made,
        "again_seconds": round(again.seconds, 2),
        "met": met,
    }


class _BareCopy:
    """Copies what was posted since it was last called; only the copying and its commit count."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.seconds = self.cpu = 0.0
        self.notices = 0
        with store.writing("bench") as session:
            for line in _bare_tables(store):
                session.execute(text(line))
            self._after = session.scalar(select(Notice.id).order_by(Notice.id.desc()).limit(1))

    def __call__(self) -> None:
        with self._store.reading() as session:
            until = session.scalar(select(Notice.id).order_by(Notice.id.desc()).limit(1))
        after = {"after": self._bound(self._after), "until": self._bound(until)}
        began, busy = time.perf_counter(), time.process_time()
        with self._store.writing("bench") as session:
            for table, column in zip(_COPIED, ("id", "notice_id"), strict=True):
                session.execute(
                    text(
                        f"INSERT INTO bare_{table} SELECT * FROM {table} "
                        f"WHERE {column} > :after AND {column} <= :until"
                    ),
                    after,
                )
        self.seconds += time.perf_counter() - began
        self.cpu += time.process_time() - busy
        with self._store.reading() as session:
            self.notices = session.scalar(text("SELECT count(*) FROM bare_notices")) or 0
        self._after = until

    def _bound(self, key: uuid.UUID | None) -> Any:
        key = key or uuid.UUID(int=0)
        return key.hex if self._store.dialect == "sqlite" else key


def _bare_tables(store: Store) -> Iterator[str]:
    """Say how the tables are made, with their indexes and foreign keys."""
    if store.dialect == "postgresql":
        for table in _COPIED:
            yield f"CREATE TABLE bare_{table} (LIKE {table} INCLUDING ALL)"
            # All but what points at other tables, which costs as much as the rest.
            for rule in _foreign_keys(store, table):
                yield f"ALTER TABLE bare_{table} ADD {rule}"
        return
    with store.reading() as session:
        made = session.scalars(
            text(
                "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL "
                "AND tbl_name IN ('notices', 'deliveries') ORDER BY type DESC"
            )
        ).all()
    for line in made:
        yield re.sub(r"(?<=TABLE |INDEX )|(?<= ON )(?=notices|deliveries)", "bare_", line)


def _foreign_keys(store: Store, table: str) -> Sequence[str]:
    with store.reading() as session:
        return session.scalars(
            text(
                "SELECT pg_get_constraintdef(oid) FROM pg_constraint "
                "WHERE contype = 'f' AND conrelid = CAST(:table AS regclass)"
            ),
            {"table": table},
        ).all()


def _invent(store: Store, debts: int, due: int) -> None:
    """Write debts of which so many were told to nobody, spread over the whole."""
    now = datetime.now(UTC)
    with store.writing("bench") as session:
        make.rules(session)
        branch, employer = make.branch(session), make.employer(session)
        workshops = [
            make.workshop(
                session, contacts=[make.person(session)], branch=branch, employer=employer
            ).id
            for _number in range(_WORKSHOPS)
        ]
    every = debts // due
    numbers = iter(range(debts))
    while part := list(islice(numbers, _SLICE)):
        with store.writing("bench") as session:
            sets.add_many(
                session,
                Debt,
                [
                    _debt(number, workshops, now, told=number % every != 0 or number >= due * every)
                    for number in part
                ],
            )


def _debt(number: int, workshops: list[uuid.UUID], now: datetime, *, told: bool) -> dict[str, Any]:
    return {
        "id": db.new_id(),
        "number": f"{number:013d}",
        "workshop_id": workshops[number % len(workshops)],
        "reason": "05",
        "period_from": "1405-04",
        "period_to": "1405-05",
        "principal": 80_000_000 + number,
        "list_fine": 0,
        "paid": 0,
        "kind": Kind.DEFINITE,
        "step": Step.NOTICE,
        "issued_on": DAY - timedelta(days=10),
        "due_on": DAY - timedelta(days=40),
        "objection_until": DAY + timedelta(days=20),
        "state": State.OPEN,
        "version": 1,
        "announced_version": int(told),
        "closed_at": None,
        "created_at": now,
        "changed_at": now,
    }


def _revise(store: Store, due: int) -> None:
    """Let so many debts have changed since their contacts were told."""
    with store.writing("bench") as session:
        some = select(Debt.id).order_by(Debt.number).limit(due).scalar_subquery()
        session.execute(
            update(Debt).where(Debt.id.in_(some)).values(version=Debt.version + 1),
            execution_options={"synchronize_session": False},
        )
