"""Green-channel clocks and rescue in place: watches, undone moments, travelling expert teams.

A watch says when the engine must look at a case's clocks again; what is late is always read from
the chain. It names its case although the case's row may be written later in the same transaction,
hence the deferred key.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0016_clocks"
down_revision = "0015_transport"

WATCHES = """
CREATE TABLE clock_watch (
  case_id  uuid NOT NULL REFERENCES referral (id) DEFERRABLE INITIALLY DEFERRED,
  set_code text NOT NULL,
  interval text NOT NULL,
  step     int NOT NULL CHECK (step >= 0),
  due_at   timestamptz NOT NULL,
  PRIMARY KEY (case_id, interval)
);
CREATE INDEX ix_clock_watch_due ON clock_watch (due_at);
COMMENT ON TABLE clock_watch IS 'when a ladder climbs next; written anew with every milestone';
ALTER TABLE clock_watch ENABLE ROW LEVEL SECURITY;
ALTER TABLE clock_watch FORCE ROW LEVEL SECURITY;
CREATE POLICY system_all ON clock_watch TO yunshang_system USING (true) WITH CHECK (true);
CREATE POLICY app_watches ON clock_watch TO yunshang_app
  USING (app_sees_identity(case_id) AND NOT app_only_watches())
  WITH CHECK (app_sees_identity(case_id) AND NOT app_only_watches());
GRANT SELECT, INSERT, DELETE ON clock_watch TO yunshang_app, yunshang_system;
"""

# The view of 0008 with the last two conditions added: a moment undone at once by who entered it,
# or withdrawn later by an amendment with a second person, is no milestone.
MILESTONES = """
CREATE OR REPLACE VIEW quality_milestone WITH (security_invoker = true) AS
WITH named (kind, milestone) AS (VALUES
  ('referral.requested', 'request'),
  ('page.sent', 'page_sent'),
  ('offer.delivered', 'first_delivered'),
  ('page.acknowledged', 'first_acknowledged'),
  ('offer.acknowledged', 'first_acknowledged'),
  ('offer.accepted', 'accepted'),
  ('referral.committed', 'committed'),
  ('leg.departed', 'departed'),
  ('leg.arrived', 'arrived'),
  ('referral.self_arrival', 'arrived'),
  ('leg.handed_over', 'handed_over'),
  ('referral.guided_in_place', 'guided_in_place'),
  ('advice.signed', 'advice_signed'),
  ('referral.closed', 'closed'))
SELECT DISTINCT ON (q.case_id, q.milestone)
       q.case_id, q.milestone, q.seq, q.at, q.recv_at, q.original_at, q.device_at, q.source,
       q.auto, q.late, q.amended, q.actor, q.facility, q.payload
  FROM (SELECT e.*, coalesce(n.milestone, substr(e.kind, 11)) AS milestone
          FROM quality_event e LEFT JOIN named n ON n.kind = e.kind
         WHERE n.kind IS NOT NULL OR (starts_with(e.kind, 'milestone.')
           AND e.payload -> 'withdrawn' IS DISTINCT FROM 'true'::jsonb
           AND NOT EXISTS (
             SELECT 1 FROM case_event u
              WHERE u.case_id = e.case_id AND u.kind = 'clock.undone'
                AND convert_from(u.payload, 'UTF8')::jsonb -> 'seq' = to_jsonb(e.seq)))) q
 ORDER BY q.case_id, q.milestone, q.late, q.at, q.seq;
COMMENT ON VIEW quality_milestone IS
  'milestones of each case; twin of referral.clocks.milestones.fold';
"""

TEAMS = """
CREATE TABLE guidance_team (
  id           uuid PRIMARY KEY,
  case_id      uuid NOT NULL REFERENCES referral (id),
  facility_id  uuid NOT NULL,
  members      jsonb NOT NULL,
  phone_sealed bytea NOT NULL,
  state        text NOT NULL CHECK (state IN ('named', 'departed', 'arrived', 'stood_down')),
  named_by     uuid NOT NULL,
  named_at     timestamptz NOT NULL,
  departed_at  timestamptz,
  eta          timestamptz,
  arrived_at   timestamptz,
  ended_at     timestamptz
);
CREATE INDEX ix_guidance_team_case ON guidance_team (case_id);

CREATE TABLE guidance_team_report (
  id         uuid PRIMARY KEY,
  team_id    uuid NOT NULL REFERENCES guidance_team (id),
  case_id    uuid NOT NULL REFERENCES referral (id),
  what       text NOT NULL CHECK (what IN ('named', 'departed', 'position', 'arrived',
               'stood_down')),
  at         timestamptz NOT NULL,
  entered_at timestamptz NOT NULL,
  person_id  uuid NOT NULL,
  place      text,
  lat        double precision CHECK (lat BETWEEN -90 AND 90),
  lon        double precision CHECK (lon BETWEEN -180 AND 180),
  eta        timestamptz,
  CHECK ((lat IS NULL) = (lon IS NULL))
);
CREATE INDEX ix_guidance_team_report_team ON guidance_team_report (team_id, entered_at);
"""

# Why an order was not executed becomes a code; words may stand beside it, as they did alone before.
WHY_NOT = """
ALTER TABLE advice_order ADD COLUMN code text;
ALTER TABLE advice_order DROP CONSTRAINT advice_order_check;
ALTER TABLE advice_order ADD CONSTRAINT advice_order_why_not
  CHECK (state <> 'not_executed' OR code IS NOT NULL OR reason IS NOT NULL);
ALTER TABLE order_outcome ADD COLUMN code text;
GRANT UPDATE (code) ON advice_order TO yunshang_app, yunshang_system;
"""


def _protect(table: str, grants: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY system_all ON {table} TO yunshang_system USING (true) WITH CHECK (true)"
    )
    op.execute(
        f"CREATE POLICY app_reads ON {table} FOR SELECT TO yunshang_app"
        " USING (app_sees_identity(case_id))"
    )
    op.execute(
        f"CREATE POLICY app_adds ON {table} FOR INSERT TO yunshang_app"
        " WITH CHECK (app_sees_identity(case_id) AND NOT app_only_watches())"
    )
    op.execute(f"GRANT {grants} ON {table} TO yunshang_app, yunshang_system")


def upgrade() -> None:
    for script in (WATCHES, MILESTONES, TEAMS, WHY_NOT):
        for statement in statements(script):
            op.execute(statement)
    _protect("guidance_team", "SELECT, INSERT")
    _protect("guidance_team_report", "SELECT, INSERT")
    op.execute(
        "CREATE POLICY app_changes ON guidance_team FOR UPDATE TO yunshang_app"
        " USING (app_sees_identity(case_id) AND NOT app_only_watches())"
        " WITH CHECK (app_sees_identity(case_id) AND NOT app_only_watches())"
    )
    op.execute(
        "GRANT UPDATE (state, departed_at, eta, arrived_at, ended_at) ON guidance_team"
        " TO yunshang_app, yunshang_system"
    )
