"""How long the long runs are: whole, or the part of it that PART says (`PART=0.1 make faults`)."""

import os

PART = float(os.environ.get("PART", "1"))


def part_of(number: int) -> int:
    """Give the part of a number that this run takes, one at least."""
    return max(1, round(number * PART))
