"""The check of the catalogues finds what it promises to find."""

import pytest
from babel.messages.catalog import Catalog

from locales import check, extract


@pytest.fixture
def said():
    said = Catalog()
    said.add("Your bill for {month} is {amount:toman}.")
    said.add(("{n} day left", "{n} days left"))
    return said


@pytest.fixture
def whole():
    whole = Catalog(locale="fa")
    whole.add("Your bill for {month} is {amount:toman}.", "قبض {month} شما {amount:toman} است.")
    whole.add(("{n} day left", "{n} days left"), ("{n} روز مانده",) * whole.num_plurals)
    return whole


def faults(said: Catalog, whole: Catalog) -> list[str]:
    return list(check.faults(said, whole, "fa"))


def test_a_whole_catalogue_has_no_fault(said, whole):
    assert faults(said, whole) == []


def test_a_sentence_without_translation_is_told(said, whole):
    said.add("As of {day}.")
    assert faults(said, whole) == ["'As of {day}.' has no translation"]


def test_an_empty_translation_is_told(said, whole):
    said.add("Details")
    whole.add("Details", "")
    assert faults(said, whole) == ["'Details' has no translation"]


def test_a_sentence_nobody_says_any_more_is_told(said, whole):
    whole.add("Old words", "حرف کهنه")
    assert faults(said, whole) == ["'Old words' is said nowhere any more"]


def test_an_uncertain_translation_is_told(said, whole):
    said.add("Details")
    whole.add("Details", "جزئیات", flags=["fuzzy"])
    assert "fuzzy" in faults(said, whole)[0]


@pytest.mark.parametrize(
    ("persian", "fault"),
    [
        ("مبلغ {amont}", "other holes"),
        ("مبلغ", "other holes"),
        ("مبلغ {amount:toman}", "other holes"),
        ("مبلغ {amount", "'}'"),
        ("مبلغ {amount}!", "exclamation"),
        ("مبلغ {amount} كم است", "Arabic letter"),
        ("مبلغ علي {amount}", "Arabic letter"),
        ("مبلغ {amount} تا 30 روز", "not Persian"),
        ("مبلغ {amount}, مهلت", "ASCII punctuation"),
        ("مبلغ {amount} می شود", "half-space"),
        ("بدهی ها {amount}", "half-space"),
        ("مبلغ {amount} rials", "Latin words"),
        ("مبلغ  {amount}", "loose space"),
        ("مبلغ {amount} .", "loose space"),
        ("مبلغ « {amount}»", "loose space"),
        ("مبلغ\n {amount}", "loose space"),
        ("مبلغ،{amount}", "no space after"),
        ('مبلغ "{amount}"', "quotes"),
        ("مبلغ “{amount}”", "quotes"),
        ("مبلغ «{amount}", "without »"),
        ("مبلغ ({amount}", "without )"),
        ("مبلغ {amount}...", "dots"),
        ("مبلغ دورهٔ قبل، دوره‌ی بعد {amount}", "hamza"),
        ("مبلغ دورۀ بعد {amount}", "hamza"),
        ("کارگاه هایتان {amount}", "half-space"),
        ("مبلغ کم تر {amount}", "half-space"),
        ("مبلغ‌ {amount}", "joins nothing"),
        ("مبلغ {amount}‌ها", "joins nothing"),
        ("مبلغ \u200f{amount}", "invisible"),
        ("مبلـغ {amount}", "stretched"),
        ("مبلغِ {amount}", "vowel mark"),
        ("مبلغ {amount}\nSTOP", "runs from the left"),
        ("گفتگو {amount}", "گفت‌وگو"),
        ("خطا در {amount}", "the word خطا"),
    ],
)
def test_what_the_voice_forbids_is_told(persian, fault):
    said, whole = Catalog(), Catalog(locale="fa")
    said.add("Amount {amount}")
    whole.add("Amount {amount}", persian)
    assert any(fault in told for told in faults(said, whole))


