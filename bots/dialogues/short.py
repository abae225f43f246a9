"""What an SMS is answered at once, under its number: the record, debts, the bill, a request.

One part of an SMS where it can be. Amounts and names are said where the PIN stood in the message;
the speech leaves them out otherwise.
"""

from collections.abc import Sequence

from api.access.refusals import NotLinked
from api.bills.schemas import BillOut
from api.client import Core
from api.debts.schemas import DebtPage
from api.kit.calendar import Month
from api.kit.identifiers import BadIdentifier
from api.kit.language import Private, Sentence, _, _n
from api.kit.money import Rials
from api.requests.refusals import RequestNotFound
from api.requests.rules import request_number
from bots import spellings, understanding, wording
from bots.dialogues import bill_words, records, requests
from bots.dialogues.lines import lines
from bots.talk import Ask, Do, Say, dialogue

_GAPS = "gaps"
_GAPS_SPELLED = frozenset(understanding.spelled(spellings.GAPS))
_NAMED = 4
"""So many workplaces are named in one answer."""


def the_gaps(text: str) -> str | None:
    """Read the G of `1 G`, in any language."""
    return _GAPS if understanding.alike(text) in _GAPS_SPELLED else None


@dialogue(
    "record_line",
    words=_("My record").by_sms(_("Record")),
    audiences=("people",),
    menu=False,
    service="records",
    reads=the_gaps,
    sms="1",
    short_of="record",
)
async def record_line(core: Core, asked: str) -> None:
    """Say the record in one line, or its gaps."""
    found = await Do("record", core.records.mine)
    if not found.years:
        await Say(_("There is no month on this record yet."))
        return
    if asked == _GAPS:
        await Say(records.all_gaps(found.gaps) if found.gaps else records.gaps_line(found.gaps))
        return
    await Say(
        lines(
            _("Insured for {long}, up to {month}.").using(
                long=records.long(found.total), month=Month.parse(found.last_month)
            )
            if found.last_month
            else _("Insured for {long}.").using(long=records.long(found.total)),
            _n("{n} month is missing: 1 G.", "{n} months are missing: 1 G.", missing)
            if (missing := sum(gap.months for gap in found.gaps))
            else None,
        )
    )


@dialogue(
    "debts_line",
    words=_("Workplace debts").by_sms(_("Debts")),
    audiences=("employers",),
    menu=False,
    service="debts",
    sms="2",
    short_of="debts",
)
async def debts_line(core: Core) -> None:
    """Say how many of a person's workplaces owe something, until when one may object, and what each owes."""
    me = await Do("me", core.access.me)
    owing: list[tuple[str, DebtPage]] = []
    if not me.linked:
        raise NotLinked
    for number, grant in enumerate((one for one in me.grants if one.kind == "workshop"), 1):
        page = await Do(f"page.{number}", core.debts.mine).acting_for(str(grant.id))
        if page.items:
            owing.append((grant.label, page))
    if not owing:
        await Say(_("No workplace of yours owes anything."))
        return
    days = [
        debt.objection_until
        for _label, page in owing
        for debt in page.items
        if debt.objection_until >= page.as_of
    ]
    await Say(
        lines(
            _n(
                "{n} workplace of yours has a debt.",
                "{n} workplaces of yours have a debt.",
                len(owing),
            ),
            _("Objections until {day:plain}.").using(day=min(days)) if days else None,
            Private(_each(owing), _("Each amount: 2 and your PIN.")),
        )
    )


def _each(owing: Sequence[tuple[str, DebtPage]]) -> Sentence:
    more = len(owing) - _NAMED
    return lines(
        *(
            _("{workshop:digits}: {total}").using(workshop=label, total=Rials(page.total))
            for label, page in owing[:_NAMED]
        ),
        _("and {count} more workplaces").using(count=more) if more > 0 else None,
    )


@dialogue(
    "bill_line",
    words=_("My bill").by_sms(_("Bill")),
    audiences=("people",),
    menu=False,
    service="bills",
    sms="3",
    short_of="bill",
)
async def bill_line(core: Core) -> None:
    """Say whether a bill is open and until when, its amount and the numbers it is paid with."""
    page = await Do("page", core.bills.mine)
    if not page.items:
        await Say(_("All is in order: nothing is to be paid as of {day:short}."), day=page.as_of)
        return
    first = page.items[0]
    await Say(
        lines(
            (_LATE if first.due_on < page.as_of else _DUE).using(
                bill=bill_words.named([first]), day=first.due_on
            ),
            wording.BEING_CONFIRMED if first.pending else _numbers(first),
            _("and {count} more").using(count=page.count - 1) if page.count > 1 else None,
        )
    )


_DUE = _("{bill} is open, until {day:plain}.")
_LATE = _("{bill} is open, since {day:plain} overdue.")


def _numbers(bill: BillOut) -> Sentence:
    """What it is paid with, for who has the PIN."""
    said = _("{amount}, bill id {bill_id}, payment id {payment_id}").using(
        amount=Rials(bill.amount),
        bill_id=bill.bill_id,
        payment_id=bill.payment_ids[0],
    )
    return lines(Private(said, _("How much: 3 and your PIN.")))


def a_number(text: str) -> str | None:
    """Read the number of a request; None for another text."""
    try:
        return request_number(text)
    except BadIdentifier:
        return None


@dialogue(
    "request_line",
    words=_("Follow a request").by_sms(_("Request")),
    audiences=("people",),
    menu=False,
    reads=a_number,
    sms="5",
    short_of="requests",
)
async def request_line(core: Core, number: str) -> None:
    """Say where a request is, since when, and by when it is expected."""
    if not number:
        number = await Ask(
            "number", _("Please write the number of the request."), check=request_number
        )
    try:
        details = await Do("details", core.requests.show, number=number)
    except RequestNotFound as no:
        await Say(wording.refusal(no))
        return
    today = await Do("today", core.organisation.today)
    await Say(requests.in_short(details, today.day))
