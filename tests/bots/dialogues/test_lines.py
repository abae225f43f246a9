"""Several sentences as one."""

import pytest

from api.kit.language import Language, _
from api.kit.speech import Speech
from bots.dialogues.lines import lines


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ((), ""),
        (("a",), "a"),
        ((_("{n} of them").using(n=1), None, "", "{b}"), "1 of them\n\n{b}"),
    ],
)
def test_sentences_stand_under_one_another_as_they_are(said, expected):
    assert Speech(Language.EN).word(lines(*said)) == expected
