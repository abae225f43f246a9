"""Persian text as it comes from keyboards, papers and spreadsheets.

Three readings of one text: `normalise` is what we keep, `ascii_digits` is what a machine reads,
`key` is what we compare. Rules: domain page "Calendar, numbers, Persian text", section 4.
"""

import re
import unicodedata

ZWNJ = "\u200c"

MASK = "***"
"""Stands for the letters of a name that are not shown."""

# What no reader sees: controls, soft hyphen, zero-width marks, directions, isolates, tags, and the
# halves of a broken surrogate pair, which no database takes. White space is none of these.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u061c\u180e\u200b\u200d-\u200f\u202a-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
# A letter, a digit, or a vowel sign that stands on a letter: between two of these ZWNJ is spelling.
_IN_WORD = r"\w\u064b-\u065f\u0670"
_LOOSE_ZWNJ = re.compile(f"(?<![{_IN_WORD}]){ZWNJ}|{ZWNJ}(?![{_IN_WORD}])")
_REPEATED_ZWNJ = re.compile(f"{ZWNJ}{{2,}}")
_SPACES = re.compile(r"\s+")

_PERSIAN_LETTERS = str.maketrans({"ي": "ی", "ى": "ی", "ك": "ک"})
_ASCII_DIGITS = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩", "0123456789" * 2)
# Grouping marks count only where they stand as such: before each three digits, never in "1,2".
_GROUPING = re.compile(r"(?<=[0-9])[٬،,](?=[0-9]{3}(?![0-9]))")

_KEY_LETTERS = str.maketrans({
    "ة": "ه",
    "ۀ": "هی",
    "أ": "ا",
    "إ": "ا",
    "ؤ": "و",
    "ـ": "",
    ZWNJ: "",
    **dict.fromkeys(map(chr, range(0x064B, 0x0660)), ""),
    "\u0670": "",
})  # fmt: skip
_HEH_WITH_HAMZA = "ه\u0654"


class Code(str):
    """Text that people copy or type elsewhere: its digits stay ASCII and its order left to right.

    `api.kit.speech` sets it apart from the Persian around it.
    """

    __slots__ = ()


class Public(str):
    """Text that is about nobody, such as a branch's address: said to whoever may be reading."""

    __slots__ = ()


def normalise(text: str) -> str:
    """Give the text as we keep it: Persian letters, one form, nothing invisible, single spaces.

    A zero-width non-joiner inside a word is spelling and stays, once. Digits stay as written.
    """
    text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).translate(_PERSIAN_LETTERS)
    text = _REPEATED_ZWNJ.sub(ZWNJ, _SPACES.sub(" ", text).strip())
    # Letters that a loose non-joiner held apart may compose only now.
    return unicodedata.normalize("NFKC", _LOOSE_ZWNJ.sub("", text))


def ascii_digits(text: str) -> str:
    """Turn Persian and Arabic digits into ASCII and drop the marks that group them by thousands."""
    text = text.translate(_ASCII_DIGITS)
    while (plain := _GROUPING.sub("", text)) != text:
        text = plain
    return text


def key(text: str) -> str:
    """Give the search key: equal for spellings that people mix; never shown, never stored as a name.

    Letters lose hamza, vowels and stretching; spaces and non-joiners go («می شود», «میشود» and
    «می‌شود» are one word); digits are ASCII; Latin letters lose their case.
    """
    text = ascii_digits(normalise(text)).replace(_HEH_WITH_HAMZA, "ۀ").translate(_KEY_LETTERS)
    return text.replace(" ", "").casefold()
