"""Notices leave by three channels, and the postman dies at a point: each is told, and told once.

The outside's log is held against deliveries and attempts, line by line: by our own reference for
SMS and mail, by the chat for Telegram, where each person has one notice. What was accepted twice, or
on two channels, or by nobody, is a promise broken unless an attempt says `unknown`.
"""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from api.debts import service as debts
from api.notices import service as notices
from api.notices.models import Attempt, Delivery, Notice
from api.notices.rules import AttemptState, Status
from tests.faults import country
from tests.faults.country import Contact
from tests.faults.nursery import Death, Process
from tests.faults.tally import Tally
from tests.faults.world import AUDIENCE, Opener, World

LINKED, BY_SMS, BY_MAIL, CODES = range(1, 5), range(5, 9), range(9, 11), range(11, 13)
HOLDERS = [
    *(country.holder(number) for number in LINKED),
    *(country.holder(number) for number in BY_SMS),
    *(country.holder(number, phone=False) for number in BY_MAIL),
    *(country.holder(number, email=False) for number in CODES),
]

ASKING = "channels.sms.ask"
PARKING = "notifier.park"
POISON = "gone"
"""A class that no release has any more: whoever opens such a delivery stumbles."""
POINTS = (
    ASKING,
    "channels.email.send",
    "channels.sms.send",
    "channels.telegram.send",
    "notifier.attempts",
    "notifier.claim",
    PARKING,
    "notifier.record",
    "notifier.report",
)
NTH: Mapping[str, int] = {
    "channels.email.send": 2,
    "channels.sms.send": 5,
    "channels.telegram.send": 4,
    "notifier.attempts": 3,
    "notifier.claim": 3,
    "notifier.record": 3,
    "notifier.report": 4,
}


def run(open_world: Opener, dialect: str, death: Death) -> Tally:
    """Post, let the notifier die at a point, start another, and hold the logs against the tables."""
    world = open_world(dialect, HOLDERS)
    chats = _post(world)
    if death.point.startswith(ASKING):
        # Somebody must be asked: an SMS that was taken, and one where nobody can know.
        world.tell("/desk/faults", service="sms", kind="drop_after", call="send", times=2)
    if death.point.startswith(PARKING):
        _poison(world)
    notifier = world.start("notifier", death)
    world.until(lambda: _dead(world, notifier), f"the notifier reaches {death.point}")
    assert notifier.code == -9, f"not killed but ended: {notifier.said()}"
    _lease_ends(world)
    notifier = world.start("notifier")
    world.until(lambda: _is_over(world), "every notice has its end")
    # What is sent twice would come now.
    time.sleep(0.3)
    notifier.stop()
    return held_against(world, chats)


def held_against(world: World, chats: Mapping[UUID, str]) -> Tally:
    """Compare the outside's log with the tables; `chats` is the chat of each linked person."""
    accepted = _accepted(world)
    tally = Tally()
    with world.store.reading() as session:
        rows = session.execute(
            select(Notice, Delivery)
            .join(Delivery, Delivery.notice_id == Notice.id)
            .order_by(Notice.id, Delivery.step)
        ).all()
        unknown = set(
            session.scalars(
                select(Attempt.delivery_id).where(Attempt.state == AttemptState.UNKNOWN)
            )
        )
    for notice, steps in groupby(rows, key=lambda row: row.Notice):
        if notice.notice_class == POISON:
            continue
        deliveries = [row.Delivery for row in steps]
        taken = [accepted.pop(_name(one, chats.get(notice.person_id, "")), 0) for one in deliveries]
        doubtful = sum(one.id in unknown for one in deliveries)
        tally += Tally(
            lost=int(not any(taken) and not doubtful),
            twice=max(0, sum(taken) - 1 - doubtful),
            uncertain=doubtful,
        )
        untrue = [
            f"{one.channel} {one.status}, taken {times} times"
            for one, times in zip(deliveries, taken, strict=True)
            if _is_untrue(Status(one.status), times)
        ]
        tally += Tally(lost=len(untrue), notes=[f"{notice.template}: {one}" for one in untrue])
    # What the outside took and no delivery knows of.
    return tally + Tally(twice=sum(accepted.values()), notes=[str(one) for one in accepted])


def _is_untrue(status: Status, taken: int) -> bool:
    """Whether a status says what did not happen (guarantees.md, G6)."""
    if status in {Status.SENT, Status.DELIVERED}:
        return not taken
    return bool(taken) and status is not Status.UNCERTAIN


