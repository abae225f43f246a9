"""How every page of ours looks: one style, one font, one icon, for the portal and the web talk."""

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import jinja2

TYPES: Mapping[str, str] = MappingProxyType(
    {
        "look.css": "text/css; charset=utf-8",
        "vazirmatn.woff2": "font/woff2",
        "icon.svg": "image/svg+xml",
    }
)
"""Each file, by its name, with its media type."""

_FOLDER = Path(__file__).parent


@cache
def file(name: str) -> bytes:
    """Give a file of `TYPES`."""
    return (_FOLDER / name).read_bytes()


@cache
def version() -> str:
    """What changes with the style, so that no browser keeps an old one."""
    return hashlib.sha256(file("look.css")).hexdigest()[:12]


def template(folder: Path, name: str) -> "jinja2.Template":
    """Read a page's template: what is filled in is escaped, and what is missing raises."""
    # Bots whose talks have no page do without it.
    import jinja2

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    ).get_template(name)
