"""The breaker of a sender, by a clock that the test moves."""

from dataclasses import dataclass

import pytest

from api.kit.outcome import Accepted, Outcome, Rejected, Unknown
from notifier.channels.breaker import Breaker, State

REFUSED = Rejected("not_reached", again=True)
FLOOD = Rejected("too_many", again=True, wait_seconds=30)


@dataclass
class Clock:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(failures=3, pause_seconds=5, clock=clock)


def call(breaker: Breaker, outcome: Outcome | None) -> bool:
    """Make one call, if it may be made."""
    entered = breaker.enter()
    if entered is None:
        return False
    breaker.leave(entered, outcome)
    return True


def fail(breaker: Breaker, times: int = 3) -> None:
    for _ in range(times):
        assert call(breaker, REFUSED)


def test_it_opens_after_failures_in_a_row_and_not_before(breaker: Breaker) -> None:
    fail(breaker, 2)
    call(breaker, Accepted())
    fail(breaker, 2)
    assert breaker.state is State.CLOSED
    fail(breaker, 1)
    assert (breaker.state, breaker.is_outage, breaker.seconds) == (State.OPEN, True, 5)
    assert not call(breaker, Accepted())


@pytest.mark.parametrize(
    ("outcome", "opens"),
    [
        (REFUSED, True),
        (Unknown("timeout"), True),
        (Unknown("broken_off", alone=True), False),
        (Rejected("bot_refused", account=True), True),
        (Rejected("recipient_450", again=True, alone=True), False),
        (Rejected("blocked", address_dead=True), False),
        (Rejected("bad_request"), False),
        (Rejected("held_up", kept_back=True), False),
        (None, False),
    ],
)
def test_it_opens_for_what_the_other_side_does_to_all(breaker: Breaker, outcome, opens) -> None:
    for _ in range(3):
        call(breaker, outcome)
    assert (breaker.state is State.OPEN) == opens


def test_what_never_left_neither_mends_nor_spoils(breaker: Breaker) -> None:
    fail(breaker, 2)
    call(breaker, Rejected("held_up", kept_back=True))
    fail(breaker, 1)
    assert breaker.state is State.OPEN


def test_after_its_pause_one_tries_and_all_go_when_that_is_taken(
    breaker: Breaker, clock: Clock
) -> None:
    fail(breaker)
    clock.now += 5
    assert (breaker.state, breaker.seconds) == (State.HALF_OPEN, 0)
    trial = breaker.enter()
    assert trial is not None
    assert breaker.enter() is None
    assert breaker.seconds > 0, "whoever comes now looks again soon"
    breaker.leave(trial, Accepted())
    assert (breaker.state, breaker.is_outage) == (State.CLOSED, False)
    assert None not in {breaker.enter() for _ in range(10)}


def test_each_trial_that_fails_doubles_the_pause_until_it_is_eightfold(
    breaker: Breaker, clock: Clock
) -> None:
    fail(breaker)
    pauses = []
    for _ in range(6):
        pauses.append(breaker.seconds)
        clock.now += breaker.seconds
        fail(breaker, 1)
    assert pauses == [5, 10, 20, 40, 40, 40]
    clock.now += breaker.seconds
    call(breaker, Accepted())
    fail(breaker)
    assert breaker.seconds == 5


def test_a_trial_that_never_left_lets_another_try(breaker: Breaker, clock: Clock) -> None:
    fail(breaker)
    clock.now += 5
    call(breaker, None)
    assert call(breaker, Accepted())
    assert breaker.state is State.CLOSED


def test_what_was_on_the_wire_decides_nothing_any_more(breaker: Breaker) -> None:
    early, late = breaker.enter(), breaker.enter()
    assert early is not None
    assert late is not None
    call(breaker, FLOOD)
    breaker.leave(early, Accepted())
    assert breaker.state is State.OPEN
    breaker.leave(late, Rejected("too_many", again=True, wait_seconds=40))
    assert breaker.seconds == 40, "but a longer wait that is told is kept"


def test_a_wait_that_was_told_is_no_outage_and_one_finds_out_whether_it_is_over(
    breaker: Breaker, clock: Clock
) -> None:
    call(breaker, FLOOD)
    assert (breaker.state, breaker.is_outage, breaker.seconds) == (State.OPEN, False, 30)
    for _ in range(3):
        clock.now += 30
        assert [call(breaker, FLOOD) for _ in range(5)] == [True, False, False, False, False]
    clock.now += 30
    assert [call(breaker, Accepted()) for _ in range(5)] == [True] * 5


def test_a_wait_that_another_was_told_is_kept_once(breaker: Breaker, clock: Clock) -> None:
    breaker.hear(20)
    assert breaker.seconds == 20
    clock.now += 21
    trial = breaker.enter()
    assert trial is not None
    breaker.hear(-1)
    assert breaker.enter() is None, "it is the wait that is being tried already"
    breaker.leave(trial, Accepted())
    breaker.hear(-1)
    assert breaker.state is State.CLOSED


def test_whoever_hears_of_a_wait_when_it_is_over_tries_one_first(breaker: Breaker) -> None:
    breaker.hear(-10)
    assert breaker.state is State.HALF_OPEN
    assert breaker.enter() is not None
    assert breaker.enter() is None
