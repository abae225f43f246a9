"""Another process that writes beside a set, and how long it waited: nobody is to feel a long job."""

import multiprocessing
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from statistics import quantiles

from sqlalchemy import text

from api import db


class Writer:
    """Writes a small row fifty times a second while it is entered; `stop` tells what each took."""

    def __init__(self, url: str) -> None:
        # A fresh process: a forked one would share the connections of this one.
        world = multiprocessing.get_context("spawn")
        self._here, there = world.Pipe()
        self._process = world.Process(target=_write, args=(url, there), daemon=True)

    def __enter__(self) -> "Writer":
        self._process.start()
        self._here.recv()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.join(30)
        self._process.kill()

    def stop(self) -> list[float]:
        """Stop writing; gives the seconds of each write."""
        self._here.send("stop")
        waits: list[float] = self._here.recv()
        return waits


def p99_ms(waits: Sequence[float]) -> float:
    """The slowest hundredth in milliseconds; the slowest of a few."""
    slow = quantiles(waits, n=100)[98] if len(waits) > 1 else max(waits, default=0.0)
    return round(slow * 1000, 1)


def _write(url: str, there: Connection) -> None:
    store = db.open_store(url, size=1)
    with store.writing("bench") as session:
        session.execute(text("CREATE TABLE bench_beats (at FLOAT)"))
    waits: list[float] = []
    there.send("ready")
    while not there.poll(0.02):
        began = time.perf_counter()
        with store.writing("bench") as session:
            session.execute(text("INSERT INTO bench_beats VALUES (:at)"), {"at": began})
        waits.append(time.perf_counter() - began)
    there.send(waits)
