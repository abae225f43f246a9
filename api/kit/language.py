"""The languages we speak, and the sentences said in them: English in the code, until they are read.

A sentence is marked with `_` where it stands, and worded by `api.kit.speech` when somebody reads it:

    told = _("Your bill for {month} is {amount}.").using(month=period, amount=Rials(4_250_000))

Where an SMS has no room for that, it has words of its own, of the same facts:

    _("The last day to pay is {day:short}.").by_sms(_("Until {day:plain}."))

A language is a row of `api.kit.manners` and a catalogue under `locales/`; nothing else is touched.
"""

import gettext
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Self

from api.kit.manners import MANNERS

LOCALES = Path(__file__).parents[2] / "locales"
DOMAIN = "bimeyar"
# The language the sentences in the code are written in: it needs no catalogue.
_SOURCE = "en"


class Language(StrEnum):
    FA = "fa"
    EN = "en"
    AR = "ar"
    CKB = "ckb"

    @property
    def own_name(self) -> str:
        """Its name as its readers write it, for a list of languages."""
        return MANNERS[self].own_name

    @property
    def direction(self) -> str:
        """`rtl` or `ltr`, as HTML says it."""
        return MANNERS[self].direction


def asked_for(accepted: str) -> Language | None:
    """Find the first language of an Accept-Language that we speak; None where it names none."""
    for named in accepted.lower().split(",")[:_MOST_NAMED]:
        code, *more = named.partition(";")[0].strip().split("-")
        if code in set(Language):
            return Language(code)
        # Browsers and Telegram know all Kurdish by two letters; in Latin script it is another one.
        if code == KURDISH and "latn" not in more:
            return Language.CKB
    return None


KURDISH = "ku"
_MOST_NAMED = 10


class MissingCatalogue(RuntimeError):
    """A language has no compiled catalogue."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence not yet worded: its English, and the facts for its holes.

    With a `plural`, `count` decides between the two, by the rule of the reader's language. `sms` is
    what an SMS says instead.
    """

    msgid: str
    facts: Mapping[str, Any] = field(default_factory=dict, hash=False)
    plural: str = ""
    count: int = 0
    sms: "Sentence | None" = None

    def using(self, **facts: Any) -> Self:
        """Give the same sentence with these facts added."""
        return replace(self, facts={**self.facts, **facts})

    def by_sms(self, words: "Sentence | None") -> Self:
        """Give the same sentence, for which an SMS says `words` of the same facts; None says nothing."""
        return replace(self, sms=words or _SILENCE)


_SILENCE = Sentence("{nothing}", {"nothing": ""})


def _(msgid: str) -> Sentence:
    """Mark an English sentence with named holes; Babel extracts it, `Speech.word` says it."""
    return Sentence(msgid)


def _n(singular: str, plural: str, n: int) -> Sentence:
    """Mark a sentence that changes with a number; the number fills the hole `{n}`."""
    return Sentence(singular, {"n": n}, plural, n)


@dataclass(frozen=True, slots=True)
class Private:
    """A sentence that a discreet speech leaves out, or says in other words."""

    words: Sentence
    instead: Sentence | None = None


def open_catalogues() -> None:
    """Open every language's catalogue; MissingCatalogue, with what to do, where one is not there.

    A process asks when it starts: later it would be silent towards everybody who reads that one.
    """
    for language in Language:
        catalogue_of(language)


@cache
def catalogue_of(language: Language) -> gettext.NullTranslations:
    """Open a language's catalogue, once; raises MissingCatalogue."""
    if language == _SOURCE:
        return gettext.NullTranslations()
    try:
        return gettext.translation(DOMAIN, LOCALES, languages=[language])
    except FileNotFoundError:
        raise MissingCatalogue(
            f"The catalogue of language {language} is not compiled: run make locales."
        ) from None
