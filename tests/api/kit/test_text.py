"""The door's normalisation and the search key."""

import pytest
from hypothesis import given, strategies

from api.kit.text import ascii_digits, key, normalise
from tests.vectors import cases

# The page keeps «ۀ» in names and resolves it in keys only; the vector writes the resolved form.
RESOLVED_IN_KEYS = "ۀ"


@pytest.mark.parametrize("case", cases("text_normalization"), ids=lambda case: case["input"])
def test_what_is_typed_is_read_as_the_vectors_say(case):
    if case["input"] != RESOLVED_IN_KEYS:
        assert ascii_digits(normalise(case["input"])) == case["normalized"]
    assert key(case["input"]) == key(case["normalized"])


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("می\u200c\u200cشود", "می\u200cشود"),
        ("\u200cکارگاه\u200c ", "کارگاه"),
        ("خانه\u200c، باغ", "خانه، باغ"),
        ("کتابِ\u200cمن", "کتابِ\u200cمن"),
        ("موسي\u00a0كريمي", "موسی کریمی"),
        ("\ufeff\u202bسلام\u202c\u2066!\u2069", "سلام!"),
        ("ﺳﻼﻡ", "سلام"),
        ("یک\n\n دو\t سه", "یک دو سه"),
        ("با\x00صفر \ud83d", "باصفر"),
        ("کارگاه ۱۲", "کارگاه ۱۲"),
        ("نامۀ أحمد", "نامۀ أحمد"),
        ("ئ", "ئ"),
        ("", ""),
    ],
)
def test_the_door_keeps_spelling_and_drops_what_nobody_sees(typed, kept):
    assert normalise(typed) == kept


@given(
    strategies.text(
        alphabet=strategies.characters() | strategies.sampled_from("ي\u200c\u0301\u0654 ا\u200f")
    )
)
def test_normalising_twice_changes_nothing(text):
    once = normalise(text)
    assert normalise(once) == once
    once.encode()


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("۱۲٬۵۰۰٬۰۰۰", "12500000"),
        ("1,234,567", "1234567"),
        ("۱،۲۳۴", "1234"),
        ("1,2", "1,2"),
        ("1,2345", "1,2345"),
        ("٠٩١٢", "0912"),
    ],
)
def test_grouping_marks_go_only_where_they_group(written, read):
    assert ascii_digits(written) == read


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("می\u200cشود", "می شود"),
        ("میشود", "می شود"),
        ("مؤسسة", "موسسه"),
        ("أحمد", "احمد"),
        ("مُحَمَّد", "محمد"),
        ("كــارگاه ۱۲", "کارگاه 12"),
        ("نامهٔ", "نامۀ"),
        ("STOP", "stop"),
    ],
)
def test_spellings_that_people_mix_have_one_key(one, other):
    assert key(one) == key(other)


def test_different_words_keep_different_keys():
    assert key("آباد") != key("اباد")
    assert key("مسئول") != key("مسول")
