"""What a person reads of each notice, on every channel and in every language."""

import html
import re
from collections.abc import Iterator
from datetime import date, timedelta
from html.parser import HTMLParser
from itertools import product
from typing import Any

import pytest
from pydantic import ValidationError

from api.kit import sms
from api.kit.calendar import Month
from api.kit.language import Language
from api.kit.message import Message
from api.kit.speech import Speech
from api.kit.text import ZWNJ
from api.templates import layout, render
from api.templates.catalogue import ACTIONS, TEMPLATES, Template
from api.templates.facts.chats import AUDIENCES, MESSENGERS
from api.templates.facts.requests import STAGES

CODE = "K7Q2M4XD"
EVERY = [
    pytest.param(template, channel, language, id=f"{template.name} {channel} {language}")
    for template in TEMPLATES.values()
    for channel in sorted(layout.channels(template.name))
    for language in Language
]
SMS = [each for each in EVERY if each.values[1] == "sms"]
MAILS = [each for each in EVERY if each.values[1] == "email"]
DEBT = TEMPLATES["debt_notice"]


def worded(
    template: Template, channel: str, language: str, today: date | None = None, **facts: object
) -> Message:
    stored = template.example.model_copy(update=facts).model_dump(mode="json")
    return render.message(
        template.name,
        stored,
        language=language,
        channel=channel,
        code=CODE,
        secret=template.example_secret,
        today=today,
    )


@pytest.mark.parametrize(("template", "channel", "language"), EVERY)
def test_every_template_words_its_example(template, channel, language):
    message = worded(template, channel, language)
    assert message.text
    assert "{" not in message.text
    assert "K7Q2-M4XD" in message.text
    assert "!" not in message.text
    assert message.language == language
    if language != "en":
        # Words of the other language stand for a sentence that nobody translated.
        text = message.text.replace("K7Q2-M4XD", "")
        assert not re.search("[A-Za-z]", text)
        assert ZWNJ * 2 not in text


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=lambda each: each.name)
@pytest.mark.parametrize("language", Language)
def test_every_template_has_its_words_in_the_inbox(template, language):
    message = worded(template, "inbox", language)
    assert message.text == worded(template, "chat", language).text
    for secret in (template.example_secret or {}).values():
        assert secret not in message.text


@pytest.mark.parametrize(("template", "channel", "language"), SMS)
def test_an_sms_is_short_and_ends_with_its_check_code(template, channel, language):
    text = worded(template, channel, language).text
    assert sms.parts(text) <= 2
    assert text.endswith("\nK7Q2-M4XD")


def _variants(template: Template) -> Iterator[dict[str, Any]]:
    """The facts of a template at their longest: every month's name, every stage, every messenger."""
    days = [fact for fact in type(template.example).model_fields if fact in _DAYS]
    for number in range(12):
        yield {fact: date(2027, 1, 18) + timedelta(days=30 * number) for fact in days} | {
            fact: Month(1405, number + 1)
            for fact in ("period", "period_from", "period_to")
            if fact in type(template.example).model_fields
        }
    if template.name == "request_stage":
        for stage in STAGES:
            yield {"stage": stage, "reason": "و" * 200, "branch": "و" * 20}
        for stage in ("issued", "fee_due"):
            # The stages of which somebody is told first: who asked for them is told along.
            yield {"stage": stage, "asked_by": "م*** ا***"}
    if template.name in {"link_added", "link_ended"}:
        for messenger, audience in product(MESSENGERS, AUDIENCES):
            yield {"messenger": messenger, "audience": audience}
    if template.name in {"person_added", "person_ended", "person_left"}:
        yield from ({"messenger": messenger} for messenger in MESSENGERS)
    if template.name == "link_code":
        for minutes in range(1, 10):
            yield {"minutes": minutes}


_DAYS = frozenset({
    "day", "due_on", "lapses_on", "lapsed_on", "objection_until", "paid_on", "as_of",
})  # fmt: skip


@pytest.mark.parametrize(("template", "channel", "language"), SMS)
def test_an_sms_keeps_its_budget_whatever_its_facts(template, channel, language):
    """Two parts; a code, which people wait for, in one, unless it has to say what it does."""
    most = 1 if template.example_secret and template.name != "person_code" else 2
    for facts in _variants(template):
        said = worded(template, channel, language, **facts).text
        assert sms.parts(said) <= most, said


@pytest.mark.parametrize(("template", "channel", "language"), SMS)
def test_an_sms_holds_no_link_no_amount_no_name_and_no_direction_marks(template, channel, language):
    text = worded(template, channel, language).text
    assert not re.search(r"https?:|www\.|[a-z0-9]\.[a-z]{2,}|t\.me|/", text, re.IGNORECASE)
    assert not set(text) & set("\u200e\u200f\u2066\u2067\u2068\u2069")
    assert not re.search(r"ریال|تومان|rial|toman", text)
    for fact in ("workshop_name",):
        assert getattr(template.example, fact, "no such fact") not in text


