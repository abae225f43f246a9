"""The words of the pay page: each state its own, in two languages, for eyes and for screen readers."""

import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser

import pytest

from api.bills.rules import Purpose
from api.kit.calendar import Month
from api.kit.language import Language
from api.kit.money import Rials
from api.payments.pages import Item, PayPage
from api.payments.rules import PageState
from api.portal import paying
from api.portal.pages import Page, Reader, answer
from tests.support import make

GATEWAY = "https://gateway.example/pg"
ABAN = Item(Purpose.CONTRIBUTION, Month(1405, 8), Rials(4_250_000))
MEHR = Item(Purpose.CONTRIBUTION, Month(1405, 7), Rials(4_000_000))
OPEN = PayPage(
    state=PageState.PAYABLE,
    masked_name="م*** س***",
    amount=Rials(4_250_000),
    items=(ABAN,),
    seconds_left=18 * 60,
    language="fa",
    token="t" * 32,
)
PAID = replace(OPEN, state=PageState.PAID, reference="201456789", paid_at=make.NOW)


def page(found: PayPage) -> Page:
    return paying.page(found, gateway=GATEWAY, now=make.NOW)


class Text(HTMLParser):
    """What a reader reads, a line an element."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.feed(html)

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.lines.append(data.strip())


def read(shown: Page, language: Language = Language.EN) -> str:
    html = bytes(answer(shown, Reader(language, "", secure=False)).body).decode()
    return "\n".join(Text(html).lines)


def html(shown: Page, language: Language = Language.EN, carry: str = "") -> str:
    return bytes(answer(shown, Reader(language, carry, secure=False)).body).decode()


@pytest.mark.parametrize(
    ("found", "status", "says"),
    [
        (OPEN, 200, "Pay your bill"),
        (replace(OPEN, items=(MEHR, ABAN)), 200, "Pay your 2 bills"),
        (replace(OPEN, state=PageState.EXPIRED, seconds_left=0), 410, "you get a fresh page"),
        (PAID, 200, "The receipt comes to your chat"),
        (replace(PAID, paid_at=None, reference=None), 200, "Paid already"),
        (replace(OPEN, state=PageState.CHECKING), 200, "Please do not pay again"),
        (replace(OPEN, state=PageState.CHECKING, cancelled=True), 200, "before you pay again"),
        (replace(OPEN, state=PageState.FAILED), 200, "the bank gives it back by itself"),
        (replace(OPEN, state=PageState.FAILED, cancelled=True), 200, "You turned back at the bank"),
        (PayPage(state=PageState.GONE), 404, "There is no payment at this address"),
    ],
)
def test_each_state_has_its_words(found: PayPage, status: int, says: str):
    shown = page(found)
    assert shown.status == status
    assert says in read(shown)


def test_every_state_is_worded():
    for state in PageState:
        assert read(page(replace(OPEN, state=state)), Language.FA)


def test_a_bill_is_shown_with_its_month_its_sum_and_the_time_left():
    said = read(page(OPEN))
    assert "Contribution of Aban 1405\n4,250,000 rials (425,000 tomans)" in said
    assert "until 10:18 (18 minutes)" in said
    assert "م*** س***" in said


def test_several_bills_are_added_up():
    said = read(page(replace(OPEN, items=(MEHR, ABAN), amount=Rials(8_250_000))))
    assert "Contribution of Mehr 1405\n4,000,000 rials\n" in said
    assert "Total\n8,250,000 rials (825,000 tomans)" in said


def test_the_last_seconds_are_a_minute():
    assert "until 10:00 (1 minute)" in read(page(replace(OPEN, seconds_left=20)))


def test_persian_is_written_from_right_to_left_in_its_own_digits():
    said = html(page(OPEN), Language.FA)
    assert '<html lang="fa" dir="rtl">' in said
    assert "۴٬۲۵۰٬۰۰۰ ریال (۴۲۵٬۰۰۰ تومان)" in said
    assert "4,250,000" not in said


@pytest.mark.parametrize("found", [OPEN, replace(OPEN, state=PageState.FAILED)])
def test_what_can_be_paid_has_a_button_that_names_nothing_but_the_link(found: PayPage):
    said = html(page(found))
    assert f'action="/pay/{OPEN.token}"' in said
    assert re.findall(r'name="(\w+)"', said.split("<form")[1]) == ["form"]


@pytest.mark.parametrize(
    "found",
    [
        PAID,
        replace(OPEN, state=PageState.CHECKING),
        replace(OPEN, state=PageState.EXPIRED),
        replace(OPEN, state=PageState.FAILED, seconds_left=0),
        PayPage(state=PageState.GONE),
    ],
)
def test_what_cannot_be_paid_has_no_button(found: PayPage):
    assert "<form" not in html(page(found))


def test_only_a_page_that_waits_looks_again_by_itself():
    assert page(replace(OPEN, state=PageState.CHECKING)).again == paying.LOOK_AGAIN_SECONDS
    reader = Reader(Language.EN, "", secure=False)
    checking = page(replace(OPEN, state=PageState.CHECKING))
    assert answer(checking, reader).headers["refresh"] == "5"
    assert "refresh" not in answer(page(PAID), reader).headers
    # A page that can be paid on says by itself when that is over, and not before.
    assert timedelta(seconds=page(OPEN).again or 0) > timedelta(minutes=18)


def test_money_that_settled_nothing_is_said_to_be_theirs():
    said = read(page(replace(PAID, items=(), credit=Rials(4_250_000))))
    assert "Your money has arrived" in said
    assert "4,250,000 rials of it settled nothing" in said
    assert "ask for it back" in said


def test_money_that_went_back_is_said_to_be_theirs_no_more():
    said = read(page(replace(PAID, items=(), given_back=Rials(4_250_000))))
    assert "Your money has arrived" in said
    assert "4,250,000 rials of it settled nothing and was paid back" in said
    assert "ask for it back" not in said


def test_a_bank_that_is_away_is_no_loss():
    shown = paying.away(OPEN, gateway=GATEWAY)
    assert shown.status == 503
    assert "Nothing was paid" in read(shown)
    assert f'action="/pay/{OPEN.token}"' in html(shown)


def test_only_the_page_that_leads_to_the_bank_may_lead_away():
    def policy(shown: Page) -> str:
        headers = answer(shown, Reader(Language.EN, "", secure=False)).headers
        return headers["content-security-policy"]

    assert "form-action 'self' https: https://gateway.example;" in policy(page(OPEN))
    assert "form-action 'self';" in policy(page(PAID))


def test_what_others_wrote_is_text():
    found = replace(PAID, masked_name="<b>x</b>", reference='"><script>')
    said = html(page(found))
    assert "<b>x" not in said
    assert "<script" not in said


def test_a_chosen_language_goes_along():
    said = html(page(OPEN), carry="?lang=en")
    assert f'action="/pay/{OPEN.token}?lang=en"' in said
    assert '<a href="?lang=fa" lang="fa" hreflang="fa" rel="alternate">فارسی</a>' in said
