"""How many parts a text takes on the air."""

GSM7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM7_DOUBLE = frozenset("^{}\\[~]|€\f")


def parts(text: str) -> int:
    """Answer the number of SMS parts: GSM-7 160 then 153, UCS-2 70 then 67 (3GPP TS 23.038, 23.040)."""
    if all(letter in GSM7 or letter in GSM7_DOUBLE for letter in text):
        units, one, more = len(text) + sum(letter in GSM7_DOUBLE for letter in text), 160, 153
    else:
        units, one, more = len(text.encode("utf-16-le")) // 2, 70, 67
    return 1 if units <= one else -(-units // more)
