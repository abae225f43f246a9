"""What an operator types: the answer is a line, never a traceback."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from api import db, events
from api.__main__ import main
from api.commands import opening, release, troubles
from api.commands.load import columns
from api.db import BadStore
from api.debts.events import DebtsClosed
from api.errors import Conflict
from api.kit.sealing import Keyring
from api.kit.slices import Registered
from api.organisation import service as organisation
from api.organisation.models import RuleTable
from api.organisation.refusals import NoRule
from tests.conftest import new_database
from tests.support import core

ROOT = Path(__file__).parents[3]
LOOK_AT_HELP = """
import atexit, sys
atexit.register(lambda: print(*sys.modules))
sys.argv[1:] = ["--help"]
from api.__main__ import main
main()
"""


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str


Run = Callable[..., Done]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """Type `python -m api …` with these settings and no others."""
    before = db.keys()

    def typed(*arguments: str, **environment: str) -> Done:
        for name in [name for name in os.environ if name.startswith("API_")]:
            monkeypatch.delenv(name)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["api", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return Done(int(ended.value.code or 0), out, err)

    yield typed
    db.use_keys(before)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Settings of a migrated store with its keys."""
    folder = tmp_path_factory.mktemp("desk")
    url = f"sqlite:///{folder / 'core.db'}"
    with opening.unmigrated(core.settings(database_url=url)) as store:
        release.migrate(store)
    Keyring.new().save(folder / "keys.json")
    return {
        "API_DATABASE_URL": url,
        "API_KEYS": str(folder / "keys.json"),
        "API_BOTS_KEY": core.BOTS_KEY,
    }


def refused(done: Done, told: str) -> None:
    assert (done.code, done.out) == (2, "")
    assert told in done.err
    assert done.err.count("\n") == 1


def test_help_names_the_commands_and_loads_nothing_heavy():
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            LOOK_AT_HELP,
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for name in ("serve", "migrate", "load", "keys", "machines"):
        assert name in done
    heavy = {"sqlalchemy", "fastapi", "pydantic", "cryptography", "alembic", "babel"}
    assert not heavy & set(done.split())


def test_file_is_loaded_again_and_in_part(run, desk, tmp_path):
    file = tmp_path / "holidays.csv"
    file.write_text("day,name\n1406/01/01,نوروز\n", encoding="utf-8")
    load = ("load", "holidays", str(file))
    # No terminal, no progress bar.
    assert run(*load, **desk) == Done(0, "loaded 1, unchanged 0, refused 0\n", "")
    assert run(*load, **desk) == Done(0, "loaded 0, unchanged 1, refused 0\n", "")
    file.write_text("day,name\n1406/01/01,نوروز\n1406/13/01,x\n", encoding="utf-8")
    assert run(*load, **desk) == Done(
        1, f"loaded 0, unchanged 1, refused 1 → {file}.refused.csv\n", ""
    )


def test_debt_that_is_closed_by_a_load_is_heard_of(run, desk, tmp_path, monkeypatch):
    file = tmp_path / "debts.csv"
    file.write_text(columns("debts") + "\n", encoding="utf-8")
    monkeypatch.setattr(events, "_who_hears", {})
    assert run("load", "debts", str(file), **desk).code == 0
    assert events._who_hears[DebtsClosed]


def test_migrate_is_safe_to_run_again(run, desk):
    done = run("migrate", **desk)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("migrated; rule tables: loaded 0, unchanged ")


def test_operators_rules_outlive_the_next_migrate(run, desk, tmp_path):
    (tmp_path / "own.toml").write_text(
        'name = "debt_fines"\n[[versions]]\nvalid_from = "1373/01/01"\nsource = "ours"\n'
        "[versions.body]\nlate_payment_percent_per_month = 3\n",
        encoding="utf-8",
    )
    assert run("rules", str(tmp_path), **desk).out == "rule tables: loaded 1, unchanged 0\n"
    assert run("migrate", **desk).out.startswith("migrated; rule tables: loaded 0, unchanged ")
    store = db.open_store(desk["API_DATABASE_URL"])
    with store.reading() as session:
        (version,) = organisation.versions_of(session, "debt_fines")
    store.bind.engine.dispose()
    assert version.source == "ours"


def test_header_needs_no_settings(run):
    assert run("load", "holidays", "--header") == Done(0, "day,name\n", "")


