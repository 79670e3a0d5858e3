"""What Alembic runs: the missing migrations, in the transaction that `shop.migrate` has begun under its lock."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
