"""Providers: message receipts and inbound replies."""

from alembic import op

from server.migrations.sql import statements

revision = "0023_providers"
down_revision = "0022_contacts"

TABLES = ""


def upgrade() -> None:
    for statement in statements(TABLES):
        op.execute(statement)
