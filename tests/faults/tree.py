"""The points of the tree, found by reading it: where they are named, and where one is missing."""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("api", "notifier", "bots")

# How a call to the outside looks: a method of a messenger's bot, of an HTTP session, of an SMTP
# client, of the bots' client of the core, of a payment gateway.
_OUTSIDE = re.compile(
    r"(^|(self|channel)\.)_?bot\.\w+$"
    r"|self\._(session|http)\.(get|post|put|patch|delete|request|ws_connect)$"
    r"|(^|\.)_?link\.ask$"
    r"|(^|[._])(smtp|server)\.(connect|login|mail|rcpt|data|sendmail|send_message|quit)$"
    r"|(^|\.)_?core\.(?!wait_until\b)\w+\.\w+$"
    r"|(^|\.)_?gateway\.(ask|verify)$"
)
# Or of a library that needs no object, in a file that imports it: a feature has such a name too.
_BY_LIBRARY = re.compile(
    r"^(aiosmtplib\.send|smtplib|httpx|requests|urllib\.request)\b|^socket\.create_connection$"
)
_LIBRARIES = frozenset(
    {
        "aiogram",
        "aiohttp",
        "aiosmpplib",
        "aiosmtplib",
        "httpx",
        "requests",
        "smtplib",
        "socket",
        "telegram",
        "urllib.request",
    }
)
# Functions of the house that are told the name of their commit by place, after the hub.
_TOLD = frozenset({"_cross", "writing"})


@dataclass(frozen=True, order=True)
class Place:
    """A line of the tree; `function` is the one it stands in."""

    file: str
    function: str
    line: int
    words: str

    @property
    def where(self) -> str:
        return f"{self.file}:{self.function}"


@cache
def sources() -> tuple[tuple[str, ast.Module], ...]:
    """Every file of the rooms, migrations aside: Alembic commits there, and `migrate` runs again."""
    return tuple(
        (str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8")))
        for room in ROOMS
        for path in sorted((ROOT / room).rglob("*.py"))
        if "migrations" not in path.parts
    )


def named_points() -> tuple[set[str], set[Place]]:
    """Every point named in the tree by a literal, and the places that pass a name on."""
    found: set[str] = set()
    passed: set[Place] = set()
    for file, tree in sources():
        for place, call in _calls(file, tree):
            for name, only in _names(call):
                if isinstance(name, ast.Constant) and isinstance(name.value, str):
                    found |= (
                        {name.value} if only else {f"{name.value}.before", f"{name.value}.after"}
                    )
                else:
                    passed.add(place)
    return found, passed


def bare_commits() -> list[Place]:
    """Commits that stand in no `with points.around(…)` of their own function."""
    return [
        place
        for file, tree in sources()
        for place, call in _bare(file, tree)
        if isinstance(call.func, ast.Attribute) and call.func.attr == "commit"
    ]


def bare_calls() -> list[Place]:
    """Calls to the outside that stand in no `with points.around(…)` of their own function."""
    return [
        place
        for file, tree in sources()
        for place, call in _bare(file, tree)
        if _OUTSIDE.search(place.words) or (_speaks(tree) and _BY_LIBRARY.search(place.words))
    ]


def speakers() -> set[str]:
    """Files that import a library by which one can speak to the outside."""
    return {file for file, tree in sources() if _speaks(tree)}


@cache
def _speaks(tree: ast.AST) -> bool:
    return any({name, name.partition(".")[0]} & _LIBRARIES for name in _imported(tree))


def _names(call: ast.Call) -> Iterator[tuple[ast.expr, bool]]:
    """The names of points a call gives, and whether each is one point and not a pair."""
    said = ast.unparse(call.func)
    if said == "points.reached":
        yield call.args[0], True
    elif said in {"points.around", "writes"} or said.endswith((".writing", "store.write")):
        for name in [*call.args[:1], *(k.value for k in call.keywords if k.arg == "point")]:
            yield name, False
    elif said in _TOLD:
        yield call.args[1], False
    else:
        for keyword in call.keywords:
            # A decimal point has this name too.
            if keyword.arg == "point" and "." in ast.unparse(keyword.value).strip("'."):
                yield keyword.value, False


def _imported(tree: ast.AST) -> Iterable[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def _calls(file: str, tree: ast.AST) -> Iterator[tuple[Place, ast.Call]]:
    yield from ((place, call) for place, call, _ in _visited(file, tree))


def _bare(file: str, tree: ast.AST) -> Iterator[tuple[Place, ast.Call]]:
    yield from ((place, call) for place, call, covered in _visited(file, tree) if not covered)


def _visited(file: str, tree: ast.AST) -> Iterator[tuple[Place, ast.Call, bool]]:
    """Every call, the function it stands in, and whether a point stands around it there."""

    def visit(
        node: ast.AST, function: str, *, covered: bool
    ) -> Iterator[tuple[Place, ast.Call, bool]]:
        if isinstance(node, ast.With | ast.AsyncWith):
            for item in node.items:
                yield from visit(item.context_expr, function, covered=covered)
                covered = covered or ast.unparse(item.context_expr).startswith("points.around(")
            for line in node.body:
                yield from visit(line, function, covered=covered)
            return
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            function, covered = node.name, False
        if isinstance(node, ast.Lambda):
            # It runs where it is called, which may be anywhere.
            covered = False
        if isinstance(node, ast.Call):
            yield Place(file, function, node.lineno, ast.unparse(node.func)), node, covered
        for child in ast.iter_child_nodes(node):
            yield from visit(child, function, covered=covered)

    return visit(tree, "", covered=False)