@pytest.mark.parametrize("name", ["link_code", "debt_notice", "debt_reminder"])
def test_the_most_sent_sms_fit_one_persian_part(name):
    assert sms.parts(worded(TEMPLATES[name], "sms", "fa").text) == 1


def test_the_sms_of_a_debt_is_the_voices():
    assert worded(DEBT, "sms", "fa").text == (
        "بدهی کارگاه *۴۵۲۱ ثبت شد. مهلت اعتراض ۳۰ مهر.\nکد بررسی:\nK7Q2-M4XD"
    )


def test_the_chat_of_a_debt_says_workplace_period_number_amount_and_last_day():
    message = worded(DEBT, "chat", "fa", today=date(2026, 10, 12))
    assert message.text == (
        "کارگاه *۴۵۲۱، دورهٔ مرداد ۱۴۰۵: بدهی ۸۲٬۰۰۰٬۰۰۰ ریال (۸٬۲۰۰٬۰۰۰ تومان)، محاسبه تا ۱۲ مهر.\n"
        "مهلت اعتراض: پنجشنبه ۳۰ مهر.\n"
        "۱۰ روز مانده است.\n\n"
        "اعلامیهٔ بدهی سازمان تأمین اجتماعی، شمارهٔ بدهی *۷۳۰۴.\n"
        "اگر اعتراض دارید، تا ۳۰ مهر آن را کتبی به شعبهٔ کارگاه بدهید.\n\n"
        "کد بررسی: \u2066K7Q2-M4XD\u2069"
    )
    assert message.buttons[0][0].data == "debt_details|K7Q2M4XD"


def test_a_debt_of_several_months_names_the_first_and_the_last():
    text = worded(DEBT, "chat", "fa", period_to="1405-07").text
    assert "دورهٔ مرداد ۱۴۰۵ تا مهر ۱۴۰۵:" in text


@pytest.mark.parametrize(
    ("today", "said"),
    [
        (date(2026, 10, 21), "1 day is left."),
        (date(2026, 10, 22), "That is today."),
        (date(2026, 10, 23), None),
        (None, None),
    ],
)
def test_the_days_left_are_counted_when_it_is_sent(today, said):
    text = worded(TEMPLATES["debt_reminder"], "chat", "en", today=today).text
    assert (said in text) if said else not re.search("left|today", text)


@pytest.mark.parametrize("channel", ["chat", "email"])
@pytest.mark.parametrize("name", ["debt_notice", "debt_reminder"])
def test_nobody_is_told_to_object_when_the_last_day_is_over(name, channel):
    last_day = worded(TEMPLATES[name], channel, "en", today=date(2026, 10, 22)).text
    day_after = worded(TEMPLATES[name], channel, "en", today=date(2026, 10, 23)).text
    assert "To object, write to the workplace's branch by 30 Mehr." in last_day
    assert "To object" not in day_after


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=lambda each: each.name)
@pytest.mark.parametrize("language", Language)
def test_buttons_are_short_words_in_rows_of_one(template, language):
    message = worded(template, "chat", language)
    assert [row[0].label for row in message.buttons] == [
        Speech(language).word(ACTIONS[action]) for action in template.offered(template.example)
    ]
    for row in message.buttons:
        assert len(row) == 1
        assert len(row[0].label) <= 20
        assert len(row[0].data.encode()) <= 64


