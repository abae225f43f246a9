"""Random walks on every channel: through the pretended house, and the real dialogues with an invented core.

`make faults` goes ten and fifty times as far.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType

import pytest

from api.client import Core
from bots import dialogues
from bots.talk import Dialogues
from tests.bots import invented, trials, walker
from tests.bots.pretend import PretendKnocker
from tests.support import luck

_TRIAL = {
    "address": ["12 White street", "abc"],
    "code": ["0012345679", "0012345678"],
    "sms": ["123456", "111111"],
    "pin": ["a town"],
}
_AUDIENCES = ("employers", "people")
_STEPS = 1_000
"""Turns of one person of a long walk; of a short one, a tenth of it."""

Record = Callable[[str, object], None]


async def a_walk(
    house: Dialogues,
    modules: Sequence[ModuleType],
    opened: Callable[[random.Random, int, str], tuple[Core, PretendKnocker]],
    *,
    turns: int,
    answers: Mapping[str, Sequence[str]],
    openings: Sequence[str],
    record: Record,
) -> None:
    """Several people one after the other, each on the next channel, so that the beginning is walked too.

    After so many turns more people come until enough of the source was met, at most five times as
    many: what a person can reach is met by chance, and the chance of ten people may be a bad one.
    """
    seed = luck.seed()
    chance = random.Random(seed)
    whole, on = walker.Walk(), {channel: walker.Walk() for channel in walker.CHANNELS}
    people = max(2 * len(on), turns // _STEPS)
    for part in range(5 * people):
        channel = walker.CHANNELS[part % len(on)]
        audience = _AUDIENCES[part // len(on) % 2]
        core, knocker = opened(chance, part, "sms" if channel == "sms" else audience)
        knocker.unlucky = lambda: chance.random() < 0.03
        person = walker.somebody(channel, house, core, knocker, audience)
        one = await walker.walk(
            person,
            knocker,
            turns=turns // people,
            seed=seed + part,
            answers=answers,
            openings=openings,
            tried=whole.tried,
        )
        await person.adapter.close()
        whole.take_in(one)
        on[channel].take_in(one)
        if part + 1 >= people and not _missed(whole, modules):
            record("told", _figures(seed, whole, on, modules))
            return
    pytest.fail(f"seed {seed}: never met {_missed(whole, modules)}")


def _figures(
    seed: int,
    whole: walker.Walk,
    on: Mapping[str, walker.Walk],
    modules: Sequence[ModuleType],
) -> str:
    """How many turns were taken, and how much of the source they met, on each channel and in all."""
    questions, finals = walker.written(modules)
    return "; ".join([
        f"seed {seed}",
        *(
            f"{channel} {met.turns} turns,"
            f" questions {len(questions & {name for _of, name in met.asked})}/{len(questions)},"
            f" finals {len(finals & {name for _of, name in met.finished})}/{len(finals)}"
            for channel, met in [*on.items(), ("all", whole)]
        ),
    ])  # fmt: skip


def _missed(found: walker.Walk, modules: Sequence[ModuleType]) -> set[str]:
    """What was not met, once it is more than one question in twenty or one final step in five."""
    questions, finals = walker.written(modules)
    assert questions
    assert finals
    unasked = questions - {name for _dialogue, name in found.asked}
    untaken = finals - {name for _dialogue, name in found.finished}
    if len(unasked) > len(questions) / 20 or len(untaken) > len(finals) / 5:
        return unasked | untaken
    return set()


@pytest.mark.parametrize(
    "turns",
    [pytest.param(2_000, id="short"), pytest.param(20_000, marks=pytest.mark.faults, id="long")],
)
async def test_whatever_a_person_does_in_the_pretended_house_is_answered(
    turns: int, record_property: Record
):
    def opened(_chance: random.Random, part: int, _audience: str) -> tuple[Core, PretendKnocker]:
        knocker = trials.new_knocker(linked=part % 2 == 0)
        return trials.new_core(knocker), knocker

    await a_walk(
        trials.DIALOGUES,
        [trials],
        opened,
        turns=turns,
        answers=_TRIAL,
        openings=["about_it|K7Q2M4XD"],
        record=record_property,
    )


@pytest.mark.parametrize(
    "turns",
    [pytest.param(2_000, id="short"), pytest.param(100_000, marks=pytest.mark.faults, id="long")],
)
async def test_whatever_a_person_does_in_the_real_dialogues_is_answered(
    turns: int, record_property: Record
):
    await a_walk(
        dialogues.collected(),
        walker.real(),
        invented.somebodys,
        turns=turns,
        answers=invented.ANSWERS,
        openings=invented.OPENINGS,
        record=record_property,
    )
