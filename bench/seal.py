"""The sealer: entries numbered and chained a second, beside a bare bulk insert of the same rows.

What is measured, on each store: the job `seal` slice by slice without the pauses between, over so
many entries (`--entries 100000`, unless told), then a check of the whole trail in the store, its
export written on the way, and a check of the export without the store. Bars: 0.1 of the limit; a
check that finds nothing, of all rows.
"""

import argparse
import json
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Table, insert

from api import db
from api.audit import reading, sealing, telling
from api.audit.models import Entry
from api.audit.telling import Writer
from api.db import Store
from api.kit.calendar import today
from api.kit.sealing import Keyring
from api.kit.slices import SIZE
from bench import _stores
from tests.support import postgres

ENTRIES = 100_000
LEAST_OF_LIMIT = 0.1


def run(*options: str) -> bool:
    """Print a line for each store; gives whether every bar was met."""
    given = argparse.ArgumentParser(prog="python -m bench seal")
    given.add_argument("--entries", type=int, default=ENTRIES)
    given.add_argument("--store", choices=_stores.STORES, default=None)
    asked = given.parse_args(options)
    db.use_keys(Keyring.new())
    met = []
    with tempfile.TemporaryDirectory() as folder, postgres.running() as server:
        for name in [asked.store] if asked.store else _stores.STORES:
            with _stores.opened([_stores.database(name, "hub", Path(folder), server)]) as (store,):
                line = _measure(name, store, asked.entries, Path(folder) / f"{name}.jsonl")
            print(json.dumps(line), flush=True)
            met.append(line["met"])
    return all(met)


def _measure(name: str, store: Store, count: int, file: Path) -> dict[str, Any]:
    inserting = sealed = 0.0
    for begun in range(0, count, SIZE):
        rows = [_entry(begun + place) for place in range(min(SIZE, count - begun))]
        began = time.perf_counter()
        with store.writing("bench") as session:
            session.execute(insert(cast("Table", Entry.__table__)), rows)
        inserting += time.perf_counter() - began
    now = datetime.now(UTC)
    began, used = time.perf_counter(), time.process_time()
    after: str | None = ""
    while after is not None:
        with store.writing("bench") as session:
            after = sealing.seal(session, slot=today(now), after=after, now=now).after
    sealed, used = time.perf_counter() - began, time.process_time() - used
    began = time.perf_counter()
    with store.reading() as session, file.open("w", encoding="utf-8") as lines:
        report = reading.check(session, [], Writer(lines))
    checked = time.perf_counter() - began
    began = time.perf_counter()
    with file.open(encoding="utf-8") as lines:
        apart = telling.check(lines, [])
    checked_apart = time.perf_counter() - began
    rate, limit = count / sealed, count / inserting
    return {
        "figure": "seal",
        "store": name,
        "entries": count,
        "rows_per_s": round(rate),
        "cpu_us_a_row": round(used / count * 1e6, 1),
        "limit": "bare bulk insert of the same rows",
        "limit_rows_per_s": round(limit),
        "ratio_to_limit": round(rate / limit, 2),
        "checked_and_exported_rows_per_s": round(count / checked),
        "checked_offline_rows_per_s": round(count / checked_apart),
        "met": rate >= LEAST_OF_LIMIT * limit
        and report.is_whole
        and apart.is_whole
        and report.sealed == apart.sealed == count,
    }


def _entry(number: int) -> dict[str, Any]:
    return {
        "id": db.new_id(),
        "at": datetime.now(UTC),
        "actor": f"person:{number:032x}",
        "verb": "chat_linked",
        "subject": f"link:{number:032x}",
        "detail": {"messenger": "telegram", "phone_registered": True},
    }
