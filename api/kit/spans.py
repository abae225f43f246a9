"""Lengths of time in words: so many years, months and days."""

from api.kit.language import Sentence, _, _n


def span(*, years: int, months: int, days: int) -> Sentence:
    """Say a length of time without the parts that are none."""
    parts = [
        words
        for words, number in (
            (_n("{n} year", "{n} years", years), years),
            (_n("{n} month", "{n} months", months), months),
            (_n("{n} day", "{n} days", days), days),
        )
        if number
    ]
    match parts:
        case [one]:
            return one
        case [first, last]:
            return _("{first} and {last}").using(first=first, last=last)
        case [first, second, last]:
            return _("{first}, {second} and {last}").using(first=first, second=second, last=last)
        case _:
            return _n("{n} day", "{n} days", 0)
