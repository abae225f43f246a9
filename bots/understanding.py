"""What is always understood, before any dialogue, in every language at once."""

import re
from enum import StrEnum

from api.kit.language import Language
from api.kit.text import ascii_digits, key


class Word(StrEnum):
    """An act that a person can ask for at any moment."""

    MENU = "menu"
    BACK = "back"
    CANCEL = "cancel"
    LANGUAGE = "language"
    HELP = "help"
    PERSON = "person"
    STOP = "stop"
    START = "start"


_SPELLINGS = {
    Word.MENU: ("menu", "منو", "فهرست"),
    Word.BACK: ("back", "برگشت", "بازگشت"),
    Word.CANCEL: ("cancel", "لغو", "انصراف"),
    Word.LANGUAGE: ("language", "lang", "زبان"),
    Word.HELP: ("help", "؟", "?", "راهنما"),
    Word.PERSON: ("a person", "person", "نفر", "کارشناس"),
    Word.STOP: ("stop", "لغو پیام", "پیام نده"),
    Word.START: ("start", "شروع"),
}
_WORDS = {key(spelling): word for word, words in _SPELLINGS.items() for spelling in words}
_YES = {key(word) for word in ("yes", "y", "ok", "send", "بله", "بلی", "آری", "آره", "اره")}
_NO = {key(word) for word in ("no", "n", "نه", "خیر")}
_COMMAND = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@[A-Za-z0-9_]+)?(?:\s+(.*))?", re.DOTALL)
_DIGIT = re.compile(r"([0-9])[.)\-]?")
_WITH_PIN = re.compile(r"(.*\S)\s+([0-9]{4})")
_LANGUAGES = {key(language.own_name): language for language in Language} | {
    language.value: language for language in Language
}


def word(text: str) -> Word | None:
    """The always-understood word that the whole text is, however it is spelled."""
    return _WORDS.get(key(text))


def command(text: str) -> tuple[str, str] | None:
    """A command and what follows it: `/start K7` is ("start", "K7"); None for plain text."""
    match = _COMMAND.fullmatch(text)
    return (match[1].lower(), (match[2] or "").strip()) if match else None


def is_command(text: str) -> bool:
    """Whether the text is meant as a command, known or not."""
    return text.startswith("/")


def digit(text: str) -> str | None:
    """The one digit that the text is, in any script."""
    match = _DIGIT.fullmatch(ascii_digits(text).strip())
    return match[1] if match else None


def with_pin(text: str) -> tuple[str, str] | None:
    """What is asked for and the PIN behind it, `2 1234`; None where the text ends otherwise."""
    match = _WITH_PIN.fullmatch(ascii_digits(text).strip())
    return (match[1], match[2]) if match else None


def yes_or_no(text: str) -> bool | None:
    """A plain yes or no."""
    said = key(text)
    return True if said in _YES else False if said in _NO else None


def language(text: str) -> Language | None:
    """A language by its own name or its code."""
    return _LANGUAGES.get(key(text))
