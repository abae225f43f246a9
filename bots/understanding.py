"""What is always understood, before any dialogue, in every language at once."""

import re
from enum import StrEnum

from api.kit import codes
from api.kit.language import Language
from api.kit.text import ascii_digits, key
from bots import spellings


class Word(StrEnum):
    """An act that a person can ask for at any moment."""

    MENU = "menu"
    BACK = "back"
    CANCEL = "cancel"
    LANGUAGE = "language"
    HELP = "help"
    PERSON = "person"
    ELSEWHERE = "elsewhere"
    NO_ACCESS = "no_access"
    STOP = "stop"
    START = "start"


_KURDISH = str.maketrans({"ە": "ه", "ھ": "ه", "ێ": "ی", "ۆ": "و", "ڕ": "ر", "ڵ": "ل", "ڤ": "و"})


def alike(text: str) -> str:
    """The text as it is compared: equal where only the keyboard differs.

    Kurdish is typed with and without the marks of its letters, and its long vowels once or twice.
    """
    return key(text).translate(_KURDISH).replace("وو", "و").replace("یی", "ی")


def spelled(text: str) -> tuple[str, ...]:
    """The spellings of one text of `bots.spellings`, as they are compared."""
    return tuple(alike(one) for one in text.split("|"))


_WORDS = {one: Word(word) for word, text in spellings.ALWAYS.items() for one in spelled(text)}
_ELSEWHERE = tuple(one for one, act in _WORDS.items() if act is Word.ELSEWHERE)
_YES = frozenset(spelled(spellings.YES))
_NO = frozenset(spelled(spellings.NO))
_COMMAND = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@[A-Za-z0-9_]+)?(?:\s+(.*))?", re.DOTALL)
_DIGIT = re.compile(r"([0-9])[.)\-]?")
_WITH_PIN = re.compile(r"(.*\S)\s+([0-9]{4})")
_LANGUAGES = {
    one: Language(code) for code, text in spellings.LANGUAGES.items() for one in spelled(text)
} | {language.value: language for language in Language}
_OPENS = {name: frozenset(spelled(text)) for name, text in spellings.DIALOGUES.items()}


def word(text: str) -> Word | None:
    """The always-understood word that the whole text is, however it is spelled."""
    return _WORDS.get(alike(text))


def carried(text: str) -> str | None:
    """The code that follows the word for going on elsewhere, such as “elsewhere K7Q2-M4XD”."""
    said = alike(text)
    tails = (said.removeprefix(one) for one in _ELSEWHERE if said.startswith(one))
    return next((code for tail in tails if (code := codes.parse_code(tail))), None)


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
    said = alike(text)
    return True if said in _YES else False if said in _NO else None


def language(text: str) -> Language | None:
    """A language by its name, in any of them, or by its code."""
    return _LANGUAGES.get(alike(text))


def opens(dialogue: str) -> frozenset[str]:
    """What opens a dialogue besides its words and keywords, as it is compared."""
    return _OPENS.get(dialogue, frozenset())
