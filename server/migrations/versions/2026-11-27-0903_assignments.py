"""Changes of a roster may be assignments: the desk fills a place at once, approved afterwards."""

from alembic import op

from server.migrations.sql import statements

revision = "0043_assignments"
down_revision = "0042_imaging_arrivals"

# They are unnamed in 0019: PostgreSQL named them, in their order.
ASSIGNMENTS = """
ALTER TABLE change_request
  DROP CONSTRAINT change_request_kind_check,
  DROP CONSTRAINT change_request_party_ids_check,
  DROP CONSTRAINT change_request_check,
  DROP CONSTRAINT change_request_check1,
  DROP CONSTRAINT change_request_check2;
ALTER TABLE change_request
  ADD CONSTRAINT change_request_kind_check
    CHECK (kind IN ('swap', 'substitute', 'takeover', 'assignment')),
  -- A desk that fills a gap with its own person is alone.
  ADD CONSTRAINT change_request_party_ids_check
    CHECK (cardinality(party_ids) >= CASE kind WHEN 'assignment' THEN 1 ELSE 2 END),
  ADD CONSTRAINT change_request_at_once CHECK
    ((kind IN ('takeover', 'assignment')) = (state IN ('in_force', 'ratified', 'disapproved'))),
  ADD CONSTRAINT change_request_asked_before CHECK
    ((kind IN ('takeover', 'assignment')) = (expires_at IS NULL)),
  ADD CONSTRAINT change_request_approved_after CHECK
    ((kind IN ('takeover', 'assignment')) = (approve_by IS NOT NULL));
"""


def upgrade() -> None:
    for statement in statements(ASSIGNMENTS):
        op.execute(statement)
