"""Codes with right check digits that belong to nobody: their first digits are not given out."""

from random import Random


def national_code(rng: Random) -> str:
    """Ten digits: weights 10 to 2, modulus 11 (domain page, identifiers)."""
    body = f"99{rng.randrange(10**7):07}"
    rest = sum(int(digit) * (10 - place) for place, digit in enumerate(body)) % 11
    return f"{body}{rest if rest < 2 else 11 - rest}"


def legal_id(rng: Random) -> str:
    """Eleven digits: weights 29, 27, 23, 19, 17 twice over, each digit raised by d10 + 2."""
    body = f"19{rng.randrange(10**8):08}"
    raised = int(body[9]) + 2
    weights = (29, 27, 23, 19, 17) * 2
    total = sum((int(digit) + raised) * weight for digit, weight in zip(body, weights, strict=True))
    return f"{body}{total % 11 % 10}"


def debt_number(rng: Random) -> str:
    """Thirteen digits, the first not zero."""
    return str(rng.randrange(10**12, 10**13))
