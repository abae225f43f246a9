"""The promises G1 to G20, the tests that prove each, and the page on which a run says what it found.

The one table of who proves what is in docs/architecture.md; whoever is named there is marked
`promise`, so that `make faults` runs it, and `--report FILE` writes the page when the run ends.
"""

import json
import os
import platform
import re
import subprocess
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_ROW = re.compile(r"^\| (G\d+) \| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)
_PROOF = re.compile(r"`(tests/[\w/]+\.py)?(?:::(\w+))?`")
_SENTENCE = re.compile(r"[^.;]*\bnot yet\b[^.;]*")


@dataclass(frozen=True)
class Promise:
    """One of guarantees.md. `proofs` are files or single tests; `missing` says what is not yet."""

    name: str
    says: str
    proofs: Collection[str]
    missing: str

    def is_proved_by(self, test: str) -> bool:
        """Whether a test, named without its parameters, is among the proofs."""
        return test in self.proofs or test.partition("::")[0] in self.proofs


@dataclass(frozen=True)
class Ran:
    """One test of a run, by its whole name; `told` is what it said of itself for the page."""

    name: str
    held: bool
    told: Sequence[str]

    @property
    def test(self) -> str:
        return self.name.partition("[")[0]


def table() -> Sequence[Promise]:
    """Read the promises and their proofs."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    return [
        Promise(name, says, _proofs(proved), _missing(f"{lives}. {proved}"))
        for name, says, lives, proved in _ROW.findall(page)
    ]


def _proofs(cell: str) -> Collection[str]:
    proofs, file = set(), ""
    for path, test in _PROOF.findall(cell):
        file = path or file
        if file:
            proofs.add(f"{file}::{test}" if test else file)
    return proofs


def _missing(cells: str) -> str:
    return "; ".join(found.strip(" –") for found in _SENTENCE.findall(cells))


def verdict(promise: Promise, ran: Iterable[Ran]) -> str:
    """Say what a run found out about one promise."""
    mine = [one for one in ran if promise.is_proved_by(one.test)]
    if broken := sorted({one.name for one in mine if not one.held}):
        return f"**broken**: {', '.join(f'`{name}`' for name in broken)}"
    asked = {proof for proof in promise.proofs for one in mine if one.test.startswith(proof)}
    said = []
    if mine:
        all_ran = len(asked) == len(promise.proofs)
        said.append("held" if all_ran else f"held by {len(asked)} of {len(promise.proofs)} proofs")
    elif promise.proofs:
        said.append("not asked in this run")
    if promise.missing:
        said.append(promise.missing)
    return "; ".join(said)


def all_parts(kept: Path, ran: Sequence[Ran], took: float) -> tuple[Sequence[Ran], float]:
    """Add a part of a run, and how many seconds it took, to those that are kept; gives them all."""
    part = {"took": took, "ran": [asdict(one) for one in ran]}
    with kept.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(part) + "\n")
    parts = [json.loads(line) for line in kept.read_text(encoding="utf-8").splitlines()]
    whole = [Ran(**one) for part in parts for one in part["ran"]]
    return whole, sum(part["took"] for part in parts)


def page(ran: Sequence[Ran], *, seed: str, took: float, at: datetime) -> str:
    """Write the page of a run, in Markdown."""
    broken = [one.name for one in ran if not one.held]
    lines = [
        "# What a run of the faults found",
        "",
        f"- seed: {seed} (`SEED={seed} make faults` plays it again)",
        f"- size: {os.environ.get('PART', '1')} of the whole (`PART`)",
        f"- machine: {machine()}",
        f"- release: {_release()}",
        f"- ended: {at:%Y-%m-%d %H:%M} UTC, after {took / 60:.0f} minutes",
        f"- tests: {len(ran)}, of which {len(broken)} failed",
        "",
        "| # | promise | verdict |",
        "| --- | --- | --- |",
        *(f"| {one.name} | {one.says} | {verdict(one, ran)} |" for one in table()),
    ]
    if broken:
        lines += ["", "## What failed", "", *(f"- `{name}`" for name in broken)]
    lines += ["", "## What each fault came to", "", "```"]
    lines += [told for one in ran for told in one.told]
    return "\n".join([*lines, "```", ""])


def machine() -> str:
    """Say on what it ran."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}"
    )


def _release() -> str:
    asked = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    return asked.stdout.strip() or "unknown"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--report", type=Path, help="Write what the run found to this file.")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "promise(name): proves a promise of docs/architecture.md.")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Mark the proofs, before any are chosen by their marks."""
    promises = table()
    for item in items:
        test = item.nodeid.partition("[")[0]
        for promise in promises:
            if promise.is_proved_by(test):
                item.add_marker(pytest.mark.promise(promise.name))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print what each fault came to, and write the page where one is asked for."""
    ran = _ran(terminalreporter.stats)
    for one in ran:
        for told in one.told:
            terminalreporter.write_line(told)
    file: Path | None = config.getoption("--report")
    if file is None:
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    at = datetime.now(UTC)
    took = at.timestamp() - terminalreporter._session_start.time
    seed = os.environ.get("SEED", "1405")
    whole, took = all_parts(file.with_suffix(".jsonl"), ran, took)
    file.write_text(page(whole, seed=seed, took=took, at=at), encoding="utf-8")
    terminalreporter.write_line(f"The page of this run: {file}")


def _ran(stats: Mapping[str, Sequence[object]]) -> Sequence[Ran]:
    """Gather the tests of a run: one that failed anywhere has failed."""
    found: dict[str, Ran] = {}
    for outcome in ("passed", "failed", "error"):
        for report in stats.get(outcome, ()):
            if not isinstance(report, pytest.TestReport):
                continue
            told = [str(words) for name, words in report.user_properties if name == "told"]
            before = found.get(report.nodeid)
            found[report.nodeid] = Ran(
                report.nodeid,
                held=outcome == "passed" and (before is None or before.held),
                told=told or (before.told if before else ()),
            )
    return [found[name] for name in sorted(found)]
