"""The memory of the bots: inbox, chats, replies, pollers, rates."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_22_memory"
down_revision = None
branch_labels = None
depends_on = None

_BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "inbox",
        sa.Column("id", _BIG_ID, nullable=False),
        sa.Column("bot", sa.String(32), nullable=False),
        sa.Column("update_id", sa.BigInteger(), nullable=False),
        sa.Column("chat", sa.String(32)),
        sa.Column("raw", sa.LargeBinary()),
        sa.Column("received_at", sa.Double(), nullable=False),
        sa.Column("done_at", sa.Double()),
        sa.PrimaryKeyConstraint("id", name="pk_inbox"),
        sa.UniqueConstraint("bot", "update_id", name="uq_inbox_bot_update_id"),
    )
    op.create_index("ix_inbox_chat_done_at_id", "inbox", ["chat", "done_at", "id"])
    op.create_index("ix_inbox_done_at", "inbox", ["done_at"])
    op.create_table(
        "chats",
        sa.Column("key", sa.String(32), nullable=False),
        sa.Column("bot", sa.String(32), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text()),
        sa.Column("arrived", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.Double()),
        sa.Column("wake_at", sa.Double()),
        sa.Column("wakes", sa.Integer(), nullable=False),
        sa.Column("spoken_at", sa.Double(), nullable=False),
        sa.Column("lease", sa.String(32)),
        sa.Column("lease_until", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_chats"),
    )
    op.create_index("ix_chats_due_at", "chats", ["due_at"])
    op.create_table(
        "replies",
        sa.Column("id", _BIG_ID, nullable=False),
        sa.Column("chat", sa.String(32), nullable=False),
        sa.Column("update_row", sa.BigInteger()),
        sa.Column("text", sa.LargeBinary()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("uncertain", sa.Boolean(), nullable=False),
        sa.Column("again_at", sa.Double(), nullable=False),
        sa.Column("outcome", sa.String(16)),
        sa.Column("reason", sa.String(64)),
        sa.Column("provider_id", sa.String(64)),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("done_at", sa.Double()),
        sa.PrimaryKeyConstraint("id", name="pk_replies"),
    )
    op.create_index("ix_replies_chat_done_at_id", "replies", ["chat", "done_at", "id"])
    op.create_index("ix_replies_done_at", "replies", ["done_at"])
    op.create_table(
        "pollers",
        sa.Column("bot", sa.String(32), nullable=False),
        sa.Column("owner", sa.String(32), nullable=False),
        sa.Column("until", sa.Double(), nullable=False),
        sa.Column("next_offset", sa.BigInteger()),
        sa.Column("polled_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("bot", name="pk_pollers"),
    )
    op.create_table(
        "rates",
        sa.Column("bot", sa.String(32), nullable=False),
        sa.Column("spoken_at", sa.Double(), nullable=False),
        sa.Column("silent_until", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("bot", name="pk_rates"),
    )
