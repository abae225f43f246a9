"""Every template of a notice: its class, the question that keeps it true, its facts and its acts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from api.kit.calendar import Month
from api.kit.language import Sentence, _
from api.templates.facts import CodeFacts, DebtFacts, Facts, LinkFacts, ReminderFacts


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


# The same act has the same word everywhere: dialogues that answer these buttons say so too.
ACTIONS: Mapping[str, Sentence] = MappingProxyType({
    "debt_details": _("See the details"),
    "is_it_genuine": _("Is it genuine?"),
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
)

TEMPLATES: Mapping[str, Template] = MappingProxyType({each.name: each for each in _ALL})
