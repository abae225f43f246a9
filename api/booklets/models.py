"""The tables of booklets and of the offers made for them."""

import uuid
from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, String, false
from sqlalchemy.orm import Mapped, mapped_column

from api import db
from api.booklets.rules import Kind, Loss, Way
from api.db import Base, Moment, Sealed, WithId


class BookletOffer(WithId, Base):
    """What a booklet would cost and when it would come; good for an hour."""

    __tablename__ = "booklet_offers"

    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"), index=True)
    subject_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    kind: Mapped[Kind] = mapped_column(db.word(Kind))
    loss: Mapped[Loss | None] = mapped_column(db.word(Loss))
    way: Mapped[Way] = mapped_column(db.word(Way))
    address: Mapped[str | None] = mapped_column(Sealed("booklet_offers.address"))
    branch_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("branches.id"))
    paper_id: Mapped[uuid.UUID | None]
    """The file with the paper of the police or a court."""
    cost: Mapped[int] = mapped_column(BigInteger)
    due_on: Mapped[date]
    created_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment, index=True)
    request_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("requests.id"))
    """The request it became."""


class Booklet(Base):
    """What a request for a booklet is about: kind, way, address, and the fee."""

    __tablename__ = "booklets"

    request_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("requests.id"), primary_key=True)
    subject_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"), index=True)
    kind: Mapped[Kind] = mapped_column(db.word(Kind))
    loss: Mapped[Loss | None] = mapped_column(db.word(Loss))
    way: Mapped[Way] = mapped_column(db.word(Way))
    address: Mapped[str | None] = mapped_column(Sealed("booklets.address"))
    branch_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("branches.id"))
    with_paper: Mapped[bool] = mapped_column(server_default=false())
    """Whether the paper of the police or a court was shown for it; the paper itself has its time."""
    cost: Mapped[int] = mapped_column(BigInteger)
    bill_id: Mapped[uuid.UUID | None] = mapped_column(index=True)
    """The bill of its fee, none where it costs nothing."""
    tracking: Mapped[str | None] = mapped_column(String(32))
    """The post's own number."""
