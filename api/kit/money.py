"""Money: whole rials, never a float."""

from decimal import Decimal


class Rials(int):
    """An amount in rials; an `int` whose type tells a sentence how to word it.

    Sums and differences are plain ints again: say `Rials(...)` where an amount is named.
    """

    __slots__ = ()

    @property
    def tomans(self) -> int | None:
        """The same amount in tomans (ten rials), None where it is no whole number of them."""
        return self // 10 if self % 10 == 0 else None


def share(amount: int, percent: int | Decimal) -> Rials:
    """Give so many per cent of an amount, rounded half up to a whole rial.

    The rate is exact: an int or a Decimal, as rule tables hold it. A negative amount or rate raises
    ValueError: what is owed back is a row of its own, not a negative share.
    """
    if amount < 0 or percent < 0:
        raise ValueError("a share is taken of what is not negative")
    over, under = percent.as_integer_ratio()
    return Rials((2 * amount * over + 100 * under) // (200 * under))
