"""An insured person at a core on a table: bills, contracts, a record, receipts, and money to come back."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from api.access.schemas import GrantOut, SigninOut
from api.bills.refusals import BillNotFound
from api.bills.rules import Purpose, State
from api.bills.schemas import BillDetails, BillLine, BillOut, BillPage
from api.client import bills, contracts, identity, payments, records
from api.client.access import SIGNIN
from api.client.notices import OPENED
from api.contracts.rules import Cover, Kind
from api.contracts.rules import State as ContractState
from api.contracts.schemas import ContractOut, ContractPage
from api.errors import NotFound
from api.identity.refusals import NoChoice, WrongFact
from api.identity.rules import Question
from api.identity.schemas import ClaimOut, CodeSent, Welcome, WorkplacesOut
from api.kit.calendar import Month, due_day
from api.kit.message import Paper
from api.kit.text import Code
from api.notices.schemas import NoticeOut
from api.payments.rules import CreditReason, CreditState
from api.payments.schemas import (
    CreditOut,
    CreditPage,
    PaidItem,
    PayLinkOut,
    PaymentOut,
    PaymentPage,
)
from api.records.schemas import (
    GapOut,
    MonthOut,
    PartOut,
    RecordOut,
    TotalOut,
    YearDetails,
    YearOut,
)
from tests.bots.pretend import PretendKnocker
from tests.support import make
from tests.support.drawing import PNG

TOKEN = "3q2-7wAAAAAAAAAAAAAAAAAAAAA"
WORKPLACES = ("خیاطی مهر", "نجاری آذر", "نان سپیده", "چاپ بهار")
"""Shown to who does not know the first month; the third is right."""
TOLD = {"K7Q2M4XD": 1, "0123ABCD": 9, "ZZZZ9999": 2}
"""Which bill each notice told of; the ninth is nobody's."""


def a_bill(number: int, **changed: Any) -> BillOut:
    """The bill of the so-maniest month back from Aban 1405; the first is the newest."""
    period = Month(1405, 8).plus(1 - number)
    usual: dict[str, Any] = {
        "id": UUID(int=200 + number),
        "payer_of": UUID(int=301),
        "title_code": Purpose.CONTRIBUTION,
        "period": str(period),
        "amount": 4_250_000,
        "due_on": due_day(period, frozenset()),
        "state": State.OPEN,
        "bill_id": "1234567001127",
        "payment_ids": [f"425008{number}19"],
        "pending": False,
    }
    return BillOut(**usual | changed)


def a_fee(**changed: Any) -> BillOut:
    """The fee of a booklet."""
    fee = {
        "id": UUID(int=250),
        "payer_of": UUID(int=1),
        "title_code": Purpose.BOOKLET_FEE,
        "amount": 1_731_000,
    }
    return a_bill(1, **fee | changed)


def explained(bill: BillOut) -> BillDetails:
    """A bill with the lines of a contract, or of a duplicate."""
    base: dict[str, Any] = {"percent": "12", "state_percent": "2", "base": 30_000_000, "cover": "A"}
    lines = [
        BillLine(code="contribution", amount=3_600_000, facts=base),
        BillLine(code="medical", amount=650_300, facts={"heads": 2, "per_head": 325_150}),
        BillLine(code="carried", amount=200, facts={}),
    ]
    if bill.title_code is Purpose.BOOKLET_FEE:
        share = {"percent": "50", "base": 3_462_000}
        lines = [
            BillLine(code="duplicate_fee", amount=1_731_000, facts=share),
            BillLine(code="delivery", amount=0, facts={}),
            BillLine(code="something_new", amount=0, facts={}),
        ]
    return BillDetails(
        **bill.model_dump(), lines=lines, issued_on=make.TODAY - timedelta(days=10), carried=500
    )


def a_contract(number: int = 1, **changed: Any) -> ContractOut:
    usual: dict[str, Any] = {
        "id": UUID(int=300 + number),
        "number_tail": f"120{number}",
        "kind": Kind.SELF_EMPLOYED,
        "cover": Cover.PENSION,
        "monthly_base": 30_000_000,
        "state": ContractState.ACTIVE,
        "paid_until": "1405-06",
        "lapses_on": date(2027, 2, 19),
        "remind_day": None,
    }
    return ContractOut(**usual | changed)


