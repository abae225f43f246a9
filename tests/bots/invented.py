"""A core that answers everything the real dialogues ask, with a no now and then."""

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from api.access.refusals import AlreadyHere, GrantEnded, NotLinked, TooManyPersons
from api.access.schemas import Trusted, TrustedOut
from api.bills.refusals import BillNotFound
from api.bills.rules import State as BillState
from api.bills.schemas import BillDetails, BillPage
from api.client import Core
from api.client import bills as bills_doors
from api.client import contracts as contracts_doors
from api.client import payments as payments_doors
from api.client import records as records_doors
from api.client.access import END_PERSON, END_PERSONS, EVERYWHERE, TRUSTED, UNLINK
from api.client.debts import MINE, SHOW
from api.client.identity import (
    CLAIM,
    CODE,
    FACT,
    PERSON,
    PERSON_CODE,
    RESEND,
    WORKPLACES,
)
from api.client.notices import CHECK, OPENED
from api.client.notices import MINE as NOTICES
from api.client.organisation import BRANCHES, TODAY
from api.contracts.refusals import ContractClosed
from api.contracts.rules import State as ContractState
from api.contracts.schemas import ContractPage
from api.debts.refusals import DebtNotFound
from api.debts.rules import Kind, LineCode, State, Step
from api.debts.schemas import DebtDetails, DebtOut, DebtPage, LineOut
from api.errors import NotFound, Refusal
from api.identity.refusals import (
    BranchOnly,
    ClaimOver,
    CodeExpired,
    CoolDown,
    Locked,
    NoChoice,
    TooManyClaims,
    TooManyCodes,
    WrongCode,
    WrongFact,
)
from api.identity.rules import Question
from api.identity.schemas import ClaimOut, CodeSent, PersonAddedOut, Welcome, WorkplacesOut
from api.kit.message import Paper
from api.kit.text import Code
from api.notices.refusals import NotACode, TooManyChecks
from api.notices.schemas import Genuine, NoticeLine, NoticeOut, NoticePage
from api.organisation.schemas import Branches, Today
from api.payments.refusals import (
    BillBeingChecked,
    BillClosed,
    CreditRefunded,
    NothingToPay,
    PayingUnavailable,
)
from api.payments.rules import CreditState
from api.payments.schemas import CreditPage
from api.records.schemas import RecordOut
from tests.bots.asking import NUMBER as REQUESTED
from tests.bots.asking import asking
from tests.bots.insured import Insured, a_bill, a_contract, a_credit, a_fee, explained
from tests.bots.pretend import CHILDREN, GRANTS, HERE, OTHER, PretendKnocker, core_on
from tests.support import make
from tests.support.drawing import PNG

CODES = ("K7Q2M4XD", "0123ABCD", "ZZZZ9999")
_ACTIONS = (
    "debt_details", "is_it_genuine", "pay_bill", "bill_details", "request_details", "rate_request",
)  # fmt: skip
OPENINGS = [f"{action}|{code}" for action in _ACTIONS for code in CODES]
"""The buttons of notices that people have."""

ANSWERS = {
    "national_code": ["0012345679", "0012345678", "۰۰۱۲۳۴۵۶۷۹"],
    "month": ["1398-04", "تیر ۱۳۹۸", "when?"],
    "code": ["123456", "12 34 56", "K7Q2-M4XD", "no code"],
    "day": ["12", "۲۹", "31"],
    "address": ["یزد، کوچهٔ دوم، پلاک ۷", "کوچه"],
    "postal": ["8913715351", "۸۹۱۳۷-۱۵۳۵۱", "12"],
    "pin": ["4831", "۴۸ ۳۱", "483"],
    "place": ["یزد", "location 35.7 51.4"],
    "number": ["4820193370", "4820193371"],
}
"""What fits the questions that are answered in words, and what nearly does."""

Guard = Callable[..., Callable[..., Any]]


