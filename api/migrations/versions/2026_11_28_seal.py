"""The chain of the audit trail: numbers and seals, filled in by the job `seal`."""

import sqlalchemy as sa
from alembic import op

revision = "20261128_seal"
down_revision = "20261128_held"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("audit_entries", sa.Column("number", sa.BigInteger(), nullable=True))
    op.add_column("audit_entries", sa.Column("salt", sa.LargeBinary(length=16), nullable=True))
    op.add_column(
        "audit_entries", sa.Column("commitment", sa.LargeBinary(length=32), nullable=True)
    )
    op.add_column("audit_entries", sa.Column("seal", sa.LargeBinary(length=32), nullable=True))
    op.create_index("ix_audit_entries_number", "audit_entries", ["number"], unique=True)
    waiting = sa.text("number IS NULL")
    op.create_index(
        "ix_audit_entries_waiting",
        "audit_entries",
        ["id"],
        postgresql_where=waiting,
        sqlite_where=waiting,
    )
    op.create_table(
        "audit_head",
        sa.Column("chain", sa.Integer(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("seal", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("chain", name=op.f("pk_audit_head")),
    )
