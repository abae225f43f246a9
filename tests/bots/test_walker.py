"""Random walks: through the pretended house, and through the real dialogues with an invented core.

`make faults` goes ten times as far.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

import pytest

from api.client import Core
from bots import dialogues
from bots.talk import Dialogues
from tests.bots import invented, trials, walker
from tests.bots.pretend import PretendKnocker, core_on
from tests.bots.transcripts import player
from tests.support import luck

FAR = [pytest.param(2000, id="short"), pytest.param(20_000, marks=pytest.mark.faults, id="long")]

_TRIAL = {
    "address": ["12 White street", "abc"],
    "code": ["0012345679", "0012345678"],
    "sms": ["123456", "111111"],
    "pin": ["a town"],
}
_HOUSE = {
    "national_code": ["0012345679", "0012345678", "۰۰۱۲۳۴۵۶۷۹"],
    "month": ["1398-04", "تیر ۱۳۹۸", "when?"],
    "code": ["123456", "12 34 56", "K7Q2-M4XD", "no code"],
    "day": ["12", "۲۹", "31"],
    "address": ["یزد، کوچهٔ دوم، پلاک ۷", "کوچه"],
    "postal": ["8913715351", "۸۹۱۳۷-۱۵۳۵۱", "12"],
    "pin": ["4831", "۴۸ ۳۱", "483"],
    "place": ["یزد", "location 35.7 51.4"],
    "number": ["4820193370", "4820193371"],
}
_ACTIONS = (
    "debt_details", "is_it_genuine", "pay_bill", "bill_details", "request_details", "rate_request",
)  # fmt: skip
_OPENINGS = [f"{action}|{code}" for action in _ACTIONS for code in invented.CODES]
_AUDIENCES = ("employers", "people")


async def a_walk(
    house: Dialogues,
    modules: Sequence[ModuleType],
    opened: Callable[[random.Random, int], tuple[Core, PretendKnocker]],
    *,
    turns: int,
    answers: Mapping[str, Sequence[str]],
    openings: Sequence[str],
) -> None:
    """Several people one after the other, so that the beginning is walked too.

    After so many turns more people come until enough of the source was met, at most five times as
    many: what a person can reach is met by chance, and the chance of ten people may be a bad one.
    """
    seed = luck.seed()
    chance = random.Random(seed)
    whole = walker.Walk()
    people = 10
    for part in range(5 * people):
        core, knocker = opened(chance, part)
        knocker.unlucky = lambda: chance.random() < 0.03
        person: Any = player("terminal", house, core, _AUDIENCES[part % 2])
        one = await walker.walk(
            person,
            knocker,
            turns=turns // people,
            seed=seed + part,
            answers=answers,
            openings=openings,
        )
        whole.asked |= one.asked
        whole.finished |= one.finished
        if part + 1 >= people and not _missed(whole, modules):
            return
    pytest.fail(f"seed {seed}: never met {_missed(whole, modules)}")


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


@pytest.mark.parametrize("turns", FAR)
async def test_whatever_a_person_does_in_the_pretended_house_is_answered(turns: int):
    def opened(_chance: random.Random, part: int) -> tuple[Core, PretendKnocker]:
        knocker = trials.new_knocker(linked=part % 2 == 0)
        return trials.new_core(knocker), knocker

    await a_walk(
        trials.DIALOGUES,
        [trials],
        opened,
        turns=turns,
        answers=_TRIAL,
        openings=["about_it|K7Q2M4XD"],
    )


@pytest.mark.parametrize("turns", FAR)
async def test_whatever_a_person_does_in_the_real_dialogues_is_answered(turns: int):
    def opened(chance: random.Random, part: int) -> tuple[Core, PretendKnocker]:
        knocker = invented.new_knocker(
            chance,
            linked=part % 3 > 0,
            workplaces=1 + part // 2 % 2,
            audience=_AUDIENCES[part % 2],
        )
        return core_on(knocker), knocker

    modules = [
        import_module(f"{dialogues.__name__}.{one.name}")
        for one in iter_modules(dialogues.__path__)
    ]
    await a_walk(
        dialogues.collected(),
        modules,
        opened,
        turns=turns,
        answers=_HOUSE,
        openings=_OPENINGS,
    )
