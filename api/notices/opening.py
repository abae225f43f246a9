"""Looking at a claim: what is no longer true stops, what can leave within a second gets an attempt.

Everything is read again here, in the transaction of the attempt rows: the truth of the matter, the
person's consent, the address, the hours. When it is committed the postman closes the session and
sends; nobody holds a connection while waiting for a stranger.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session, defer
from sqlalchemy.sql.base import ExecutableOption

from api import sets
from api.db import new_id
from api.kit.calendar import TEHRAN
from api.notices import questions, rates
from api.notices.addresses import Address, AddressBook
from api.notices.checking import code_of
from api.notices.courses import PATIENCE_OVER, REPORTED, Courses, has_next, step_of
from api.notices.letters import Claim, Letter, Question, Work
from api.notices.models import Attempt, Delivery, Notice
from api.notices.plans import plan_of
from api.notices.rules import AttemptState, NoticeStatus, Status, may_speak_from
from api.organisation import service as organisation
from api.templates.catalogue import TEMPLATES

# A chat hears at most one notice a second (domain, Telegram Bot API).
_PER_CHAT = timedelta(seconds=1)
# How far ahead holidays are read: no class waits longer than its end.
_AHEAD = timedelta(days=14)


class _Row(NamedTuple):
    delivery: Delivery
    notice: Notice


class _Ready(NamedTuple):
    row: _Row
    address: Address


def open_attempts(
    session: Session,
    claim: Claim,
    *,
    channel: str,
    per_second: Mapping[str, float],
    asks: bool,
    now: datetime,
) -> Work:
    """Judge each claimed delivery; give the letters to send now and the questions to ask first.

    `per_second` are the senders this postman speaks for, and their rates; `asks` tells whether the
    channel can be asked about what it took. Deliveries that are no longer ours are left alone.
    """
    rows = _claimed(session, claim)
    courses = Courses(session, now)
    _close_lapsed(session, rows, now)
    asked: list[Question] = []
    waiting: list[_Row] = []
    for row in rows:
        if _waits(row.delivery):
            waiting.append(row)
        elif question := _after_the_wire(row, courses, claim, asks=asks, now=now):
            asked.append(question)
    waiting = _in_time(session, waiting, courses, now)
    book = AddressBook(
        session, [row.notice for row in waiting], channel=channel, senders=per_second.keys()
    )
    ready = _reachable(session, _true(session, waiting, courses), book, courses)
    leaving, limited = _within_rates(session, ready, courses, per_second, now)
    letters = _open(session, leaving, claim, now)
    courses.write()
    return Work(
        letters=tuple(letters),
        questions=tuple(asked),
        looked_at=len(rows),
        limited=limited,
        handed_over=courses.handed_over,
    )


def park(session: Session, claim: Claim, *, now: datetime) -> None:
    """Put aside deliveries that cannot even be looked at: each has failed, and somebody must act."""
    courses = Courses(session, now)
    # Without the secret: one that cannot be unsealed is a reason to be here.
    for row in _claimed(session, claim, defer(Notice.secret)):
        courses.give_up(row.delivery, row.notice, "fault")
    courses.write()


def _claimed(session: Session, claim: Claim, *options: ExecutableOption) -> list[_Row]:
    """Give those of a claim that are still ours, locked."""
    rows = session.execute(
        select(Delivery, Notice)
        .join(Notice, Notice.id == Delivery.notice_id)
        .where(Delivery.id.in_(claim.ids), Delivery.lease == claim.lease)
        .order_by(Delivery.id)
        .with_for_update(of=Delivery)
        .options(*options)
    )
    return [_Row(delivery, notice) for delivery, notice in rows]


def _close_lapsed(session: Session, rows: Collection[_Row], now: datetime) -> None:
    """Take attempts whose postman did not come back for what they are: unknown."""
    by_delivery = {row.delivery.id: row.delivery for row in rows}
    for attempt in session.scalars(
        select(Attempt).where(
            Attempt.delivery_id.in_(by_delivery), Attempt.state == AttemptState.OPEN
        )
    ):
        attempt.state = AttemptState.UNKNOWN
        attempt.reason = "lapsed"
        attempt.closed_at = now
        delivery = by_delivery[attempt.delivery_id]
        if delivery.status == Status.SENDING:
            delivery.status = Status.UNCERTAIN
            delivery.reason = "lapsed"
            delivery.changed_at = now


def _waits(delivery: Delivery) -> bool:
    """Whether it is to be sent, first or again; what a report calls failing is not ours to repeat."""
    if delivery.status == Status.TEMPORARY_FAILURE:
        return delivery.reason != REPORTED
    return delivery.status == Status.CREATED


def _after_the_wire(
    row: _Row, courses: Courses, claim: Claim, *, asks: bool, now: datetime
) -> Question | None:
    """Decide about a delivery that was at the wire; a question where the provider can be asked."""
    delivery, notice = row
    if delivery.status == Status.TEMPORARY_FAILURE:
        courses.go_on(delivery, notice)
        return None
    if delivery.status not in {Status.UNCERTAIN, Status.SENT}:
        courses.rest(delivery)
        return None
    if asks and now < notice.ends_at:
        return Question(
            delivery_id=delivery.id,
            lease=claim.lease,
            channel=delivery.channel,
            sender=delivery.channel,
            reference=str(delivery.reference),
        )
    unanswered(row.delivery, row.notice, courses, now=now)
    return None


def unanswered(delivery: Delivery, notice: Notice, courses: Courses, *, now: datetime) -> None:
    """Go by the rule of the class where nobody can say what became of a delivery.

    Nothing is repeated blindly: when its patience ends the next channel begins; a last one stays
    uncertain until the notice ends (guarantees.md, "What is not promised").
    """
    until = delivery.until or now
    if delivery.status == Status.SENT:
        courses.go_on(delivery, notice)
    elif now >= notice.ends_at:
        courses.give_up(delivery, notice, "unknown")
    elif now >= until and has_next(delivery, notice):
        courses.go_on(delivery, notice)
    else:
        courses.uncertain(delivery, notice, look_again=until, reason=delivery.reason or "unknown")


def _in_time(
    session: Session, rows: Collection[_Row], courses: Courses, now: datetime
) -> list[_Row]:
    """Keep those for which it is neither too late nor, in their class's hours, too early."""
    there = now.astimezone(TEHRAN).date()
    holidays: set[date] = set()
    if any(plan_of(row.notice.notice_class, row.notice.via).hours for row in rows):
        holidays = organisation.holidays_between(session, there, there + _AHEAD)
    kept = []
    for row in rows:
        delivery, notice = row
        plan = plan_of(notice.notice_class, notice.via)
        speaks = may_speak_from(now, plan.hours, holidays.__contains__)
        if notice.template not in TEMPLATES:
            # Of a release whose template is no more: nobody can word it.
            courses.give_up(delivery, notice, "no_template")
        elif notice.status == NoticeStatus.DELIVERED:
            courses.cancel(delivery, notice, "told_already")
        elif now >= notice.ends_at:
            courses.give_up(delivery, notice, "too_late")
        elif delivery.until and now >= delivery.until and has_next(delivery, notice):
            courses.go_on(delivery, notice, status=Status.TECHNICAL_FAILURE, reason=PATIENCE_OVER)
        elif speaks > now:
            courses.wait(delivery, min(speaks, notice.ends_at))
        else:
            kept.append(row)
    return kept


