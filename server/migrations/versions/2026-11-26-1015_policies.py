"""Escalation policies: modes, quorum, chained centres, and "acknowledged, then silent".

A policy is chosen by event, colour, condition and level; a facility's own comes before its
region's and the platform's. `next_due_at` of an acknowledged page is the moment by which somebody
must have joined; after it the ladder goes on.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0021_policies"
down_revision = "0020_roster_feeds"

POLICIES = """
ALTER TABLE policy_version
  ADD COLUMN region_id     uuid REFERENCES region (id),
  ADD COLUMN colour        text NOT NULL DEFAULT '*'
                           CHECK (colour = '*' OR colour ~ '^[a-z_]{2,20}$'),
  ADD COLUMN condition     text NOT NULL DEFAULT '*'
                           CHECK (condition = '*' OR condition ~ '^[a-z0-9_.-]{1,64}$'),
  ADD COLUMN mode          text NOT NULL DEFAULT 'first' CHECK (mode IN ('first', 'quorum', 'all')),
  ADD COLUMN quorum        jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(quorum) = 'object'),
  ADD COLUMN join_within_s int NOT NULL DEFAULT 180 CHECK (join_within_s BETWEEN 0 AND 3600),
  ADD COLUMN supersedes_id uuid REFERENCES policy_version (id),
  ADD COLUMN recorded_by   uuid REFERENCES person (id),
  ADD CONSTRAINT policy_version_one_owner CHECK (num_nonnulls(facility_id, region_id) <= 1),
  ADD CONSTRAINT policy_version_quorum CHECK ((mode = 'quorum') = (quorum <> '{}'));

-- Who would be rung is public inside the region, like the roster. A house writes its own ladder.
GRANT INSERT ON policy_version TO yunshang_app;
ALTER TABLE policy_version ENABLE ROW LEVEL SECURITY;
ALTER TABLE policy_version FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_all ON policy_version TO yunshang_owner USING (true) WITH CHECK (true);
CREATE POLICY system_all ON policy_version TO yunshang_system USING (true) WITH CHECK (true);
CREATE POLICY app_reads ON policy_version FOR SELECT TO yunshang_app USING (true);
CREATE POLICY app_adds ON policy_version FOR INSERT TO yunshang_app WITH CHECK (
  recorded_by = app_person() AND NOT app_only_watches()
  AND (app_has_role('coordinator') OR app_has_role('medical_affairs'))
  AND (facility_id = ANY(app_facilities()) OR EXISTS (
    SELECT 1 FROM person p
     WHERE p.id = app_person() AND p.facility_id = policy_version.facility_id)));
"""

PAGES = """
ALTER TABLE page
  ADD COLUMN colour    text,
  ADD COLUMN condition text;
ALTER TABLE page_target
  ADD COLUMN facility_id   uuid REFERENCES facility (id),  -- whose roster; null: the paged house's
  ADD COLUMN joined_at     timestamptz,
  ADD COLUMN stood_down_at timestamptz;                    -- colleagues of the specialty suffice
ALTER TABLE escalation
  ADD COLUMN joined_at timestamptz,
  DROP CONSTRAINT escalation_check,
  ADD CONSTRAINT escalation_due CHECK (CASE WHEN state IN ('running', 'exhausted')
    THEN next_due_at IS NOT NULL ELSE state = 'acknowledged' OR next_due_at IS NULL END);
DROP INDEX ix_escalation_due;
CREATE INDEX ix_escalation_due ON escalation (next_due_at)
  WHERE next_due_at IS NOT NULL AND NOT simulated;

-- One overdue page whose case and ladder nobody else holds, both locked; null if there is none.
CREATE OR REPLACE FUNCTION escalation_claim() RETURNS uuid
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT e.page_id FROM public.escalation e JOIN public.case_head h ON h.case_id = e.case_id
   WHERE e.next_due_at <= clock_timestamp() AND NOT e.simulated
   ORDER BY e.next_due_at LIMIT 1 FOR UPDATE SKIP LOCKED
$$;
"""


def upgrade() -> None:
    for script in (POLICIES, PAGES):
        for statement in statements(script):
            op.execute(statement)
