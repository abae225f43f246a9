"""What the pages behind the sign-in say: the way in, the list of receipts, and a receipt on paper."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from api.kit.calendar import Month
from api.kit.language import Language, Sentence, _, _n
from api.kit.money import Rials
from api.kit.speech import Medium, Speech
from api.kit.text import Code
from api.payments.schemas import PaidItem, PaymentOut
from api.payments.service import Kept
from api.portal import forms
from api.portal.pages import SENDER, Entry, Form, Link, Page
from api.portal.paying import BILLS, PAID_AT, REFERENCE, TOTAL
from api.printing.printer import Paper

LIST = "/my/receipts"
LEAVE = "/my/leave"

_AFRESH = _("Go back to the chat and tap My receipts: you get a fresh page.")
_KEPT = _("Kept for you")
_GIVEN_BACK = _("Paid back to you")
_CARD = _("Card")
_NAME = _("Name")
_FOR = _("For {child}")


def way_in(path: str, masked_name: str) -> Page:
    """Ask whether it is them: opening an address does nothing, and a preview must not use it up."""
    return Page(
        _("Your receipts"),
        [
            _("This address opens your receipts once."),
            _("After half an hour they close by themselves."),
        ],
        figures=[(_NAME, masked_name)],
        form=Form(path, _("Open"), forms.token(path)),
    )


def no_way_in() -> Page:
    """Say that this address opens nothing: used, too late, or never given."""
    return Page(
        _("This address opens nothing any more"),
        [_("Such an address works once, within 15 minutes."), _AFRESH],
        sign="care",
        status=404,
    )


def closed() -> Page:
    """Say that nobody is signed in."""
    return Page(_("Your receipts are closed"), [_AFRESH], status=403)


def absent() -> Page:
    """Say that there is no such receipt, or that it is another's."""
    return Page(
        _("There is no such receipt"),
        sign="care",
        link=Link(LIST, _("All receipts")),
        status=404,
    )


def listing(kept: Sequence[Kept]) -> Page:
    """List receipts, the newest first."""
    return Page(
        _("Your receipts"),
        () if kept else [_("There is no receipt yet.")],
        entries=[_entry(one) for one in kept],
        form=Form(LEAVE, _("Close"), forms.token(LEAVE), quiet=True),
    )


def _entry(kept: Kept) -> Entry:
    receipt = kept.receipt
    first = receipt.items[:1]
    more = len(receipt.items) - len(first)
    about = [_named(item) for item in first]
    if more:
        about.append(_n("and {n} more bill", "and {n} more bills", more))
    return Entry(
        Sentence("{amount}", {"amount": Rials(receipt.amount)}),
        [
            *([_FOR.using(child=kept.child)] if kept.child else []),
            *about,
            Sentence("{at}", {"at": receipt.paid_at}),
        ],
        Link(f"{LIST}/{receipt.id}.pdf", _("Receipt as PDF")),
    )


def paper(receipt: PaymentOut, *, name: str, language: Language, now: datetime) -> Paper:
    """Word a receipt as a paper for its owner."""
    speech = Speech(language, Medium.PAGE)
    figures: list[tuple[Sentence, Any]] = [
        (_NAME, name),
        *((_named(item), Rials(item.amount)) for item in receipt.items),
    ]
    if receipt.credit:
        figures.append((_KEPT, Rials(receipt.credit)))
    if receipt.given_back:
        figures.append((_GIVEN_BACK, Rials(receipt.given_back)))
    figures += [
        (TOTAL, Sentence("{amount:toman}", {"amount": Rials(receipt.amount)})),
        (PAID_AT, receipt.paid_at),
        (REFERENCE, Code(receipt.reference)),
    ]
    if receipt.card_masked:
        figures.append((_CARD, Code(receipt.card_masked)))
    return Paper(
        language=language.value,
        direction=speech.direction,
        sender=speech.word(SENDER),
        title=speech.word(_("Receipt of a payment")),
        # Money that settled nothing was for no bill: the figures say that it is kept.
        lines=[speech.word(_("This money has reached us, for these bills."))]
        if receipt.items
        else [],
        figures=[(speech.word(label), speech.fact(fact)) for label, fact in figures],
        footer=speech.word(_("Made on {now}").using(now=now)),
    )


def file_name(receipt_id: uuid.UUID) -> str:
    """Name the file in letters that every phone takes."""
    return f"receipt-{receipt_id.hex[-8:]}.pdf"


def _named(item: PaidItem) -> Sentence:
    return BILLS[item.purpose].using(month=Month.parse(item.period))
