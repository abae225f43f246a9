"""Lengths of time in words: so many years, months and days; and stretches of months."""

from api.kit.calendar import Month
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


def stretch(since: Month, until: Month, months: int) -> Sentence:
    """Say months in a row, the first and the last among them, and how many they are."""
    if since == until:
        return _("{month}, 1 month").using(month=since)
    return _n("{since} to {until}, {n} month", "{since} to {until}, {n} months", months).using(
        since=since, until=until
    )
