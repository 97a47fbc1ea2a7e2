"""Contact points: verified addresses, personal rules, test calls."""

from alembic import op

from server.migrations.sql import statements

revision = "0022_contacts"
down_revision = "0021_policies"

TABLES = ""


def upgrade() -> None:
    for statement in statements(TABLES):
        op.execute(statement)
