"""The tables of the bots' memory: a store of their own, in no relation to the core's.

    inbox     every update, committed before it is acknowledged; its text goes when its turn is done
    chats     what is remembered of a chat, and the lease under which one process works on it
    replies   what is to be said: its text goes when its outcome is kept
    pollers   which process asks a bot's messenger for updates, and from where on
    rates     until when a bot's share of its rate is spoken for
    visitors  who talks on the page, until they leave or are silent for long
    said      what was said on the page, both ways, as long as its visitor is there
    carried   the codes by which a talk goes on in another chat
    holds     restores of this memory: until each is released, nothing is worked on

Times are seconds since epoch. Chats are known by a keyed blind index; their address is sealed.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    exists,
    select,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
_BigId = BigInteger().with_variant(Integer, "sqlite")

inbox = Table(
    "inbox",
    metadata,
    Column("id", _BigId, primary_key=True),
    Column("bot", String(32), nullable=False),
    Column("update_id", BigInteger, nullable=False),
    Column("chat", String(32)),
    Column("raw", LargeBinary),
    Column("received_at", Double, nullable=False),
    Column("done_at", Double),
    UniqueConstraint("bot", "update_id"),
    Index(None, "chat", "done_at", "id"),
    Index(None, "done_at"),
)

chats = Table(
    "chats",
    metadata,
    Column("key", String(32), primary_key=True),
    Column("bot", String(32), nullable=False),
    Column("address", LargeBinary, nullable=False),
    Column("state", Text),
    Column("arrived", BigInteger, nullable=False, default=0),
    Column("due_at", Double),
    Column("wake_at", Double),
    Column("wakes", Integer, nullable=False, default=0),
    Column("spoken_at", Double, nullable=False, default=0.0),
    Column("lease", String(32)),
    Column("lease_until", Double, nullable=False, default=0.0),
    Index(None, "due_at"),
)

replies = Table(
    "replies",
    metadata,
    Column("id", _BigId, primary_key=True),
    Column("chat", String(32), nullable=False),
    Column("update_row", BigInteger),
    Column("text", LargeBinary),
    Column("attempts", Integer, nullable=False, default=0),
    Column("open", Boolean, nullable=False, default=False),
    Column("uncertain", Boolean, nullable=False, default=False),
    Column("again_at", Double, nullable=False, default=0.0),
    Column("outcome", String(16)),
    Column("reason", String(64)),
    Column("provider_id", String(64)),
    Column("created_at", Double, nullable=False),
    Column("done_at", Double),
    Index(None, "chat", "done_at", "id"),
    Index(None, "done_at"),
)

pollers = Table(
    "pollers",
    metadata,
    Column("bot", String(32), primary_key=True),
    Column("owner", String(32), nullable=False),
    Column("until", Double, nullable=False),
    Column("next_offset", BigInteger),
    Column("polled_at", Double, nullable=False, default=0.0),
)

rates = Table(
    "rates",
    metadata,
    Column("bot", String(32), primary_key=True),
    Column("spoken_at", Double, nullable=False, default=0.0),
    Column("silent_until", Double, nullable=False, default=0.0),
)

visitors = Table(
    "visitors",
    metadata,
    Column("key", String(32), primary_key=True),
    Column("chat", String(32), nullable=False),
    Column("address", LargeBinary(16), nullable=False),
    Column("begun_at", Double, nullable=False),
    Column("seen_at", Double, nullable=False),
    Index(None, "address", "begun_at"),
    Index(None, "seen_at"),
)

said = Table(
    "said",
    metadata,
    Column("id", _BigId, primary_key=True),
    Column("visitor", String(32), nullable=False),
    Column("reference", String(64), nullable=False),
    Column("mine", Boolean, nullable=False),
    Column("text", LargeBinary, nullable=False),
    Column("said_at", Double, nullable=False),
    UniqueConstraint("visitor", "reference"),
    Index(None, "visitor", "id"),
)

brought = Table(
    "brought",
    metadata,
    Column("visitor", String(32), primary_key=True),
    Column("reference", String(32), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)

carried = Table(
    "carried",
    metadata,
    Column("chat", String(32), primary_key=True),
    Column("code", LargeBinary(16), nullable=False),
    Column("talk", Integer, nullable=False),
    Column("until", Double, nullable=False),
    UniqueConstraint("code"),
    Index(None, "until"),
)

holds = Table(
    "holds",
    metadata,
    Column("id", _BigId, primary_key=True),
    Column("taken_at", Double, nullable=False),
    Column("held_at", Double, nullable=False),
    Column("is_whole", Boolean, nullable=False),
    Column("released_at", Double),
)

HELD = exists(select(holds.c.id).where(holds.c.released_at.is_(None)))
"""Whether the memory was restored and nobody has released it."""
