"""A restored memory is held."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_28_held"
down_revision = "2026_11_26_brought"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "holds",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("taken_at", sa.Double(), nullable=False),
        sa.Column("held_at", sa.Double(), nullable=False),
        sa.Column("is_whole", sa.Boolean(), nullable=False),
        sa.Column("released_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_holds"),
    )
