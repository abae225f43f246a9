"""SMS over a bind of ours: names of the parts of a text, and what comes in."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261125"
down_revision = "20261124"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "attempt_parts",
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("provider_id", sa.String(length=100), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["attempts.id"], name=op.f("fk_attempt_parts_attempt_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt_parts")),
    )
    with op.batch_alter_table("attempt_parts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_attempt_parts_attempt_id"), ["attempt_id"])
        batch_op.create_index(batch_op.f("ix_attempt_parts_provider_id"), ["provider_id"])

    op.create_table(
        "inbound_sms",
        sa.Column(
            "number",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("name", sa.Uuid(), nullable=False),
        sa.Column("sender", sa.LargeBinary(length=16), nullable=False),
        sa.Column("thread", sa.LargeBinary(length=16), nullable=False),
        sa.Column("bind", sa.Uuid(), nullable=False),
        sa.Column("total", sa.SmallInteger(), nullable=False),
        sa.Column(
            "heard",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=False,
        ),
        sa.Column("said", sa.LargeBinary(), nullable=True),
        sa.Column("tries", sa.SmallInteger(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_inbound_sms")),
    )
    with op.batch_alter_table("inbound_sms", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_inbound_sms_received_at"), ["received_at"])
        batch_op.create_index("ix_inbound_sms_thread_received_at", ["thread", "received_at"])
        batch_op.create_index(
            "ix_inbound_sms_waiting",
            ["due_at", "sender"],
            postgresql_where=sa.text("due_at IS NOT NULL"),
            sqlite_where=sa.text("due_at IS NOT NULL"),
        )
        batch_op.create_index(
            "uq_inbound_sms_open",
            ["thread"],
            unique=True,
            postgresql_where=sa.text("due_at IS NULL AND said IS NOT NULL"),
            sqlite_where=sa.text("due_at IS NULL AND said IS NOT NULL"),
        )
