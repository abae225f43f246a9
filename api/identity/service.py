"""The verbs of identity: a first meeting, and what is swept away afterwards."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from api.access import numbers, persons
from api.access import queries as access_queries
from api.access import service as access
from api.access.models import ChatLink
from api.access.rules import SMS, ChatAddress, Level
from api.audit import service as audit
from api.identity import choosing, confirming, guard, proving, queries, reading, rules
from api.identity.models import Claim, Guard, SentCode, WorkplaceChoice
from api.identity.refusals import CodeExpired, WrongFact
from api.identity.rules import ClaimState, Question
from api.kit import calendar
from api.kit.language import Language
from api.people import queries as people
from api.people import service as people_service
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
    code = reading.national_code(national_code)
    shared = reading.phone(phone)
    proving.may_open(session, chat, code, claims_an_hour=claims_an_hour, now=now)
    person_id, whose = people.ids_by_national_code(session, [code]).get(code), code
    if chat.messenger == SMS and person_id not in numbers.may_link(
        session, chat, today=calendar.today(now)
    ):
        # A number speaks for nobody but its own; the claim goes on as one for nobody we know, and
        # takes nothing from the choice that the person is shown elsewhere.
        person_id, whose = None, f"{code} {chat.chat_id}"
    return proving.begin(
        session, chat, person_id, whose=whose, shared=shared, language=language, now=now
    )


def workplaces(session: Session, *, chat: ChatAddress, claim_id: UUID, now: datetime) -> list[str]:
    """Give the workplaces among which one can be chosen in place of the month that is asked for.

    Raises ClaimOver and NoChoice.
    """
    made = proving.open_claim(session, claim_id, access_queries.chat_index(chat), now)
    return choosing.workplaces(session, made, rules.question_for(chat.audience), now=now)


def answer_fact(
    session: Session,
    *,
    chat: ChatAddress,
    claim_id: UUID,
    month: str | None = None,
    workplace: int | None = None,
    now: datetime,
) -> tuple[Claim, str]:
    """Judge the fact of a claim, the month or the place of a workplace among those shown.

    A right one sends a code, and gives the claim and the number. Of who is under 18 none is right
    where they would be added to another's chat. Raises Invalid (field month), ClaimOver, WrongFact,
    NoChoice, Locked, BranchOnly, CoolDown, TooManyCodes; of who was proved and is in the chat
    already AlreadyHere.
    """
    said = reading.month(month) if workplace is None else None
    question = rules.question_for(chat.audience)
    index = access_queries.chat_index(chat)
    made = proving.open_claim(session, claim_id, index, now)
    counted = proving.counted_under(chat, made.code_index)
    left = {one: guard.take_try(session, one, now=now) for one in counted}
    if workplace is None:
        right = said in _facts(session, made.person_id, chat.audience, now)
    else:
        right = choosing.is_right(session, made, question, workplace, now=now)
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
        choosing.give_back(session, made, question)
    if made.link_id is not None:
        link = session.get_one(ChatLink, made.link_id)
        persons.may_add(session, link, made.person_id, today=calendar.today(now))
    return made, proving.send_code(session, made, made.person_id, now)


def resend(
    session: Session, *, chat: ChatAddress, claim_id: UUID, now: datetime
) -> tuple[Claim, str]:
    """Send a new code in place of the older one; gives the claim and the number.

    Raises ClaimOver, CodeExpired (none was sent yet), CoolDown, TooManyCodes.
    """
    made = proving.open_claim(session, claim_id, access_queries.chat_index(chat), now)
    if made.state != ClaimState.SENT or made.person_id is None:
        raise CodeExpired
    return made, proving.send_code(session, made, made.person_id, now)


def answer_code(
    session: Session, *, chat: ChatAddress, claim_id: UUID, code: str, actor: str, now: datetime
) -> ChatLink:
    """Judge the code of a claim; a right one links the chat.

    Raises Invalid (field code), ClaimOver, CodeExpired, WrongCode, Locked, BranchOnly.
    """
    made, person, counted = proving.take_code(
        session, chat=chat, claim_id=claim_id, link_id=None, code=code, now=now
    )
    for one in counted:
        guard.forgive(session, one)
    proving.use_up(session, made)
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


def _facts(session: Session, person_id: UUID | None, audience: str, now: datetime) -> set[str]:
    """The months that answer the question of an audience rightly; one question to the store."""
    if rules.question_for(audience) is Question.FIRST_MONTH:
        return queries.first_months(session, person_id)
    return queries.registration_months(session, person_id, calendar.today(now))


def _is_under_age(session: Session, person_id: UUID | None, now: datetime) -> bool:
    """Whether somebody is under 18; the same question to the store for nobody."""
    born = people.birth_date_of(session, person_id or queries.NOBODY)
    return is_under_age(born, calendar.today(now))
