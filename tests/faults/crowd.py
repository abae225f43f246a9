"""A crowd: each has one message to come, by a way of their own, so that an address tells whose it was.

What the outside accepted is counted by its own addresses and held against the tables: no reference
or name of ours takes part, so that a message sent anew under another name is seen as well.
"""

import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from api import db, sets
from api.access import queries as access
from api.access.models import ChatLink
from api.access.rules import ChatAddress, Level, LinkState
from api.db import new_id
from api.kit import calendar
from api.notices import service as notices
from api.notices.models import Attempt, Delivery, Notice
from api.notices.rules import AttemptState, Status
from api.notices.service import NewNotice
from api.people.models import Person
from tests.faults import country
from tests.faults.tally import Tally
from tests.faults.world import AUDIENCE, PATIENCE, World
from tests.support import make

WAYS: Sequence[str] = ("sms",) * 7 + ("chat",) * 2 + ("email",)
"""How each of ten in turn is told."""
ASKED = frozenset({"sms"})
"""Ways whose provider can be asked by our own reference: nothing may be doubled there at all."""
QUICK: Mapping[str, str] = MappingProxyType(
    {
        "NOTIFIER_SMS_PER_SECOND": "2000",
        "NOTIFIER_MAIL_PER_SECOND": "2000",
        "NOTIFIER_BOT_PER_SECOND": "30",
    }
)
"""Settings of a notifier that nobody's contract holds back."""
_WIRES = (("sms", "send"), ("telegram", "sendMessage"), ("mail", "data"))
_SLICE = 1000


def way_of(number: int) -> str:
    return WAYS[number % len(WAYS)]


def address_of(number: int) -> str:
    """Where the outside hears of somebody's message, as its log has it."""
    match way_of(number):
        case "sms":
            return f"0998{number:07d}"
        case "chat":
            return f"{AUDIENCE}:{_chat(number)}"
        case _:
            return f"c{number}@example.org"


def gather(world: World, numbers: range) -> None:
    """Register people by number and post one message to each."""
    for start in range(numbers.start, numbers.stop, _SLICE):
        _settle_patiently(world, range(start, min(start + _SLICE, numbers.stop)))


