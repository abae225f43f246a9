"""What happens to payments."""

import uuid
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class BillsSettled:
    """The gateway keeps the money for these bills of a person; told once for each of them."""

    bill_ids: tuple[uuid.UUID, ...]
    person_id: uuid.UUID
    attempt_id: uuid.UUID
    at: datetime
