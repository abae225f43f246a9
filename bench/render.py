"""A message in Persian from stored facts, beside Jinja2 with cheap helpers that says the same words.

What is measured: debt notices of many debts, worded for a chat (two buttons beside) and for an SMS
from their facts as they are stored, and the same by a compiled Jinja2 template whose helpers
translate digits and look up days that were said before: no Babel, no jdatetime. Both say the same
text, compared each time. Bar: 0.6 of Jinja2's messages a second, chat and SMS each.
"""

import argparse
import json
import random
import time
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import cache
from statistics import median
from typing import Any

import jinja2

from api.kit.calendar import jalali
from api.kit.language import Language
from api.kit.manners import MANNERS
from api.templates import render

MESSAGES = 5_000
TURNS = 5
SEED = 1405
LEAST = 0.6
CODE = "K7Q2M4XD"
_FA = MANNERS[Language.FA]
_DIGITS = str.maketrans("0123456789", _FA.digits)
_GROUPED = str.maketrans("0123456789,", _FA.digits + _FA.group)

TEXTS = {
    "chat": (
        "کارگاه *{{ workshop_tail|digits }}، دورهٔ {{ period_from|month }}: "
        "بدهی {{ amount|number }} ریال ({{ (amount // 10)|number }} تومان)، "
        "محاسبه تا {{ as_of|plain }}.\n"
        "مهلت اعتراض: {{ objection_until|short }}.\n\n"
        "اعلامیهٔ بدهی سازمان تأمین اجتماعی، شمارهٔ بدهی *{{ debt_tail|digits }}.\n"
        "اگر اعتراض دارید، تا {{ objection_until|plain }} آن را کتبی به شعبهٔ کارگاه بدهید.\n\n"
        "کد بررسی: \u2066{{ code }}\u2069"
    ),
    "sms": (
        "بدهی کارگاه *{{ workshop_tail|digits }} ثبت شد. "
        "مهلت اعتراض {{ objection_until|plain }}.\nکد بررسی:\n{{ code }}"
    ),
}

Facts = dict[str, Any]


def run(*options: str) -> bool:
    """Print a line for chat and for SMS; gives whether both bars were met."""
    given = argparse.ArgumentParser(prog="python -m bench render")
    given.add_argument("--messages", type=int, default=MESSAGES)
    given.add_argument("--turns", type=int, default=TURNS)
    asked = given.parse_args(options)
    debts = _debts(asked.messages)
    met = []
    for channel in TEXTS:
        line = _measure(channel, debts, asked.turns)
        print(json.dumps(line), flush=True)
        met.append(line["met"])
    return all(met)


def _measure(channel: str, debts: Sequence[Facts], turns: int) -> dict[str, Any]:
    ours, theirs = _ours(channel), _jinja(channel)
    for facts in debts:
        if ours(facts) != theirs(facts):
            raise RuntimeError(f"not the same words:\n{ours(facts)}\n{theirs(facts)}")
    took = [(_seconds(ours, debts), _seconds(theirs, debts)) for _ in range(turns)]
    mine, limit = (len(debts) / median(seconds) for seconds in zip(*took, strict=True))
    ratio = round(median(theirs / ours for ours, theirs in took), 2)
    return {
        "figure": "render",
        "channel": channel,
        "messages": len(debts),
        "per_s": round(mine),
        "limit": "Jinja2 with cheap helpers",
        "limit_per_s": round(limit),
        "ratio_to_limit": ratio,
        "met": ratio >= LEAST,
    }


def _seconds(say: Callable[[Facts], str], debts: Sequence[Facts]) -> float:
    began = time.process_time()
    for facts in debts:
        say(facts)
    return time.process_time() - began


def _ours(channel: str) -> Callable[[Facts], str]:
    def say(facts: Facts) -> str:
        told = render.message("debt_notice", facts, language="fa", channel=channel, code=CODE)
        return told.text

    return say


def _jinja(channel: str) -> Callable[[Facts], str]:
    world = jinja2.Environment(autoescape=False, undefined=jinja2.StrictUndefined)
    world.filters.update(digits=_digits, number=_number, month=_month, plain=_plain, short=_short)
    template = world.from_string(TEXTS[channel])
    code = f"{CODE[:4]}-{CODE[4:]}"
    return lambda facts: template.render(facts, code=code)


def _digits(text: str) -> str:
    return text.translate(_DIGITS)


def _number(value: int) -> str:
    return f"{value:,}".translate(_GROUPED)


def _month(month: str) -> str:
    return f"{_FA.months[int(month[5:]) - 1]} {_digits(month[:4])}"


@cache
def _plain(day: str) -> str:
    _year, month, of_month = jalali(date.fromisoformat(day))
    return f"{_digits(str(of_month))} {_FA.months[month - 1]}"


@cache
def _short(day: str) -> str:
    return f"{_FA.weekdays[date.fromisoformat(day).weekday()]} {_plain(day)}"


def _debts(count: int) -> list[Facts]:
    """Facts as they are stored, the same each time: many debts, the days of a month."""
    chance = random.Random(SEED)
    return [
        {
            "workshop_tail": f"{chance.randrange(10_000):04d}",
            "workshop_name": "نان سحر",
            "debt_tail": f"{chance.randrange(10_000):04d}",
            "period_from": (month := f"1405-{chance.randint(1, 12):02d}"),
            "period_to": month,
            "amount": chance.randint(1, 1_000_000) * 10_000,
            "as_of": "2026-10-04",
            "objection_until": str(date(2026, 10, 22) + timedelta(days=chance.randrange(30))),
        }
        for _number in range(count)
    ]
