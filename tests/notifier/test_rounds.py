"""How many letters a round takes on."""

from notifier.rounds import SMALLEST_CLAIM, Round


def test_where_letters_do_not_leave_in_time_fewer_go_at_once_until_they_do_again() -> None:
    one = Round("chat", {}, 60)
    one.slower(at=5.0)
    one.slower(at=5.0)
    assert one.room == 30, "once for all letters of a claim"
    for moment in range(6, 20):
        one.slower(at=float(moment))
    assert one.room == SMALLEST_CLAIM
    for _batch in range(30):
        one.quicker()
    assert one.room == 60


def test_as_many_letters_are_ready_as_soon_find_a_place_and_none_behind_a_slow_provider() -> None:
    one = Round("sms", {}, 60)
    assert one.ahead == 0, "nobody knows yet how long a call takes"
    one.called(0.05)
    assert one.ahead == 60
    for _call in range(60):
        one.called(10.0)
    assert one.ahead == 0
    assert one.room == 60
