"""Speech: the one place where facts become words, for every room.

    told = _("Your bill for {month} is {amount}.").using(month=period, amount=Rials(4_250_000))
    Speech(Language.FA, Medium.CHAT).word(told)

A hole is worded by the Python type of its fact, in the reader's digits and calendar:

    int, Decimal    ۱۲٬۵۰۰
    Rials           ۸۲٬۰۰۰٬۰۰۰ ریال               {amount:toman}  … ریال (… تومان)
    date            پنجشنبه ۳۰ مهر ۱۴۰۵           {day:short} {day:plain} {day:numeric}
    datetime        the day and Tehran's hour     the same styles
    Month           مرداد ۱۴۰۵
    Sentence        its own words
    Code            ASCII digits, set apart from the right-to-left text round it
    str             as it is, a name in an SMS: see `Speech.text`
                                                  {name:digits}  its digits in the reader's script
    Private         its own words                 to a reader who has proved nothing: other words, or none

A discreet speech is for a reader who has proved nothing (an SMS without a PIN): it says no amount,
and of a text no word and no number longer than four digits, unless the text is Public.
"""

import string
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache, lru_cache
from typing import Any, NamedTuple

from api.kit import discreet
from api.kit.calendar import TEHRAN, Month, jalali
from api.kit.language import Language, Private, Sentence, catalogue_of
from api.kit.manners import MANNERS
from api.kit.money import Rials
from api.kit.text import MASK, Code


class Medium(StrEnum):
    """Where a sentence will be read: it decides how short dates are and whether codes are set apart."""

    CHAT = "chat"
    SMS = "sms"
    EMAIL = "email"
    PAGE = "page"


class DateStyle(StrEnum):
    """How much of a day is said; in an SMS long is written as numeric and short as plain."""

    LONG = "long"  # weekday, day, month, year
    SHORT = "short"  # weekday, day, month
    PLAIN = "plain"  # day, month
    NUMERIC = "numeric"  # 1405/07/30, for tables


@cache
def _digits(language: Language) -> dict[int, int]:
    return str.maketrans("0123456789", MANNERS[language].digits)


@cache
def _number_marks(language: Language) -> dict[int, int]:
    manner = MANNERS[language]
    return str.maketrans("0123456789,.", manner.digits + manner.group + manner.point)


class _Cut(NamedTuple):
    """A sentence cut at its holes: texts with a place for each, and its place, its name, its style."""

    texts: tuple[str, ...]
    holes: tuple[tuple[int, str, "_Style"], ...]


@cache
def _cut(text: str) -> _Cut:
    texts, found = [], []
    for literal, name, style, _conversion in string.Formatter().parse(text):
        texts.append(literal)
        if name is not None:
            found.append((len(texts), name, _style(style or "")))
            texts.append("")
    return _Cut(tuple(texts), tuple(found))


@lru_cache(maxsize=8192)
def _translated(language: Language, msgid: str, plural: str, count: int) -> _Cut:
    catalogue = catalogue_of(language)
    if plural:
        return _cut(catalogue.ngettext(msgid, plural, count))
    return _cut(catalogue.gettext(msgid))


def holes(text: str) -> frozenset[str]:
    """Name the holes of a sentence, with their styles: `{"amount:toman", "day"}`."""
    return frozenset(
        f"{name}:{style.name}" if style.name else name for _place, name, style in _cut(text).holes
    )


def hole_names(text: str) -> frozenset[str]:
    """Name the facts a sentence asks for."""
    return frozenset(name for _place, name, _style in _cut(text).holes)


