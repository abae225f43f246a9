"""Posting notices, one or five thousand at once, and taking them back.

A notice and its first delivery are written in the caller's transaction: what happened and what is
told of it stand or fall together. Nothing is rendered and no address is read here; both are asked
at the wire, where they are still true.
"""

import json
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api import db, sets
from api.db import JsonText, new_id
from api.holds import service as holds
from api.notices.models import Delivery, Notice
from api.notices.plans import Plan, plan_of
from api.notices.rules import NoticeStatus, Status
from api.sets import Bound
from api.templates.catalogue import TEMPLATES

RESTORED = "restored"
"""The reason of what a store that was lost may have sent: nobody here can know."""


class NewNotice(NamedTuple):
    """A notice to post; see `post` for the meaning of each.

    A tuple, because a quarter of a million are made in a morning.
    """

    template: str
    to: uuid.UUID
    about: str
    facts: dict[str, Any]
    key: str
    workshop_id: uuid.UUID | None = None
    secret: dict[str, Any] | None = None
    expires_at: datetime | None = None
    via: str | None = None
    link_id: uuid.UUID | None = None


def post(
    session: Session,
    *,
    template: str,
    to: uuid.UUID,
    about: str,
    facts: dict[str, Any],
    key: str,
    now: datetime,
    workshop_id: uuid.UUID | None = None,
    secret: dict[str, Any] | None = None,
    expires_at: datetime | None = None,
    via: str | None = None,
    link_id: uuid.UUID | None = None,
) -> uuid.UUID | None:
    """Post one notice to a person; gives its id, or None when one with this key exists.

    `about` names its subject (`debt:<uuid>`), by which it can be cancelled and its truth asked.
    `facts` are the template's, checked against it (pydantic.ValidationError). `secret` is sealed
    and shown on the wire alone. Nothing leaves after `expires_at`, or after the class's own end.
    `via` is the one channel it goes by, `link_id` the one chat; otherwise the plan of the
    template's class holds. KeyError when there is no such template.
    """
    new = NewNotice(
        template=template,
        to=to,
        about=about,
        facts=facts,
        key=key,
        workshop_id=workshop_id,
        secret=secret,
        expires_at=expires_at,
        via=via,
        link_id=link_id,
    )
    return next(iter(_insert(session, prepare(session, [new], now), now)), None)


def post_many(session: Session, rows: Sequence[NewNotice], now: datetime) -> int:
    """Post a slice of notices in a few statements; gives how many were new."""
    return post_ready(session, prepare(session, rows, now), now)


@dataclass(frozen=True, slots=True)
class Ready:
    """Notices that are made and not yet posted, each with its first delivery."""

    rows: Sequence[NewNotice]
    doubted: bool
    deliveries: Sequence[Mapping[str, Any]]
    notices_bound: Bound
    deliveries_bound: Bound


def prepare(session: Session, rows: Sequence[NewNotice], now: datetime) -> Ready:
    """Make a slice of notices for `post_ready`; writes nothing. Raises as `post` does."""
    doubted = holds.repeats(session)
    said = _Said()
    notices = [_notice_row(row, said.by(row), now, doubted=doubted) for row in rows]
    deliveries = [
        delivery_row(notice, plan=plan_of(notice["notice_class"], notice["via"]), step=0, now=now)
        for notice in notices
    ]
    return Ready(
        rows,
        doubted,
        deliveries,
        sets.bind(session, Notice, notices),
        sets.bind(session, Delivery, deliveries),
    )


def post_ready(session: Session, ready: Ready, now: datetime) -> int:
    """Post what `prepare` made; gives how many were new."""
    return len(_insert(session, ready, now))


def cancel_about(
    session: Session,
    *,
    abouts: Collection[str],
    now: datetime,
    templates: Collection[str] | None = None,
) -> int:
    """Cancel what still waits to be sent about these subjects; gives how many deliveries stopped.

    `templates` narrows it. What is already at the wire, sent or uncertain keeps its status; later
    steps of it are stopped by the question "is it still true".
    """
    told = select(Notice.id).where(Notice.about.in_(abouts))
    if templates is not None:
        told = told.where(Notice.template.in_(templates))
    # In the order of ids, as everybody who locks several deliveries: so that nobody waits in a ring.
    waiting = session.execute(
        select(Delivery.id, Delivery.notice_id)
        .where(
            Delivery.notice_id.in_(told),
            Delivery.status.in_([Status.CREATED, Status.TEMPORARY_FAILURE]),
        )
        .order_by(Delivery.id)
        .with_for_update()
    ).all()
    if not waiting:
        return 0
    session.execute(
        update(Delivery)
        .where(Delivery.id.in_([row.id for row in waiting]))
        .values(
            status=Status.CANCELLED,
            due_at=None,
            lease=None,
            reason="no_longer_true",
            changed_at=now,
        )
    )
    session.execute(
        update(Notice)
        .where(
            Notice.id.in_([row.notice_id for row in waiting]),
            Notice.status == NoticeStatus.WAITING,
        )
        .values(status=NoticeStatus.CANCELLED, reason="no_longer_true", secret=None)
    )
    return len(waiting)


