"""Test vectors of the field, as published with the domain reference: every person in them is invented."""

import json
from pathlib import Path
from typing import Any


def vectors(name: str) -> dict[str, Any]:
    """Read one file of vectors."""
    read: dict[str, Any] = json.loads((Path(__file__).parent / f"{name}.json").read_text("utf-8"))
    return read


def cases(name: str) -> list[dict[str, Any]]:
    """Read the cases of one file."""
    found: list[dict[str, Any]] = vectors(name)["cases"]
    return found
