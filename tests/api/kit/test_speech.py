"""Sentences, figures and days in the reader's language, judged by an ICU oracle."""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from icu4py.messageformat import MessageFormat

from api.kit import language, speech
from api.kit.calendar import Month
from api.kit.language import Language, MissingCatalogue, Sentence, _, _n
from api.kit.money import Rials
from api.kit.speech import DateStyle, Medium, Speech, holes
from api.kit.text import Code
from tests.vectors import cases

DAY = date(2026, 10, 22)
PERSIAN = {
    "Your bill for {month} is {amount}.": "قبض {month} شما {amount} است.",
    "{what} until {day}": "{what} تا {day}",
    "Objection": "اعتراض",
}
DAYS_LEFT = ("{n} day left", "{n} days left")
# Where ICU knows how a language writes figures and days, it judges.
ORACLES = {
    Language.FA: "fa_IR@calendar=persian",
    Language.AR: "ar@calendar=persian;numbers=arab",
    Language.CKB: "ckb_IR@calendar=persian",
}
# What ICU writes otherwise: Iran's months in Arabic it has garbled; of two Kurdish names of a month,
# ours is the one of Iran's calendars; and it takes another ه.
OURS = {
    Language.AR: {
        "فرفردن": "فروردين",
        "أذربيهشت": "أرديبهشت",
        "تار": "تير",
        "شهرفار": "شهريور",
        "آيان": "آبان",
        "اسفندار": "إسفند",
    },
    Language.CKB: {"گوڵان": "بانەمەڕ", "گەڵاڕێزان": "خەزەڵوەر", "ھ": "ه"},
}


def forget() -> None:
    """Forget the catalogues read so far."""
    language.catalogue_of.cache_clear()
    speech._translated.cache_clear()


@pytest.fixture(autouse=True)
def _catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Say Persian from a catalogue of these tests, not from the product's."""
    catalogue = Catalog(locale="fa")
    for english, persian in PERSIAN.items():
        catalogue.add(english, persian)
    catalogue.add(DAYS_LEFT, ("{n} روز مانده",) * catalogue.num_plurals)
    for locale, said in {
        "fa": catalogue, "ar": Catalog(locale="ar"), "ckb": Catalog(locale="ckb"),
    }.items():  # fmt: skip
        path = tmp_path / locale / "LC_MESSAGES" / "bimeyar.mo"
        path.parent.mkdir(parents=True)
        with path.open("wb") as file:
            write_mo(file, said)
    monkeypatch.setattr(language, "LOCALES", tmp_path)
    forget()
    yield
    forget()


def fa(medium: Medium = Medium.CHAT) -> Speech:
    return Speech(Language.FA, medium)


def en(medium: Medium = Medium.CHAT) -> Speech:
    return Speech(Language.EN, medium)


def said(pattern: str, **facts: object) -> str:
    """Word holes alone, which need no translation."""
    return fa().word(Sentence(pattern), **facts)


def test_a_sentence_is_worded_in_the_readers_language():
    bill = _("Your bill for {month} is {amount}.").using(
        month=Month(1405, 8), amount=Rials(4_250_000)
    )
    assert fa().word(bill) == "قبض آبان ۱۴۰۵ شما ۴٬۲۵۰٬۰۰۰ ریال است."
    assert en().word(bill) == "Your bill for Aban 1405 is 4,250,000 rials."


def test_a_sentence_within_a_sentence_is_worded_too():
    until = _("{what} until {day}").using(what=_("Objection"), day=DAY)
    assert fa().word(until) == "اعتراض تا پنجشنبه ۳۰ مهر ۱۴۰۵"
    assert en().word(until) == "Objection until Thursday 30 Mehr 1405"


def test_facts_given_late_override_those_of_the_sentence():
    until = _("{what} until {day}").using(what="A", day=DAY)
    assert en().word(until, what="B") == "B until Thursday 30 Mehr 1405"
    assert until.facts["what"] == "A"


def test_an_sms_has_words_of_its_own_of_the_same_facts():
    long = _("Last day to pay: {day:short}.").by_sms(_("Until {day:plain}.")).using(day=DAY)
    inside = _("{line}").using(line=long)
    assert Speech(Language.EN, Medium.CHAT).word(inside).startswith("Last day to pay")
    assert Speech(Language.EN, Medium.SMS).word(inside) == "Until 30 Mehr."
    assert (
        Speech(Language.EN, Medium.SMS).word(long, day=DAY + timedelta(days=1)) == "Until 1 Aban."
    )
    assert Speech(Language.EN, Medium.SMS).word(long.by_sms(None)) == ""


def test_the_words_of_an_sms_keep_what_they_say_themselves():
    long = _("{line}").using(line="long").by_sms(_("{line}").using(line="short"))
    assert Speech(Language.EN, Medium.SMS).word(long) == "short"


