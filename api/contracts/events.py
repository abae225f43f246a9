"""What happens to contracts, told for sets of them: a night closes hundreds at once."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class BillsClosed:
    """These bills can be paid no more; `abouts` are what their notices are about (`bill:<id>`)."""

    abouts: tuple[str, ...]
    at: datetime
