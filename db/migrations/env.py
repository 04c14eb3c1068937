"""Where alembic starts: it gets the writer's own connection, inside the writer's transaction."""

# ruff: noqa: INP001 - alembic runs this file by its path

from alembic import context

context.configure(connection=context.config.attributes["connection"], target_metadata=None)
with context.begin_transaction():
    context.run_migrations()
