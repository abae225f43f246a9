"""The verbs of identity: claim, fact, code, and what is swept away afterwards.

Whoever is asked about, a step makes the same questions to the database and the same comparisons;
what differs is only what a right answer is followed by.
"""

import hmac
import secrets
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, true, update
from sqlalchemy.orm import Session

from api import db
from api.access import numbers, persons
from api.access import queries as access_queries
from api.access import service as access
from api.access.models import ChatLink
from api.access.rules import SMS, WEB, ChatAddress, Level
from api.audit import service as audit
from api.errors import Invalid, NotFound
from api.identity import choosing, codes, confirming, guard, queries, rules
from api.identity.models import Claim, Guard, SentCode, WorkplaceChoice
from api.identity.refusals import (
    BranchOnly,
    ClaimOver,
    CodeExpired,
    NoChoice,
    TooManyClaims,
    WrongCode,
    WrongFact,
)
from api.identity.rules import ClaimState, Question
from api.kit import calendar, identifiers
from api.kit.calendar import BadDate, Month
from api.kit.identifiers import BadIdentifier
from api.kit.language import Language
from api.kit.text import ascii_digits, normalise
from api.notices import service as notices
from api.people import queries as people
from api.people import service as people_service
from api.people.models import Person
from api.people.rules import is_under_age
from api.preferences import service as preferences

SWEPT_AFTER = timedelta(days=2)
"""Longer than any budget looks back."""


def claim(
    session: Session,
    *,
    chat: ChatAddress,
    national_code: str,
    phone: str,
    language: Language,
    claims_an_hour: int,
    now: datetime,
) -> Claim:
    """Open a claim: somebody in this chat says who they are.

    Raises Invalid (field national_code or phone), TooManyClaims (ten a day from a chat,
    `claims_an_hour` from all), Locked, BranchOnly; never says whether the person is known, nor, by
    SMS, whether the number is theirs.
    """
    code = read_national_code(national_code)
    shared = _phone(phone)
    index = access_queries.chat_index(chat)
    for one in counted_under(chat, choosing.code_index(code)):
        guard.watch(session, one, now=now)
    spend(session, index, claims_an_hour=claims_an_hour, now=now)
    person_id, whose = people.ids_by_national_code(session, [code]).get(code), code
    if chat.messenger == SMS and person_id not in numbers.may_link(
        session, chat, today=calendar.today(now)
    ):
        # A number speaks for nobody but its own; the claim goes on as one for nobody we know, and
        # takes nothing from the choice that the person is shown elsewhere.
        person_id, whose = None, f"{code} {chat.chat_id}"
    return begin(session, chat, person_id, whose=whose, shared=shared, language=language, now=now)


def begin(
    session: Session,
    chat: ChatAddress,
    person_id: UUID | None,
    *,
    whose: str,
    shared: str,
    language: Language,
    now: datetime,
    link_id: UUID | None = None,
) -> Claim:
    """Keep a claim, for somebody or for nobody; `link_id` says that a person is added to a chat.

    `whose` is what the workplaces that are shown stay the same for.
    """
    made = Claim(
        chat_index=access_queries.chat_index(chat),
        person_id=person_id,
        code_index=choosing.code_index(whose),
        link_id=link_id,
        phone_index=db.keys().blind("phone", shared),
        language=language,
        created_at=now,
        expires_at=now + rules.CLAIM_LASTS,
        code_hash=None,
        code_expires_at=None,
    )
    session.add(made)
    session.flush()
    return made


def workplaces(session: Session, *, chat: ChatAddress, claim_id: UUID, now: datetime) -> list[str]:
    """Give the workplaces among which one's last can be chosen in place of the first month.

    Raises ClaimOver and NoChoice, which another audience's chat meets always.
    """
    made = open_claim(session, claim_id, access_queries.chat_index(chat), now)
    _has_a_choice(chat)
    return choosing.workplaces(session, made, now=now)


def answer_fact(
    session: Session,
    *,
    chat: ChatAddress,
    claim_id: UUID,
    month: str | None = None,
    workplace: int | None = None,
    now: datetime,
) -> tuple[Claim, str]:
    """Judge the fact of a claim, the month or the place of the last workplace among those shown.

    A right one sends a code, and gives the claim and the number. Of who is under 18 none is right
    where they would be added to another's chat. Raises Invalid (field month), ClaimOver, WrongFact,
    NoChoice, Locked, BranchOnly, CoolDown, TooManyCodes; of who was proved and is in the chat
    already AlreadyHere.
    """
    said = _month(month) if workplace is None else None
    index = access_queries.chat_index(chat)
    made = open_claim(session, claim_id, index, now)
    counted = counted_under(chat, made.code_index)
    left = {one: guard.take_try(session, one, now=now) for one in counted}
    if workplace is None:
        right = said in _facts(session, made.person_id, chat.audience, now)
    else:
        _has_a_choice(chat)
        right = choosing.is_right(session, made, workplace, now=now)
    if made.link_id is not None:
        # Asked for everybody, right or wrong: the cost is the same.
        under_age = _is_under_age(session, made.person_id, now)
        right = right and not under_age
    if not right or made.person_id is None:
        guard.lock(session, [one for one, tries in left.items() if not tries], now=now)
        raise WrongFact(left=min(left.values()))
    for one in counted:
        guard.give_back(session, one)
    if workplace is not None:
        choosing.give_back(session, made)
    if made.link_id is not None:
        link = session.get_one(ChatLink, made.link_id)
        persons.may_add(session, link, made.person_id, today=calendar.today(now))
    return made, _send_code(session, made, made.person_id, now)


