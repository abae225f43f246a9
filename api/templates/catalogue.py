"""Every template of a notice: its class, the question that keeps it true, its facts and its acts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from api.kit.calendar import Month
from api.kit.language import Sentence, _
from api.templates.facts.base import Facts
from api.templates.facts.chats import CodeFacts, DayFacts, LinkFacts, PersonCodeFacts, PersonFacts
from api.templates.facts.contracts import BillFacts, LapsedFacts, LapseFacts
from api.templates.facts.debts import DebtFacts, ReminderFacts
from api.templates.facts.payments import CreditFacts, PaymentFacts, RefundFacts, UnpaidFacts
from api.templates.facts.records import RecordFacts
from api.templates.facts.requests import RequestFacts


class NoticeClass(StrEnum):
    """What a notice is to its reader: it decides plan, lane, retries and quiet hours."""

    CODE = "code"
    RECEIPT = "receipt"
    LEGAL = "legal"
    SERVICE = "service"
    COURTESY = "courtesy"


@dataclass(frozen=True, slots=True)
class Template:
    """One kind of notice.

    `subject` is what a check of its code answers that it is about. `question` names what must still
    be true when it is sent (None: nothing can change it). `actions` are its buttons, in order.
    `example` is a full set of facts, so that previews, samples and tests need nothing else;
    `example_secret` is what is given only when it is sent.
    """

    name: str
    notice_class: NoticeClass
    subject: Sentence
    question: str | None
    facts: type[Facts]
    example: Facts
    actions: tuple[str, ...] = ()
    example_secret: Mapping[str, str] | None = None

    def offered(self, facts: Facts) -> tuple[str, ...]:
        """Give the buttons that belong to these facts."""
        return tuple(action for action in self.actions if facts.offers(action))


# The same act has the same word everywhere: dialogues that answer these buttons say so too.
ACTIONS: Mapping[str, Sentence] = MappingProxyType({
    "bill_details": _("See the details"),
    "debt_details": _("See the details"),
    "is_it_genuine": _("Is it genuine?"),
    "request_details": _("Follow the request"),
    "rate_request": _("Say how it went"),
    "pay_bill": _("Pay"),
})  # fmt: skip

_DEBT = {
    "workshop_tail": "4521",
    "workshop_name": "نان سپیده",
    "debt_tail": "7304",
    "period_from": Month(1405, 5),
    "period_to": Month(1405, 5),
    "amount": 82_000_000,
    "as_of": date(2026, 10, 4),
    "objection_until": date(2026, 10, 22),
}

_BILL = {
    "contract_tail": "4521",
    "period": Month(1405, 8),
    "amount": 4_250_000,
    "due_on": date(2026, 12, 21),
}

_ALL = (
    Template(
        name="link_code",
        notice_class=NoticeClass.CODE,
        subject=_("a code to link a chat"),
        question=None,
        facts=CodeFacts,
        example=CodeFacts(minutes=3),
        example_secret={"code": "482913"},
    ),
    Template(
        name="confirm_code",
        notice_class=NoticeClass.CODE,
        subject=_("a code to confirm what was asked for by SMS"),
        question=None,
        facts=CodeFacts,
        example=CodeFacts(minutes=3),
        example_secret={"code": "482913"},
    ),
    Template(
        name="link_added",
        # An alarm where it was not their own doing: no night, holiday or STOP holds it back.
        notice_class=NoticeClass.RECEIPT,
        subject=_("a chat linked to you"),
        question=None,
        facts=LinkFacts,
        example=LinkFacts(messenger="telegram", audience="employers", day=date(2026, 10, 4)),
    ),
    Template(
        name="link_ended",
        # An alarm where it was not their own doing: no night, holiday or STOP holds it back.
        notice_class=NoticeClass.RECEIPT,
        subject=_("a chat no longer linked to you"),
        question=None,
        facts=LinkFacts,
        example=LinkFacts(messenger="telegram", audience="employers", day=date(2026, 10, 4)),
    ),
    Template(
        name="links_ended",
        notice_class=NoticeClass.RECEIPT,
        subject=_("all chats no longer linked to you"),
        question=None,
        facts=DayFacts,
        example=DayFacts(day=date(2026, 10, 4)),
    ),
    Template(
        name="person_code",
        notice_class=NoticeClass.CODE,
        subject=_("a code that lets another's chat act for you"),
        question=None,
        facts=PersonCodeFacts,
        example=PersonCodeFacts(minutes=3, name="م*** ا***"),
        example_secret={"code": "482913"},
    ),
    Template(
        name="person_added",
        # An alarm where it was not their own doing: no night, holiday or STOP holds it back.
        notice_class=NoticeClass.RECEIPT,
        subject=_("a chat that may act for you"),
        question=None,
        facts=PersonFacts,
        example=PersonFacts(name="م*** ا***", messenger="telegram", day=date(2026, 10, 4)),
    ),
    Template(
        name="person_ended",
        notice_class=NoticeClass.RECEIPT,
        subject=_("a chat that no longer acts for you"),
        question=None,
        facts=PersonFacts,
        example=PersonFacts(name="م*** ا***", messenger="telegram", day=date(2026, 10, 4)),
    ),
    Template(
        name="person_left",
        notice_class=NoticeClass.RECEIPT,
        subject=_("somebody for whom you no longer act"),
        question=None,
        facts=PersonFacts,
        example=PersonFacts(name="م*** ا***", messenger="telegram", day=date(2026, 10, 4)),
    ),
    Template(
        name="debt_notice",
        notice_class=NoticeClass.LEGAL,
        subject=_("the debt of a workplace"),
        question="debt_open",
        facts=DebtFacts,
        example=DebtFacts.model_validate(_DEBT),
        actions=("debt_details", "is_it_genuine"),
    ),
    Template(
        name="debt_reminder",
        notice_class=NoticeClass.SERVICE,
        subject=_("the debt of a workplace"),
        question="debt_open",
        facts=ReminderFacts,
        example=ReminderFacts.model_validate({**_DEBT, "days_left": 10}),
        actions=("debt_details", "is_it_genuine"),
    ),
    Template(
        name="payment_receipt",
        notice_class=NoticeClass.RECEIPT,
        subject=_("a payment that came in"),
        question=None,
        facts=PaymentFacts,
        example=PaymentFacts.model_validate(
            {
                "amount": 8_500_000,
                "items": [
                    {"purpose": "contribution", "period": "1405-07"},
                    {"purpose": "contribution", "period": "1405-08"},
                ],
                "paid_on": date(2026, 12, 2),
                "reference": "8827364510",
            }
        ),
        actions=("is_it_genuine",),
    ),
    Template(
        name="payment_credit",
        notice_class=NoticeClass.RECEIPT,
        subject=_("money to be paid back to you"),
        question=None,
        facts=CreditFacts,
        example=CreditFacts(
            amount=4_250_000,
            reason="already_settled",
            paid_on=date(2026, 12, 2),
            reference="8827364511",
        ),
        actions=("is_it_genuine",),
    ),
    Template(
        name="payment_refunded",
        notice_class=NoticeClass.RECEIPT,
        subject=_("money that was paid back to you"),
        question=None,
        facts=RefundFacts,
        example=RefundFacts(
            amount=4_250_000,
            paid_on=date(2026, 12, 2),
            given_back_on=date(2026, 12, 9),
            reference="8827364511",
        ),
        actions=("is_it_genuine",),
    ),
    Template(
        name="payment_unpaid",
        notice_class=NoticeClass.RECEIPT,
        subject=_("a payment that did not come in"),
        question=None,
        facts=UnpaidFacts,
        example=UnpaidFacts(amount=4_250_000, begun_on=date(2026, 12, 2)),
        actions=("is_it_genuine",),
    ),
    Template(
        name="bill_issued",
        notice_class=NoticeClass.SERVICE,
        subject=_("a monthly bill"),
        question="bill_open",
        facts=BillFacts,
        example=BillFacts.model_validate(_BILL),
        actions=("pay_bill", "bill_details", "is_it_genuine"),
    ),
    Template(
        name="bill_reminder",
        notice_class=NoticeClass.SERVICE,
        subject=_("a monthly bill"),
        question="bill_open",
        facts=BillFacts,
        example=BillFacts.model_validate(_BILL),
        actions=("pay_bill", "bill_details", "is_it_genuine"),
    ),
    Template(
        name="lapse_warning",
        notice_class=NoticeClass.SERVICE,
        subject=_("a contract that will lapse"),
        question="bill_open",
        facts=LapseFacts,
        example=LapseFacts(
            contract_tail="4521",
            period=Month(1405, 8),
            months=3,
            amount=12_750_000,
            lapses_on=date(2027, 2, 20),
        ),
        actions=("pay_bill", "bill_details", "is_it_genuine"),
    ),
    Template(
        name="contract_lapsed",
        notice_class=NoticeClass.SERVICE,
        subject=_("a contract that has lapsed"),
        question=None,
        facts=LapsedFacts,
        example=LapsedFacts(
            contract_tail="4521", period=Month(1405, 8), lapsed_on=date(2027, 2, 20)
        ),
        actions=("is_it_genuine",),
    ),
    Template(
        name="record_month_added",
        notice_class=NoticeClass.COURTESY,
        subject=_("your insurance record"),
        # What was earned stays earned.
        question=None,
        facts=RecordFacts,
        example=RecordFacts(months=(Month(1405, 8),), years=12, more_months=4, more_days=16),
        actions=("is_it_genuine",),
    ),
    Template(
        name="request_stage",
        notice_class=NoticeClass.SERVICE,
        subject=_("a request of yours"),
        question=None,
        facts=RequestFacts,
        example=RequestFacts(
            number="4820193370",
            kind="booklet",
            stage="handed_to_post",
            due_on=date(2026, 10, 14),
            tracking="016790405700038450001000",
        ),
        actions=("rate_request", "request_details", "is_it_genuine"),
    ),
)

TEMPLATES: Mapping[str, Template] = MappingProxyType({each.name: each for each in _ALL})
