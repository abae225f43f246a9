"""The page of a run: a verdict for each promise, from the tests that ran and the one table."""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support import promises
from tests.support.promises import Promise, Ran

ROOT = Path(__file__).resolve().parent.parent
PROMISE = Promise("G1", "nothing is lost", {"tests/a.py::test_one", "tests/b.py"}, "")
ONE = Ran("tests/a.py::test_one[sqlite]", held=True, told=())
TWO = Ran("tests/b.py::test_two", held=True, told=())


def test_there_are_twenty_promises_and_each_is_proved_or_says_why_not():
    table = promises.table()
    assert [one.name for one in table] == [f"G{number}" for number in range(1, 21)]
    assert [one.name for one in table if not one.proofs and not one.missing] == []


@pytest.mark.parametrize(
    ("ran", "said"),
    [
        ([ONE, TWO], "held"),
        ([ONE], "held by 1 of 2 proofs"),
        ([ONE, Ran(TWO.name, held=False, told=())], "**broken**: `tests/b.py::test_two`"),
        ([Ran("tests/c.py::test_one", held=False, told=())], "not asked in this run"),
    ],
)
def test_a_verdict_is_of_the_proofs_that_ran(ran: Sequence[Ran], said: str):
    assert promises.verdict(PROMISE, ran) == said


def test_what_is_not_yet_is_said_with_the_verdict():
    missing = "A second provider: not yet"
    assert promises.verdict(Promise("G9", "", PROMISE.proofs, missing), [ONE, TWO]) == (
        f"held; {missing}"
    )
    assert promises.verdict(Promise("G9", "", (), missing), []) == missing


def test_the_parts_of_a_run_make_one_page(tmp_path: Path):
    kept = tmp_path / "report.jsonl"
    assert promises.all_parts(kept, [ONE], 60) == ([replace(ONE, told=[])], 60)
    whole, took = promises.all_parts(kept, [TWO], 30)
    assert ([one.name for one in whole], took) == ([ONE.name, TWO.name], 90)


def test_a_run_ends_with_a_page(tmp_path: Path):
    proof = min(promises.table()[3].proofs)
    file, _, name = proof.partition("::")
    test = tmp_path / file
    test.parent.mkdir(parents=True)
    test.write_text(
        f"def {name}(record_property):\n    record_property('told', 'a slot, seed 7')\n"
        "def test_of_no_promise(): raise AssertionError\n",
        encoding="utf-8",
    )
    page = tmp_path / "var" / "report.md"
    run = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "tests.support.promises"),
            *("--noconftest", "-c", "/dev/null", f"--rootdir={tmp_path}"),
            *("-m", "promise", f"--report={page}", str(tmp_path)),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={"SEED": "7", "PATH": "/usr/bin:/bin", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )
    assert run.returncode == 0, run.stdout + run.stderr
    written = page.read_text(encoding="utf-8")
    assert "- seed: 7 " in written
    assert "- tests: 1, of which 0 failed" in written
    assert "a slot, seed 7" in written
    verdicts = [line for line in written.splitlines() if line.startswith("| G")]
    assert len(verdicts) == 20
    assert "held by 1 of" in verdicts[3]
    assert "not asked in this run" in verdicts[0]