def _post(world: World) -> Mapping[UUID, str]:
    """Tell everybody of their debt and send some codes; gives the chats of those who are linked."""
    with world.store.writing("arranged") as session:
        contacts: Sequence[Contact] = [
            country.settle(session, number, who, linked=number in LINKED)
            for number, who in enumerate(HOLDERS[: CODES.start - 1], 1)
        ]
        debts.announce(session, slot=country.today(), after=None, now=country.now())
        for number in CODES:
            contact = country.settle(session, number, HOLDERS[number - 1])
            notices.post(
                session,
                template="link_code",
                to=contact.person_id,
                about=f"claim:{number}",
                facts={"minutes": 3},
                secret={"code": f"{number:06d}"},
                key=f"code:{number}",
                now=country.now(),
            )
    return {contact.person_id: contact.chat_id for contact in contacts[: len(LINKED)]}


def _poison(world: World) -> None:
    """Spoil one code, which is in the claim with the others."""
    with world.store.writing("arranged") as session:
        notice = session.scalars(select(Notice).where(Notice.key == f"code:{CODES.start}")).one()
        notice.notice_class = POISON


def _accepted(world: World) -> Counter[str]:
    """How often the outside took each: `sms:<reference>`, `mail:<reference>`, `chat:<number>`.

    A repeat of an SMS that the provider knew by our reference was not sent again.
    """
    counted: Counter[str] = Counter()
    for line in world.lines():
        if not line["accepted"]:
            continue
        match line["service"], line["call"]:
            case "telegram", "sendMessage":
                counted["chat:" + line["address"].removeprefix(f"{AUDIENCE}:")] += 1
            case "sms", "send" if line["result"]["new"]:
                counted["sms:" + line["reference"]] += 1
            case "mail", "data":
                counted["mail:" + line["reference"].strip("<>").partition("@")[0]] += 1
    return counted


def _name(delivery: Delivery, chat: str) -> str:
    if delivery.channel == "chat":
        return f"chat:{chat}"
    return f"{'sms' if delivery.channel == 'sms' else 'mail'}:{delivery.reference}"


def _dead(world: World, notifier: Process) -> bool:
    _let_time_pass(world)
    return notifier.poll() is not None


def _lease_ends(world: World) -> None:
    """Let the leases of a dead process end, and what it began be due."""
    with world.store.writing("arranged") as session:
        session.execute(
            text("UPDATE deliveries SET due_at = :now WHERE lease IS NOT NULL"),
            {"now": _now(world)},
        )


def _let_time_pass(world: World) -> None:
    """Let what waits for a retry, or for certainty, wait no longer; nothing in hand is touched.

    An SMS that is uncertain keeps its patience, since its provider is asked and answers. One that
    is sent loses it when every report is in: those that came while the outcome was being written
    may have found nothing to belong to, and the end of the patience is what heals it.
    """
    with world.store.writing("arranged") as session:
        session.execute(
            text(
                "UPDATE deliveries SET due_at = :now,"
                " until = CASE WHEN channel <> 'sms' AND status = 'uncertain' THEN :now"
                "         ELSE until END"
                " WHERE lease IS NULL AND due_at > :now"
                " AND status IN ('created', 'temporary-failure', 'uncertain')"
                " AND due_at < (SELECT ends_at FROM notices WHERE notices.id = notice_id)"
            ),
            {"now": _now(world)},
        )
        if _reports_are_in(world):
            session.execute(
                text(
                    "UPDATE deliveries SET due_at = :now, until = :now"
                    " WHERE lease IS NULL AND due_at > :now AND channel = 'sms' AND status = 'sent'"
                ),
                {"now": _now(world)},
            )


def _reports_are_in(world: World) -> bool:
    """Whether the notifier has taken a report of every SMS."""
    calls = Counter(
        line["call"] for line in world.lines() if line["service"] == "sms" and line["accepted"]
    )
    return calls["report"] >= sum(name.startswith("sms:") for name in _accepted(world))


def _is_over(world: World) -> bool:
    """Whether nothing waits any more, save what nobody can know until its notice ends."""
    _let_time_pass(world)
    with world.store.reading() as session:
        waiting = session.scalar(
            select(Delivery.id)
            .join(Notice, Notice.id == Delivery.notice_id)
            .where(
                Delivery.due_at.is_not(None),
                (Delivery.status != Status.UNCERTAIN) | (Delivery.due_at < Notice.ends_at),
            )
            .limit(1)
        )
    return waiting is None


def _now(world: World) -> Any:
    """The time as the store writes it."""
    now = country.now()
    return now if world.dialect == "postgresql" else now.replace(tzinfo=None).isoformat(" ")
