"""Talks on the page: visitors, what was said; and the codes that carry a talk elsewhere."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_23_web_talk"
down_revision = "2026_11_22_memory"
branch_labels = None
depends_on = None

_BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "visitors",
        sa.Column("key", sa.String(32), nullable=False),
        sa.Column("chat", sa.String(32), nullable=False),
        sa.Column("address", sa.LargeBinary(16), nullable=False),
        sa.Column("begun_at", sa.Double(), nullable=False),
        sa.Column("seen_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_visitors"),
    )
    op.create_index("ix_visitors_address_begun_at", "visitors", ["address", "begun_at"])
    op.create_index("ix_visitors_seen_at", "visitors", ["seen_at"])
    op.create_table(
        "said",
        sa.Column("id", _BIG_ID, nullable=False),
        sa.Column("visitor", sa.String(32), nullable=False),
        sa.Column("reference", sa.String(64), nullable=False),
        sa.Column("mine", sa.Boolean(), nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.Column("said_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_said"),
        sa.UniqueConstraint("visitor", "reference", name="uq_said_visitor_reference"),
    )
    op.create_index("ix_said_visitor_id", "said", ["visitor", "id"])
    op.create_table(
        "carried",
        sa.Column("chat", sa.String(32), nullable=False),
        sa.Column("code", sa.LargeBinary(16), nullable=False),
        sa.Column("talk", sa.Integer(), nullable=False),
        sa.Column("until", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("chat", name="pk_carried"),
        sa.UniqueConstraint("code", name="uq_carried_code"),
    )
    op.create_index("ix_carried_until", "carried", ["until"])
