"""When a reading says that she is to be looked at again, the bedside sees and keeps that time."""

from alembic import op

from server.migrations.sql import statements

revision = "0046_reading_follow_up"
down_revision = "0045_imported_rows"

FOLLOW_UP = """
ALTER TABLE ctg_reading
  ADD COLUMN follow_up_at timestamptz,         -- as signed last
  ADD COLUMN followed_by  uuid REFERENCES person (id),
  ADD COLUMN followed_at  timestamptz,
  ADD CONSTRAINT ck_ctg_reading_followed CHECK (
    (followed_at IS NULL) = (followed_by IS NULL)
    AND (followed_at IS NULL OR follow_up_at IS NOT NULL));
GRANT UPDATE (follow_up_at, followed_by, followed_at) ON ctg_reading TO yunshang_app;
UPDATE ctg_reading g SET follow_up_at = (
  SELECT CAST(r.content ->> 'follow_up_at' AS timestamptz) FROM ctg_reading_report r
   WHERE r.reading_id = g.id AND r.content ->> 'follow_up_at' IS NOT NULL
   ORDER BY r.n DESC LIMIT 1)
 WHERE g.signed_at IS NOT NULL;
"""


def upgrade() -> None:
    for statement in statements(FOLLOW_UP):
        op.execute(statement)
