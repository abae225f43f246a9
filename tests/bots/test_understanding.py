"""What is always understood, however it is typed."""

import re
from collections import defaultdict

import pytest

from api.kit.language import Language
from api.kit.message import Wants
from api.kit.sms import parts
from api.kit.speech import Medium, Speech
from api.templates import render
from api.templates.catalogue import TEMPLATES
from bots import spellings, understanding, wording
from bots.dialogues import collected
from bots.offers import AUDIENCES, Audience
from bots.reply import LINES, Line, Reply, paged, pages, split
from bots.texting import PARTS, SHORT_PARTS
from bots.understanding import Word
from notifier.channels.mouths import Capabilities

EN = Speech(Language.EN)
WITH = Capabilities(length=4096, buttons=True, contact=True)
WITHOUT = Capabilities(length=160)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("منو", Word.MENU),
        ("Menu", Word.MENU),
        (" برگشت ", Word.BACK),
        ("بر\u200cگشت", Word.BACK),
        ("لغو", Word.CANCEL),
        ("زبان", Word.LANGUAGE),
        ("؟", Word.HELP),
        ("?", Word.HELP),
        ("نفر", Word.PERSON),
        ("A  person", Word.PERSON),
        ("ي\u200eك نفر", None),
        ("STOP", Word.STOP),
        ("start", Word.START),
        ("القائمه", Word.MENU),
        ("إلغاء", Word.CANCEL),
        ("الغا", Word.CANCEL),
        ("أريد شخصاً", Word.PERSON),
        ("ايقاف الرسايل", None),
        ("ایقاف الرسائل", Word.STOP),
        ("أبداً", None),
        ("گەڕانەوە", Word.BACK),
        ("گه‌رانه‌وه", Word.BACK),
        ("منوو", Word.MENU),
        ("هه‌لوه‌شاندنه‌وه", Word.CANCEL),
        ("پهیام مهنیرن", Word.STOP),
        ("رینمایی", Word.HELP),
        ("menus", None),
        ("", None),
    ],
)
def test_a_word_is_known_by_its_letters(text: str, word: Word | None):
    assert understanding.word(text) is word


@pytest.mark.parametrize(
    ("text", "digit"),
    [
        ("1", "1"),
        ("۱", "1"),
        ("١", "1"),
        ("2.", "2"),
        ("۹)", "9"),
        ("12", None),
        ("a", None),
        ("", None),
    ],
)
def test_a_digit_is_one_in_any_script(text: str, digit: str | None):
    assert understanding.digit(text) == digit


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("/start", ("start", "")),
        ("/Start@bot K7", ("start", "K7")),
        ("/debts", ("debts", "")),
        ("/دیگر", None),
        ("start", None),
    ],
)
def test_a_command_is_read_with_what_follows_it(text: str, command: tuple[str, str] | None):
    assert understanding.command(text) == command


@pytest.mark.parametrize(
    ("text", "yes"),
    [
        ("بله", True),
        ("بلی", True),
        ("آري", True),
        ("اره", True),
        ("نه", False),
        ("شاید", None),
        ("نعم", True),
        ("كلا", False),
        ("بهلێ", True),
        ("به‌لی", True),
        ("نەخێر", False),
        ("نهخیر", False),
    ],
)
def test_yes_and_no_are_what_people_write(text: str, yes: bool | None):  # noqa: FBT001
    assert understanding.yes_or_no(text) is yes


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("فارسي", Language.FA),
        ("english", Language.EN),
        ("عربی", Language.AR),
        ("كوردى", Language.CKB),
        ("سورانی", Language.CKB),
        ("ckb", Language.CKB),
        ("زبان", None),
    ],
)
def test_a_language_is_known_by_its_names(text: str, language: Language | None):
    assert understanding.language(text) is language


@pytest.mark.parametrize(
    "audiences", [*({one} for one in AUDIENCES), {"people", "employers"}], ids=sorted
)
def test_no_word_means_two_acts(audiences: set[Audience]):
    """In no language: readers mix them, whatever they chose. By SMS one line serves two audiences."""
    acts = {f"word {word}": understanding.spelled(text) for word, text in spellings.ALWAYS.items()}
    acts["yes"] = understanding.spelled(spellings.YES)
    acts["no"] = understanding.spelled(spellings.NO)
    gaps = understanding.spelled(spellings.GAPS)
    for one in collected():
        if not audiences.isdisjoint(one.audiences) and one.menu:
            menu = (Speech(language).word(one.words) for language in Language)
            names = map(understanding.alike, (one.name, *one.keywords, *menu))
            acts[one.name] = (*names, *understanding.opens(one.name))
    acts["record"] = (*acts.get("record", ()), *gaps)
    meant: dict[str, set[str]] = defaultdict(set)
    for act, spellings_of_it in acts.items():
        for spelling in spellings_of_it:
            meant[spelling].add(act)
    assert {one: sorted(among) for one, among in meant.items() if len(among) > 1} == {}


def test_every_word_and_every_dialogue_of_the_spellings_is_there():
    assert set(spellings.ALWAYS) == set(Word)
    assert set(spellings.DIALOGUES) <= {one.name for one in collected() if one.menu}
    assert set(spellings.LANGUAGES) == set(Language)


def test_what_is_short_is_so_of_a_dialogue_of_the_same_people():
    named = {one.name: one for one in collected()}
    for one in named.values():
        if one.short_of:
            assert one.sms
            assert one.audiences <= named[one.short_of].audiences


