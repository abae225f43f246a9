"""The sandbox's memory: one small SQLite file, or none on disk at all."""

import json
import sqlite3
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS messages (
    bot TEXT, message_id INTEGER, chat_id INTEGER, mine INTEGER, body TEXT, deleted INTEGER DEFAULT 0,
    PRIMARY KEY (bot, message_id)
);
CREATE INDEX IF NOT EXISTS messages_of_chat ON messages (bot, chat_id, message_id);
CREATE TABLE IF NOT EXISTS updates (
    update_id INTEGER PRIMARY KEY AUTOINCREMENT, bot TEXT, body TEXT
);
CREATE INDEX IF NOT EXISTS updates_of_bot ON updates (bot, update_id);
CREATE TABLE IF NOT EXISTS callbacks (
    id TEXT PRIMARY KEY, bot TEXT, chat_id INTEGER, message_id INTEGER, answered INTEGER DEFAULT 0,
    text TEXT, alert INTEGER DEFAULT 0
);
CREATE TABLE IF NOT EXISTS blocks (bot TEXT, user_id INTEGER, PRIMARY KEY (bot, user_id));
CREATE TABLE IF NOT EXISTS facts_of_bot (bot TEXT, name TEXT, body TEXT, PRIMARY KEY (bot, name));
CREATE TABLE IF NOT EXISTS files (
    number INTEGER PRIMARY KEY AUTOINCREMENT, file_id TEXT UNIQUE, path TEXT, name TEXT, mime TEXT,
    width INTEGER, height INTEGER, data BLOB
);
CREATE TABLE IF NOT EXISTS sms (
    messageid INTEGER PRIMARY KEY AUTOINCREMENT, localid TEXT UNIQUE, receptor TEXT, sender TEXT,
    message TEXT, parts INTEGER, cost INTEGER, date INTEGER, outcome TEXT, final_at REAL, reported INTEGER DEFAULT 0
);
CREATE INDEX IF NOT EXISTS sms_of_phone ON sms (receptor, messageid);
CREATE INDEX IF NOT EXISTS sms_to_report ON sms (final_at) WHERE NOT reported;
CREATE TABLE IF NOT EXISTS sms_inbound (
    messageid INTEGER PRIMARY KEY AUTOINCREMENT, phone TEXT, receiver TEXT, message TEXT, date INTEGER, handed INTEGER
);
CREATE TABLE IF NOT EXISTS sms_outcomes (phone TEXT PRIMARY KEY, outcome TEXT, delay_ms INTEGER);
CREATE TABLE IF NOT EXISTS mail (
    id INTEGER PRIMARY KEY AUTOINCREMENT, address TEXT, sender TEXT, subject TEXT, message_id TEXT,
    date INTEGER, headers TEXT, text TEXT, html TEXT
);
CREATE INDEX IF NOT EXISTS mail_of_address ON mail (address, id);
CREATE TABLE IF NOT EXISTS payments (
    reference INTEGER PRIMARY KEY AUTOINCREMENT, authority TEXT UNIQUE, merchant TEXT, amount INTEGER,
    order_id TEXT, callback TEXT, description TEXT, mobile TEXT, state TEXT, asked_at REAL,
    paid INTEGER DEFAULT 0, paid_at REAL DEFAULT 0, verified_at REAL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS payments_by_state ON payments (state, paid_at);
CREATE TABLE IF NOT EXISTS log (seq INTEGER PRIMARY KEY AUTOINCREMENT, service TEXT, body TEXT);
"""
TABLES = (
    "messages",
    "updates",
    "callbacks",
    "blocks",
    "files",
    "sms",
    "sms_inbound",
    "sms_outcomes",
    "mail",
    "payments",
    "log",
)


class Store:
    """Rows of the outside world. Every call is its own transaction, durable past a kill of the process.

    It is not synced to the disk: a desk may forget its last second when the power goes.
    """

    def __init__(self, path: Path | None) -> None:
        self._db = sqlite3.connect(path or ":memory:", isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = OFF")
        self._db.executescript(SCHEMA)

    def do(self, sql: str, *values: Any) -> int:
        """Run one statement and answer the row id of an insert."""
        return self._db.execute(sql, values).lastrowid or 0

    def changed(self, sql: str, *values: Any) -> int:
        """Run one statement and answer how many rows it changed."""
        return self._db.execute(sql, values).rowcount

    def rows(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        return self._db.execute(sql, values).fetchall()

    def row(self, sql: str, *values: Any) -> sqlite3.Row | None:
        found: sqlite3.Row | None = self._db.execute(sql, values).fetchone()
        return found

    def empty(self) -> None:
        """Forget everything that happened. Numbers go on where they were, and bots keep their settings."""
        for table in TABLES:
            self._db.execute(f"DELETE FROM {table}")  # noqa: S608  Names of our own, above.

    def close(self) -> None:
        self._db.close()


def dump(value: Any) -> str:
    """Answer `value` as compact JSON in readable letters."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
