"""Each figure runs at its smallest and prints lines of one shape; what it measures is no test."""

import ast
import json
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from api import db
from api.kit import logs
from bench import __main__ as benches
from bench import _core, _outside, _peers, chat, dispatch, plan

ROOT = Path(benches.__file__).parent
Lines = list[dict[str, Any]]


@pytest.fixture
def measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Lines]:
    """Run a figure within this process, whose keys and logs stay as they are; gives its lines."""
    monkeypatch.setattr(db, "use_keys", lambda _ring: None)
    monkeypatch.setattr(logs, "setup", lambda _level: None)
    monkeypatch.setattr(plan, "collect_rarely", lambda: None)
    monkeypatch.setattr(plan, "_WORKSHOPS", 2)
    monkeypatch.setattr(dispatch, "PEOPLE", 3)

    def run(name: str, *options: str) -> Lines:
        import_module(f"bench.{name}").run(*options)
        out = capsys.readouterr().out.splitlines()
        lines: Lines = [json.loads(line) for line in out if line.startswith("{")]
        assert all(line["figure"] == name for line in lines)
        assert all(isinstance(line["met"], bool) for line in lines)
        return lines

    return run


@pytest.mark.parametrize("name", benches.FIGURES)
def test_every_figure_can_be_run_and_says_what_it_measures(name: str) -> None:
    # Read, not imported: the libraries of some take seconds.
    read = ast.parse((ROOT / f"{name}.py").read_text(encoding="utf-8"))
    assert ast.get_docstring(read)
    assert "run" in {one.name for one in read.body if isinstance(one, ast.FunctionDef)}


def test_an_unknown_figure_names_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert benches.main(["speed"]) == 2
    assert "dispatch" in capsys.readouterr().out


def test_words_are_measured_beside_the_same_words(measured: Callable[..., Lines]) -> None:
    lines = measured("render", "--messages", "40", "--turns", "1")
    assert [line["channel"] for line in lines] == ["chat", "sms"]


def test_a_hop_is_measured_beside_a_bare_call(measured: Callable[..., Lines]) -> None:
    lines = measured("hop", "--calls", "50", "--turns", "1")
    assert {(line["what"], line["at_once"]) for line in lines} == {
        ("question", 1), ("change", 1), ("question", 50), ("change", 50),
    }  # fmt: skip


@pytest.mark.parametrize(("by", "crowds"), [("http", ["0", "30"]), ("smtp", ["0"])])
def test_the_way_to_a_provider_is_measured_with_a_crowd_and_without(
    measured: Callable[..., Lines], by: str, crowds: list[str]
) -> None:
    lines = measured(
        "dispatch", "--store", "sqlite", "--by", by, "--messages", "20", "--turns", "1",
        "--latency", "0", "--waiting", *crowds,
    )  # fmt: skip
    assert [str(line["waiting"]) for line in lines] == crowds
    assert all(line["per_s"] > 0 for line in lines)


def test_planning_is_measured_beside_a_copy_of_the_same_rows(
    measured: Callable[..., Lines],
) -> None:
    [line] = measured("plan", "--store", "sqlite", "--debts", "60", "--due", "20")
    assert (line["posted"], line["again_posted"]) == (20, 0)


def test_a_peer_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pgqueuer", None)
    assert _peers.absent("pgqueuer")
    assert not _peers.absent("json")


@pytest.mark.parametrize(
    ("head", "rest", "cut"),
    [
        (b"POST /x HTTP/1.1\r\nContent-Length: 3", b"abcd", (b"abc", b"d")),
        (b"POST /x HTTP/1.1\r\nContent-Length: 3", b"ab", (None, b"ab")),
        (b"GET /x HTTP/1.1", b"GET", (b"", b"GET")),
    ],
)
def test_a_messenger_of_bytes_waits_for_a_whole_request(head, rest, cut) -> None:
    assert _outside._body(head, rest) == cut


def test_a_messenger_of_bytes_reads_the_chat_of_each_shape() -> None:
    form = b'--x\r\nContent-Disposition: form-data; name="chat_id"\r\n\r\n70\r\n--x--'
    for body in (form, b'{"chat_id": 70, "text": "x"}', b'{"chat_id":"70"}', b"text=x&chat_id=70"):
        found = chat._CHAT_ID.search(body)
        assert found is not None
        assert found[1] == b"70"


def test_a_free_port_is_given() -> None:
    assert 0 < _core.port() < 65_536
