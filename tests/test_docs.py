"""The pages keep their word: what docs, README and CONTRIBUTING name is there, and every setting is named."""

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer
from pydantic import SecretStr
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings

from api import settings as api
from api.portal import answering
from bots import settings as bots
from notifier import settings as notifier
from notifier.channels.settings import AUDIENCES, ChannelSettings, SmsSettings
from notifier.channels.smpp.settings import SmppSettings
from sandbox.__main__ import cli as sandbox

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
CONFIGURATION = DOCS / "configuration.md"
DEPLOYMENT = sorted(path for path in (DOCS / "deployment").rglob("*") if path.is_file())
DECISIONS = sorted((DOCS / "decisions").glob("0*.md"))
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "sandbox" / "README.md",
    *sorted(DOCS.rglob("*.md")),
]
ROOMS = (api.Settings, notifier.CoreSettings, notifier.Settings, bots.Settings, ChannelSettings)

EMPTY = "`–`"
REQUIRED = "*required*"

_SETTING = re.compile(
    r"\b(?:API|NOTIFIER|BOTS|CHANNELS|SANDBOX)_(?:<AUDIENCE>_)?[A-Z][A-Z_]*[A-Z]\b"
)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")
_PATH = re.compile(r"(?:[\w.-]+/)+[\w.-]*|[\w-]+\.(?:py|md|toml|lock)")
_MAKE = re.compile(r"\bmake ([a-z]+)\b")
_COMMAND = re.compile(r"python -m ([a-z_.]+)((?: [a-z-]+)*)")
_TEST = re.compile(r"(tests/[\w/]+\.py)::(\w+)")
_EVENT = re.compile(r"[a-z]+\.[a-z_]+")
_FIGURE = re.compile(r"((?:api|notifier|bots)_[a-z_]+?)(?:_total)?(?:\{.*\})?")

# What `make up`, `make check` and an operator make; it is in no clone.
_MADE_LATER = ("var/", "settings.env", "people.json", "countries/")
_GROUPS = {"api": "api.__main__", "notifier": "notifier.__main__", "bots": "bots.__main__",
           "sandbox": "sandbox.__main__"}  # fmt: skip


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def code_of(text: str) -> Iterator[str]:
    """What is set as code: blocks, then spans."""
    yield from _FENCED.findall(text)
    yield from _SPAN.findall(_FENCED.sub("", text))


def shown(default: Any) -> str:
    """A default as the page writes it."""
    if default is PydanticUndefined:
        return REQUIRED
    value = default.get_secret_value() if isinstance(default, SecretStr) else default
    return EMPTY if value in {None, ""} else f"`{value}`"


def settings_of_the_rooms() -> dict[str, str]:
    found = {}
    for kind in ROOMS:
        prefix = kind.model_config["env_prefix"]
        for field, info in kind.model_fields.items():
            found[f"{prefix}{field.upper()}"] = shown(info.default)
    return found


def settings_of_the_desk() -> dict[str, str]:
    options = typer.main.get_command(sandbox).params
    found = {str(one.envvar): shown(one.default) for one in options if getattr(one, "envvar", None)}
    # Several bots in one variable: the command reads it beside its option.
    return {**found, "SANDBOX_BOTS": EMPTY}


SETTINGS = {**settings_of_the_rooms(), **settings_of_the_desk()}


def each_audience(name: str) -> list[str]:
    """The settings that a name of a page stands for."""
    if "<AUDIENCE>" not in name:
        return [name]
    return [name.replace("<AUDIENCE>", audience.upper()) for audience in AUDIENCES]


def rows_of_settings() -> dict[str, str]:
    """Name and default of each row of the tables."""
    found = {}
    for line in CONFIGURATION.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 4 and (row := re.fullmatch(f"`({_SETTING.pattern})`", cells[0])):
            for name in each_audience(row[1]):
                assert name not in found, f"{name} stands twice"
                found[name] = cells[2]
    return found


def test_every_settings_class_is_known_here():
    """A class that is missing above would go undocumented in silence."""
    written = {
        kind
        for module in (api, notifier, bots, import_module("notifier.channels.settings"))
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, BaseSettings) and kind is not BaseSettings
    }
    # These are parts of others: the bots' CoreSettings of their Settings, the line's of the notifier's.
    assert written == {*ROOMS, bots.CoreSettings, SmsSettings, SmppSettings}