@pytest.mark.parametrize("language", Language)
def test_what_a_label_says_is_understood_when_it_is_typed(language: Language):
    speech = Speech(language)
    labels = {
        Word.MENU: wording.MENU,
        Word.BACK: wording.BACK,
        Word.CANCEL: wording.CANCEL,
        Word.LANGUAGE: wording.LANGUAGE,
        Word.HELP: wording.HELP_LABEL,
        Word.PERSON: wording.PERSON,
    }
    for word, label in labels.items():
        assert understanding.word(speech.word(label)) is word


@pytest.mark.parametrize("language", Language)
def test_every_word_that_the_help_names_is_understood(language: Language):
    _tap, _colon, named = Speech(language).word(wording.HELP).partition("\n")
    words = [understanding.word(one.partition(" – ")[0]) for one in re.split("[\n;؛]", named)]
    # One is told to whom it is of use, by the notice that a chat acts for them.
    assert words == [word for word in Word if word not in {Word.HELP, Word.NO_ACCESS}]


@pytest.mark.parametrize("language", Language)
def test_by_sms_the_help_is_short_and_names_the_word_that_ends_access_too(language: Language):
    speech = Speech(language, Medium.SMS)
    said = Reply(speech.word(wording.HELP)).numbered(speech)
    # The menu stands behind it.
    assert parts(said) + SHORT_PARTS <= PARTS
    always, ending = said.split("\n")
    named = re.split("[,،]", always.partition(":")[2].rstrip("."))
    words = [understanding.word(one) for one in (*named, re.split(" [-–] ", ending)[0])]
    others = [word for word in Word if word not in {Word.HELP, Word.NO_ACCESS}]
    assert words == [*others, Word.NO_ACCESS]


@pytest.mark.parametrize("language", Language)
def test_the_words_that_end_what_a_chat_may_do_are_understood_as_they_are_told(language: Language):
    told = TEMPLATES["person_added"]
    facts = told.example.model_dump(mode="json")
    said = render.message(told.name, facts, language=language, channel="sms", code="K7Q2M4XD")
    first, *_rest = said.text.split("\n")
    assert understanding.word(first.rpartition(":")[2]) is Word.NO_ACCESS


def some_lines(count: int) -> list[Line]:
    return [Line(f"1.x|{n}", f"line {n}") for n in range(count)]


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 14, 15, 16, 60])
def test_every_line_stands_on_one_page_and_none_has_more_than_eight(count: int):
    more = Line("1.x|~p", "More")
    seen: list[Line] = []
    for page in range(pages(count)):
        shown = paged(some_lines(count), page, more)
        assert len(shown) <= LINES
        assert (more in shown) == (page < pages(count) - 1)
        seen += [line for line in shown if line is not more]
    assert seen == some_lines(count)


@pytest.mark.parametrize("count", [0, 1, 6, 7, 8, 12, 13, 60])
def test_what_stays_stands_last_on_every_page(count: int):
    more, stays = Line("1.x|~p", "More"), Line("1.x|done", "Done")
    seen: list[Line] = []
    for page in range(pages(count, always=1)):
        shown = paged(some_lines(count), page, more, always=[stays])
        assert len(shown) <= LINES
        assert shown[-1] == stays
        assert (more in shown) == (page < pages(count, always=1) - 1)
        seen += [line for line in shown if line not in {more, stays}]
    assert seen == some_lines(count)


def test_the_form_without_buttons_numbers_what_the_digits_tap():
    reply = Reply("Which?", lines=tuple(some_lines(2)), ways=(("0", Line("1.x|~menu", "Menu")),))
    assert reply.numbered(EN) == "Which?\n\n1. line 0\n2. line 1\n0. Menu"
    assert reply.shown() == {"1": "1.x|0", "2": "1.x|1", "0": "1.x|~menu"}
    assert reply.message(EN, WITHOUT).text == reply.numbered(EN)


def test_in_free_text_nothing_is_numbered():
    reply = Reply("What?", others=tuple(some_lines(1)), ways=(("", Line("1.x|~menu", "Menu")),))
    assert reply.shown() == {}
    assert reply.numbered(EN) == "What?\n\nOr write: line 0 · Menu"


def test_a_button_that_shares_leaves_the_rest_to_words():
    reply = Reply(
        "Your number?",
        ways=(("", Line("1.x|~menu", "Menu")),),
        wants=Wants.CONTACT,
        wants_label="Share",
        hint="Send your card.",
    )
    message = reply.message(EN, WITH)
    assert (message.wants, message.buttons) == (Wants.CONTACT, ())
    assert "Or write: Menu" in message.text
    assert "Send your card." in reply.message(EN, WITHOUT).text


def test_a_long_text_leaves_in_parts_and_the_last_carries_the_list():
    reply = Reply("\n\n".join(["a" * 900] * 5 + ["b" * 4000]), lines=tuple(some_lines(1)))
    parts = split(reply)
    assert all(len(part.text) <= 1600 for part in parts)
    assert [bool(part.lines) for part in parts] == [False] * (len(parts) - 1) + [True]
    assert "".join("".join(part.text.split()) for part in parts) == "".join(reply.text.split())


@pytest.mark.parametrize("data", ["", "x" * 65, "ی" * 33])
def test_button_data_is_never_longer_than_a_messenger_takes(data: str):
    with pytest.raises(ValueError, match="64 bytes"):
        Line(data, "label")
