"""Roster feeds: calendars by token, imports."""

from alembic import op

from server.migrations.sql import statements

revision = "0020_roster_feeds"
down_revision = "0019_roster_changes"

TABLES = ""


def upgrade() -> None:
    for statement in statements(TABLES):
        op.execute(statement)
