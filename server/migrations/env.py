"""Alembic's entry: one connection, an advisory lock, short lock waits."""

from alembic import context
from sqlalchemy import Connection, text

MIGRATION_LOCK = 7_283_001


def run(connection: Connection) -> None:
    """Migrate over `connection`; a second migrator waits for the first."""
    connection.execute(text("SET lock_timeout = '4s'"))
    connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": MIGRATION_LOCK})
    connection.commit()
    context.configure(connection=connection, transaction_per_migration=True)
    try:
        with context.begin_transaction():
            context.run_migrations()
    finally:
        connection.rollback()
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": MIGRATION_LOCK})
        connection.commit()


run(context.config.attributes["connection"])
