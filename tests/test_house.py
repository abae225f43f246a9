"""The house keeps its word: what style.md and design.md promise of every room, checked on the tree."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("api", "notifier", "bots")
FILES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
SOURCES = [path for path in FILES if "migrations" not in path.parts]


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


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


def test_every_commit_has_a_point():
    """A commit outside `Store.writing` and `points.around` could not be killed at by the fault tests."""
    bare = [
        f"{named(path)}:{node.lineno}"
        for path in SOURCES
        for node in _outside_points(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node.func, ast.Attribute) and node.func.attr == "commit"
    ]
    assert bare == []


OUTSIDE = {
    "send_message",
    "send_document",
    "send_photo",
    "sendmail",
    "post",
    "get",
    "request",
    "get_updates",
}


def _outside_points(tree: ast.AST) -> Iterator[ast.Call]:
    """Calls that stand in no `with points.around(…)` of their own function."""

    def visit(node: ast.AST, *, covered: bool) -> Iterator[ast.Call]:
        if isinstance(node, ast.With | ast.AsyncWith):
            covered = covered or any(
                "points.around" in ast.unparse(i.context_expr) for i in node.items
            )
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            covered = False
        if isinstance(node, ast.Call) and not covered:
            yield node
        for child in ast.iter_child_nodes(node):
            yield from visit(child, covered=covered)

    return visit(tree, covered=False)


def test_services_never_commit():
    for path in (ROOT / "api").glob("*/*.py"):
        if path.stem in {"service", "queries", "rules", "models"}:
            text = path.read_text(encoding="utf-8")
            assert ".commit(" not in text, named(path)


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
