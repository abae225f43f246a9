"""What happens to records."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from api.kit.calendar import Month


@dataclass(frozen=True, slots=True)
class RecordGrew:
    """These months have more days by what was earned now: (person, month), each once.

    What a load lists is no news.
    """

    added: tuple[tuple[UUID, Month], ...]
    at: datetime