def new_knocker(
    chance: random.Random,
    *,
    linked: bool,
    workplaces: int,
    noes: bool = True,
    audience: str = "employers",
) -> PretendKnocker:
    """A core whose noes, where it has any, are thrown with `chance`.

    An insured person has a child for every workplace after the first.
    """
    knocker = PretendKnocker(linked=linked, grants=GRANTS[:workplaces])

    or_no, linked_only = _guards(chance, knocker, noes=noes)

    def welcome(**_facts: Any) -> Welcome:
        knocker.linked = True
        knocker.proofs += 1
        return Welcome(name="م*** ا***", grants=knocker.grants)

    def unlink() -> None:
        knocker.linked = False

    def page() -> DebtPage:
        items = [_debt(n) for n in range(chance.choice((0, 1, 2, 12) if noes else (2,)))]
        total = sum(debt.total for debt in items)
        return DebtPage(items=items, count=len(items), total=total, as_of=make.TODAY)

    sent = CodeSent(to=Code("0912•••4567"), expires_at=make.NOW + timedelta(minutes=3), digits=6)
    claim = ClaimOut(id=UUID(int=5))
    four = WorkplacesOut(names=["خیاطی مهر", "نجاری آذر", "نان سپیده", "چاپ بهار"])
    over: tuple[Refusal, ...] = (ClaimOver(), BranchOnly(), Locked(wait_seconds=900))
    knocker.answers |= _persons(chance, knocker, or_no, linked_only, noes=noes)
    knocker.answers |= {
        CLAIM: or_no(lambda **_: claim, TooManyClaims(wait_seconds=60), one_in=9),
        # Often: the question behind it is asked nowhere else.
        FACT: or_no(lambda **_: sent, WrongFact(left=3), *[CoolDown(wait_seconds=50)] * 6, *over),
        WORKPLACES: or_no(lambda **_: four, NoChoice(), ClaimOver()),
        RESEND: or_no(lambda **_: sent, CoolDown(wait_seconds=50), TooManyCodes(), *over),
        CODE: or_no(welcome, WrongCode(left=2), CodeExpired(), *over),
        UNLINK: linked_only(unlink),
        TODAY: Today(day=make.TODAY),
        BRANCHES: Branches(items=[HERE]),
        MINE: linked_only(or_no(page, GrantEnded(), one_in=12)),
        SHOW: linked_only(or_no(_details, DebtNotFound(), one_in=8)),
        NOTICES: linked_only(_notices),
        OPENED: linked_only(or_no(_opened, NotFound(), one_in=6)),
        CHECK: or_no(_genuine, NotACode(), TooManyChecks(wait_seconds=60), one_in=6),
    }
    if audience == "people":
        knocker.grants = CHILDREN[: workplaces - 1]
        knocker.answers[CLAIM] = ClaimOut(id=claim.id, question=Question.FIRST_MONTH)
        knocker.answers |= _insured(chance, linked_only, or_no, noes=noes)
        knocker.answers |= asking(chance, linked_only, or_no)
    return knocker


def somebodys(chance: random.Random, number: int, audience: str) -> tuple[Core, PretendKnocker]:
    """The core of one of several people: a third are strangers, half have two of what they have.

    By SMS, the audience "sms", who has workplaces is insured too.
    """
    several = 1 + number // 2 % 2
    whose = "people" if audience == "sms" else audience
    knocker = new_knocker(chance, linked=number % 3 > 0, workplaces=several, audience=whose)
    if audience == "sms":
        knocker.grants = [*GRANTS[:several], *knocker.grants]
    return core_on(knocker), knocker


def _persons(
    chance: random.Random,
    knocker: PretendKnocker,
    or_no: Guard,
    linked_only: Guard,
    *,
    noes: bool,
) -> dict[Any, Any]:
    """Another person, who comes and goes, and chats of others that may act for this one."""

    def added(**_facts: Any) -> PersonAddedOut:
        knocker.grants = [*(one for one in knocker.grants if one is not OTHER), OTHER]
        return PersonAddedOut(grant=OTHER.id, name=OTHER.label)

    def ended(**_facts: Any) -> None:
        knocker.grants = [one for one in knocker.grants if one is not OTHER]

    def everywhere() -> None:
        ended()
        knocker.linked = False

    def trusted() -> Trusted:
        if not noes:
            return Trusted(items=[])
        one = TrustedOut(id=UUID(int=41), name="ن*** ا***", messenger="bale", since=make.TODAY)
        return Trusted(items=[one][: chance.randrange(2)], chats=chance.randint(1, 2))

    claim = ClaimOut(id=UUID(int=6), question=Question.FIRST_MONTH)
    full = TooManyPersons(most=5)
    return {
        PERSON: linked_only(or_no(lambda **_: claim, full, Locked(wait_seconds=900), one_in=9)),
        PERSON_CODE: linked_only(or_no(added, WrongCode(left=2), AlreadyHere(), ClaimOver())),
        TRUSTED: linked_only(trusted),
        END_PERSON: linked_only(ended),
        END_PERSONS: lambda: None,
        EVERYWHERE: linked_only(everywhere),
    }


def _guards(chance: random.Random, knocker: PretendKnocker, *, noes: bool) -> tuple[Guard, Guard]:
    """What makes an answer be refused now and then, and what refuses it to strangers."""

    def or_no(answer: Callable[..., Any], *said: Refusal, one_in: int = 3) -> Callable[..., Any]:
        def answered(**facts: Any) -> Any:
            if noes and chance.randrange(one_in) == 0:
                raise chance.choice(said)
            return answer(**facts)

        return answered

    def linked_only(answer: Callable[..., Any]) -> Callable[..., Any]:
        def answered(**facts: Any) -> Any:
            if not knocker.linked:
                raise NotLinked
            return answer(**facts)

        return answered

    return or_no, linked_only