@pytest.mark.parametrize(
    ("language", "said", "fault"),
    [
        ("ar", "المبلغ {amount} فی", "not Arabic"),
        ("ar", "المبلغ {amount} ک", "not Arabic"),
        ("ar", "المبلغ {amount} حتى ۳۰", "not ٠-٩"),
        ("ar", "المبلغ {amount}, شكراً", "ASCII punctuation"),
        ("ar", "المبلغ {amount} شكرًا", "tanwin"),
        ("ar", "قبض {amount}", "فاتورة"),
        ("ar", "المبلغ {amount} rials", "Latin words"),
        ("ar", "المبلـغ {amount}", "stretched"),
        ("ckb", "بڕی {amount} كەم", "not Kurdish"),
        ("ckb", "بڕی {amount} تا 30 ڕۆژ", "not ٠-٩"),
        ("ckb", "بڕی {amount} روژ", "for ڕ"),
        ("ckb", "بڕی {amount} نیه", "for ە"),
        ("ckb", "بڕی {amount}ە", "ending put on a hole"),
        ("ckb", "بڕی {amount} بێ‌پێشینە", "half-space"),
        ("ckb", "دۆسیە {amount}", "پەروەندە"),
        ("ckb", "بڕی {amount} ؟", "loose space"),
    ],
)
def test_each_language_has_its_own_faults(language, said, fault):
    sentences, whole = Catalog(), Catalog(locale=language)
    sentences.add("Amount {amount}")
    whole.add("Amount {amount}", said)
    assert any(fault in told for told in check.faults(sentences, whole, language))


@pytest.mark.parametrize(
    ("language", "good"),
    [
        ("ar", "دَين المنشأة: {amount} (حتى ٣٠ يوماً)، «نعم»؛ سُجّل."),
        ("ckb", "قەرزی کارگا: {amount} (تا ٣٠ ڕۆژ)، «بەڵێ»؛ هەموو تۆمار کرا."),
    ],
)
def test_good_arabic_and_kurdish_have_no_fault(language, good):
    sentences, whole = Catalog(), Catalog(locale=language)
    sentences.add("{amount}")
    whole.add("{amount}", good)
    assert list(check.faults(sentences, whole, language)) == []


def test_arabic_may_say_one_and_two_in_the_word_and_no_other_number():
    sentences, whole = Catalog(), Catalog(locale="ar")
    sentences.add(("{n} day", "{n} days"))
    whole.add(("{n} day", "{n} days"), ("{n} يوم", "يوم", "يومان", "{n} أيام", "أيام", "{n} يوم"))
    [fault] = check.faults(sentences, whole, "ar")
    assert "other holes in 'أيام'" in fault


def test_good_persian_has_no_fault():
    said, whole = Catalog(), Catalog(locale="fa")
    said.add("{amount}")
    for good in (
        "لطفاً بدهی‌های دورهٔ {amount} را می‌پردازید؟ «بله»، (نه)؛ کوچک‌تر.",
        "ماهی {amount}: هیئت تأیید می‌کند…",
        "تلفن: {amount}\nکارگاه‌هایتان برمی‌گردد.",
    ):
        whole.add("{amount}", good)
        assert faults(said, whole) == []


def test_words_that_people_must_send_may_stay_latin():
    said, whole = Catalog(), Catalog(locale="fa")
    said.add("Send STOP to end.")
    whole.add("Send STOP to end.", "برای پایان STOP بفرستید.")
    assert faults(said, whole) == []


def test_everything_the_rooms_say_is_extracted(tmp_path):
    (tmp_path / "bots").mkdir()
    (tmp_path / "bots" / "menu.py").write_text('_("Menu")\n_n("{n} day", "{n} days", count)\n')
    (tmp_path / "sandbox").mkdir()
    (tmp_path / "sandbox" / "desk.py").write_text('_("Desk")\n')
    wording = tmp_path / "api" / "templates" / "wording" / "debt_notice"
    wording.mkdir(parents=True)
    (wording / "email.txt").write_text(
        "Subject: A debt\n\n# Heading\nWorkplace {workshop}\n? Until {day}\n| Amount | {amount} |\n"
    )
    ids = {message.id for message in extract.everything(tmp_path) if message.id}
    assert ids == {
        "Menu",
        ("{n} day", "{n} days"),
        "A debt",
        "Heading",
        "Workplace {workshop}",
        "Until {day}",
        "Amount",
    }
