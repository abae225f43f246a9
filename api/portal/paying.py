"""What the pay page says in each of its states."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from api.bills.rules import Purpose
from api.kit.calendar import TEHRAN
from api.kit.language import Sentence, _, _n
from api.kit.text import Code
from api.payments.pages import Item, PayPage
from api.payments.rules import PageState
from api.portal import forms
from api.portal.pages import Form, Page

BILLS = {
    Purpose.CONTRIBUTION: _("Contribution of {month}"),
    Purpose.BOOKLET_FEE: _("Fee of a booklet, {month}"),
}

PAYER = _("For")
TOTAL = _("Total")
PAID_AT = _("Paid at")
REFERENCE = _("Bank's reference")
_SUM = Sentence("{amount:toman}")
_PAY = _("Pay")
_TRY_AGAIN = _("Try again")
_TIME_LEFT = _("Time left")

LOOK_AGAIN_SECONDS = 5
"""How often a page that waits for the bank's word asks for itself."""


def bill(item: Item) -> Sentence:
    """Name a bill as its payer knows it."""
    return BILLS[item.purpose].using(month=item.period)


def page(found: PayPage, *, gateway: str, now: datetime) -> Page:
    """Say where a payment stands; `gateway` is the address of the payment gateway."""
    return _SAID[found.state](found, gateway, now)


def away(found: PayPage, *, gateway: str) -> Page:
    """Say that the bank cannot be asked now, and that nothing has happened."""
    return Page(
        _("The bank does not answer"),
        [
            _("Nothing was paid, and your bill is as it was."),
            _("Wait a few minutes and try again."),
        ],
        sign="care",
        form=_form(found, gateway, _TRY_AGAIN),
        status=503,
        headers={"retry-after": "60"},
    )


def pressed_elsewhere(found: PayPage, *, gateway: str, now: datetime) -> Page:
    """Show the page again to somebody whose press did not come from it."""
    shown = page(found, gateway=gateway, now=now)
    line = _("This page had to be opened afresh. Nothing was paid; please go on from here.")
    return replace(shown, lines=[line, *shown.lines], status=403)


def _payable(found: PayPage, gateway: str, now: datetime) -> Page:
    ends = now + timedelta(seconds=found.seconds_left)
    left = _n(
        "until {hour:digits} ({n} minute)",
        "until {hour:digits} ({n} minutes)",
        max(1, found.seconds_left // 60),
    )
    return Page(
        _n("Pay your bill", "Pay your {n} bills", len(found.items)),
        figures=[
            *_whose(found),
            (_TIME_LEFT, left.using(hour=f"{ends.astimezone(TEHRAN):%H:%M}")),
        ],
        form=_form(found, gateway, _PAY),
        after=[_("The bank's page comes next: only there is your card asked for.")],
        # When the time is over the page says so by itself.
        again=found.seconds_left + 1,
    )


def _expired(_found: PayPage, _gateway: str, _now: datetime) -> Page:
    return Page(
        _("The time of this page is over"),
        [
            # Somebody may be paying at the bank while this is read.
            _(
                "If you have paid at the bank, the receipt comes to your chat: please do not pay again."
            ),
            _("If not, go back to the chat and tap Pay: you get a fresh page."),
        ],
        sign="care",
        status=410,
    )


def _paid(found: PayPage, _gateway: str, _now: datetime) -> Page:
    title = _("Paid")
    lines = [_("The receipt comes to your chat by itself. You can close this page.")]
    if found.paid_at is None:
        # Its bills were settled by another page, or at a bank.
        title = _("Paid already")
        lines = [_("Nothing is left to pay here. You can close this page.")]
    if found.credit or found.given_back:
        title = _("Your money has arrived")
    if found.given_back:
        lines.append(
            _("{amount} of it settled nothing and was paid back to you.").using(
                amount=found.given_back
            )
        )
    if found.credit:
        lines.append(
            _(
                "{credit} of it settled nothing, because the bill was paid already or is closed. "
                "It is yours: ask for it back in the chat, under My receipts."
            ).using(credit=found.credit)
        )
    return Page(title, lines, figures=[*_whose(found), *_when(found)], sign="done")


def _checking(found: PayPage, _gateway: str, _now: datetime) -> Page:
    title = _("Your payment is being confirmed")
    lines = [
        _("Nothing is lost. Please do not pay again."),
        _("As soon as the bank confirms it, the receipt comes to your chat."),
    ]
    if found.cancelled:
        # By their own word nothing was paid; the bank has not said so yet.
        title = _("We are asking the bank")
        lines = [
            _("You turned back at the bank. We are asking it whether anything was paid."),
            _("Please wait for its answer before you pay again."),
        ]
    return Page(
        title,
        lines,
        figures=_whose(found),
        after=[_("This page looks again by itself. You can also close it.")],
        sign="wait",
        again=LOOK_AGAIN_SECONDS,
    )


def _failed(found: PayPage, gateway: str, _now: datetime) -> Page:
    if found.cancelled:
        title, line = _("You turned back at the bank"), _("Nothing was paid.")
    else:
        title = _("The payment was not completed")
        line = _("If money has left your account, the bank gives it back by itself.")
    shown = Page(title, [line, _("Your bill is still open.")], sign="care")
    if found.seconds_left > 0:
        return replace(shown, figures=_whose(found), form=_form(found, gateway, _TRY_AGAIN))
    return replace(
        shown, lines=[*shown.lines, _("Go back to the chat and tap Pay: you get a fresh page.")]
    )


def _gone(_found: PayPage, _gateway: str, _now: datetime) -> Page:
    # Never was, or is not any more: the same for both.
    return Page(
        _("There is no payment at this address"),
        [
            _("Perhaps the address was not copied whole."),
            _("Go back to the chat and tap Pay: you get a fresh page."),
        ],
        sign="care",
        status=404,
    )


_SAID = {
    PageState.PAYABLE: _payable,
    PageState.EXPIRED: _expired,
    PageState.PAID: _paid,
    PageState.CHECKING: _checking,
    PageState.FAILED: _failed,
    PageState.GONE: _gone,
}


def _form(found: PayPage, gateway: str, label: Sentence) -> Form:
    path = f"/pay/{found.token}"
    parts = urlsplit(gateway)
    leads_to = f"{parts.scheme}://{parts.netloc}"
    return Form(path, label, forms.token(path), leads_to=leads_to)


def _whose(found: PayPage) -> Sequence[tuple[Sentence, Any]]:
    """For whom, which bills, and how much."""
    amount = _SUM.using(amount=found.amount)
    bills: list[tuple[Sentence, Any]] = [(bill(item), item.amount) for item in found.items]
    if len(bills) == 1:
        return [(PAYER, found.masked_name), (bills[0][0], amount)]
    return [(PAYER, found.masked_name), *bills, (TOTAL, amount)]


def _when(found: PayPage) -> Sequence[tuple[Sentence, Any]]:
    said: list[tuple[Sentence, Any]] = []
    if found.paid_at is not None:
        said.append((PAID_AT, found.paid_at))
    if found.reference is not None:
        said.append((REFERENCE, Code(found.reference)))
    return said