def delivery_row(
    notice: Mapping[str, Any], *, plan: Plan, step: int, now: datetime
) -> dict[str, Any]:
    """Give the values of a fresh delivery by a step of its plan, due at once.

    `notice` are the values of its notice. The step of a doubted one begins uncertain: whether it
    was taken before is asked first.
    """
    channel = plan.steps[step].channel
    doubted = notice["doubted"]
    return {
        "id": new_id(),
        "notice_id": notice["id"],
        "step": step,
        "channel": channel,
        "lane": plan.lane,
        "status": Status.UNCERTAIN if doubted else Status.CREATED,
        "reference": reference_of(notice["key"], notice["facts"], channel),
        "due_at": now,
        "lease": None,
        "until": notice["ends_at"] if doubted else None,
        "tries": 0,
        "reason": RESTORED if doubted else None,
        "created_at": now,
        "changed_at": now,
    }


def reference_of(key: str, facts: Mapping[str, Any] | JsonText, channel: str) -> int:
    """Give our name for a notice on a channel at the provider: a positive number, as they want it.

    It is made of what is said, not by chance: a store that was restored names the same notice as
    the lost one did, and the provider says that it has it. Other facts under the same key are other
    words, which nobody has been told.
    """
    said = facts if isinstance(facts, JsonText) else _in_order(facts)
    name = db.keys().blind("reference", f"{key}\0{channel}\0{said}")
    return int.from_bytes(name[:8]) >> 2 or 1


_in_order = json.JSONEncoder(sort_keys=True, ensure_ascii=False).encode


class _Said:
    """The facts of a slice, checked and written once for all who are told the same."""

    def __init__(self) -> None:
        self._written: dict[tuple[str, int], JsonText] = {}

    def by(self, new: NewNotice) -> JsonText:
        # The facts are the same object: nobody compares what a debt says with all other debts.
        name = (new.template, id(new.facts))
        if name not in self._written:
            facts = TEMPLATES[new.template].facts.model_validate(new.facts)
            self._written[name] = JsonText(_in_order(facts.model_dump(mode="json")))
        return self._written[name]


def _insert(session: Session, ready: Ready, now: datetime) -> set[uuid.UUID]:
    if holds.repeats(session) != ready.doubted:
        # They were made in no transaction that does a second time what a lost store has done.
        ready = prepare(session, ready.rows, now)
    fresh = {delivery["notice_id"] for delivery in ready.deliveries}
    if sets.add_bound(session, ready.notices_bound) == len(ready.rows):
        sets.add_bound(session, ready.deliveries_bound)
        return fresh
    # Some exist by their keys; ids are made here, and tell which are new.
    fresh = set(session.scalars(select(Notice.id).where(sets.among(session, Notice.id, fresh))))
    first = [delivery for delivery in ready.deliveries if delivery["notice_id"] in fresh]
    sets.add_many(session, Delivery, first)
    return fresh


def _notice_row(new: NewNotice, said: JsonText, now: datetime, *, doubted: bool) -> dict[str, Any]:
    template = TEMPLATES[new.template]
    end = now + plan_of(template.notice_class, new.via).lasts
    return {
        "id": new_id(),
        "key": new.key,
        "template": new.template,
        "notice_class": template.notice_class,
        "person_id": new.to,
        "workshop_id": new.workshop_id,
        "via": new.via,
        "link_id": new.link_id,
        "about": new.about,
        "facts": said,
        "secret": None if new.secret is None else json.dumps(new.secret),
        "status": NoticeStatus.UNCERTAIN if doubted else NoticeStatus.WAITING,
        "reason": None,
        "code": None,
        "doubted": doubted,
        "emptied_at": None,
        "created_at": now,
        "ends_at": end if new.expires_at is None else min(end, new.expires_at),
    }
