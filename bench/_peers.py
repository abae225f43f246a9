"""Queues of others, run beside ours where they can be imported; they are in no lock file.

To have it beside: `pip install pgqueuer` into the environment of the bench.
"""

import json
import time
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import aiohttp
import psycopg

from api import db


def absent(name: str) -> bool:
    """Whether a peer cannot be imported here."""
    return find_spec(name) is None


async def pgqueuer(url: str, root: str, count: int, places: int) -> tuple[float, float]:
    """Send so many messages by PgQueuer, each kept as a row; gives messages a second, CPU ms each.

    A job is claimed by it in batches of `places`, posted, and its outcome inserted.
    """
    drivers: Any = import_module("pgqueuer.db")
    queuers: Any = import_module("pgqueuer")
    types: Any = import_module("pgqueuer.types")
    plain = url.replace("+psycopg", "")
    async with (
        await psycopg.AsyncConnection.connect(plain, autocommit=True) as connection,
        await psycopg.AsyncConnection.connect(plain, autocommit=True) as rows,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session,
    ):
        queuer = queuers.PgQueuer(drivers.PsycopgDriver(connection))
        queries = queuer.qm.queries
        await queries.install()
        await rows.execute("CREATE TABLE sent (id UUID PRIMARY KEY, provider_id TEXT)")

        async def send(job: Any) -> None:
            form = {"receptor": f"09{int(job.id):09d}", "message": job.payload.decode()}
            async with session.post(f"{root}/v1/key/sms/send.json", data=form) as answer:
                told = json.loads(await answer.read())
            await rows.execute(
                "INSERT INTO sent VALUES (%s, %s)",
                (db.new_id(), told["entries"][0]["messageid"]),
            )

        queuer.entrypoint("send")(send)
        await queries.enqueue(["send"] * count, [b"text"] * count, [0] * count)
        began, cpu = time.perf_counter(), time.process_time()
        await queuer.qm.run(
            batch_size=places, mode=types.QueueExecutionMode.drain, max_concurrent_tasks=2 * places
        )
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
        kept = await (await rows.execute("SELECT count(*) FROM sent")).fetchone()
    if kept != (count,):
        raise RuntimeError(f"{kept} of {count} were sent")
    return count / seconds, cpu / count * 1000
