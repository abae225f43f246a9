"""Free words reach the right dialogue: phrases written apart from the stems, in every language."""

from pathlib import Path

import pytest

from api.kit.language import Language
from bots import wishes
from bots.dialogues import collected
from bots.offers import Dialogue
from bots.understanding import alike

PHRASES = Path(__file__).parent / "wishes"
DIALOGUES = {one.name: one for one in collected() if one.menu}
# Of a hundred phrases: so many are to be understood, and so few to be taken for something else.
LEAST, MOST_WRONG = 75, 3


def likely(text: str, audience: str) -> Dialogue | None:
    return wishes.likely(text, [one for one in DIALOGUES.values() if audience in one.audiences])


def judged(language: Language) -> tuple[int, int, int]:
    """Of the held-out phrases of a language: how many reach what they mean, which else, all."""
    right = wrong = 0
    lines = (PHRASES / f"{language}.txt").read_text("utf-8").splitlines()
    for line in lines:
        wanted, _colon, phrase = line.partition(": ")
        found = likely(phrase, "employers" if wanted == "debts" else "people")
        name = found.name if found else "none"
        right += name == wanted
        wrong += name not in {wanted, "none"}
    return right, wrong, len(lines)


@pytest.mark.parametrize("language", Language)
def test_free_words_reach_what_they_mean_and_seldom_another(language: Language):
    right, wrong, count = judged(language)
    assert count >= 60
    assert right * 100 >= LEAST * count
    assert wrong * 100 <= MOST_WRONG * count


def test_what_the_docs_say_of_free_words_is_what_is_measured():
    page = (Path(__file__).parents[2] / "docs" / "free-words.md").read_text("utf-8")
    for language in Language:
        right, wrong, count = judged(language)
        assert f"| `{language}` | {right} of {count} | {wrong} |" in page


@pytest.mark.parametrize(
    ("text", "audience", "name"),
    [
        ("سابقه من", "people", "record"),
        ("how much do I owe", "people", "bill"),
        ("how much do we owe", "employers", "debts"),
        ("قبضم چقدره", "people", "bill"),
        ("سجلي", "people", "record"),
        ("قەبزەکەم", "people", "bill"),
        ("والفاتورة", "people", "bill"),
        ("bill or record", "people", None),
        ("", "people", None),
        ("bill " * 100, "people", None),
    ],
)
def test_a_wish_is_one_of_what_is_offered_or_none(text: str, audience: str, name: str | None):
    found = likely(text, audience)
    assert (found.name if found else None) == name


def test_every_dialogue_of_the_stems_is_in_a_menu():
    assert set(wishes._stems()) <= set(DIALOGUES)


def test_no_stem_stands_twice_for_one_dialogue():
    for name, stems in wishes._stems().items():
        both = [*stems.words, *stems.phrases]
        assert len(both) == len(set(both)), name
        assert all(stem == alike(stem) for stem in both)
