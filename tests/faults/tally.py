"""What one fault came to."""

from dataclasses import dataclass, field
from typing import Self


@dataclass
class Tally:
    """`lost` and `twice` are promises broken; `uncertain` are rows that say themselves: nobody knows."""

    lost: int = 0
    twice: int = 0
    uncertain: int = 0
    notes: list[str] = field(default_factory=list)

    def __add__(self, other: Self) -> "Tally":
        return Tally(
            self.lost + other.lost,
            self.twice + other.twice,
            self.uncertain + other.uncertain,
            [*self.notes, *other.notes],
        )