def test_a_number_chooses_its_form():
    assert en().word(_n(*DAYS_LEFT, 1)) == "1 day left"
    assert en().word(_n(*DAYS_LEFT, 10)) == "10 days left"
    assert fa().word(_n(*DAYS_LEFT, 10)) == "۱۰ روز مانده"


def test_a_hole_without_a_fact_names_the_sentence():
    with pytest.raises(KeyError, match=r"no 'day' for '\{what\} until \{day\}'"):
        fa().word(_("{what} until {day}").using(what="A"))


@pytest.mark.parametrize("fact", [None, True, 1.5, object(), ["a"]])
def test_a_fact_without_words_is_refused(fact):
    with pytest.raises(TypeError, match="has no words for"):
        said("{fact}", fact=fact)


@pytest.mark.parametrize("pattern", ["{day:tomorrow}", "{day:toman}"])
def test_a_style_that_does_not_exist_is_refused(pattern):
    with pytest.raises(TypeError, match="style"):
        said(pattern, day=DAY)


def test_a_missing_catalogue_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr(language, "LOCALES", tmp_path / "nowhere")
    forget()
    assert en().word(_("Objection")) == "Objection"
    with pytest.raises(MissingCatalogue, match="run make locales"):
        fa()
    with pytest.raises(MissingCatalogue, match="run make locales"):
        language.open_catalogues()


@pytest.mark.parametrize("case", cases("money"), ids=lambda case: str(case["rial"]))
def test_money_agrees_with_the_vectors(case):
    amount = Rials(case["rial"])
    assert said("{amount}", amount=amount) == case["rial_fa"]
    both = f"{case['rial_fa']} ({case['toman_fa']})" if case["toman_fa"] else case["rial_fa"]
    assert said("{amount:toman}", amount=amount) == both


def test_money_in_english():
    assert en().money(Rials(82_000_000)) == "82,000,000 rials"
    assert en().money(Rials(1_250_000), toman=True) == "1,250,000 rials (125,000 tomans)"


@pytest.mark.parametrize("language", ORACLES)
def test_numbers_agree_with_the_oracle(language: Language):
    speech, locale = Speech(language), ORACLES[language]
    whole = MessageFormat("{n,number}", locale)
    broken = MessageFormat("{n,number,#,##0.00}", locale)
    seeded = random.Random(1405)
    for _each in range(1000):
        number = seeded.randrange(-(10 ** seeded.randrange(1, 15)), 10 ** seeded.randrange(1, 15))
        assert speech.number(number) == whole.format({"n": number})
    for _each in range(300):
        part = Decimal(seeded.randrange(10**9)) / 100 + Decimal("0.00")
        assert speech.number(part) == broken.format({"n": part})


@pytest.mark.parametrize("language", ORACLES)
def test_days_agree_with_the_oracle(language: Language):
    styles = {
        DateStyle.LONG: "EEEE d MMMM y",
        DateStyle.SHORT: "EEEE d MMMM",
        DateStyle.PLAIN: "d MMMM",
        DateStyle.NUMERIC: "yyyy/MM/dd",
    }
    oracle = {
        style: MessageFormat(f"{{day,date,{pattern}}}", ORACLES[language])
        for style, pattern in styles.items()
    }
    speech, seeded = Speech(language), random.Random(1405)
    for _each in range(700):
        day = date(1950, 1, 1) + timedelta(days=seeded.randrange(150 * 365))
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        for style, pattern in oracle.items():
            theirs = pattern.format({"day": noon})
            for name, ours in OURS.get(language, {}).items():
                theirs = theirs.replace(name, ours)
            assert speech.day(day, style) == theirs


@pytest.mark.parametrize(
    ("language", "months"),
    [
        (Language.AR, "فروردين أرديبهشت خرداد تير مرداد شهريور مهر آبان آذر دي بهمن إسفند"),
        (
            Language.CKB,
            "خاکەلێوە بانەمەڕ جۆزەردان پووشپەڕ گەلاوێژ خەرمانان ڕەزبەر خەزەڵوەر سەرماوەز بەفرانبار ڕێبەندان ڕەشەمە",
        ),
    ],
)
def test_months_are_those_of_the_papers_of_the_country(language: Language, months: str):
    named = [Speech(language).month(Month(1405, number)) for number in range(1, 13)]
    assert named == [f"{name} ١٤٠٥" for name in months.split()]


@pytest.mark.parametrize(
    ("language", "amount", "moment"),
    [
        (Language.AR, "١٬٢٥٠٬٠٠٠ ريال (١٢٥٬٠٠٠ تومان)", "الخميس ٣٠ مهر ١٤٠٥، الساعة ٠٩:٠٥"),
        (
            Language.CKB,
            "١٬٢٥٠٬٠٠٠ ڕیاڵ (١٢٥٬٠٠٠ تمەن)",
            "پێنجشەممە ٣٠ ڕەزبەر ١٤٠٥، کاتژمێر ٠٩:٠٥",
        ),
    ],
)
def test_money_and_hours_are_written_as_the_language_writes_them(
    language: Language, amount: str, moment: str
):
    speech = Speech(language)
    assert speech.money(Rials(1_250_000), toman=True) == amount
    assert speech.moment(datetime(2026, 10, 22, 5, 35, tzinfo=UTC)) == moment


