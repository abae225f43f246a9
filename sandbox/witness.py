"""The sandbox's own log: every call it met, in order, to be held against the rooms' tables."""

import json
import time
from pathlib import Path
from typing import Any

from sandbox.changes import Changes
from sandbox.store import Store, dump


class Witness:
    """An append-only log. Its numbers grow without gaps while the store lives."""

    def __init__(self, store: Store, changes: Changes, *, file: Path | None) -> None:
        self._store = store
        self._changes = changes
        # Opened once: a line per accepted call at a thousand calls a second.
        self._file = file.open("a", encoding="utf-8") if file else None

    def add(
        self,
        service: str,
        call: str,
        *,
        accepted: bool,
        address: str = "",
        text: str = "",
        reference: str = "",
        result: Any = None,
    ) -> int:
        """Write one line and answer its number.

        `reference` is the client's own (localid, Message-ID) or the message number where there is none.
        """
        body = {
            "time": round(time.time(), 3),
            "service": service,
            "call": call,
            "accepted": accepted,
            "address": address,
            "text": text,
            "reference": reference,
            "result": result,
        }
        seq = self._store.do("INSERT INTO log (service, body) VALUES (?, ?)", service, dump(body))
        if self._file:
            self._file.write(dump({"seq": seq, **body}) + "\n")
            self._file.flush()
        self._changes.touch()
        return seq

    def read(self, *, service: str | None, since: int, limit: int) -> list[dict[str, Any]]:
        """Answer the lines after `since`, oldest first."""
        return [
            {"seq": row["seq"], **json.loads(row["body"])}
            for row in self._store.rows(
                "SELECT seq, body FROM log WHERE seq > ? AND (? IS NULL OR service = ?) ORDER BY seq LIMIT ?",
                since,
                service,
                service,
                limit,
            )
        ]

    def tail(self, last: int) -> list[dict[str, Any]]:
        """Answer the last lines, oldest first."""
        rows = self._store.rows("SELECT seq, body FROM log ORDER BY seq DESC LIMIT ?", last)
        return [{"seq": row["seq"], **json.loads(row["body"])} for row in reversed(rows)]

    def close(self) -> None:
        if self._file:
            self._file.close()
