"""Looking at a claim: what is no longer true stops, what can leave within a second gets an attempt.

Everything is read again here, in the transaction of the attempt rows: the truth of the matter, the
person's consent, the address, the hours. When it is committed the postman closes the session and
sends; nobody holds a connection while waiting for a stranger.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from api import sets
from api.db import new_id
from api.kit.calendar import TEHRAN
from api.notices import leaving, questions, senders
from api.notices.addresses import AddressBook
from api.notices.checking import code_of
from api.notices.courses import PATIENCE_OVER, REPORTED, Courses, has_next, step_of
from api.notices.leaving import Ready
from api.notices.letters import Claim, Letter, Pause, Question, Work
from api.notices.models import Attempt, Delivery
from api.notices.plans import plan_of
from api.notices.posting import RESTORED
from api.notices.rows import DeliveryRow, NoticeRow, Pair
from api.notices.rules import AttemptState, NoticeStatus, Status, may_speak_from
from api.organisation import service as organisation
from api.templates.catalogue import TEMPLATES

# How far ahead holidays are read: no class waits longer than its end.
_AHEAD = timedelta(days=14)
# A step that was left while its fate was open.
_LEFT_OPEN = and_(
    Delivery.due_at.is_(None),
    or_(
        Delivery.status == Status.UNCERTAIN,
        and_(Delivery.status == Status.TECHNICAL_FAILURE, Delivery.reason == PATIENCE_OVER),
    ),
)


def open_attempts(
    session: Session,
    claim: Claim,
    *,
    channel: str,
    per_second: Mapping[str, float],
    asks: Collection[str],
    now: datetime,
    pauses: Mapping[str, Pause] = MappingProxyType({}),
) -> Work:
    """Judge each claimed delivery; give the letters to send now and the questions to ask first.

    `per_second` are the senders this postman speaks for, in order, and their rates; `asks` are
    those that can be asked about what they took, and `pauses` those that may not speak freely now.
    Deliveries that are no longer ours are left alone.
    """
    courses = Courses(session, now)
    rows = courses.rows.deliveries(claim.ids, claim.lease)
    _close_lapsed(courses, rows, now)
    asked: list[Question] = []
    waiting: list[Pair] = []
    doubted: list[Pair] = []
    speaking = senders.of(channel, per_second)
    had = _had_by(session, [row.delivery.id for row in rows if not _waits(row.delivery)])
    for row in rows:
        if _waits(row.delivery):
            waiting.append(row)
            continue
        sender = had.get(row.delivery.id)
        if row.delivery.reason == RESTORED:
            # The call was lost with its attempt: of several any may have made it.
            sender = speaking[0] if len(speaking) == 1 else None
            if sender not in asks:
                doubted.append(row)
                continue
        asked_of = sender if sender in asks else None
        if question := _after_the_wire(row, courses, claim, sender=asked_of, now=now):
            asked.append(question)
    _doubt(session, doubted, courses, channel=channel, senders=per_second.keys(), now=now)
    waiting = _in_time(session, waiting, courses, now)
    book = AddressBook(
        session, [row.notice for row in waiting], channel=channel, senders=per_second.keys()
    )
    ready = _reachable(_true(session, waiting, courses), book, courses)
    chosen = leaving.by_sender(ready, speaking, pauses)
    granted, limited, waits = leaving.within_rates(
        session, chosen, courses, per_second=per_second, pauses=pauses, now=now
    )
    letters = _open(session, granted, claim, courses, now)
    courses.write()
    return Work(
        letters=tuple(letters),
        questions=tuple(asked),
        looked_at=len(rows),
        limited=limited,
        handed_over=courses.handed_over,
        waits=waits,
    )


def park(session: Session, claim: Claim, *, now: datetime) -> None:
    """Put aside deliveries that cannot even be looked at: each has failed, and somebody must act."""
    courses = Courses(session, now)
    for row in courses.rows.deliveries(claim.ids, claim.lease):
        courses.give_up(row.delivery, row.notice, "fault")
    courses.write()


def _close_lapsed(courses: Courses, rows: Collection[Pair], now: datetime) -> None:
    """Take attempts whose postman did not come back for what they are: unknown."""
    by_delivery = {row.delivery.id: row.delivery for row in rows}
    for attempt in courses.rows.open_attempts(by_delivery):
        attempt.state = AttemptState.UNKNOWN
        attempt.reason = "lapsed"
        attempt.closed_at = now
        delivery = by_delivery[attempt.delivery_id]
        if delivery.status == Status.SENDING:
            delivery.status = Status.UNCERTAIN
            delivery.reason = "lapsed"
            delivery.changed_at = now


def _waits(delivery: DeliveryRow) -> bool:
    """Whether it is to be sent, first or again; what a report calls failing is not ours to repeat."""
    if delivery.status == Status.TEMPORARY_FAILURE:
        return delivery.reason != REPORTED
    return delivery.status == Status.CREATED


def _had_by(session: Session, deliveries: Collection[UUID]) -> Mapping[UUID, str]:
    """Tell whose the last attempt of each was: what is unknown is asked of nobody else."""
    if not deliveries:
        return {}
    rows = session.execute(
        select(Attempt.delivery_id, Attempt.sender)
        .where(Attempt.delivery_id.in_(deliveries))
        .order_by(Attempt.opened_at, Attempt.id)
    )
    return {row.delivery_id: row.sender for row in rows}


def _after_the_wire(
    row: Pair, courses: Courses, claim: Claim, *, sender: str | None, now: datetime
) -> Question | None:
    """Decide about a delivery that was at the wire; a question where its `sender` can be asked."""
    delivery, notice = row
    if delivery.status == Status.TEMPORARY_FAILURE:
        courses.go_on(delivery, notice)
        return None
    if delivery.status not in {Status.UNCERTAIN, Status.SENT}:
        courses.rest(delivery)
        return None
    if sender is not None and now < notice.ends_at:
        return Question(
            delivery_id=delivery.id,
            lease=claim.lease,
            channel=delivery.channel,
            sender=sender,
            reference=str(delivery.reference),
        )
    unanswered(row.delivery, row.notice, courses, now=now)
    return None


def _doubt(
    session: Session,
    rows: Collection[Pair],
    courses: Courses,
    *,
    channel: str,
    senders: Collection[str],
    now: datetime,
) -> None:
    """Leave what a lost store may have sent by a channel that cannot be asked, and repeat none of it.

    Whoever has no address there was not told by this channel: the next one is asked about instead.
    """
    if not rows:
        return
    book = AddressBook(session, [row.notice for row in rows], channel=channel, senders=senders)
    for delivery, notice in rows:
        if delivery.status == Status.UNCERTAIN and book.address_of(notice) is None:
            status = Status.PERMANENT_FAILURE
            courses.go_on(delivery, notice, status=status, reason="no_address")
        else:
            unanswered(delivery, notice, courses, now=now)


def unanswered(
    delivery: DeliveryRow, notice: NoticeRow, courses: Courses, *, now: datetime
) -> None:
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
    session: Session, rows: Collection[Pair], courses: Courses, now: datetime
) -> list[Pair]:
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


def _true(session: Session, rows: Collection[Pair], courses: Courses) -> list[Pair]:
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


def _reachable(rows: Collection[Pair], book: AddressBook, courses: Courses) -> list[Ready]:
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
            kept.append(Ready(row, address))
    _resume_earlier(stranded, courses)
    return kept


def _resume_earlier(stranded: Collection[NoticeRow], courses: Courses) -> None:
    """Go on with the last step whose fate was open when it was left for one without an address.

    A channel that is away for longer than its patience fails no notice that has no other.
    """
    if not stranded:
        return
    left = courses.rows.left(_LEFT_OPEN, [notice.id for notice in stranded])
    # Ids grow with time: the later step is the one that is kept.
    last = {delivery.notice_id: delivery for delivery in left}
    for notice in stranded:
        if notice.id in last:
            courses.resume(last[notice.id], notice)


def _open(
    session: Session,
    granted: Collection[Ready],
    claim: Claim,
    courses: Courses,
    now: datetime,
) -> list[Letter]:
    attempts = []
    letters = []
    secrets = courses.rows.secrets(one.row.notice for one in granted)
    for (delivery, notice), address in granted:
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
                secret=secrets.get(notice.id),
                language=address.language,
                code=notice.code,
                reference=str(delivery.reference),
                opened_at=now,
            )
        )
    sets.add_many(session, Attempt, attempts)
    return letters
