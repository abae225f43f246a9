"""What is held about a person who asks, and its erasing; both are written down."""

import json
import os
import uuid
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from api.audit import service as audit
from api.commands.troubles import CannotDo
from api.db import Store
from api.kit import identifiers
from api.kit.identifiers import BadIdentifier
from api.people import queries as people
from api.retention import erasing, knowing
from api.retention.holdings import HOLDINGS, Holding


def export(store: Store, national_code: str, path: Path, *, now: datetime) -> str:
    """Write what is held about a person into a new file, for its owner alone; says how much.

    That somebody looks is written down before anything can be seen. Raises CannotDo.
    """
    code = _code(national_code)
    with store.writing("people.export") as session:
        person_id = _person(session, code)
        _note(session, "people.export", person_id, {}, now)
    with store.reading() as session:
        held = knowing.held(session, person_id)
    told = {
        "held": {name: {**_class(HOLDINGS[name]), "rows": rows} for name, rows in held.items()},
        "not_searched": {name: _class(one) for name, one in knowing.unsearched().items()},
    }
    try:
        made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise CannotDo(f"{path} cannot be written ({error.strerror}).") from None
    with os.fdopen(made, "w", encoding="utf-8") as file:
        json.dump(told, file, ensure_ascii=False, indent=1, default=str)
    return f"{sum(map(len, held.values()))} rows of {len(held)} kinds written to {path}"


def erase(store: Store, national_code: str, *, now: datetime) -> list[str]:
    """Erase of a person what may be erased; says what went, and what stays, why and until when.

    Raises CannotDo.
    """
    code = _code(national_code)
    with store.writing("people.erase") as session:
        person_id = _person(session, code)
        done = erasing.erase(session, person_id=person_id, now=now)
        _note(session, "people.erase", person_id, dict(done.gone), now)
    return [
        "erased: " + ", ".join(f"{many} {what}" for what, many in done.gone.items()),
        *(
            f"stays: {one.rows} of {one.table} ({HOLDINGS[one.table].what}), {one.until}: {one.why}"
            for one in done.stays
        ),
    ]


def _class(holding: Holding) -> Mapping[str, Any]:
    kept = holding.kept
    days = None if kept.at_most is None else kept.at_most.total_seconds() / 86_400
    return {"what": holding.what, "since": kept.since, "days_at_most": days, "why": kept.why}


def _code(national_code: str) -> str:
    try:
        return identifiers.national_code(national_code)
    except BadIdentifier as bad:
        raise CannotDo(f"That is no national code ({bad.reason}): it has ten digits.") from None


def _person(session: Session, code: str) -> uuid.UUID:
    person_id = people.ids_by_national_code(session, [code]).get(code)
    if person_id is None:
        raise CannotDo("Nobody of this national code is registered.")
    return person_id


def _note(
    session: Session, verb: str, person_id: uuid.UUID, detail: Mapping[str, int], now: datetime
) -> None:
    audit.note(
        session,
        actor="command:people",
        verb=verb,
        subject=f"person:{person_id}",
        detail=detail,
        now=now,
    )
