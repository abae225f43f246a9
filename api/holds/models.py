"""The table of holds: one row for each time the store was restored from a backup."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from api.db import Base, Moment, WithId


class Hold(WithId, Base):
    """A restored store. While `released_at` is None it sends, plans and settles nothing.

    `taken_at` is when the backup was begun, `held_at` when it was restored, `lost_at` the last
    instant at which the lost store may have worked: known with the release. `is_whole` says that
    the restore came to its end.
    """

    __tablename__ = "holds"

    taken_at: Mapped[datetime] = mapped_column(Moment)
    held_at: Mapped[datetime] = mapped_column(Moment)
    is_whole: Mapped[bool] = mapped_column(default=False)
    lost_at: Mapped[datetime | None] = mapped_column(Moment)
    released_at: Mapped[datetime | None] = mapped_column(Moment)