class _Reader(HTMLParser):
    """Collects what a mail client would show, and which tags nest wrongly."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.shown: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in {"meta", "br"}:
            self.open.append(tag)
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "title" not in self.open and data.strip():
            self.shown.append(data.strip())


def read(page: str) -> _Reader:
    reader = _Reader()
    reader.feed(page)
    reader.close()
    assert not reader.open
    return reader


@pytest.mark.parametrize(("template", "channel", "language"), MAILS)
def test_a_mail_says_the_same_in_plain_and_in_html(template, channel, language):
    message = worded(template, channel, language)
    plain = re.split(r"\n+|: (?=\S)", message.text)
    shown = read(message.html).shown
    assert [part for line in shown for part in re.split(r": (?=\S)", line)] == plain


@pytest.mark.parametrize(("template", "channel", "language"), MAILS)
def test_a_mail_has_a_subject_a_direction_and_nothing_from_outside(template, channel, language):
    message = worded(template, channel, language)
    assert message.subject
    assert "\n" not in message.subject
    direction = Language(language).direction
    assert f'<html lang="{language}" dir="{direction}">' in message.html
    assert f'<body dir="{direction}"' in message.html
    assert read(message.html).links == []


def test_a_hostile_fact_stays_text_in_a_mail():
    name = '<script>alert("x")</script> {amount} {{ 7 * 7 }}'
    message = worded(DEBT, "email", "fa", workshop_name=name)
    assert name in message.text
    assert name not in message.html
    assert html.escape(name, quote=False) in message.html.replace("&#34;", '"')


def test_a_fact_with_line_breaks_makes_no_header():
    message = worded(DEBT, "email", "fa", workshop_tail="45\r\nBcc: a@example.com")
    assert len(message.subject.splitlines()) == 1


def test_facts_that_do_not_fit_are_refused():
    with pytest.raises(ValidationError):
        render.message("debt_notice", {}, language="fa", channel="sms", code=CODE)


def test_a_code_without_its_secret_is_refused():
    with pytest.raises(KeyError, match="code"):
        render.message("link_code", {"minutes": 3}, language="fa", channel="sms", code=CODE)


def test_a_code_without_minutes_leaves_them_out():
    message = render.message(
        "link_code", {}, language="en", channel="sms", code=CODE, secret={"code": "482913"}
    )
    assert message.text == "Your code: 482913\nCheck code:\nK7Q2-M4XD"


def test_an_unknown_template_is_told():
    with pytest.raises(KeyError):
        render.message("nothing", {}, language="fa", channel="sms", code=CODE)


def test_facts_of_an_older_release_are_still_worded():
    stored = {**DEBT.example.model_dump(mode="json"), "dropped_since": 1}
    assert render.message("debt_notice", stored, language="fa", channel="sms", code=CODE).text


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=lambda each: each.name)
def test_an_example_survives_its_storage(template):
    stored = template.example.model_dump(mode="json")
    assert template.facts.model_validate(stored) == template.example


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=lambda each: each.name)
def test_every_subject_has_its_words(template):
    assert not re.search("[A-Za-z]", Speech(Language.FA).word(template.subject))


REQUEST = TEMPLATES["request_stage"]
REASONS = {
    "fa": "عکس خوانا نیست، لطفاً عکس تازه‌ای از روی کارت ملی خود به شعبه ببرید و دوباره بخواهید",
    "en": "the picture cannot be read, please bring a fresh one to the branch and ask for it anew",
    "ar": "الصورة غير واضحة، يرجى إحضار صورة جديدة للبطاقة الوطنية إلى الفرع وتقديم الطلب من جديد هناك",
    "ckb": "وێنەکە ناخوێندرێتەوە، تکایە وێنەیەکی نوێی کارتی میللیتان بۆ لقەکە ببەن و دووبارە داوا بکەن",
}


@pytest.mark.parametrize("stage", ["rejected", "cancelled", "returned"])
@pytest.mark.parametrize("words", REASONS)
@pytest.mark.parametrize("language", Language)
def test_who_is_turned_down_hears_why_by_sms_too(language, words, stage):
    reason = REASONS[words]
    text = worded(REQUEST, "sms", language, stage=stage, reason=reason, tracking=None).text
    assert reason[:20] in text
    assert sms.parts(text) <= 2
    assert reason in worded(REQUEST, "chat", language, stage=stage, reason=reason).text


def test_short_reason_is_said_whole():
    text = worded(REQUEST, "sms", "en", stage="rejected", reason="No cover.", tracking=None).text
    assert "\nWhy: No cover.\n" in text


def test_what_is_delivered_asks_how_it_went_and_nothing_else_does():
    for stage in ("issued", "handed_to_post", "returned", "rejected"):
        message = worded(REQUEST, "chat", "en", stage=stage)
        assert "rate_request|K7Q2M4XD" not in {row[0].data for row in message.buttons}
        assert "satisfied" not in message.text
    delivered = worded(REQUEST, "chat", "en", stage="delivered")
    assert delivered.buttons[0][0].data == "rate_request|K7Q2M4XD"
    assert "Please tell us how satisfied you are." in delivered.text
    assert "satisfied" not in worded(REQUEST, "sms", "en", stage="delivered").text


RECEIPT = TEMPLATES["payment_receipt"]
MEHR, ABAN = Month(1405, 7), Month(1405, 8)


@pytest.mark.parametrize(
    ("full", "says"),
    [
        ((), ["It is in your record from now on."]),
        (
            (MEHR,),
            [
                "The record had all days of Mehr 1405 already, so none were added.",
                "The rest is in your record from now on.",
            ],
        ),
        (
            (MEHR, ABAN),
            ["The record had all days of Mehr 1405 and Aban 1405 already, so none were added."],
        ),
    ],
)
def test_receipt_says_which_months_it_does_not_add_and_why(full, says):
    lines = worded(RECEIPT, "chat", "en", full=full).text.splitlines()
    assert [line for line in lines if "record" in line] == says


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("months", [1, 2, 3])
def test_sms_of_a_month_that_is_not_added_has_two_parts_at_most(language, months):
    full = tuple(MEHR.plus(-back) for back in range(months))
    assert sms.parts(worded(RECEIPT, "sms", language, full=full).text) <= 2


@pytest.mark.parametrize(
    ("reason", "says"),
    [
        ("already_settled", "Its month counts once in the record."),
        ("bill_closed", "So no month was added to the record."),
    ],
)
def test_money_that_settled_no_month_says_so(reason, says):
    credit = TEMPLATES["payment_credit"]
    text = worded(credit, "chat", "en", reason=reason, contribution=True).text
    assert says in text.splitlines()
    assert says not in worded(credit, "chat", "en", reason=reason).text
