"""The table of contracts."""

import uuid
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, SmallInteger, String, text
from sqlalchemy.orm import Mapped, mapped_column

from api import db
from api.contracts.rules import Cover, Kind, State
from api.db import Base, Moment, WithId

# Written as in the query that uses the index: with a parameter in it, the planner could not tell.
REMINDED = text("state = 'active' AND remind_day IS NOT NULL")


class Contract(WithId, Base):
    """A contract of a person with the organisation; amounts are whole rials, months like 1405-08."""

    __tablename__ = "contracts"
    __table_args__ = (
        # Who asked to be reminded on a day of the month is few among all.
        Index(
            "ix_contracts_remind_day",
            "remind_day",
            "id",
            postgresql_where=REMINDED,
            sqlite_where=REMINDED,
        ),
    )

    number: Mapped[str] = mapped_column(String(8), unique=True)
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"), index=True)
    kind: Mapped[Kind] = mapped_column(db.word(Kind))
    cover: Mapped[Cover] = mapped_column(db.word(Cover))
    monthly_base: Mapped[int] = mapped_column(BigInteger)
    """What the contribution is a share of."""
    medical_heads: Mapped[int] = mapped_column(SmallInteger)
    """For how many the medical cover is paid."""
    branch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("branches.id"))
    starts_on: Mapped[str] = mapped_column(String(7))
    """The first month that is paid for."""
    ends_on: Mapped[str | None] = mapped_column(String(7))
    """The last one; none while it lasts."""
    state: Mapped[State] = mapped_column(db.word(State))
    billed_until: Mapped[str | None] = mapped_column(String(7))
    """The last month for which there is a bill."""
    remind_day: Mapped[int | None] = mapped_column(SmallInteger)
    """The day of the Jalali month on which the person wants to be reminded."""
    carried: Mapped[int] = mapped_column(BigInteger, default=0)
    """What the last bill left for the next one: bills are whole thousands."""
    created_at: Mapped[datetime] = mapped_column(Moment)
    changed_at: Mapped[datetime] = mapped_column(Moment)
