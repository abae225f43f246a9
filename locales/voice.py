"""What the voice forbids in a translation: letters, marks and words, each with its fault.

`python -m locales.check` reads these tables; the words themselves are explained in the glossaries.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

Fault = tuple[re.Pattern[str], str]

# What may stand in Latin letters where another script is written: words people must send as they are,
# and the kinds of a file, which telephones show so.
LATIN_WORDS = frozenset({"START", "STOP", "HELP", "PDF", "JPEG", "PNG"})

# The letters of a script, for what may not stand beside them.
_LETTERS = "آ-ی\u06d5\u06c6\u0695\u06b5\u06ce\u06a4"

# In every language that is written from right to left.
_RIGHT_TO_LEFT: tuple[Fault, ...] = (
    (re.compile("[,;?%]"), "ASCII punctuation"),
    (re.compile("[\"'“”‘’]"), "quotes that are not «…»"),
    (re.compile(r"\.\."), "dots for an …"),
    # A speech sets codes apart by itself; in an SMS these marks would show as boxes.
    (re.compile("[\u00a0\u061c\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]"), "an invisible mark"),
    (re.compile(r"(?m)^[A-Za-z]"), "a line that begins in Latin letters and so runs from the left"),
    (re.compile(r"  |(?m: $|^ )|[«(] | [،؛:.؟»)]"), "a loose space"),
    (re.compile(r"[،؛؟][^\s»)]"), "no space after a mark"),
    (re.compile("\u0640"), "a stretched letter"),
)  # fmt: skip
FORBIDDEN: Mapping[str, tuple[Fault, ...]] = MappingProxyType({
    "fa": (
        *_RIGHT_TO_LEFT,
        (re.compile("[يىك]"), "an Arabic letter"),
        (re.compile("[ەێۆڕڵ]"), "a Kurdish letter"),
        (re.compile("[0-9٠-٩]"), "digits that are not Persian"),
        (re.compile("ۀ|ه\u200cی\\b"), "a ye where ه takes its hamza, as in دورهٔ"),
        (re.compile(r"\bن?می [آ-ی]"), "a space for a half-space after می"),
        (re.compile(r"[آ-ی] ها(?:ی|یی|یم|یت|یش|یمان|یتان|یشان)?\b"), "a space for a half-space before ها"),
        (re.compile(r"[آ-ی] تر(?:ین|ی)?\b"), "a space for a half-space before تر"),
        (re.compile("\u200c(?![آ-ی])|(?<![آ-ی])\u200c"), "a half-space that joins nothing"),
        (re.compile("[\u064c-\u0650\u0652\u0653]"), "a vowel mark"),
    ),
    "ar": (
        *_RIGHT_TO_LEFT,
        (re.compile("[یکگپچژۀھہےەێۆڕڵڤ]"), "a letter that is not Arabic"),
        (re.compile("[0-9۰-۹]"), "digits that are not ٠-٩"),
        (re.compile("\u200c"), "a half-space"),
        (re.compile("\u0627\u064b[ء-ي]|\u064b\u0627"), "a tanwin before its alif"),
    ),
    "ckb": (
        *_RIGHT_TO_LEFT,
        (re.compile("[يىكةھؤأإآۀ]"), "a letter that is not Kurdish"),
        (re.compile("[0-9۰-۹]"), "digits that are not ٠-٩"),
        (re.compile("\u200c"), "a half-space"),
        (re.compile("[\u064b-\u0653]"), "a vowel mark"),
        (re.compile(r"\bر"), "ر at the beginning of a word, for ڕ"),
        (re.compile(r"ه\b"), "ه at the end of a word, for ە"),
        (re.compile(rf"\}}[{_LETTERS}]"), "an ending put on a hole"),
    ),
})  # fmt: skip
# One act has one word: what is not said, and what is said for it.
SAID_OTHERWISE: Mapping[str, Mapping[str, str]] = MappingProxyType({
    "fa": {
        "گفتگو": "گفت‌وگو",
        "پیوند": "اتصال، وصل",
        "این‌جا": "اینجا",
        "آن‌جا": "آنجا",
        "این‌که": "اینکه",
        "ارسال": "فرستادن",
        "می‌باشد": "است",
        "می‌گردد": "می‌شود",
        "کلیک": "بزنید",
        "خطا": "چه شد و حالا چه کنیم",
        "نامعتبر": "درست نبود",
        "غیرمجاز": "پیدا نکردیم",
        "موفقیت": "ثبت شد",
    },
    "ar": {
        "قبض": "فاتورة",
        "سوابق": "سجل",
        "إعلان": "إشعار",
        "ورشة": "منشأة",
        "رب العمل": "صاحب العمل",
        "بوت": "روبوت",
        "مصرف": "بنك",
        "رمز التحقق": "رمز التأكد",
        "انقروا": "اضغطوا",
        "فشل": "ما حدث وما العمل الآن",
        "غير صالح": "لم يكن صحيحاً",
        "بنجاح": "سُجّل",
    },
    "ckb": {
        "دڵنیایی": "بیمە",
        "خاوەنکار": "کارفەرما",
        "کارگە": "کارگا",
        "مۆڵەت": "دوا ڕۆژ",
        "دەستەبەری": "دابینکردنی کۆمەڵایەتی",
        "نەتەوەیی": "میللی",
        "دۆسیە": "پەروەندە",
        "یەکجارەکی": "یەکجار",
        "ئۆفیس": "لق",
    },
})  # fmt: skip
