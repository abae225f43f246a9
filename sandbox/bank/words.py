"""What the bank's page says, in its two languages."""

WORDS: dict[str, dict[str, str]] = {
    "fa": {
        "title": "درگاه پرداخت",
        "invented": "بانک روی میز؛ پولی جابه‌جا نمی‌شود.",
        "other_language": "English",
        "amount": "مبلغ",
        "rials": "{n} ریال",
        "toman": "{n} تومان",
        "for": "بابت",
        "card": "کارت",
        "pay": "پرداخت",
        "decline": "کارت رد شود",
        "cancel": "انصراف",
        "mischief": "یا جور دیگری پیش برود",
        "slow": "پرداخت، با تأخیر",
        "seconds": "چند ثانیه",
        "vanish": "پرداخت، و دیگر برنگشتن",
        "twice": "پرداخت، و دو بار برگشتن",
        "other": "پرداخت مبلغی دیگر",
        "paid": "مبلغ دیگر، به ریال",
        "vanished": "پول از کارت برداشته شد و کسی به صفحهٔ پذیرنده برنگشت.",
        "vanished_more": "این صفحه را ببندید. اگر پذیرنده تا نیم ساعت نپرسد، پول برمی‌گردد.",
        "decided": "این پرداخت دیگر منتظر کسی نیست.",
        "state_declined": "کارت رد شد.",
        "state_cancelled": "انصراف داده شد.",
        "state_paid": "پرداخت شده و منتظر تأیید پذیرنده است.",
        "state_verified": "پرداخت شده و پذیرنده آن را تأیید کرده است.",
        "state_went_back": "پول به کارت برگشت.",
        "back": "بازگشت به پذیرنده",
        "unknown": "پرداختی با این شناسه نداریم.",
        "wrong": "مبلغ باید عددی درست و بیشتر از صفر باشد.",
    },
    "en": {
        "title": "Payment",
        "invented": "A bank on a desk; no money moves.",
        "other_language": "فارسی",
        "amount": "Amount",
        "rials": "{n} rials",
        "toman": "{n} tomans",
        "for": "For",
        "card": "Card",
        "pay": "Pay",
        "decline": "Refuse the card",
        "cancel": "Cancel",
        "mischief": "Or let it go another way",
        "slow": "Pay, slowly",
        "seconds": "Seconds",
        "vanish": "Pay and never come back",
        "twice": "Pay and come back twice",
        "other": "Pay another amount",
        "paid": "The other amount, in rials",
        "vanished": "The money has left the card, and nobody went back to the merchant's page.",
        "vanished_more": "Close this page. If the merchant does not ask within half an hour, the money goes back.",
        "decided": "This payment waits for nobody any more.",
        "state_declined": "The card was refused.",
        "state_cancelled": "It was cancelled.",
        "state_paid": "It is paid and waits to be verified by the merchant.",
        "state_verified": "It is paid, and the merchant has verified it.",
        "state_went_back": "The money went back to the card.",
        "back": "Back to the merchant",
        "unknown": "There is no payment of this number.",
        "wrong": "The amount must be a whole number above zero.",
    },
}

_PERSIAN = str.maketrans("0123456789,", "۰۱۲۳۴۵۶۷۸۹٬")


def figure(number: int, language: str) -> str:
    """A number grouped by thousands, in the digits of the language."""
    text = f"{number:,}"
    return text.translate(_PERSIAN) if language == "fa" else text
