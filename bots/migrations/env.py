"""Runs the migrations on the connection that `bots.migrations.upgrade` holds."""

from alembic import context

from bots.tables import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=True,
    compare_type=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
connection.commit()