class Speech:
    """One language in one medium. Gives plain text: who sends it escapes it.

    MissingCatalogue where the language's catalogue is not compiled.
    """

    __slots__ = (
        "_apart", "_digits", "_manner", "_marks", "_minus", "_short", "discreet", "language", "medium",
    )  # fmt: skip

    def __init__(
        self, language: Language, medium: Medium = Medium.CHAT, *, discreet: bool = False
    ) -> None:
        self.language = language
        self.medium = medium
        self.discreet = discreet
        self._manner = MANNERS[language]
        catalogue_of(language)  # A missing one is told here, not at the first sentence.
        self._digits, self._marks = _digits(language), _number_marks(language)
        self._short = medium is Medium.SMS
        # Old phones show the marks as boxes, and they count as letters: none in an SMS.
        self._minus = self._manner.minus.lstrip(_DIRECTIONS) if self._short else self._manner.minus
        self._apart = self.direction == "rtl" and not self._short

    @property
    def direction(self) -> str:
        """`rtl` or `ltr`."""
        return self._manner.direction

    def word(self, sentence: Sentence, /, **facts: Any) -> str:
        """Say a sentence, its own facts overridden by these.

        KeyError names a hole without a fact and its sentence; TypeError a fact that no hole can say.
        """
        return self.say(sentence, facts)

    def say(self, sentence: Sentence, facts: Mapping[str, Any]) -> str:
        """Say a sentence as `word` does, of facts that many sentences share: they are not copied."""
        instead = sentence.sms if self._short else None
        if instead is not None:
            return self.say(instead, {**sentence.facts, **instead.facts, **facts})
        if sentence.facts:
            facts = {**sentence.facts, **facts}
        texts, gaps = _translated(self.language, sentence.msgid, sentence.plural, sentence.count)
        said = list(texts)
        for place, name, style in gaps:
            try:
                fact = facts[name]
            except KeyError:
                raise KeyError(f"no {name!r} for {sentence.msgid!r}") from None
            words = style[fact.__class__](self, fact)
            said[place] = discreet.left_of(fact, words) if self.discreet else words
        return "".join(said)

    def name(self, text: str) -> str:
        """Write a name or another text that is no sentence."""
        return discreet.left_of(text, text) if self.discreet else self.text(text)

    def text(self, text: str) -> str:
        """Write somebody's own text, in whatever script.

        By SMS a masked name that runs the other way than the language ends with its last letter,
        «م*** ا»: no mark holds the stars behind it, which would be shown before it.
        """
        if self._short and text.endswith(MASK) and _runs(text) not in {"", self.direction}:
            return text.removesuffix(MASK)
        return str(text)

    def fact(self, value: Any, style: str = "") -> str:
        """Say one fact by its type; `style` is what follows the colon in a hole."""
        return _style(style)[value.__class__](self, value)

    def digits(self, text: str) -> str:
        """Write a text's ASCII digits in the reader's script."""
        return text.translate(self._digits)

    def number(self, value: int | Decimal) -> str:
        """Write a number, grouped by thousands; a Decimal keeps its digits after the point."""
        said = f"{abs(value):,}" if isinstance(value, int) else f"{abs(value):,f}"
        said = said.translate(self._marks)
        return self._minus + said if value < 0 else said

    def money(self, amount: Rials, *, toman: bool = False) -> str:
        """Write an amount with its unit; `toman` adds it in brackets where it is a whole number.

        An SMS has no room for both.
        """
        said = f"{self.number(amount)} {self._manner.rials}"
        if toman and not self._short and (tomans := amount.tomans) is not None:
            return f"{said} ({self.number(tomans)} {self._manner.tomans})"
        return said

    def weekday(self, day: date) -> str:
        return self._manner.weekdays[day.weekday()]

    def month_name(self, number: int) -> str:
        """Name the month of a Jalali year, from 1."""
        return self._manner.months[number - 1]

    def month(self, month: Month) -> str:
        return _written_month(self.language, month.year, month.month)

    def day(self, day: date, style: DateStyle = DateStyle.LONG) -> str:
        """Write a day of the Jalali calendar."""
        return _written_day(self.language, day, _IN_SMS.get(style, style) if self._short else style)

    def moment(self, instant: datetime, style: DateStyle = DateStyle.LONG) -> str:
        """Write an aware instant as Tehran's day and hour."""
        if instant.tzinfo is None:
            raise ValueError("an instant needs its time zone")
        there = instant.astimezone(TEHRAN)
        day, hour = self.day(there.date(), style), self.digits(f"{there:%H:%M}")
        return f"{day} {hour}" if self._short else self._manner.at.format(day, hour)

    def code(self, code: str) -> str:
        """Write a code as people must type it, set apart where the text runs from right to left."""
        return f"\u2066{code}\u2069" if self._apart else code


# What stands before a number's sign: left-to-right, right-to-left and Arabic letter marks.
_DIRECTIONS = "\u200e\u200f\u061c"
_FROM_RIGHT_TO_LEFT = frozenset({"R", "AL"})
_IN_SMS = {DateStyle.LONG: DateStyle.NUMERIC, DateStyle.SHORT: DateStyle.PLAIN}


@lru_cache(maxsize=4096)
def _written_day(language: Language, day: date, style: DateStyle) -> str:
    year, month, of_month = jalali(day)
    manner, digits = MANNERS[language], _digits(language)
    if style is DateStyle.NUMERIC:
        return f"{year:04d}/{month:02d}/{of_month:02d}".translate(digits)
    said = f"{of_month} {manner.months[month - 1]}"
    if style is not DateStyle.PLAIN:
        said = f"{manner.weekdays[day.weekday()]} {said}"
    if style is DateStyle.LONG:
        said = f"{said} {year}"
    return said.translate(digits)


@lru_cache(maxsize=1024)
def _written_month(language: Language, year: int, month: int) -> str:
    return f"{MANNERS[language].months[month - 1]} {str(year).translate(_digits(language))}"


_Saying = Callable[[Speech, Any], str]


class _Style(dict[type[object], _Saying]):
    """How facts are said in the style that a hole asks for; each type is found out once.

    TypeError for a type that has no words in it.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def __missing__(self, kind: type[object]) -> _Saying:
        said: Mapping[str, _Saying] = next(
            (_SAYINGS[base] for base in kind.__mro__ if base in _SAYINGS), {}
        )
        # A bool is an int to Python and no number to a reader.
        if kind is bool or self.name not in said:
            raise TypeError(f"a sentence has no words for {kind.__name__}, style {self.name!r}")
        return self.setdefault(kind, said[self.name])


_style = cache(_Style)


def _runs(text: str) -> str:
    """Say in which direction a text runs that begins with a letter; of another nothing."""
    if not text[0].isalpha():
        return ""
    return "rtl" if unicodedata.bidirectional(text[0]) in _FROM_RIGHT_TO_LEFT else "ltr"


def _private(speech: Speech, private: Private) -> str:
    words = private.instead if speech.discreet else private.words
    return "" if words is None else speech.word(words)


def _days_and_moments(say: Callable[[Speech, Any, DateStyle], str]) -> dict[str, _Saying]:
    def styled(style: DateStyle) -> _Saying:
        return lambda speech, value: say(speech, value, style)

    return {"": styled(DateStyle.LONG)} | {str(style): styled(style) for style in DateStyle}


# By the type of a fact and the style its hole asks for.
_SAYINGS: Mapping[type, Mapping[str, _Saying]] = {
    int: {"": Speech.number},
    Decimal: {"": Speech.number},
    Rials: {"": Speech.money, "toman": lambda speech, sum_: speech.money(sum_, toman=True)},
    date: _days_and_moments(Speech.day),
    datetime: _days_and_moments(Speech.moment),
    Month: {"": Speech.month},
    Sentence: {"": Speech.word},
    Private: {"": _private},
    Code: {"": Speech.code},
    str: {"": Speech.text, "digits": Speech.digits},
}