@pytest.mark.parametrize(
    "case", [c for c in cases("jalali_calendar") if "weekday_fa" in c], ids=str
)
def test_weekdays_agree_with_the_vectors(case):
    assert fa().weekday(date.fromisoformat(case["gregorian"])) == case["weekday_fa"]


@pytest.mark.parametrize(
    ("hole", "in_chat", "in_sms"),
    [
        ("{day}", "پنجشنبه ۳۰ مهر ۱۴۰۵", "۱۴۰۵/۰۷/۳۰"),
        ("{day:short}", "پنجشنبه ۳۰ مهر", "۳۰ مهر"),
        ("{day:plain}", "۳۰ مهر", "۳۰ مهر"),
        ("{day:numeric}", "۱۴۰۵/۰۷/۳۰", "۱۴۰۵/۰۷/۳۰"),
    ],
)
def test_a_day_is_shorter_in_an_sms(hole, in_chat, in_sms):
    assert fa().word(Sentence(hole), day=DAY) == in_chat
    assert fa(Medium.SMS).word(Sentence(hole), day=DAY) == in_sms


def test_an_instant_is_tehrans_day_and_hour():
    instant = datetime(2026, 10, 22, 5, 35, tzinfo=UTC)
    assert said("{at}", at=instant) == "پنجشنبه ۳۰ مهر ۱۴۰۵، ساعت ۰۹:۰۵"
    assert said("{at:plain}", at=instant) == "۳۰ مهر، ساعت ۰۹:۰۵"
    assert en().moment(instant) == "Thursday 30 Mehr 1405, 09:05"
    assert fa(Medium.SMS).moment(instant) == "۱۴۰۵/۰۷/۳۰ ۰۹:۰۵"
    with pytest.raises(ValueError, match="time zone"):
        said("{at}", at=datetime(2026, 10, 22))  # noqa: DTZ001


def test_a_code_keeps_its_digits_and_stands_apart_where_text_runs_from_the_right():
    code = Code("K7Q2-M4XD")
    assert said("{code}", code=code) == "\u2066K7Q2-M4XD\u2069"
    assert fa(Medium.EMAIL).word(Sentence("{code}"), code=code) == "\u2066K7Q2-M4XD\u2069"
    assert fa(Medium.SMS).word(Sentence("{code}"), code=code) == "K7Q2-M4XD"
    assert en().word(Sentence("{code}"), code=code) == "K7Q2-M4XD"


@pytest.mark.parametrize("language", Language)
def test_an_sms_carries_no_direction_marks(language: Language):
    marks = set("\u061c\u200e\u200f\u2066\u2067\u2068\u2069")
    facts = {"n": -5, "code": Code("K7Q2-M4XD"), "day": DAY}
    assert not marks & set(Speech(language, Medium.SMS).word(Sentence("{n} {code} {day}"), **facts))


def test_text_is_put_as_it_is_unless_its_digits_are_asked_for():
    class Kind(StrEnum):
        LEGAL = "legal"

    assert said(
        "{name} {tail} {tail:digits} {kind}", name="علی {x}", tail="*4521", kind=Kind.LEGAL
    ) == ("علی {x} *4521 *۴۵۲۱ legal")


@pytest.mark.parametrize(
    ("language", "medium", "name", "shown"),
    [
        # Between letters of one direction the stars stand where they are written.
        (Language.EN, Medium.SMS, "ن*** ف***", "ن*** ف"),
        (Language.EN, Medium.SMS, "ن***", "ن"),
        (Language.FA, Medium.SMS, "N*** F***", "N*** F"),
        (Language.EN, Medium.SMS, "N*** F***", "N*** F***"),
        (Language.FA, Medium.SMS, "ن*** ف***", "ن*** ف***"),
        (Language.EN, Medium.CHAT, "ن*** ف***", "ن*** ف***"),
        (Language.EN, Medium.SMS, "***", "***"),
    ],
)
def test_a_masked_name_of_the_other_script_ends_in_an_sms_with_a_letter(
    language: Language, medium: Medium, name: str, shown: str
):
    speech = Speech(language, medium)
    assert speech.name(name) == shown
    assert shown in speech.word(_("{name}, this chat is now linked to you."), name=name).split(",")


def test_a_speech_runs_as_its_language_does():
    assert (fa().direction, en().direction) == ("rtl", "ltr")


def test_holes_are_named_with_their_styles():
    assert holes("{amount:toman} until {day}, {{sic}}") == {"amount:toman", "day"}
    with pytest.raises(ValueError, match="}"):
        holes("{amount")
