"""Fallback: drill pages and the watch over paging itself."""

from alembic import op

from server.migrations.sql import statements

revision = "0024_fallback"
down_revision = "0023_providers"

TABLES = ""


def upgrade() -> None:
    for statement in statements(TABLES):
        op.execute(statement)
