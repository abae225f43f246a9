"""How a debt is explained: every step, kind and line has its words, in every language."""

from datetime import date
from itertools import product
from typing import Any
from uuid import UUID

import pytest

from api.debts.rules import Kind, LineCode, State, Step
from api.debts.schemas import DebtDetails, LineOut
from api.kit.language import Language
from api.kit.speech import Speech
from bots.dialogues.debts import explained
from tests.support.make import TODAY


def a_debt(**changed: Any) -> DebtDetails:
    usual: dict[str, Any] = {
        "id": UUID(int=1),
        "number": "1405000007304",
        "number_tail": "7304",
        "workshop": "*4521 نان سحر",
        "reason": "05",
        "period_from": "1405-05",
        "period_to": "1405-05",
        "total": 82_000_000,
        "kind": Kind.DEFINITE,
        "step": Step.NOTICE,
        "state": State.OPEN,
        "issued_on": date(2026, 11, 22),
        "due_on": date(2026, 10, 22),
        "objection_until": date(2026, 12, 22),
        "lines": [LineOut(code=LineCode.PRINCIPAL, amount=82_000_000, facts={})],
        "as_of": TODAY,
    }
    return DebtDetails.model_validate({**usual, **changed})


def words(debt: DebtDetails, language: Language = Language.EN) -> str:
    return Speech(language).word(explained(debt))


def test_the_answer_comes_first():
    first = words(a_debt()).splitlines()[0]

    assert first == (
        "Workplace *4521 نان سحر, Mordad 1405, debt *7304: "
        "82,000,000 rials (8,200,000 tomans) as of Wednesday 11 Azar."
    )


def test_an_objection_is_possible_to_the_end_of_its_last_day():
    on_the_day = words(a_debt(objection_until=TODAY))
    after_it = words(a_debt(objection_until=date(2026, 12, 1)))

    assert "That is today." in on_the_day
    assert "To object, write to the workplace's branch by 11 Azar." in on_the_day
    assert "The last day to object was Tuesday 10 Azar." in after_it
    assert "To object" not in after_it


@pytest.mark.parametrize("step", [Step.OBJECTION, Step.ENFORCEMENT])
def test_nobody_is_told_to_object_where_that_time_is_over(step):
    said = words(a_debt(step=step))

    assert "last day" not in said
    assert "To object" not in said


def test_the_fine_for_delay_is_an_estimate_until_the_branch_confirms_it():
    facts = {"percent": "2.5", "months": 1, "base": 80_000_000, "first_day": "2026-10-23"}
    late = LineOut(code=LineCode.LATE_FINE, amount=2_000_000, facts=facts)

    said = words(a_debt(lines=[late]))

    assert (
        "Fine for delay: 2,000,000 rials (1 month, 2.5 per cent of the unpaid 80,000,000 rials, "
        "by the law on fines)" in said
    )
    assert "The fine for delay is our estimate until the branch confirms it." in said
    assert "estimate" not in words(a_debt())


def test_a_settled_debt_is_said_to_be_so_and_nothing_else():
    assert words(a_debt(state=State.CLOSED)) == (
        "Workplace *4521 نان سحر, Mordad 1405: this debt is settled."
    )


@pytest.mark.parametrize(
    ("language", "step", "kind"), list(product(Language, Step, Kind)), ids=lambda value: value.value
)
def test_every_debt_can_be_explained_in_every_language(language, step, kind):
    base = {"percent": "10", "base": 82_000_000}
    every = [
        LineOut(code=code, amount=-1 if code is LineCode.PAID else 1, facts=facts)
        for code, facts in [
            (LineCode.PRINCIPAL, {}),
            (LineCode.LIST_FINE, base),
            (LineCode.LIST_FINE, {}),
            (LineCode.LATE_FINE, {**base, "months": 3, "first_day": "2026-10-23"}),
            (LineCode.ENFORCEMENT_FEE, base),
            (LineCode.PAID, {}),
        ]
    ]
    assert {line.code for line in every} == set(LineCode)

    said = words(a_debt(step=step, kind=kind, lines=every), language)

    assert len(said.splitlines()) >= len(every) + 3
    if language is not Language.EN:
        assert not set("0123456789") & set(said)
