"""What happens to debts, told for sets of them: a load closes thousands at once."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class DebtsClosed:
    """Nothing is owed any more; `abouts` are what their notices are about (`debt:<id>`)."""

    abouts: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class DebtsRevised:
    """A new version replaces what was told of these debts; the next run tells the new one."""

    abouts: tuple[str, ...]
    at: datetime
