"""What a house decides about its rosters: why a qualification ends, who approves, rest, weights.

Rules of changes and the weights of duty are versions that the house itself appends; nobody but
who oversees its duty may, and nobody changes a version that is there.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0025_duty_desk"
down_revision = "0024_fallback"

QUALIFICATIONS = """
ALTER TABLE person_qualification ADD COLUMN revoke_reason text
  CHECK (length(revoke_reason) BETWEEN 1 AND 200);
GRANT UPDATE (revoke_reason) ON person_qualification TO yunshang_app, yunshang_system;
"""

# Until a house says otherwise: no rest is demanded, and either office approves.
CHANGES = """
ALTER TABLE change_rule ADD COLUMN rest_s int NOT NULL DEFAULT 0
  CHECK (rest_s BETWEEN 0 AND 172800);
ALTER TABLE change_rule ADD COLUMN approvers text[] NOT NULL
  DEFAULT ARRAY['coordinator', 'medical_affairs']
  CHECK (cardinality(approvers) >= 1 AND approvers <@ ARRAY['coordinator', 'medical_affairs']);
"""

WEIGHTS = """
ALTER TABLE fairness_weights ADD COLUMN added_by uuid;
GRANT INSERT ON fairness_weights TO yunshang_app;
ALTER TABLE fairness_weights ENABLE ROW LEVEL SECURITY;
ALTER TABLE fairness_weights FORCE ROW LEVEL SECURITY;
CREATE POLICY system_all ON fairness_weights TO yunshang_system USING (true) WITH CHECK (true);
CREATE POLICY app_reads ON fairness_weights FOR SELECT TO yunshang_app USING (true);
CREATE POLICY app_adds ON fairness_weights FOR INSERT TO yunshang_app
  WITH CHECK (NOT app_only_watches() AND app_oversees_duty(facility_id)
    AND (app_has_role('coordinator') OR app_has_role('medical_affairs')));
"""


def upgrade() -> None:
    """Columns with defaults: no row is rewritten, no reader waits."""
    for script in (QUALIFICATIONS, CHANGES, WEIGHTS):
        for statement in statements(script):
            op.execute(statement)
