"""A person's record, drawn as a picture and on paper, beside typst alone with its compiler kept.

What is measured: thirty years of a person, some of them missing, read from the store, worded in
Persian and drawn by the worker that the core keeps, one after the other; twenty people in turn, so
that nobody's sheet is one that the compiler still remembers. The limit is typst in the worker's
place: the same sources and words, nothing read, worded or handed over. CPU is of the core and of
its worker together. Bar: 25 ms of CPU for a paper; a picture, which has three pixels a point, has
none of its own.
"""

import asyncio
import json
import multiprocessing
import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any
from uuid import UUID

from api import db
from api.db import Store
from api.kit.calendar import Month
from api.kit.language import Language, open_catalogues
from api.kit.sealing import Keyring
from api.printing.printer import Printer, Sheet, typeset
from api.records import papers
from bench import _core, _stores
from tests.support import make

SHEETS = 50
TURNS = 3
YEARS = 30
FIRST_YEAR = 1375
PEOPLE = 20
MOST_CPU_MS = {"paper": 25.0}
_URL = "https://here.example/"

Word = Callable[[UUID], Sheet]


def run(*options: str) -> bool:
    """Print a line for each store and drawing; gives whether every bar was met."""
    asked = _stores.asked("record", options, sheets=SHEETS, turns=TURNS)
    db.use_keys(Keyring.new())
    open_catalogues()
    met = []
    with _stores.running(asked.store) as (folder, server):
        for name in asked.store:
            url = _stores.database(name, "record", folder, server)
            with _stores.opened([url]) as (store,):
                people = _invent(store)
                for drawing, word in _drawings(store).items():
                    line = asyncio.run(_measure(word, people, asked.sheets, asked.turns))
                    line["met"] = line["cpu_ms"] <= MOST_CPU_MS.get(drawing, float("inf"))
                    line = {"figure": "record", "store": name, "drawing": drawing, **line}
                    print(json.dumps(line), flush=True)
                    met.append(line["met"])
    return all(met)


def _invent(store: Store) -> list[UUID]:
    """Put so many years of each person on record, a month of each missing and one of a few days."""
    with store.writing("bench") as session:
        people = [make.person(session) for _number in range(PEOPLE)]
        for number, person in enumerate(people):
            missing, short = number % 12 + 1, (number + 2) % 12 + 1
            months = [
                Month(year, month)
                for year in range(FIRST_YEAR, FIRST_YEAR + YEARS)
                for month in range(1, 13)
                if month != missing
            ]
            days = {str(one): number + 1 if one.month == short else one.days for one in months}
            make.record(session, person, days)
        return [person.id for person in people]


def _drawings(store: Store) -> dict[str, Word]:
    given: dict[str, Any] = {"language": Language.FA, "now": make.NOW}

    def paper(person: UUID) -> Sheet:
        with store.reading() as session:
            return papers.paper(session, person_id=person, **given, public_url=_URL)

    def picture(person: UUID) -> Sheet:
        with store.reading() as session:
            return papers.picture(session, person_id=person, **given)

    return {"paper": paper, "picture": picture}


async def _measure(word: Word, people: Sequence[UUID], sheets: int, turns: int) -> dict[str, Any]:
    printer = Printer(seconds=60)
    same = [word(person) for person in people]
    said = [json.dumps(sheet.said, ensure_ascii=False) for sheet in same]
    first = same[0]
    made = await printer.made(first)
    typeset(first.drawing, first.kind, said[0])
    (worker,) = (child.pid for child in multiprocessing.active_children())
    assert worker is not None
    ours, wall, limit = [], [], []
    for _turn in range(turns):
        began, used = time.perf_counter(), time.process_time() + _core.cpu_seconds(worker)
        for sheet in range(sheets):
            await printer.made(word(people[sheet % PEOPLE]))
        wall.append((time.perf_counter() - began) / sheets)
        ours.append((time.process_time() + _core.cpu_seconds(worker) - used) / sheets)
        used = time.process_time()
        for sheet in range(sheets):
            typeset(first.drawing, first.kind, said[sheet % PEOPLE])
        limit.append((time.process_time() - used) / sheets)
    printer.close()
    return {
        "years": YEARS,
        "sheets": sheets,
        "kib": round(len(made) / 1024),
        "ms": round(median(wall) * 1000, 1),
        "cpu_ms": round(median(ours) * 1000, 1),
        "limit": "typst, compiler kept",
        "limit_cpu_ms": round(median(limit) * 1000, 1),
        "ratio_to_limit": round(median(a / b for a, b in zip(ours, limit, strict=True)), 2),
    }