@pytest.mark.parametrize(
    ("arguments", "changed", "told"),
    [
        (["migrate"], {"API_DATABASE_URL": ""}, "API_DATABASE_URL"),
        (["load", "people", "x.csv"], {}, "x.csv cannot be read"),
        (["load", "people"], {}, "Name the file"),
        (["load", "horses", "x.csv"], {}, "There is no kind 'horses'"),
        (["load", "people", "x.csv"], {"API_KEYS": "/nowhere/keys"}, "make one with"),
        (["keys", "rotate"], {"API_KEYS": "/nowhere/keys"}, "make one with"),
        (["rules", "/nowhere"], {}, "There is no rule file"),
        (["machines", "end", "nobody"], {}, "No key of the name 'nobody' is in use."),
        (
            ["machines", "add", "registry", "--scope", "horses"],
            {},
            "There is no scope 'horses': say one of contracts, debts.",
        ),
    ],
)
def test_what_cannot_be_done_is_told_in_one_sentence(run, desk, arguments, changed, told):
    refused(run(*arguments, **{**desk, **changed}), told)


def test_database_that_is_not_migrated_is_told_in_one_sentence(run, desk, tmp_path):
    empty = {**desk, "API_DATABASE_URL": f"sqlite:///{tmp_path / 'empty.db'}"}
    refused(run("load", "people", "x.csv", **empty), "run `python -m api migrate`")


def test_keys_are_made_rotated_and_never_overwritten(run, desk, tmp_path):
    path = str(tmp_path / "keys.json")
    assert run("keys", "new", path).code == 0
    refused(run("keys", "new", path), "is there already")
    rotated = run("keys", "rotate", **desk)
    assert (rotated.code, rotated.out.partition(":")[0]) == (0, "new key in use")
    assert len(Keyring.load(Path(desk["API_KEYS"])).sealing) == 2


def test_machine_is_given_a_key_once(run, desk):
    added = run("machines", "add", "registry", "--scope", "debts", **desk)
    assert added.out.startswith("bk_")
    refused(
        run("machines", "add", "registry", "--scope", "debts", **desk),
        "There is a key of the name 'registry' already: end it first",
    )
    assert run("machines", "end", "registry", **desk).code == 0
    again = run("machines", "add", "registry", "--scope", "debts", **desk)
    assert again.out.startswith("bk_")
    assert again.out != added.out


SETTINGS = {
    "API_DATABASE_URL": "sqlite:///x",
    "API_KEYS": "keys.json",
    "API_BOTS_KEY": core.BOTS_KEY,
}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"API_DATABASE_URL": None}, "API_DATABASE_URL is not set: write sqlite:///"),
        ({"API_KEYS": None}, "API_KEYS is not set: name the key file"),
        ({"API_BOTS_KEY": None}, "API_BOTS_KEY is not set"),
        ({"API_BOTS_KEY": "short"}, "API_BOTS_KEY is wrong"),
        ({"API_PORT": "http"}, "API_PORT is wrong"),
        ({"API_LOG_LEVEL": "LOUD"}, "API_LOG_LEVEL is wrong"),
    ],
)
def test_missing_or_wrong_setting_is_named(monkeypatch, changed, told):
    for name, value in {**SETTINGS, **changed}.items():
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    with pytest.raises(troubles.CannotDo, match=told) as refused:
        troubles.settings()
    assert "short" not in str(refused.value)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OperationalError("SELECT 1", {}, Exception("disk is full\nmore")), "(disk is full)"),
        (NoRule(name="fees", day="2026-01-01"), "refused: no rule (name fees, day 2026-01-01)."),
        (Conflict(), "This is refused: conflict."),
        (BadStore("The store."), "The store."),
    ],
)
def test_trouble_that_was_foreseen_is_a_sentence(error, told):
    sentence = troubles.sentence(error)
    assert sentence is not None
    assert told in sentence
    assert "\n" not in sentence


def test_trouble_that_nobody_foresaw_is_seen():
    assert troubles.sentence(ZeroDivisionError()) is None


def test_store_that_cannot_be_reached_is_refused(tmp_path):
    settings = core.settings(database_url=f"sqlite:///{tmp_path}/no/such/folder/core.db")
    with pytest.raises(BadStore, match="cannot be reached"), opening.unmigrated(settings):
        pass


def test_release_brings_an_empty_store_up_and_does_nothing_more(request, dialect, tmp_path):
    settings = core.settings(database_url=new_database(request, dialect, tmp_path))
    with opening.unmigrated(settings) as store:
        first = release.migrate(store)
        again = release.migrate(store)
        with store.reading() as session:
            kept = session.scalars(select(RuleTable)).all()
    assert first.loaded == len(kept) > 0
    assert again == Registered(0, len(kept))