def resend(
    session: Session, *, chat: ChatAddress, claim_id: UUID, now: datetime
) -> tuple[Claim, str]:
    """Send a new code in place of the older one; gives the claim and the number.

    Raises ClaimOver, CodeExpired (none was sent yet), CoolDown, TooManyCodes.
    """
    made = open_claim(session, claim_id, access_queries.chat_index(chat), now)
    if made.state != ClaimState.SENT or made.person_id is None:
        raise CodeExpired
    return made, _send_code(session, made, made.person_id, now)


def answer_code(
    session: Session, *, chat: ChatAddress, claim_id: UUID, code: str, actor: str, now: datetime
) -> ChatLink:
    """Judge the code of a claim; a right one links the chat.

    Raises Invalid (field code), ClaimOver, CodeExpired, WrongCode, Locked, BranchOnly.
    """
    made = open_claim(session, claim_id, access_queries.chat_index(chat), now)
    if made.link_id is not None:
        raise ClaimOver
    person_id, counted = take_code(session, made, chat=chat, code=code, now=now)
    for one in counted:
        guard.forgive(session, one)
    return _link(session, made, person_id, chat=chat, actor=actor, now=now)


def take_code(
    session: Session, made: Claim, *, chat: ChatAddress, code: str, now: datetime
) -> tuple[UUID, list[bytes]]:
    """Judge a code; gives whom it proves, and under which indexes this try was counted."""
    said = codes.read(code)
    if said is None:
        raise Invalid(field="code", reason="form")
    counted = counted_under(chat, made.code_index)
    left = {one: guard.take_try(session, one, now=now) for one in counted}
    taken = session.execute(
        update(Claim)
        .where(
            Claim.id == made.id,
            Claim.state == ClaimState.SENT,
            Claim.code_tries < rules.TRIES,
            Claim.code_expires_at > now,
        )
        .values(code_tries=Claim.code_tries + 1)
        .returning(Claim.code_hash, Claim.code_tries)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if taken is None or made.person_id is None:
        raise CodeExpired
    if not hmac.compare_digest(taken.code_hash, _hash(made.id, said)):
        guard.lock(session, [one for one, tries in left.items() if not tries], now=now)
        raise WrongCode(left=min(*left.values(), rules.TRIES - taken.code_tries))
    return made.person_id, counted


def sweep(session: Session, *, now: datetime, limit: int = 5000) -> int:
    """Forget claims, sent codes, guards and workplaces shown that count no more.

    At most `limit` of each.
    """
    old_claims = (
        select(Claim.id)
        .where(Claim.created_at < now - SWEPT_AFTER)
        .order_by(Claim.created_at)
        .limit(limit)
    )
    old_guards = (
        select(Guard.chat_index)
        .where(Guard.counted_at < now - rules.MEMORY)
        .order_by(Guard.counted_at)
        .limit(limit)
    )
    old_choices = (
        select(WorkplaceChoice.code_index)
        .where(WorkplaceChoice.made_at < now - rules.MEMORY)
        .order_by(WorkplaceChoice.made_at)
        .limit(limit)
    )
    last_day = calendar.today(now - SWEPT_AFTER)
    forgotten = 0
    for statement in (
        delete(Claim).where(Claim.id.in_(old_claims)).returning(Claim.created_at),
        delete(Guard).where(Guard.chat_index.in_(old_guards)).returning(Guard.counted_at),
        delete(WorkplaceChoice)
        .where(WorkplaceChoice.code_index.in_(old_choices))
        .returning(WorkplaceChoice.made_at),
        delete(SentCode).where(SentCode.day < last_day).returning(SentCode.sent_at),
    ):
        swept = session.scalars(statement.execution_options(synchronize_session=False))
        forgotten += len(swept.all())
    return forgotten + confirming.sweep(session, before=now - SWEPT_AFTER, limit=limit)


def counted_under(chat: ChatAddress, code_index: bytes | None) -> list[bytes]:
    """Under which indexes wrong answers are counted: the chat's.

    On the web, where a new chat costs nobody anything, also those at one national code.
    """
    indexes = [access_queries.chat_index(chat)]
    if chat.messenger == WEB and code_index is not None:
        indexes.append(db.keys().blind("web_guard", code_index.hex()))
    return indexes


def _facts(session: Session, person_id: UUID | None, audience: str, now: datetime) -> set[str]:
    """The months that answer the question of an audience rightly; one question to the store."""
    if rules.question_for(audience) is Question.FIRST_MONTH:
        return queries.first_months(session, person_id)
    return queries.registration_months(session, person_id, calendar.today(now))


def _has_a_choice(chat: ChatAddress) -> None:
    """Raise NoChoice where another fact than that of the record is asked for."""
    if rules.question_for(chat.audience) is not Question.FIRST_MONTH:
        raise NoChoice


def _link(
    session: Session,
    made: Claim,
    person_id: UUID,
    *,
    chat: ChatAddress,
    actor: str,
    now: datetime,
) -> ChatLink:
    person = person_of(session, person_id)
    use_up(session, made)
    link = access.link(
        session,
        chat=chat,
        person_id=person.id,
        masked_name=people_service.masked_name(person),
        language=made.language,
        level=Level.CODE,
        now=now,
    )
    preferences.keep_language(
        session, person_id=person.id, language=Language(made.language), now=now
    )
    audit.note(
        session,
        actor=actor,
        verb="chat_linked",
        subject=f"link:{link.id}",
        detail={
            "person": str(person.id),
            "messenger": chat.messenger,
            "audience": chat.audience,
            "shared_phone_is_registered": made.phone_index == person.phone_index,
        },
        now=now,
    )
    return link


def use_up(session: Session, made: Claim) -> None:
    """Let the right code of a claim open nothing more."""
    session.execute(
        update(Claim)
        .where(Claim.id == made.id)
        .values(state=ClaimState.LINKED, code_hash=None)
        .execution_options(synchronize_session=False)
    )


def _is_under_age(session: Session, person_id: UUID | None, now: datetime) -> bool:
    """Whether somebody is under 18; the same question to the store for nobody."""
    born = people.birth_date_of(session, person_id or queries.NOBODY)
    return is_under_age(born, calendar.today(now))


def _send_code(session: Session, made: Claim, person_id: UUID, now: datetime) -> str:
    person = person_of(session, person_id)
    if person.phone is None or not person.phone.startswith(rules.CODES_GO_TO):
        raise BranchOnly
    codes.count(session, db.keys().blind("phone", person.phone), now)
    code = f"{secrets.randbelow(10**rules.CODE_DIGITS):0{rules.CODE_DIGITS}d}"
    made.state = ClaimState.SENT
    made.codes += 1
    made.code_hash = _hash(made.id, code)
    made.code_tries = 0
    made.code_expires_at = now + rules.CODE_LASTS
    session.flush()
    template = "link_code"
    facts: dict[str, Any] = {"minutes": rules.CODE_LASTS // timedelta(minutes=1)}
    if made.link_id is not None and person.phone_index is not None:
        made.phone_index = person.phone_index
        # Who reads the code out consents by it, so the SMS says to what.
        template = "person_code"
        facts["name"] = access_queries.name_of(session, made.link_id)
    notices.post(
        session,
        template=template,
        to=person.id,
        about=f"claim:{made.id}",
        facts=facts,
        key=f"{template}:{made.id}:{made.codes}",
        secret={"code": code},
        expires_at=made.code_expires_at,
        now=now,
    )
    return person.phone


def spend(session: Session, chat_index: bytes, *, claims_an_hour: int, now: datetime) -> None:
    """Raise TooManyClaims where the budget of a chat, or of all, is used up."""
    day, hour = timedelta(days=1), timedelta(hours=1)
    of_chat = Claim.chat_index == chat_index
    full = queries.full_until(session, of_chat, most=rules.CLAIMS_A_DAY, span=day, now=now)
    if full is None:
        full = queries.full_until(session, true(), most=claims_an_hour, span=hour, now=now)
    if full is not None:
        raise TooManyClaims(wait_seconds=codes.seconds(full, now))


def open_claim(session: Session, claim_id: UUID, chat_index: bytes, now: datetime) -> Claim:
    """The claim of an id, if this very chat opened it and its time is not over; else ClaimOver."""
    found = queries.claim_of_chat(session, claim_id, chat_index)
    if found is None or found.expires_at <= now:
        raise ClaimOver
    return found


def person_of(session: Session, person_id: UUID) -> Person:
    """Somebody who was proved; NotFound where the registry has lost them since."""
    person = people.by_id(session, person_id)
    if person is None:
        raise NotFound
    return person


def _hash(claim_id: UUID, code: str) -> bytes:
    return db.keys().sign("link_code", claim_id.bytes + code.encode())


def _month(text: str | None) -> str:
    try:
        return str(Month.parse(text or ""))
    except BadDate as bad:
        raise Invalid(field="month", reason=bad.reason) from None


def read_national_code(text: str) -> str:
    """Read a national code; raises Invalid."""
    try:
        return identifiers.national_code(text)
    except BadIdentifier as bad:
        raise Invalid(field="national_code", reason=bad.reason) from None


def _phone(text: str) -> str:
    """Any country's number, as a messenger shares it: with or without its plus sign."""
    try:
        return identifiers.mobile(text)
    except BadIdentifier:
        digits = ascii_digits(normalise(text)).removeprefix("+").removeprefix("00")
        digits = digits.replace(" ", "").replace("-", "")
        if not (digits.isascii() and digits.isdigit() and 8 <= len(digits) <= 15):
            raise Invalid(field="phone", reason="form") from None
        return f"+{digits}"
