"""Logs name nobody."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from api.kit import logs
from tests.support import watch

TOKEN = "7123456789:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc"
CANARIES = (
    "0012345679",
    "+989121234567",
    "۰۹۱۲۱۲۳۴۵۶۷",
    TOKEN,
    "mina@example.ir",
    "bk_" + "x" * 43,
)


class Output:
    """What was written, by line."""

    def __init__(self, stream: io.StringIO) -> None:
        self.stream = stream

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def last(self) -> dict[str, Any]:
        line: dict[str, Any] = json.loads(self.text.splitlines()[-1])
        return line


@pytest.fixture
def output(monkeypatch: pytest.MonkeyPatch) -> Iterator[Output]:
    """Logging set up as in a process, and put back as it was."""
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    logs.setup("DEBUG", json=True)
    yield Output(stream)
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def test_event_is_written_with_its_keys(output: Output):
    structlog.get_logger("notifier.postman").info("delivery.sent", channel="sms", notice="n1")
    line = output.last
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "delivery.sent",
        "channel": "sms",
        "notice": "n1",
        "level": "info",
        "logger": "notifier.postman",
    }


def test_key_that_is_not_on_the_list_is_dropped_and_named(output: Output):
    structlog.get_logger("api.trial").info(
        "person.found", phone="+989121234567", name="مینا", count=1
    )
    assert output.last["count"] == 1
    assert "phone" not in output.last
    assert output.last["reason"] == "(keys not logged: name, phone)"
    assert "مینا" not in output.text


@pytest.mark.parametrize("canary", CANARIES)
def test_canary_is_taken_out_of_whatever_is_written(output: Output, canary: str):
    structlog.get_logger("api.trial").warning(f"met {canary}", reason=f"x={canary}")
    logging.getLogger("some.library").warning("calling /bot%s/getMe for %s", canary, canary)
    for form in (canary, canary.removeprefix("+")):
        assert form not in output.text
    assert "•••" in output.text


def test_ids_of_ours_stay(output: Output):
    ids = ("01890a5d-ac96-774b-bcce-b302099a8057", "0" * 8 + "1234" * 6)
    for one in ids:
        structlog.get_logger("api.trial").info("notice.posted", notice=one)
        assert output.last["notice"] == one


@pytest.mark.parametrize("canary", CANARIES)
def test_exception_is_told_by_type_and_place(output: Output, canary: str):
    def breaks() -> None:
        raise ValueError(f"row (مینا, {canary}) is in the way")

    for tell in (
        structlog.get_logger("api.trial").exception,
        logging.getLogger("some.library").exception,
    ):
        try:
            breaks()
        except ValueError:
            tell("door.fault")
        assert output.last["exception"].startswith("builtins.ValueError at ")
        assert "in the way" not in output.text
        assert output.last["exception"].endswith("breaks")


def test_libraries_speak_from_warning_up(output: Output):
    for name in ("httpx", "aiogram.event", "uvicorn.access", "aiosqlite", "of.nobody.we.know"):
        logging.getLogger(name).info("GET https://api.telegram.org/bot%s/getMe", TOKEN)
    assert output.text == ""
    logging.getLogger("aiogram.event").warning("slow")
    assert output.last["event"] == "slow"


def test_terminal_gets_plain_lines(monkeypatch: pytest.MonkeyPatch, output: Output):
    monkeypatch.setattr("sys.stderr", output.stream)
    logs.setup("INFO", json=False)
    structlog.get_logger("api.web").info("web.ready", port=8000)
    assert "web.ready" in output.text
    assert "port=8000" in output.text


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("code 0012345679 came", "a national code"),
        ("+989121234567", "a phone"),
        ("to=09121234567", "a phone"),
        ("6037997599999993", "a card"),
        (f"POST /bot{TOKEN}/getMe", "a secret"),
        ("bk_" + "x" * 43, "a secret"),
        ("to mina@example.ir", "an address"),
        ("said سلام", "words of a person"),
    ],
)
def test_watch_over_the_suite_sees_what_is_a_persons(line: str, kind: str):
    assert kind in set(watch.found_in(line))


def test_watch_over_the_suite_passes_what_is_ours():
    line = '{"event": "delivery.sent", "notice": "01a208e9-a8e1-7c66-9283-dea1cf6b15fc", "seconds": 0.125, "timestamp": "2026-12-02T06:30:00.000000Z"}'
    assert not set(watch.found_in(line))