def _true(session: Session, rows: Collection[_Row], courses: Courses) -> list[_Row]:
    """Keep those that are still true, asked of each question once."""
    asked: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        question = TEMPLATES[row.notice.template].question
        if question is not None:
            asked[question].add(row.notice.about)
    answers = questions.still_true(session, asked)
    kept = []
    for row in rows:
        question = TEMPLATES[row.notice.template].question
        if question is None or row.notice.about in answers[question]:
            kept.append(row)
        else:
            courses.cancel(row.delivery, row.notice, "no_longer_true")
    return kept


def _reachable(
    session: Session, rows: Collection[_Row], book: AddressBook, courses: Courses
) -> list[_Ready]:
    """Keep those whose person lets us and has an address here; hand the others on."""
    kept = []
    stranded = []
    for row in rows:
        address = book.address_of(row.notice)
        if not book.may_be_told(row.notice):
            courses.cancel(row.delivery, row.notice, "no_consent")
        elif address is None:
            if not has_next(row.delivery, row.notice):
                stranded.append(row.notice)
            courses.hand_over(row.delivery, row.notice, "no_address")
        else:
            kept.append(_Ready(row, address))
    _resume_earlier(session, stranded, courses)
    return kept


def _resume_earlier(session: Session, stranded: Collection[Notice], courses: Courses) -> None:
    """Go on with the last step whose fate was open when it was left for one without an address.

    A channel that is away for longer than its patience fails no notice that has no other.
    """
    if not stranded:
        return
    left = session.scalars(
        select(Delivery)
        .where(
            Delivery.notice_id.in_([notice.id for notice in stranded]),
            Delivery.due_at.is_(None),
            or_(
                Delivery.status == Status.UNCERTAIN,
                and_(
                    Delivery.status == Status.TECHNICAL_FAILURE,
                    Delivery.reason == PATIENCE_OVER,
                ),
            ),
        )
        # Ids grow with time: the later step is the one that is kept.
        .order_by(Delivery.id)
        .with_for_update()
    )
    last = {delivery.notice_id: delivery for delivery in left}
    for notice in stranded:
        if notice.id in last:
            courses.resume(last[notice.id], notice)


