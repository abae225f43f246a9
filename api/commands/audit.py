"""The audit trail, checked and anchored by hand."""

import os
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

from api.audit import anchoring, reading, telling
from api.audit.chain import Report
from api.audit.telling import CannotRead, Writer
from api.commands.troubles import CannotDo
from api.db import Store
from api.kit.calendar import today
from api.settings import Settings


def files(settings: Settings, named: Sequence[Path] | None) -> Sequence[Path]:
    """Give the files of anchors that were named, or else the one that the clock writes here."""
    if named:
        return named
    own = settings.anchors and settings.anchors / anchoring.FILE
    return [own] if own and own.exists() else []


def verify(store: Store, anchors: Sequence[Path], export: Path | None) -> Report:
    """Check the trail, and write it into a new file for its owner alone on the way. Raises CannotDo."""
    with ExitStack() as stack:
        try:
            known = telling.anchors_of(anchors)
            writer = None
            if export is not None:
                made = os.open(export, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                writer = Writer(stack.enter_context(os.fdopen(made, "w", encoding="utf-8")))
        except CannotRead as error:
            raise CannotDo(str(error)) from None
        except OSError as error:
            raise CannotDo(f"{export} cannot be written ({error.strerror}).") from None
        with store.reading() as session:
            return reading.check(session, known, writer)


def anchor(store: Store, *, now: datetime) -> Sequence[str]:
    """Make an anchor of this moment: its line, and its seal as one reads it aloud. Raises CannotDo."""
    with store.reading() as session:
        made = anchoring.of(session, today(now))
    if made is None:
        raise CannotDo("Nothing is sealed yet: the clock seals each minute.")
    return [telling.anchor_line(made), anchoring.spelt(made.seal)]