def _insured(
    chance: random.Random, linked_only: Guard, or_no: Guard, *, noes: bool
) -> dict[Any, Any]:
    """What insured people have: now nothing, now much of it; without noes always the same."""
    person = Insured()
    answers = person.answers()
    if not noes:
        return answers
    bills, contracts, owed = person.bills, person.contracts, person.credits
    record, nothing = (
        person.record,
        RecordOut.model_validate({**person.record.model_dump(), "years": []}),
    )

    def page() -> BillPage:
        pending = chance.random() < 0.2
        person.bills = chance.choice((
            [], [a_bill(1, pending=pending)], bills, [*bills, a_fee()],
            [a_bill(number) for number in range(11, 0, -1)],
        ))  # fmt: skip
        return person.page()

    def show(bill: UUID) -> BillDetails:
        state = chance.choice((BillState.OPEN, BillState.OPEN, *BillState))
        return explained(a_bill(1, id=bill, state=state))

    def opened(code: str) -> NoticeOut:
        told = person.opened(code)
        of_request = told.model_copy(
            update={
                "about": f"request:{REQUESTED}",
                "actions": ["request_details", "rate_request"],
            }
        )
        return chance.choice((told, told, of_request))

    def my_contracts() -> ContractPage:
        more = [a_contract(2, remind_day=5), a_contract(3, state=ContractState.LAPSED)]
        return ContractPage(items=contracts + more[: chance.randrange(3)])

    def my_credits() -> CreditPage:
        found = chance.choice(([], owed, [a_credit(1, state=chance.choice(list(CreditState)))]))
        return CreditPage(items=found, count=len(found), total=0)

    no_page = (
        NothingToPay(),
        BillBeingChecked(),
        BillClosed(),
        PayingUnavailable(),
        BillNotFound(),
    )
    changed: dict[Any, Any] = {
        bills_doors.MINE: or_no(page, GrantEnded(), one_in=12),
        bills_doors.SHOW: or_no(show, BillNotFound(), one_in=6),
        contracts_doors.MINE: my_contracts,
        contracts_doors.REMIND: or_no(lambda **_: None, ContractClosed(), one_in=4),
        payments_doors.LINK: or_no(answers[payments_doors.LINK], *no_page),
        payments_doors.CREDITS: my_credits,
        payments_doors.REFUND: or_no(
            lambda credit: a_credit(state=CreditState.REFUND_ASKED, id=credit),
            CreditRefunded(),
            one_in=4,
        ),
        records_doors.PICTURE: Paper("record.png", PNG, "image/png"),
        records_doors.PAPER: Paper("record.pdf", b"%PDF-1.7", "application/pdf"),
        records_doors.MINE: lambda: chance.choice((record, record, nothing)),
        OPENED: or_no(opened, NotFound(), one_in=6),
    }
    return {door: linked_only(_called(answer)) for door, answer in {**answers, **changed}.items()}


def _called(answer: Any) -> Callable[..., Any]:
    return answer if callable(answer) else lambda **_facts: answer


def _debt(number: int) -> DebtOut:
    return DebtOut(
        id=UUID(int=100 + number),
        number_tail=f"73{number:02d}",
        period_from=f"1404-{1 + number % 12:02d}",
        period_to=f"1405-{1 + number % 12:02d}",
        total=1_000_000 * (number + 1),
        objection_until=make.TODAY + timedelta(days=number - 2),
        state=State.OPEN,
        step=list(Step)[number % 4],
        kind=list(Kind)[number % 2],
    )


def _details(debt: UUID) -> DebtDetails:
    number = int(debt) % 50
    facts: dict[LineCode, dict[str, Any]] = {
        LineCode.PRINCIPAL: {},
        LineCode.LIST_FINE: {"percent": "10", "base": 900_000},
        LineCode.LATE_FINE: {
            "percent": "2",
            "months": 3,
            "base": 900_000,
            "first_day": "2026-10-23",
        },
        LineCode.ENFORCEMENT_FEE: {"percent": "5", "base": 900_000},
        LineCode.PAID: {},
    }
    return DebtDetails(
        **_debt(number % 12).model_dump() | {"id": debt},
        number=f"14050000{number:05d}",
        workshop="*4521 کارگاه نان سپیده",
        reason="01",
        issued_on=make.TODAY - timedelta(days=20),
        due_on=make.TODAY - timedelta(days=80),
        lines=[LineOut(code=code, amount=200_000, facts=said) for code, said in facts.items()],
        as_of=make.TODAY,
    )


def _notices(after: UUID | None = None) -> NoticePage:
    line = {"template": "debt_notice", "subject": "بدهی", "status": "sent"}
    items = [
        NoticeLine(code=code, day=make.TODAY - timedelta(days=days), **line)
        for days, code in enumerate(CODES)
    ]
    return NoticePage(items=items, after=UUID(int=9) if after is None else None)


def _opened(code: str) -> NoticeOut:
    return NoticeOut(
        code=code,
        template="debt_notice",
        subject="بدهی",
        day=make.TODAY,
        about=f"debt:{UUID(int=103)}",
        grant_id=GRANTS[0].id,
        text="کارگاه *۴۵۲۱",
        status="sent",
        actions=["debt_details", "is_it_genuine"],
    )


def _genuine(code: str) -> Genuine:
    return Genuine(genuine=code in CODES, day=make.TODAY, subject="بدهی")