def test_every_setting_is_explained_with_its_default():
    assert rows_of_settings() == SETTINGS


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_a_page_names_no_setting_that_does_not_exist(page: Path):
    names = _SETTING.findall(page.read_text(encoding="utf-8"))
    assert [one for name in names for one in each_audience(name) if one not in SETTINGS] == []


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_somewhere(page: Path):
    for link in _LINK.findall(page.read_text(encoding="utf-8")):
        if "://" in link:
            continue
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target), link


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", one.lower()) for one in headings)
    return {one.replace(" ", "-") for one in plain}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_files_that_are_named_are_there(page: Path):
    spans = _SPAN.findall(_FENCED.sub("", page.read_text(encoding="utf-8")))
    for span in spans:
        path = span.split("::")[0]
        first = path.split("/")[0]
        # A path of the tree begins at its top, or beside the page that names it.
        ours = "/" in path and any((base / first).exists() for base in (ROOT, page.parent))
        if not ours or not _PATH.fullmatch(path) or path.startswith(_MADE_LATER):
            continue
        assert (ROOT / path).exists() or (page.parent / path).exists(), span


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_proofs_that_are_named_are_there(page: Path):
    for file, name in _TEST.findall(page.read_text(encoding="utf-8")):
        assert name in names_in(file), f"{file}::{name}"


@cache
def names_in(file: str) -> frozenset[str]:
    """The functions and classes of a file; some are named as proofs a hundred times."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return frozenset(getattr(node, "name", "") for node in ast.walk(tree))


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_make_targets_that_are_named_are_there(page: Path):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    for code in code_of(page.read_text(encoding="utf-8")):
        assert set(_MAKE.findall(code)) <= targets, code


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_commands_that_are_named_are_there(page: Path):
    for code in code_of(page.read_text(encoding="utf-8")):
        for module, words in _COMMAND.findall(code):
            if module not in _GROUPS:
                assert (ROOT / f"{module.replace('.', '/')}").is_dir() or (
                    ROOT / f"{module.replace('.', '/')}.py"
                ).exists(), code
                continue
            main = import_module(_GROUPS[module])
            command: Any = typer.main.get_command(getattr(main, "app", None) or main.cli)
            for word in words.split():
                if not hasattr(command, "commands"):
                    break
                assert word in command.commands, code
                command = command.commands[word]


@pytest.mark.parametrize("file", DEPLOYMENT, ids=named)
def test_a_deployment_names_settings_and_commands_that_are_there(file: Path):
    text = file.read_text(encoding="utf-8")
    assert [name for name in _SETTING.findall(text) if name not in SETTINGS] == []
    for module, words in _COMMAND.findall(text):
        command: Any = typer.main.get_command(import_module(_GROUPS[module]).app)
        assert words.split()[0] in command.commands, words


def test_each_process_of_the_procfile_has_a_unit():
    lines = (ROOT / "Procfile").read_text(encoding="utf-8").splitlines()
    wanted = dict(line.split(": ") for line in lines if not line.startswith("release"))
    for name, command in wanted.items():
        unit = (DOCS / "deployment" / f"bimeyar-{name}.service").read_text(encoding="utf-8")
        assert command.removeprefix("python ") in unit


def test_the_proxy_passes_on_every_place_of_a_page():
    text = (DOCS / "deployment" / "nginx.conf").read_text(encoding="utf-8")
    [passed] = [re.compile(one) for one in re.findall(r"location ~ (\^/\(pay\S+)", text)]
    assert all(passed.match(place) for place in answering._PLACES)


def test_the_floors_are_drawn_as_they_are_kept():
    page = (DOCS / "architecture.md").read_text(encoding="utf-8")
    drawing = page.partition("## The floors of the core")[2].split("```")[1].strip().splitlines()
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    [floors] = [
        one["layers"]
        for one in linter["importlinter"]["contracts"]
        if one["name"] == "The floors of the core"
    ]
    assert drawing == [floor.replace("api.", "") for floor in floors]


def test_events_and_figures_to_watch_are_told_by_the_rooms():
    page = (DOCS / "operations.md").read_text(encoding="utf-8")
    section = page.partition("## Health and figures")[2].partition("\n## ")[0]
    spans = _SPAN.findall(section)
    names = [one for one in spans if _EVENT.fullmatch(one)]
    names += [one[1] for span in spans if (one := _FIGURE.fullmatch(span))]
    told = "\n".join(
        path.read_text(encoding="utf-8") for room in _GROUPS for path in (ROOT / room).rglob("*.py")
    )
    assert len(names) > 10
    assert [name for name in names if f'"{name}"' not in told] == []


def test_every_decision_is_in_the_index_under_its_title():
    index = (DOCS / "decisions" / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \[(\d+)\]\((.+?)\) \| (.+?) \|$", index, re.MULTILINE)
    titles = [page.read_text(encoding="utf-8").partition("\n")[0] for page in DECISIONS]
    assert [f"# {number}. {title}" for number, _, title in rows] == titles
    assert [name for _, name, _ in rows] == [page.name for page in DECISIONS]


@pytest.mark.parametrize("page", DECISIONS, ids=named)
def test_a_decision_says_what_pressed_what_was_chosen_and_what_else_was_weighed(page: Path):
    text = page.read_text(encoding="utf-8")
    for part in ("Context", "Decision", "Consequences", "Weighed"):
        assert f"**{part}.** " in text, part