def a_record() -> RecordOut:
    """From Tir 1403 to Aban 1405, with a gap of three months and one of one."""
    first, last = Month(1403, 4), Month(1405, 8)
    without = {Month(1403, 10), Month(1403, 11), Month(1403, 12), Month(1405, 2)}
    years = []
    for year in (1403, 1404, 1405):
        months = [Month(year, number) for number in range(1, 13)]
        cells = [30 if first <= one <= last and one not in without else None for one in months]
        years.append(YearOut(year=year, days=cells, total=sum(filter(None, cells))))
    days = sum(year.total for year in years)
    return RecordOut(
        years=years,
        total=TotalOut(years=days // 360, months=days // 30 % 12, days=days % 30, all_days=days),
        last_month="1405-08",
        gaps=[
            GapOut(since="1403-10", until="1403-12", months=3),
            GapOut(since="1405-02", until="1405-02", months=1),
        ],
    )


def a_year(year: int) -> YearDetails:
    """A year at two places, which overlap in its first month."""
    shop = PartOut(place="کارگاه نان سپیده", days=20, wage=92_000_000)
    own = PartOut(place="", days=30, wage=None)
    [cells] = [one.days for one in a_record().years if one.year == year]
    months = [
        MonthOut(
            month=str(Month(year, number)), days=30, parts=[shop, own] if number == 5 else [own]
        )
        for number, days in enumerate(cells, 1)
        if days
    ]
    return YearDetails(year=year, months=months)


def a_payment(number: int, **changed: Any) -> PaymentOut:
    usual: dict[str, Any] = {
        "id": UUID(int=400 + number),
        "amount": 8_500_000,
        "paid_at": make.NOW - timedelta(days=number),
        "reference": f"10020{number}",
        "card_masked": "6037-99**-****-1234",
        "items": [
            PaidItem(purpose=Purpose.CONTRIBUTION, period="1405-06", amount=4_250_000),
            PaidItem(purpose=Purpose.BOOKLET_FEE, period="1405-07", amount=1_000_000),
        ],
        "credit": 3_250_000,
    }
    return PaymentOut(**usual | changed)


def a_credit(number: int = 1, **changed: Any) -> CreditOut:
    usual: dict[str, Any] = {
        "id": UUID(int=500 + number),
        "amount": 3_250_000,
        "reason": list(CreditReason)[number % 2],
        "state": CreditState.OPEN,
        "created_at": make.NOW - timedelta(days=2),
        "reference": "100201",
    }
    return CreditOut(**usual | changed)


class Insured:
    """What the core knows of a person, for a test to change."""

    def __init__(self) -> None:
        self.bills: list[BillOut] = [a_bill(2), a_bill(1)]
        self.contracts: list[ContractOut] = [a_contract()]
        self.record: RecordOut = a_record()
        self.payments: list[PaymentOut] = [a_payment(1), a_payment(2)]
        self.credits: list[CreditOut] = [a_credit()]
        self.remind_day: int | None = None

    def page(self) -> BillPage:
        total = sum(bill.amount for bill in self.bills)
        return BillPage(items=self.bills, count=len(self.bills), total=total, as_of=make.TODAY)

    def show(self, bill: UUID) -> BillDetails:
        for one in self.bills:
            if one.id == bill:
                return explained(one)
        raise BillNotFound

    def link(self, bills: Sequence[UUID]) -> PayLinkOut:
        amount = sum(bill.amount for bill in self.bills if bill.id in bills)
        return PayLinkOut(
            url=f"https://hub.example/pay/{TOKEN}",
            amount=amount,
            count=len(bills),
            expires_at=make.NOW + timedelta(minutes=20),
        )

    def remind(self, contract: UUID, day: int | None) -> None:
        assert contract in {one.id for one in self.contracts}
        self.remind_day = day

    def refund(self, credit: UUID) -> CreditOut:
        [one] = [one for one in self.credits if one.id == credit]
        return one.model_copy(update={"state": CreditState.REFUND_ASKED})

    def opened(self, code: str) -> NoticeOut:
        if code not in TOLD:
            raise NotFound
        return NoticeOut(
            code=code,
            template="bill_issued",
            subject="قبض",
            day=make.TODAY,
            about=f"bill:{UUID(int=200 + TOLD[code])}",
            grant_id=None,
            text="قبض آبان شما آماده است.",
            status="sent",
            actions=["pay_bill", "bill_details", "is_it_genuine"],
        )

    def answers(self) -> dict[Any, Any]:
        """What each door answers."""
        return {
            bills.MINE: self.page,
            bills.SHOW: self.show,
            contracts.MINE: lambda: ContractPage(items=self.contracts),
            contracts.REMIND: self.remind,
            payments.LINK: self.link,
            payments.MINE: lambda: PaymentPage(items=self.payments, count=len(self.payments)),
            payments.CREDITS: lambda: CreditPage(
                items=self.credits, count=len(self.credits), total=0
            ),
            payments.REFUND: self.refund,
            records.MINE: lambda: self.record,
            records.YEAR: a_year,
            records.PICTURE: Paper("record.png", PNG, "image/png"),
            records.PAPER: Paper("record.pdf", b"%PDF-1.7", "application/pdf"),
            SIGNIN: lambda: SigninOut(
                url=f"https://hub.example/enter/{TOKEN}",
                expires_at=make.NOW + timedelta(minutes=15),
            ),
            OPENED: self.opened,
        }


def meeting(knocker: PretendKnocker, grants: Sequence[GrantOut]) -> dict[Any, Any]:
    """What identity answers to somebody whom the country knows."""

    def welcome(**_facts: Any) -> Welcome:
        knocker.linked = True
        knocker.grants = list(grants)
        return Welcome(name="م*** ا***", grants=list(grants))

    sent = CodeSent(to=Code("0912•••4567"), expires_at=make.NOW + timedelta(minutes=3), digits=6)

    def fact(*, workplace: int | None = None, **_facts: Any) -> CodeSent:
        if workplace not in {None, 3}:
            knocker.answers[identity.WORKPLACES] = _refused
            raise WrongFact(left=4)
        return sent

    def _refused(**_facts: Any) -> Any:
        raise NoChoice

    return {
        identity.CLAIM: ClaimOut(id=UUID(int=5), question=Question.FIRST_MONTH),
        identity.FACT: fact,
        identity.WORKPLACES: WorkplacesOut(names=list(WORKPLACES)),
        identity.CODE: welcome,
    }
