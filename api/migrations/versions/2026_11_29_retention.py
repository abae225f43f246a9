"""Personal data ends: which notices lost their text, and by which indexes the job finds what is due."""

import sqlalchemy as sa
from alembic import op

revision = "20261129_retention"
down_revision = "20261128_seal"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("notices", sa.Column("emptied_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("reports", schema=None) as batch_op:
        batch_op.alter_column("told", existing_type=sa.LargeBinary(), nullable=True)
    for name, table, columns, where in (
        ("ix_notices_with_text", "notices", ["notice_class", "ends_at"], "emptied_at IS NULL"),
        (
            "ix_reports_orphaned",
            "reports",
            ["received_at"],
            "delivery_id IS NULL AND told IS NOT NULL",
        ),
        ("ix_chat_links_ended", "chat_links", ["ended_at"], "masked_name <> ''"),
        ("ix_grants_ended", "grants", ["ended_at"], "ended_at IS NOT NULL"),
    ):
        condition = sa.text(where)
        op.create_index(name, table, columns, postgresql_where=condition, sqlite_where=condition)
