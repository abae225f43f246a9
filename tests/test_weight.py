"""What a process that serves never loads, since it would hold it all its life (docs/performance.md)."""

import subprocess
import sys
from pathlib import Path

_LOADED = """
import sys
from api.kit import unasked
unasked.leave_out()
for names in sys.argv[1:]:
    for name in names.split():
        __import__(name)
    print(*(name for name, module in sys.modules.items() if module))
"""
_NOBODY = {
    "aiogram", "alembic", "babel", "greenlet", "mako", "psycopg", "pydantic.v1", "pygments", "rich",
    "segno", "telegram", "typst",
}  # fmt: skip
"""Bots of a messenger import its library late, who migrates Alembic, who prints the printer's tools."""

_CORE_ONLY = {"fastapi", "jinja2", "starlette", "uvicorn"}


def test_a_process_loads_nothing_that_it_does_not_use():
    rooms = (
        "notifier.__main__ notifier.serving bots.__main__ bots.serving",
        "api.__main__ api.app",
    )
    done = subprocess.run(
        [sys.executable, "-c", _LOADED, *rooms],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    delivering_and_talking, knowing_too = (set(line.split()) for line in done)
    assert not delivering_and_talking & (_NOBODY | _CORE_ONLY)
    assert not knowing_too & _NOBODY
    assert knowing_too > {"api.app", "sqlalchemy"}
