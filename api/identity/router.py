"""The doors of identity; open to chats that are linked to nobody, within budgets."""

from uuid import UUID

from sqlalchemy.orm import Session

from api.access import numbers, persons
from api.access import queries as access_queries
from api.access.doors import Anyone, Linked, Now, Router, Today, answers
from api.access.refusals import AlreadyHere, NotHere, NotLinked, TooManyPersons
from api.access.rules import ChatAddress
from api.errors import Invalid
from api.identity import adding, confirming, pins, rules, service
from api.identity.models import Claim
from api.identity.refusals import (
    BranchOnly,
    ClaimOver,
    CodeExpired,
    CoolDown,
    Locked,
    NoChoice,
    NoPin,
    PinLocked,
    TooManyClaims,
    TooManyCodes,
    WeakPin,
    WrongCode,
    WrongFact,
    WrongPin,
)
from api.identity.schemas import (
    ClaimIn,
    ClaimOut,
    CodeIn,
    CodeSent,
    ConfirmationOut,
    FactIn,
    PersonAddedOut,
    PersonIn,
    PinIn,
    Unlocked,
    Welcome,
    WorkplacesOut,
)
from api.kit.identifiers import mask_phone
from api.settings import Settings

router = Router(prefix="/v1/identity", tags=["identity"])


@router.post("/claims", responses=answers(TooManyClaims, Locked, BranchOnly))
def claim(
    session: Session, caller: Anyone, now: Now, settings: Settings, said: ClaimIn
) -> ClaimOut:
    """Say who somebody in this chat is.

    The answer is the same whether or not the person is known.
    """
    chat = _chat(caller)
    made = service.claim(
        session,
        chat=chat,
        national_code=said.national_code,
        phone=said.phone,
        language=caller.language,
        claims_an_hour=settings.claims_an_hour,
        now=now,
    )
    return ClaimOut(id=made.id, question=rules.question_for(chat.audience))


@router.post("/claims/{claim_id}/workplaces", responses=answers(ClaimOver, NoChoice))
def workplaces(session: Session, caller: Anyone, now: Now, claim_id: UUID) -> WorkplacesOut:
    """Show four workplaces to who does not know the month they are asked for.

    The same ones each time, whether or not the person is known.
    """
    names = service.workplaces(session, chat=_chat(caller), claim_id=claim_id, now=now)
    return WorkplacesOut(names=names)


@router.post(
    "/claims/{claim_id}/fact",
    responses=answers(
        WrongFact,
        NoChoice,
        Locked,
        BranchOnly,
        ClaimOver,
        CoolDown,
        TooManyCodes,
        AlreadyHere,
        TooManyPersons,
    ),
)
def fact(session: Session, caller: Anyone, now: Now, claim_id: UUID, said: FactIn) -> CodeSent:
    """Answer the question of a claim.

    A right answer sends a code by SMS to the registered number, not to the one that was shared.
    """
    made, number = service.answer_fact(
        session,
        chat=_chat(caller),
        claim_id=claim_id,
        month=said.month,
        workplace=said.workplace,
        now=now,
    )
    return _sent(made, number)


@router.post(
    "/claims/{claim_id}/code",
    responses=answers(WrongCode, CodeExpired, Locked, BranchOnly, ClaimOver),
)
def code(
    session: Session, caller: Anyone, now: Now, today: Today, *, claim_id: UUID, said: CodeIn
) -> Welcome:
    """Give the code that came by SMS; a right one links the chat.

    Every older channel of the person is told. Whoever the chat spoke for before is unlinked.
    """
    link = service.answer_code(
        session,
        chat=_chat(caller),
        claim_id=claim_id,
        code=said.code,
        actor=caller.actor,
        now=now,
    )
    given = access_queries.given_to_link(session, link.id)
    shown = access_queries.shown_grants(session, link, given, today=today)
    return Welcome(name=link.masked_name, grants=shown)


