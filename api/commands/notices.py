"""Notices that failed: what there is and why, and sending it again when the cause is mended."""

import uuid
from datetime import datetime

from api.audit import service as audit
from api.commands.troubles import CannotDo
from api.db import Store
from api.kit.calendar import today
from api.notices import service as notices


def failed(store: Store) -> list[str]:
    """Say what failed, a line for each template, channel and reason."""
    with store.reading() as session:
        return [
            f"{one.template}  {one.channel}  {one.reason}: {one.sendable} can be sent again"
            + (f", {one.many - one.sendable} cannot" if one.many > one.sendable else "")
            for one in notices.failures(session)
        ]


def failed_for(store: Store, reason: str) -> list[str]:
    """Say which notices of a reason can be sent again, oldest first: the id comes first."""
    with store.reading() as session:
        return [
            f"{notice.id}  {today(notice.created_at)}  {notice.template}"
            for notice in notices.sendable(session, reason=reason)
        ]


def again(store: Store, wanted: str, *, now: datetime) -> str:
    """Send failed notices again, one by its id or those of a reason; says how many. Raises CannotDo.

    Safe to type again: what was sent again is failed no more.
    """
    notice_id = _id(wanted)
    with store.writing("notices.again") as session:
        found = notices.sendable(session, notice_id=notice_id, reason=None if notice_id else wanted)
        if not found:
            raise CannotDo(
                f"Nothing that failed for {wanted} can be sent again: `notices failed` lists what can."
            )
        done = notices.send_again(session, found, now)
        audit.note(
            session,
            actor="command:notices",
            verb="notices.again",
            subject=f"notice:{notice_id}" if notice_id else f"reason:{wanted}",
            detail={"sent": done.sent, "unfit": done.unfit},
            now=now,
        )
    told = f"{done.sent} sent again"
    if done.unfit:
        told += f"; {done.unfit} no longer fit their template and stay failed"
    return told


def _id(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