def _settle_patiently(world: World, numbers: range) -> None:
    """Wait for a turn as the rooms do: a file that many write may be taken for longer than one asks."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            with world.store.writing("arranged") as session:
                _settle(session, numbers)
        except OperationalError:
            if time.monotonic() > until:
                raise
        else:
            return


def register(session: Session, numbers: Sequence[int]) -> Mapping[int, UUID]:
    """Register people by number; gives their ids."""
    now = country.now()
    people = {number: new_id() for number in numbers}
    sets.add(session, Person, [_person(number, people[number], now) for number in numbers])
    talkers = [number for number in numbers if way_of(number) == "chat"]
    sets.add(session, ChatLink, [_link(number, people[number], now) for number in talkers])
    return people


def message(key: str, person: UUID, way: str) -> NewNotice:
    """Make a message that no hour and no truth of the matter holds back, and that lasts for days."""
    facts = {"messenger": "telegram", "audience": AUDIENCE, "day": country.today()}
    return NewNotice(template="link_added", to=person, about=key, facts=facts, key=key, via=way)


def _settle(session: Session, numbers: range) -> None:
    people = register(session, numbers)
    rows = [message(f"crowd:{one}", people[one], way_of(one)) for one in numbers]
    assert notices.post_many(session, rows, country.now()) == len(numbers)


def _person(number: int, key: Any, now: Any) -> Mapping[str, Any]:
    code = make.new_national_code(1_000_000 + number)
    phone = f"+98998{number:07d}" if way_of(number) == "sms" else None
    return {
        "id": key,
        "national_code": code,
        "national_code_index": db.keys().blind("national_code", code),
        "first_name": "مینا",
        "last_name": "آزمون",
        "phone": phone,
        "phone_index": None if phone is None else db.keys().blind("phone", phone),
        "email": address_of(number) if way_of(number) == "email" else None,
        "language": "en",
        "created_at": now,
        "changed_at": now,
    }


def _link(number: int, person: Any, now: Any) -> Mapping[str, Any]:
    chat = ChatAddress("telegram", AUDIENCE, _chat(number))
    return {
        "id": new_id(),
        "messenger": chat.messenger,
        "audience": chat.audience,
        "chat": chat.chat_id,
        "chat_index": access.chat_index(chat),
        "person_id": person,
        "masked_name": "م*** آ***",
        "language": "en",
        "level": Level.CODE,
        "state": LinkState.ACTIVE,
        "linked_at": now,
        "seen_on": calendar.today(now),
    }


def _chat(number: int) -> str:
    return str(6_000_000_000 + number)


def accepted(world: World) -> Counter[str]:
    """How often the outside took a message for each address.

    A repeat of an SMS that the provider knew by our reference was not sent again.
    """
    return Counter(
        line["address"]
        for line in world.lines()
        if line["accepted"]
        and (
            line["call"] in {"sendMessage", "data"}
            or (line["call"] == "send" and line["result"]["new"])
        )
    )


def held_against(
    world: World, numbers: Collection[int], elsewhere: Mapping[str, int] = MappingProxyType({})
) -> Tally:
    """Compare the outside's log with the tables, person by person.

    `elsewhere` is what somebody besides the desk took, by address.
    """
    taken = accepted(world)
    taken.update(elsewhere)
    with world.store.reading() as session:
        rows = session.execute(
            select(
                Notice.key,
                Delivery.status,
                func.count(Attempt.id).filter(Attempt.state == AttemptState.UNKNOWN).label("n"),
            )
            .join(Delivery, Delivery.notice_id == Notice.id)
            .outerjoin(Attempt, Attempt.delivery_id == Delivery.id)
            .group_by(Delivery.id, Notice.key, Delivery.status)
        ).all()
    known = {row.key: row for row in rows}
    # A plan narrowed to one way has one step.
    assert len(known) == len(rows)
    tally = Tally()
    for number in numbers:
        row = known.pop(f"crowd:{number}")
        tally += judged(number, Status(row.status), row.n, taken.pop(address_of(number), 0))
    return tally + Tally(twice=taken.total(), notes=[f"nobody's: {one}" for one in taken])


def judged(number: int, status: Status, unknown: int, times: int) -> Tally:
    """Say what one message came to: its status, its attempts of unknown outcome, how often it came."""
    way = way_of(number)
    if way in ASKED:
        tally = Tally(lost=int(not times), twice=max(0, times - 1))
    else:
        may_be_lost = unknown and status is Status.UNCERTAIN
        tally = Tally(lost=int(not times and not may_be_lost), twice=max(0, times - 1 - unknown))
    said_sent = status in {Status.SENT, Status.DELIVERED}
    if said_sent != bool(times) and status is not Status.UNCERTAIN:
        tally += Tally(lost=1)
    if tally.lost or tally.twice:
        tally.notes.append(f"{number} by {way}: {status}, {unknown} unknown, taken {times} times")
    return tally + Tally(uncertain=int(unknown > 0))


def slow_down(world: World, ms: int) -> None:
    """Let the outside take so long over every message."""
    for service, call in _WIRES:
        world.tell("/desk/faults", service=service, kind="slow", call=call, ms=ms)


def until_over(world: World, seconds: float = 1800) -> None:
    """Let time pass until every message has its end, and for a moment more."""

    def is_over() -> bool:
        time.sleep(0.3)
        return let_time_pass(world)

    world.until(is_over, "every message has its end", seconds)
    # What is sent twice would come now.
    time.sleep(0.3)


def let_time_pass(world: World) -> bool:
    """Let what waits for a retry, for certainty or for a report wait no longer; True when nothing does.

    What somebody holds is not touched. An SMS that is uncertain keeps its patience, since its
    provider is asked and answers; one whose report never came loses it when all else is done, and
    its provider is asked.
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
        waiting = session.execute(
            text(
                "SELECT d.status, count(*) FROM deliveries d JOIN notices n ON n.id = d.notice_id"
                " WHERE due_at IS NOT NULL AND (d.status <> 'uncertain' OR due_at < ends_at)"
                " GROUP BY d.status"
            )
        ).all()
        if [status for status, _ in waiting] == [Status.SENT]:
            session.execute(
                text(
                    "UPDATE deliveries SET due_at = :now, until = :now"
                    " WHERE lease IS NULL AND due_at > :now AND status = 'sent'"
                ),
                {"now": _now(world)},
            )
    return not waiting


def leases_end(world: World) -> None:
    """Let the leases of the dead end; only while nobody lives who holds one."""
    with world.store.writing("arranged") as session:
        session.execute(
            text("UPDATE deliveries SET due_at = :now WHERE lease IS NOT NULL"),
            {"now": _now(world)},
        )


def _now(world: World) -> Any:
    """The time as the store writes it."""
    now = country.now()
    return now if world.dialect == "postgresql" else now.replace(tzinfo=None).isoformat(" ")