@router.post(
    "/claims/{claim_id}/resend",
    responses=answers(CodeExpired, ClaimOver, CoolDown, TooManyCodes, BranchOnly),
)
def resend(session: Session, caller: Anyone, now: Now, claim_id: UUID) -> CodeSent:
    """Send a new code; the older one is void."""
    made, number = service.resend(session, chat=_chat(caller), claim_id=claim_id, now=now)
    return _sent(made, number)


@router.post(
    "/persons", responses=answers(NotHere, TooManyPersons, TooManyClaims, Locked, BranchOnly)
)
def add_person(
    session: Session, caller: Linked, now: Now, settings: Settings, said: PersonIn
) -> ClaimOut:
    """Say for whom else this chat shall act.

    The answer is the same whether or not the person is known; fact, workplaces and a new code are
    given as for any claim.
    """
    made = adding.claim(
        session,
        chat=caller.chat,
        link_id=caller.link_id,
        national_code=said.national_code,
        language=caller.language,
        claims_an_hour=settings.claims_an_hour,
        now=now,
    )
    return ClaimOut(id=made.id, question=rules.question_for(caller.chat.audience))


@router.post(
    "/persons/{claim_id}/code",
    responses=answers(
        WrongCode, CodeExpired, Locked, BranchOnly, ClaimOver, AlreadyHere, TooManyPersons
    ),
)
def added_person(
    session: Session, caller: Linked, now: Now, *, claim_id: UUID, said: CodeIn
) -> PersonAddedOut:
    """Give the code that the other person was sent; a right one lets this chat act for them.

    They are told on every channel of theirs.
    """
    grant = adding.answer_code(
        session,
        chat=caller.chat,
        link_id=caller.link_id,
        claim_id=claim_id,
        code=said.code,
        actor=caller.actor,
        now=now,
    )
    name = persons.held(session, caller.link_id)[grant.held_id].label
    return PersonAddedOut(grant=grant.id, name=name)


@router.post("/confirmations", responses=answers(CoolDown, TooManyCodes, BranchOnly))
def ask_to_confirm(session: Session, caller: Linked, now: Now) -> ConfirmationOut:
    """Send a code by SMS to the registered number, to confirm what is asked for in this chat."""
    made, number = confirming.ask(session, chat=caller.chat, person_id=caller.person_id, now=now)
    return ConfirmationOut(
        id=made.id,
        to=str(mask_phone(number)),
        expires_at=made.expires_at,
        digits=rules.CODE_DIGITS,
    )


@router.post("/confirmations/{confirmation_id}/code", responses=answers(WrongCode, CodeExpired))
def confirm(
    session: Session, caller: Linked, now: Now, confirmation_id: UUID, said: CodeIn
) -> None:
    """Give the code of a confirmation, once."""
    confirming.confirm(
        session, chat=caller.chat, confirmation_id=confirmation_id, code=said.code, now=now
    )


@router.post("/pin", responses=answers(WeakPin))
def choose_pin(session: Session, caller: Linked, now: Now, said: PinIn) -> None:
    """Choose the PIN that lets an answer by SMS show amounts and names."""
    pins.choose(session, person_id=caller.person_id, pin=said.pin, now=now)


@router.post("/pin/unlock", responses=answers(NotLinked, NoPin, WrongPin, PinLocked))
def unlock(session: Session, caller: Anyone, now: Now, said: PinIn) -> Unlocked:
    """Say whether this is the person's PIN; five wrong ones close it until the next day.

    Of several linked people on a phone it says who writes.
    """
    chat = _chat(caller)
    several = numbers.sharing(session, chat, now=now)
    known = several or ({caller.person_id} if caller.person_id else set())
    if not known:
        raise NotLinked
    whose = pins.unlock(session, person_ids=known, pin=said.pin, now=now)
    if several:
        numbers.choose(session, chat, person_id=whose, now=now)
    return Unlocked(changed=whose != caller.person_id)


def _chat(caller: Anyone) -> ChatAddress:
    if caller.chat is None:
        raise Invalid(field="X-Chat")
    return caller.chat


def _sent(made: Claim, number: str) -> CodeSent:
    return CodeSent(
        to=str(mask_phone(number)),
        expires_at=made.code_expires_at or made.expires_at,
        digits=rules.CODE_DIGITS,
    )
