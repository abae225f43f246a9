"""Which of a channel's senders speaks."""

import pytest

from api.notices import senders
from api.notices.service import Pause

FIRST, SECOND = "sms:kavenegar", "sms:smpp"
BOTH = [FIRST, SECOND]
FAILS, IS_BACK, WAITS = Pause(3, True), Pause(0, True), Pause(3, False)


def test_a_channel_is_spoken_for_by_its_own_in_their_order() -> None:
    known = ["sms:smpp", "telegram:people", "sms:kavenegar", "email", "sms"]
    assert senders.of("sms", known) == ["sms:smpp", "sms:kavenegar", "sms"]
    assert senders.of("chat", known) == []


@pytest.mark.parametrize(
    ("tries", "pauses", "chosen"),
    [
        ([0, 0], {}, [FIRST, FIRST]),
        ([0, 0], {SECOND: FAILS}, [FIRST, FIRST]),
        ([0, 0], {FIRST: FAILS}, [SECOND, SECOND]),
        ([0, 0], {FIRST: WAITS}, [FIRST, FIRST]),
        ([0, 0, 0], {FIRST: IS_BACK}, [SECOND, SECOND, FIRST]),
        ([0, 0, 1], {FIRST: IS_BACK}, [SECOND, FIRST, SECOND]),
        ([1, 2], {FIRST: IS_BACK}, [SECOND, SECOND]),
        ([0, 0], {FIRST: Pause(9, True), SECOND: FAILS}, [SECOND, SECOND]),
        ([0, 1], {FIRST: IS_BACK, SECOND: FAILS}, [FIRST, FIRST]),
        ([], {FIRST: IS_BACK}, []),
    ],
)
def test_the_first_that_does_not_fail_speaks_and_one_letter_looks_after_the_first(
    tries, pauses, chosen
) -> None:
    assert senders.divided(tries, BOTH, pauses) == chosen
