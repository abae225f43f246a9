"""What the doors of an app stand on."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from fastapi import FastAPI
from sqlalchemy.orm import Session

from api.access.gate import Gate
from api.access.uploads import Uploads
from api.db import Store
from api.printing.printer import Printer
from api.settings import Settings

WaitUntil = Callable[[Session, str, str, datetime], datetime | None]
"""Until when a messenger wants silence from the bot of an audience: (messenger, audience, now)."""


@dataclass(frozen=True, slots=True)
class Hub:
    """What the doors of an app stand on; `app.state.hub`."""

    store: Store
    settings: Settings
    clock: Callable[[], datetime]
    gate: Gate
    wait_until: WaitUntil = lambda _session, _messenger, _audience, _now: None
    uploads: Uploads = field(default_factory=Uploads)


def hub_of(app: FastAPI) -> Hub:
    """The hub of an app."""
    return cast("Hub", app.state.hub)


def printer_of(app: FastAPI) -> Printer:
    """What draws the papers of an app."""
    return cast("Printer", app.state.printer)
