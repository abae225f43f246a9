"""Calls to the outside keep to where they were sent."""

import ast

from tests.faults import tree

_METHODS = {"get", "post", "request"}
_CLIENTS = ("_http", "_session", "_pool()", "http")


def test_no_call_to_the_outside_follows_a_redirect():
    """An answer that leads elsewhere would take our tokens and people's numbers there (ASVS 15.3.2)."""
    found = []
    for path in (path for room in tree.ROOMS for path in (tree.ROOT / room).rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if "aiohttp" not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            if node.func.attr in _METHODS and ast.unparse(node.func.value).endswith(_CLIENTS):
                kept = {one.arg: ast.unparse(one.value) for one in node.keywords}
                found.append((path.name, kept.get("allow_redirects")))
    assert len(found) >= 5
    assert {kept for _name, kept in found} == {"False"}, found
