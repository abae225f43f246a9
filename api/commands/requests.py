"""Requests looked at and moved on by hand, until the clerk's page comes, and how satisfied people were with them."""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from api.audit import service as audit
from api.booklets import service as booklets
from api.booklets.refusals import StageNotReached
from api.booklets.rules import Stage
from api.commands.troubles import CannotDo
from api.db import Store
from api.errors import Invalid
from api.files import service as files
from api.kit.identifiers import BadIdentifier
from api.organisation.refusals import NoRule
from api.requests import queries, rules
from api.requests.refusals import RequestNotFound
from api.requests.rules import SATISFIED, Satisfaction

_WRONG: Mapping[str, str] = MappingProxyType({
    "tracking": (
        "What is handed to the post has its tracking number, 5 to 32 letters and digits: "
        "add --tracking."
    ),
    "reason": "Who is turned down hears why, in at most 300 letters and without a link: add --reason.",
})  # fmt: skip


def advance(
    store: Store,
    number: str,
    stage: str,
    *,
    tracking: str | None,
    reason: str | None,
    now: Callable[[], datetime],
) -> str:
    """Move a request to a stage and tell the one who asked; gives its number. Raises CannotDo."""
    if stage not in set(Stage):
        raise CannotDo(f"There is no stage {stage!r}: say one of {', '.join(Stage)}.")
    number = _number(number)
    try:
        with store.writing("requests.advance") as session:
            at = now()
            moved = booklets.advance(
                session,
                number=number,
                stage=Stage(stage),
                tracking=tracking,
                reason=reason,
                now=at,
            )
            audit.note(
                session,
                actor="command:request",
                verb="booklets.advance",
                subject=rules.about(moved.number),
                detail={"stage": stage},
                now=at,
            )
    except RequestNotFound:
        raise CannotDo(f"There is no request {number}.") from None
    except StageNotReached as no:
        there, possible = no.params["stage"], no.params["next"]
        if not possible:
            raise CannotDo(f"Request {number} is {there}: that is its end.") from None
        raise CannotDo(
            f"Request {number} is {there}: from there it can go to {' or '.join(possible)}."
        ) from None
    except NoRule as no:
        raise CannotDo(
            f"No rule table {no.params['name']!r} is in force on {no.params['day']}: load one first."
        ) from None
    except Invalid as bad_detail:
        raise CannotDo(_WRONG[bad_detail.params["field"]]) from None
    return number


def satisfaction(store: Store) -> list[str]:
    """Say how satisfied people were with what they were delivered: a line a kind, a line an answer."""
    with store.reading() as session:
        found = queries.satisfaction(session)
    told = []
    for kind in sorted({kind for kind, _, _ in found}):
        answers = Counter({said: many for one, said, many in found if one == kind})
        delivered = answers.total()
        answered = delivered - answers[None]
        satisfied = sum(answers[said] for said in SATISFIED)
        share = f"{satisfied / answered:.1%}" if answered else "nobody answered"
        told.append(f"{kind}: {share}; {satisfied} of {answered} answers, {delivered} delivered")
        told += [f"  {said}: {answers[said]}" for said in Satisfaction]
    return told


def papers(store: Store, number: str, folder: Path, *, now: Callable[[], datetime]) -> list[Path]:
    """Write what was sent for a request into a folder, for its owner's eyes; gives the files.

    That somebody looks is written down before anything can be seen. Raises CannotDo.
    """
    number = _number(number)
    with store.writing("requests.papers") as session:
        found = queries.by_number(session, number)
        if found is None:
            raise CannotDo(f"There is no request {number}.")
        request_id = found.id
        audit.note(
            session,
            actor="command:request",
            verb="files.read",
            subject=rules.about(number),
            detail={"files": len(files.of_request(session, request_id))},
            now=now(),
        )
    written = []
    with store.reading() as session:
        for place, file in enumerate(files.of_request(session, request_id), 1):
            path = folder / f"{number}-{place}{file.media_type.ending}"
            _write(path, files.content(session, file))
            written.append(path)
    return written


def _write(path: Path, content: Iterable[bytes]) -> None:
    """Write a file that nobody else may read, and none over another. Raises CannotDo."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            for piece in content:
                file.write(piece)
    except FileExistsError:
        raise CannotDo(f"{path} is there already, and stays: choose another folder.") from None
    except OSError as error:
        raise CannotDo(f"{path} cannot be written ({error.strerror}).") from None


def _number(typed: str) -> str:
    try:
        return rules.request_number(typed)
    except BadIdentifier as bad:
        raise CannotDo(
            f"{typed!r} is no number of a request ({bad.reason}): it has ten digits."
        ) from None
