"""Annual returns and practice cards are imported too."""

from alembic import op

from server.migrations.sql import statements

revision = "0064_more_sheets"
down_revision = "0063_affairs_read"

SHEETS = """
ALTER TABLE import_batch
  DROP CONSTRAINT import_batch_sheet_check,
  ADD CONSTRAINT import_batch_sheet_check
    CHECK (sheet IN ('front_pages', 'birth_cards', 'annual_returns', 'practice_cards'));
"""


def upgrade() -> None:
    for statement in statements(SHEETS):
        op.execute(statement)
