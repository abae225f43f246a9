"""Files that visitors of the page send, until the core has them."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_26_brought"
down_revision = "2026_11_23_web_talk"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "brought",
        sa.Column("visitor", sa.String(32), nullable=False),
        sa.Column("reference", sa.String(32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("visitor", name="pk_brought"),
    )
