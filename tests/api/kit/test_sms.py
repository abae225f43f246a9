"""Parts of an SMS."""

import pytest

from api.kit import sms
from tests.vectors import cases


@pytest.mark.parametrize("case", cases("sms_segments"), ids=lambda case: str(case["text_repeat"]))
def test_parts_agree_with_the_vectors(case):
    letter, times = case["text_repeat"]
    text = letter * times
    assert sms.coding(text) == case["coding"]
    assert sms.parts(text) == case["segments"]


def test_one_persian_letter_turns_the_whole_message():
    assert sms.parts("a" * 160) == 1
    assert sms.parts("a" * 159 + "ی") == 3


def test_an_extension_character_takes_two_and_is_never_torn():
    assert sms.parts("€" * 80) == 1
    assert sms.parts("€" * 81) == 2
    # 153 units hold 76 of them and half of the next one.
    assert sms.parts("€" * 152) == 2
    assert sms.parts("€" * 153) == 3


def test_a_pair_of_utf16_takes_two_and_is_never_torn():
    assert sms.parts("😀" * 35) == 1
    assert sms.parts("😀" * 36) == 2
    assert sms.parts("😀" * 67) == 3


def test_an_empty_message_is_one_part():
    assert sms.parts("") == 1
