"""Rosters: qualifications, rotations, leave, the calendar, plans and their approval."""

from alembic import op

from server.migrations.sql import statements

revision = "0018_rosters"
down_revision = "0017_aftermath"

TABLES = ""


def upgrade() -> None:
    for statement in statements(TABLES):
        op.execute(statement)
