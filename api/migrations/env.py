"""Runs the migrations on the connection that `api.migrations.upgrade` holds."""

from importlib import import_module
from pathlib import Path
from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import JSON, Enum

import api
from api import db

for models in sorted(Path(api.__path__[0]).glob("*/models.py")):
    import_module(f"api.{models.parent.name}.models")


def render_item(kind: str, item: Any, _autogen: AutogenContext) -> str | Literal[False]:
    """Write our column types as what they are in the store: migrations outlive the code."""
    if kind == "type":
        if isinstance(item, db.Sealed):
            return "sa.LargeBinary()"
        if isinstance(item, db.Moment):
            return "sa.DateTime(timezone=True)"
        if isinstance(item, Enum):
            return f"sa.String(length={item.length})"
        if isinstance(item, JSON):
            return 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'
    return False


connection = context.config.attributes["connection"]
if connection.dialect.name == "sqlite":
    # A schema change on SQLite copies tables: rows that point at them must not be checked half-way.
    connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
    connection.rollback()
    connection = connection.execution_options(bimeyar_writing=True)
context.configure(
    connection=connection,
    target_metadata=db.Base.metadata,
    render_as_batch=True,
    render_item=render_item,
    compare_type=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
connection.commit()
