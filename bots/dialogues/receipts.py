"""My receipts: what was paid, on paper where it is wanted, and money that is to come back."""

from itertools import count

from api.bills.rules import Purpose
from api.client import Core
from api.errors import Conflict, NotFound
from api.kit.calendar import Month
from api.kit.language import Sentence, _
from api.kit.money import Rials
from api.kit.text import Code
from api.payments.rules import CreditReason, CreditState
from api.payments.schemas import CreditOut, PaidItem, PaymentOut
from bots import talk, wording
from bots.dialogues.lines import lines
from bots.talk import Ask, Confirm, Do, Finish, Link, Option, Say, dialogue

_BACK = "back."
"""Begins the option of a credit; a receipt's option is its id alone."""
_PAPER = Option("paper", _("Receipt as PDF"))
_OTHERS = Option("others", _("My other receipts"))
_DONE = Option("done", wording.THAT_IS_ALL)


@dialogue(
    "receipts",
    words=_("My receipts"),
    audiences=("people",),
    place=50,
    family=True,
    keywords=("receipt", "رسید", "رسیدها"),
)
async def receipts(core: Core) -> None:
    """List what was paid, the newest first, and what may be asked back."""
    page = await Do("page", core.payments.mine)
    owed = await Do("credits", core.payments.credits)
    if not page.items and not owed.items:
        await Say(_("There is no receipt for you yet."))
        return
    options = [
        *(Option(f"{_BACK}{one.id}", _credit_label(one)) for one in owed.items),
        *(Option(str(one.id), _label(one)) for one in page.items),
    ]
    for turn in count(1):
        chosen = await Ask(f"receipt.{turn}", _("Which receipt?"), options)
        if chosen.startswith(_BACK):
            await _give_back(core, next(c for c in owed.items if chosen == f"{_BACK}{c.id}"))
            return
        paid = next(one for one in page.items if str(one.id) == chosen)
        await Say(_receipt(paid))
        following = await _next(core, turn, others=len(options) > 1)
        if following == _DONE.id:
            return


async def _next(core: Core, turn: int, *, others: bool) -> str:
    """Offer the receipt on paper, then the others."""
    after = [_OTHERS, _DONE] if others else [_DONE]
    # The pages know the person of the chat alone.
    paper = [_PAPER] if talk.for_oneself() and talk.opens_pages() else []
    asked = wording.WHAT_NEXT
    chosen = await Ask(f"next.{turn}", asked, [*paper, *after])
    if chosen != _PAPER.id:
        return chosen
    page = await Do(f"paper.{turn}", core.access.signin)
    await Say(
        _("Your receipts are on this page; it opens once, until {moment:plain}."),
        links=[Link(_("Open the page"), page.url)],
        moment=page.expires_at,
    )
    return await Ask(f"then.{turn}", asked, after) if others else _DONE.id


async def _give_back(core: Core, credit: CreditOut) -> None:
    """Say what became of money that settled nothing, and take the wish to have it back."""
    await Say(_why(credit))
    match credit.state:
        case CreditState.REFUND_ASKED:
            await Say(_("You have asked for it back. Here you can see when it is paid out."))
            return
        case CreditState.REFUNDED:
            await Say(_("It was paid back to you."))
            return
    asked = _("Shall we pay {amount:toman} back to you?")
    if not await Confirm(asked, yes=_("Pay it back"), amount=Rials(credit.amount)):
        return
    try:
        await Finish("refund", core.payments.refund, credit=credit.id)
    except (Conflict, NotFound) as no:
        await Say(wording.refusal(no))
    else:
        await Say(
            _("Noted: {amount} is to be paid back to you. Here you can see when it is done."),
            amount=Rials(credit.amount),
        )


def _label(paid: PaymentOut) -> Sentence:
    return _("{moment:plain} · {amount}").using(moment=paid.paid_at, amount=Rials(paid.amount))


def _credit_label(credit: CreditOut) -> Sentence:
    words = {
        CreditState.OPEN: _("To be paid back: {amount}"),
        CreditState.REFUND_ASKED: _("On its way back: {amount}"),
        CreditState.REFUNDED: _("Paid back: {amount}"),
    }[credit.state]
    return words.using(amount=Rials(credit.amount))


def _receipt(paid: PaymentOut) -> Sentence:
    """Say what was paid, when, what for, and under which number."""
    return lines(
        _("Paid: {amount:toman}, on {moment:short}.").using(
            amount=Rials(paid.amount), moment=paid.paid_at
        ),
        *map(_item, paid.items),
        _("{amount} of it settled nothing and is yours.").using(amount=Rials(paid.credit))
        if paid.credit
        else None,
        _("{amount} of it settled nothing and was paid back to you.").using(
            amount=Rials(paid.given_back)
        )
        if paid.given_back
        else None,
        _("Reference: {reference}").using(reference=Code(paid.reference)),
    )


def _item(item: PaidItem) -> Sentence:
    if item.purpose is Purpose.BOOKLET_FEE:
        words = _("Fee for a booklet: {amount}")
    else:
        words = _("Bill for {month}: {amount}").using(month=Month.parse(item.period))
    return words.using(amount=Rials(item.amount))


def _why(credit: CreditOut) -> Sentence:
    words = {
        CreditReason.ALREADY_SETTLED: _(
            "{amount:toman} came on {moment:short} for a bill that was paid already."
        ),
        CreditReason.BILL_CLOSED: _(
            "{amount:toman} came on {moment:short} for a bill that was closed by then."
        ),
    }[credit.reason]
    return words.using(amount=Rials(credit.amount), moment=credit.created_at)
