"""Roster changes: swaps, taking over, handover."""

from alembic import op

from server.migrations.sql import statements

revision = "0019_roster_changes"
down_revision = "0018_rosters"

TABLES = ""


def upgrade() -> None:
    for statement in statements(TABLES):
        op.execute(statement)