def _within_rates(
    session: Session,
    ready: Collection[_Ready],
    courses: Courses,
    per_second: Mapping[str, float],
    now: datetime,
) -> tuple[list[_Ready], int]:
    """Keep what its sender has tokens for; put off the others, which uses up no try."""
    by_sender: dict[str, list[_Ready]] = defaultdict(list)
    for one in sorted(ready, key=lambda one: (one.row.delivery.lane, one.row.delivery.id)):
        by_sender[one.address.sender].append(one)
    leaving: list[_Ready] = []
    limited = 0
    # In the order of names, as every postman locks them.
    for sender in sorted(by_sender):
        alone = _one_a_chat(session, by_sender[sender], courses, now)
        if not alone:
            continue
        rate = per_second[sender]
        taken = rates.take(session, sender=sender, wanted=len(alone), per_second=rate, now=now)
        leaving += alone[: taken.granted]
        for place, one in enumerate(alone[taken.granted :]):
            limited += 1
            courses.wait(one.row.delivery, taken.free_at + timedelta(seconds=place / rate))
    return leaving, limited


def _one_a_chat(
    session: Session, ready: Collection[_Ready], courses: Courses, now: datetime
) -> list[_Ready]:
    links = {one.address.link_id for one in ready} - {None}
    busy: set[UUID | None] = set()
    if links:
        busy.update(
            session.scalars(
                select(Attempt.link_id).where(
                    Attempt.link_id.in_(links), Attempt.opened_at > now - _PER_CHAT
                )
            )
        )
    kept = []
    for one in ready:
        if one.address.link_id is not None and one.address.link_id in busy:
            courses.wait(one.row.delivery, now + _PER_CHAT)
        else:
            busy.add(one.address.link_id)
            kept.append(one)
    return kept


def _open(
    session: Session,
    leaving: Collection[_Ready],
    claim: Claim,
    now: datetime,
) -> list[Letter]:
    attempts = []
    letters = []
    for (delivery, notice), address in leaving:
        delivery.status = Status.SENDING
        delivery.changed_at = now
        delivery.until = delivery.until or now + step_of(delivery, notice).patience
        notice.code = notice.code or code_of(notice.id)
        attempt_id = new_id()
        attempts.append(
            {
                "id": attempt_id,
                "delivery_id": delivery.id,
                "state": AttemptState.OPEN,
                "lease": claim.lease,
                "sender": address.sender,
                "link_id": address.link_id,
                "provider_id": None,
                "reason": None,
                "opened_at": now,
                "closed_at": None,
            }
        )
        letters.append(
            Letter(
                attempt_id=attempt_id,
                delivery_id=delivery.id,
                lease=claim.lease,
                channel=delivery.channel,
                sender=address.sender,
                address=address.value,
                template=notice.template,
                facts=notice.facts,
                secret=None if notice.secret is None else json.loads(notice.secret),
                language=address.language,
                code=notice.code,
                reference=str(delivery.reference),
                opened_at=now,
            )
        )
    sets.add_many(session, Attempt, attempts)
    return letters
