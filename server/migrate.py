"""Bring a database to the newest schema."""

import asyncio
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from kernel.database import asyncpg_url

MIGRATIONS = Path(__file__).parent / "migrations"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


async def upgrade(owner_url: str, revision: str = "head") -> None:
    """Migrate the database behind `owner_url`, which must belong to the schema's owner."""
    engine = create_async_engine(asyncpg_url(owner_url), poolclass=NullPool)

    def migrate(connection: Connection) -> None:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)

    try:
        async with engine.connect() as connection:
            await connection.run_sync(migrate)
    finally:
        await engine.dispose()


def upgrade_now(owner_url: str, revision: str = "head") -> None:
    """`upgrade` for callers outside an event loop."""
    asyncio.run(upgrade(owner_url, revision))
