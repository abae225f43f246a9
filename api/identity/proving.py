"""A claim from its opening to its code: what a first meeting and another person in a chat share.

Whoever is asked about, a step makes the same questions to the database and the same comparisons;
what differs is only what a right answer is followed by.
"""

import hmac
import secrets
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import true, update
from sqlalchemy.orm import Session

from api import db
from api.access import queries as access_queries
from api.access.rules import WEB, ChatAddress
from api.errors import Invalid, NotFound
from api.identity import choosing, codes, guard, queries, rules
from api.identity.models import Claim
from api.identity.refusals import BranchOnly, ClaimOver, CodeExpired, TooManyClaims, WrongCode
from api.identity.rules import ClaimState
from api.kit.language import Language
from api.notices import service as notices
from api.people import queries as people
from api.people.models import Person


def may_open(
    session: Session, chat: ChatAddress, code: str, *, claims_an_hour: int, now: datetime
) -> None:
    """Take a claim at a national code from the budget of a chat, and from that of all.

    Raises Locked, BranchOnly, TooManyClaims.
    """
    for one in counted_under(chat, choosing.code_index(code)):
        guard.watch(session, one, now=now)
    _spend(session, access_queries.chat_index(chat), claims_an_hour=claims_an_hour, now=now)


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


def open_claim(session: Session, claim_id: UUID, chat_index: bytes, now: datetime) -> Claim:
    """The claim of an id, if this very chat opened it and its time is not over; else ClaimOver."""
    found = queries.claim_of_chat(session, claim_id, chat_index)
    if found is None or found.expires_at <= now:
        raise ClaimOver
    return found


def counted_under(chat: ChatAddress, code_index: bytes | None) -> list[bytes]:
    """Under which indexes wrong answers are counted: the chat's.

    On the web, where a new chat costs nobody anything, also those at one national code.
    """
    indexes = [access_queries.chat_index(chat)]
    if chat.messenger == WEB and code_index is not None:
        indexes.append(db.keys().blind("web_guard", code_index.hex()))
    return indexes


def send_code(session: Session, made: Claim, person_id: UUID, now: datetime) -> str:
    """Send a code to the registered number, which it gives; raises BranchOnly, and what codes raise."""
    person = _person(session, person_id)
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


def take_code(
    session: Session,
    *,
    chat: ChatAddress,
    claim_id: UUID,
    link_id: UUID | None,
    code: str,
    now: datetime,
) -> tuple[Claim, Person, list[bytes]]:
    """Judge the code of a claim that is for this link's chat, or for none.

    Gives the claim, whom it proves, and under which indexes this try was counted. Raises Invalid
    (field code), ClaimOver, CodeExpired, WrongCode, Locked, BranchOnly.
    """
    made = open_claim(session, claim_id, access_queries.chat_index(chat), now)
    if made.link_id != link_id:
        raise ClaimOver
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
    return made, _person(session, made.person_id), counted


def use_up(session: Session, made: Claim) -> None:
    """Let the right code of a claim open nothing more."""
    session.execute(
        update(Claim)
        .where(Claim.id == made.id)
        .values(state=ClaimState.LINKED, code_hash=None)
        .execution_options(synchronize_session=False)
    )


def _spend(session: Session, chat_index: bytes, *, claims_an_hour: int, now: datetime) -> None:
    """Raise TooManyClaims where the budget of a chat, or of all, is used up."""
    day, hour = timedelta(days=1), timedelta(hours=1)
    of_chat = Claim.chat_index == chat_index
    full = queries.full_until(session, of_chat, most=rules.CLAIMS_A_DAY, span=day, now=now)
    if full is None:
        full = queries.full_until(session, true(), most=claims_an_hour, span=hour, now=now)
    if full is not None:
        raise TooManyClaims(wait_seconds=codes.seconds(full, now))


def _person(session: Session, person_id: UUID) -> Person:
    """Somebody who was proved; NotFound where the registry has lost them since."""
    person = people.by_id(session, person_id)
    if person is None:
        raise NotFound
    return person


def _hash(claim_id: UUID, code: str) -> bytes:
    return db.keys().sign("link_code", claim_id.bytes + code.encode())
