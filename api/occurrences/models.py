"""The table of occurrences."""

import uuid
from datetime import datetime

from sqlalchemy import Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from api.db import Base, Moment


class Occurrence(Base):
    """One slot of one job: who runs it and until when, how far it came, how it ended.

    The row decides, however many clocks there are: its key lets a slot exist once, its lease lets
    one of them run it. `slot` is the instant at which it was due. `progress` is the key to go on
    from, `done` the rows handled. `listed` says that a clock has accounted for it: one that
    somebody ran by name before its time is listed when that comes. `skipped_rule` names the rule by
    which it was not run.
    """

    __tablename__ = "occurrences"

    job: Mapped[str] = mapped_column(String(40), primary_key=True)
    slot: Mapped[datetime] = mapped_column(Moment, primary_key=True)
    lease: Mapped[uuid.UUID | None]
    claimed_until: Mapped[datetime | None] = mapped_column(Moment)
    worker: Mapped[str | None] = mapped_column(String(80))
    progress: Mapped[str | None] = mapped_column(String(80))
    done: Mapped[int] = mapped_column(Integer, default=0)
    listed: Mapped[bool] = mapped_column(default=False)
    started_at: Mapped[datetime | None] = mapped_column(Moment)
    finished_at: Mapped[datetime | None] = mapped_column(Moment)
    skipped_rule: Mapped[str | None] = mapped_column(String(40))
