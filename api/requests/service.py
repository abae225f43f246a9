"""The verbs of requests: begun, moved on, shown to the one who asked, and judged by them.

Which stages there are and where each may lead is the business of the feature whose kind it is.
"""

import secrets
import uuid
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api.kit.calendar import today
from api.people import queries as people
from api.people import service as people_service
from api.requests import queries, rules
from api.requests.models import Request, RequestStage
from api.requests.refusals import NotDelivered, RequestNotFound
from api.requests.rules import DELIVERED, Satisfaction
from api.requests.schemas import RequestDetails, RequestOut, RequestPage, StageOut

_MANY = 100
_FIRST_NUMBER, _LAST_NUMBER = 100_000_000, 999_999_999


class OpenAlready(Exception):
    """What may be asked for once at a time is on its way: `request`."""

    def __init__(self, request: Request) -> None:
        super().__init__(request.number)
        self.request = request


def begin(
    session: Session,
    *,
    kind: str,
    person_id: uuid.UUID,
    subject_id: uuid.UUID,
    only: str | None,
    stage: str,
    due_on: date | None,
    now: datetime,
) -> Request:
    """Begin a request under a number of its own.

    Of two open requests with the same `only` there is but one: the second raises OpenAlready, also
    when both come at the same moment.
    """
    while True:
        made = Request(
            number=_new_number(),
            kind=kind,
            person_id=person_id,
            subject_id=subject_id,
            only=only,
            stage=stage,
            since=now,
            due_on=due_on,
            created_at=now,
        )
        try:
            with session.begin_nested():
                session.add(made)
        except IntegrityError:
            there = None if only is None else queries.open_only(session, only)
            if there is not None:
                raise OpenAlready(there) from None
            # The number was taken: one in hundreds of millions.
            continue
        _note(session, made, ordinal=1, note={})
        return made


def move(
    session: Session,
    request: Request,
    *,
    stage: str,
    now: datetime,
    note: Mapping[str, Any] | None = None,
    due_on: date | None = None,
    closed: bool = False,
) -> int:
    """Note that a request came to a stage; gives the ordinal of the stage on its way.

    The caller holds the request's row (`queries.by_number`) and has judged the move. A `due_on`
    replaces the day it was expected by; `closed` ends it.
    """
    request.stage, request.since = stage, now
    if due_on is not None:
        request.due_on = due_on
    if closed:
        request.closed_at, request.only = now, None
    ordinal = queries.last_ordinal(session, request.id) + 1
    _note(session, request, ordinal=ordinal, note=dict(note or {}))
    return ordinal


def mine(session: Session, *, person_id: uuid.UUID) -> RequestPage:
    """Give what a person asked for, newest first, at most a hundred."""
    found = queries.of_person(session, person_id, limit=_MANY)
    return RequestPage(items=[RequestOut(**_shown(session, one)) for one in found])


def show(session: Session, *, person_id: uuid.UUID, number: str) -> RequestDetails:
    """Give a request and its way so far; RequestNotFound, for somebody else's too."""
    found = queries.one_of_person(session, person_id, number)
    if found is None:
        raise RequestNotFound
    return RequestDetails(
        **_shown(session, found),
        asked_on=today(found.created_at),
        stages=[
            StageOut(stage=one.stage, on=today(one.at), note=one.note)
            for one in queries.stages_of(session, found.id)
        ],
        satisfaction=found.satisfaction,
    )


def satisfied(
    session: Session, *, person_id: uuid.UUID, number: str, satisfaction: Satisfaction
) -> None:
    """Keep how satisfied a person is with what they were delivered; their last answer counts.

    Raises RequestNotFound, for somebody else's too, and NotDelivered.
    """
    found = queries.one_of_person(session, person_id, number)
    if found is None:
        raise RequestNotFound
    if found.stage != DELIVERED:
        raise NotDelivered
    found.satisfaction = satisfaction
    session.flush()


def _new_number() -> str:
    return rules.numbered(_FIRST_NUMBER + secrets.randbelow(_LAST_NUMBER - _FIRST_NUMBER + 1))


def _note(session: Session, request: Request, *, ordinal: int, note: dict[str, Any]) -> None:
    session.add(
        RequestStage(
            request_id=request.id,
            ordinal=ordinal,
            stage=request.stage,
            at=request.since,
            note=note,
        )
    )
    session.flush()


def _shown(session: Session, request: Request) -> dict[str, Any]:
    whom = None
    if request.subject_id != request.person_id:
        subject = people.by_id(session, request.subject_id)
        whom = subject and people_service.masked_name(subject)
    return {
        "number": request.number,
        "kind": request.kind,
        "stage": request.stage,
        "since": today(request.since),
        "due_on": request.due_on if request.closed_at is None else None,
        "closed": request.closed_at is not None,
        "for_whom": whom,
    }
