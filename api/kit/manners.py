"""How each language writes what is no word: its digits, its money, its days and its months."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Manner:
    """How a language writes what is no word; days and months by position, the week from Monday."""

    own_name: str
    direction: str
    digits: str
    group: str
    point: str
    minus: str
    rials: str
    tomans: str
    at: str
    weekdays: tuple[str, ...]
    months: tuple[str, ...]


MANNERS: Mapping[str, Manner] = MappingProxyType({
    "fa": Manner(
        own_name="فارسی",
        direction="rtl",
        digits="۰۱۲۳۴۵۶۷۸۹",
        group="٬",
        point="٫",
        minus="\u200e−",
        rials="ریال",
        tomans="تومان",
        at="{}، ساعت {}",
        weekdays=("دوشنبه", "سه‌شنبه", "چهارشنبه", "پنجشنبه", "جمعه", "شنبه", "یکشنبه"),
        months=(
            "فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور",
            "مهر", "آبان", "آذر", "دی", "بهمن", "اسفند",
        ),
    ),
    "en": Manner(
        own_name="English",
        direction="ltr",
        digits="0123456789",
        group=",",
        point=".",
        minus="-",
        rials="rials",
        tomans="tomans",
        at="{}, {}",
        weekdays=(
            "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
        ),
        months=(
            "Farvardin", "Ordibehesht", "Khordad", "Tir", "Mordad", "Shahrivar",
            "Mehr", "Aban", "Azar", "Dey", "Bahman", "Esfand",
        ),
    ),
    "ar": Manner(
        own_name="العربية",
        direction="rtl",
        digits="٠١٢٣٤٥٦٧٨٩",
        group="٬",
        point="٫",
        minus="\u061c-",
        rials="ريال",
        tomans="تومان",
        at="{}، الساعة {}",
        weekdays=("الاثنين", "الثلاثاء", "الأربعاء", "الخميس", "الجمعة", "السبت", "الأحد"),
        months=(
            "فروردين", "أرديبهشت", "خرداد", "تير", "مرداد", "شهريور",
            "مهر", "آبان", "آذر", "دي", "بهمن", "إسفند",
        ),
    ),
    "ckb": Manner(
        own_name="کوردی",
        direction="rtl",
        digits="٠١٢٣٤٥٦٧٨٩",
        group="٬",
        point="٫",
        minus="\u200f-",
        rials="ڕیاڵ",
        tomans="تمەن",
        at="{}، کاتژمێر {}",
        weekdays=("دووشەممە", "سێشەممە", "چوارشەممە", "پێنجشەممە", "هەینی", "شەممە", "یەکشەممە"),
        months=(
            "خاکەلێوە", "بانەمەڕ", "جۆزەردان", "پووشپەڕ", "گەلاوێژ", "خەرمانان",
            "ڕەزبەر", "خەزەڵوەر", "سەرماوەز", "بەفرانبار", "ڕێبەندان", "ڕەشەمە",
        ),
    ),
})  # fmt: skip
