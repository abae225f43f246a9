"""Restored stores are held, and notices may be in doubt."""

import sqlalchemy as sa
from alembic import op

revision = "20261128_held"
down_revision = "20261127"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "holds",
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_whole", sa.Boolean(), nullable=False),
        sa.Column("lost_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holds")),
    )
    op.add_column(
        "notices", sa.Column("doubted", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
