"""Logs: an event with keys, and nothing that could name a person.

Three nets, one below the other: only keys on the list pass; libraries may speak from WARNING up;
and whatever a handler is about to write loses long runs of digits, mail addresses and tokens
(guarantees.md, G19). Exceptions are told by type and place, never by their text: a database's
complaint quotes the row.
"""

import logging
import re
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from typing import Any, Literal

import structlog

Level = Literal["DEBUG", "INFO", "WARNING", "ERROR"]

KEYS = frozenset(
    {
        "attempt", "audience", "branch", "channel", "claimed", "count", "day", "delivery", "door",
        "done", "event", "event_id", "exception", "job", "kind", "language", "level", "link",
        "logger", "messenger", "notice", "outcome", "point", "port", "process", "reason", "release",
        "room", "seal", "seconds", "slot", "state", "status", "step", "talk", "template", "timestamp",
        "turn", "update", "wait_seconds", "worker",
    }
)  # fmt: skip
"""Keys of ids, words of the trade, counts and times. A key that is not here is dropped, and named."""

_UUID = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}|\b[0-9a-f]{32}\b"
_SECRETS = re.compile(
    rf"(?P<id>{_UUID})"
    r"|\d{6,}:[A-Za-z0-9_-]{30,}"  # a bot's token, in a URL or alone
    r"|bk_[A-Za-z0-9_-]{20,}"  # a machine's key
    r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    r"|\+?\d{8,}"
)
_ROOMS = ("api", "bots", "notifier")
_HANDLED = ("aiogram", "aiohttp", "alembic", "apscheduler", "asyncio", "telegram", "uvicorn")
"""Libraries that may have handlers of their own, past which nobody looks."""


def redact(text: str) -> str:
    """Take out what may be a code, a phone, an address or a token; ids of ours stay."""
    return _SECRETS.sub(lambda found: found["id"] or "•••", text)


def setup(level: Level = "INFO", *, json: bool | None = None) -> None:
    """Let this process log to standard error: JSON lines, or plain ones on a terminal."""
    as_json = not sys.stderr.isatty() if json is None else json
    first: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _tell_place,
        _only_known_keys,
    ]
    last: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if as_json
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *first,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        _Redacting(
            foreign_pre_chain=first,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    # Whatever library there is: one of the drivers tells each statement with its values at DEBUG.
    root.setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level]))
    for name in _ROOMS:
        logging.getLogger(name).setLevel(level)
    for name in _HANDLED:
        library = logging.getLogger(name)
        library.setLevel(root.level)
        library.handlers.clear()
        library.propagate = True


class _Redacting(structlog.stdlib.ProcessorFormatter):
    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


def _tell_place(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    error = event.pop("exc_info", None)
    record = event.get("_record")
    if record is not None and record.exc_info:
        # A library's record: the formatter would print its text.
        error, record.exc_info, record.exc_text = record.exc_info, None, None
    if error is True:
        error = sys.exc_info()
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        event["exception"] = told(error)
    return event


def told(error: BaseException) -> str:
    """An exception by its type and the places it came through, innermost last."""
    frames = traceback.extract_tb(error.__traceback__)[-8:]
    places = " > ".join(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames)
    return f"{type(error).__module__}.{type(error).__qualname__} at {places}"


def _only_known_keys(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> Mapping[str, Any]:
    kept = {key: value for key, value in event.items() if key in KEYS or key.startswith("_")}
    dropped = sorted(set(event) - set(kept))
    if dropped:
        kept["reason"] = f"{kept.get('reason', '')} (keys not logged: {', '.join(dropped)})".strip()
    return kept
