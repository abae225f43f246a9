"""The house keeps its word: what style.md and design.md promise of every room, checked on the tree."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("api", "notifier", "bots")
# Doors that wait for strangers, without a session meanwhile (design.md, "One request, one hop").
WAITING = {"pay", "come_back"}
FILES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
SOURCES = [path for path in FILES if "migrations" not in path.parts]


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", FILES, ids=named)
def test_every_file_says_what_it_is_for(path: Path):
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), named(path)


def test_every_folder_is_a_sentence():
    for room in (*ROOMS, "sandbox", "bench"):
        for path in (ROOT / room).rglob("__init__.py"):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            sentence = (ast.get_docstring(tree) or "").split("\n\n")[0]
            assert sentence.endswith("."), named(path)


def test_no_file_is_named_for_nothing():
    empty = {"utils", "util", "helpers", "helper", "common", "core", "misc", "tools"}
    assert [named(p) for p in FILES if p.stem in empty or p.parent.name in empty] == []


def test_the_environment_is_read_by_settings_alone():
    readers = [
        named(path)
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}
    ]
    assert readers == []


def test_services_never_commit():
    for path in (ROOT / "api").glob("*/*.py"):
        if path.stem in {"service", "queries", "rules", "models"}:
            text = path.read_text(encoding="utf-8")
            assert ".commit(" not in text, named(path)


def test_a_door_is_plain_def_but_for_pages():
    for path in (ROOT / "api").glob("*/router.py"):
        waits = [name for name, door in doors(path) if isinstance(door, ast.AsyncFunctionDef)]
        assert waits == [] or path.parent.name == "portal", named(path)


def test_only_the_listed_doors_wait_for_strangers():
    found = {
        name
        for path in (ROOT / "api").glob("*/router.py")
        for name, door in doors(path)
        if any(isinstance(node, ast.Name) and node.id == "flows" for node in ast.walk(door))
    }
    assert found == WAITING


def doors(path: Path) -> list[tuple[str, ast.AST]]:
    """The endpoints of a router, by name."""
    return [
        (node.name, node)
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.decorator_list
    ]


def test_no_machine_is_named():
    """No path of a machine, no registry: a clone must work anywhere."""
    pattern = re.compile(r"/wor[k]/|/roo[t]/|pythonhoste[d]|npmj[s]\.")
    suffixes = {".py", ".md", ".toml", ".lock", ".txt", ".html", ".css", ".js", ".csv", ""}
    skipped = {".git", ".venv", "var", "__pycache__", ".mypy_cache", ".ruff_cache", ".hypothesis"}
    found = [
        named(path)
        for path in ROOT.rglob("*")
        if path.is_file()
        and path.suffix in suffixes
        and not skipped & set(path.relative_to(ROOT).parts)
        and pattern.search(path.read_text(encoding="utf-8", errors="ignore"))
    ]
    assert found == []
