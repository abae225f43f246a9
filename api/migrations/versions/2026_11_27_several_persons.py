"""Other people behind a chat: the number that proved them, and the claims that add them."""

import sqlalchemy as sa
from alembic import op

revision = "20261127"
down_revision = "20261126"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("grants", sa.Column("number_index", sa.LargeBinary(length=16), nullable=True))
    op.create_index("ix_grants_ward_id", "grants", ["ward_id"])
    op.add_column("claims", sa.Column("link_id", sa.Uuid(), nullable=True))
