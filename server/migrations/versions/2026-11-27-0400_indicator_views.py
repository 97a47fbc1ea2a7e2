"""What indicators count besides transfers: case files and consultations; cases say what they were.

Like the views before them these show a viewer what row-level security shows, and store nothing.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0038_indicator_views"
down_revision = "0037_rooms"

# The view of 0008 with the last four columns added: as the case was when it began.
CASES = """
CREATE OR REPLACE VIEW quality_case WITH (security_invoker = true) AS
SELECT c.case_id, c.opened_at, c.origin, c.number, c.drill, c.demo, c.back,
       EXISTS (SELECT 1 FROM case_event v
                WHERE v.case_id = c.case_id AND v.kind = 'referral.voided') AS voided,
       c.acuity, c.colour, c.condition, c.self_arrived
  FROM (SELECT e.case_id,
               (array_agg(e.at ORDER BY e.seq))[1] AS opened_at,
               (array_agg(coalesce((e.original ->> 'origin_facility')::uuid, e.facility)
                          ORDER BY e.seq))[1] AS origin,
               (array_agg(e.original ->> 'number' ORDER BY e.seq))[1] AS number,
               bool_or(e.original ->> 'direction' = 'back') IS TRUE AS back,
               bool_or(e.original -> 'drill' = 'true'::jsonb) IS TRUE AS drill,
               bool_or(e.source = 'simulated' OR e.original -> 'demo' = 'true'::jsonb) IS TRUE
                 AS demo,
               (array_agg(e.original ->> 'acuity' ORDER BY e.seq))[1] AS acuity,
               (array_agg(e.original ->> 'risk_colour' ORDER BY e.seq))[1] AS colour,
               (array_agg(e.original ->> 'condition' ORDER BY e.seq))[1] AS condition,
               (array_agg(e.kind = 'referral.self_arrival' ORDER BY e.seq))[1] AS self_arrived
          FROM quality_event e
         WHERE e.kind IN ('referral.requested', 'referral.self_arrival')
         GROUP BY e.case_id) c;
"""

# A report that is due and not handed in is not in time; the first report of a file is meant.
FILES = """
CREATE VIEW quality_case_file WITH (security_invoker = true) AS
SELECT f.id AS case_id, f.number, f.opened_at, f.facility_id, f.region_id, f.colour, f.purple,
       f.demo OR f.simulated AS demo, f.state = 'voided' AS voided, f.plan_no IS NOT NULL AS agreed,
       r.due_at IS NOT NULL AS report_due,
       coalesce(r.submitted_at <= r.due_at, false) AS reported_in_time
  FROM case_file f
  LEFT JOIN LATERAL (SELECT x.due_at, x.submitted_at FROM case_file_report x
                      WHERE x.case_id = f.id AND x.due_at IS NOT NULL
                      ORDER BY x.no LIMIT 1) r ON true;
COMMENT ON VIEW quality_case_file IS 'high-risk files as the indicators count them';
"""

CONSULTS = """
CREATE VIEW quality_consult WITH (security_invoker = true) AS
SELECT c.id AS case_id, c.asked_at, c.facility_id, c.urgency,
       c.concluded_at IS NOT NULL AND c.outcome <> 'not_held' AS held,
       EXISTS (SELECT 1 FROM case_event e
                WHERE e.case_id = c.id AND e.source = 'simulated') AS demo,
       EXISTS (SELECT 1 FROM case_event e
                WHERE e.case_id = c.of_case_id AND e.seq = 1
                  AND convert_from(e.payload, 'UTF8')::jsonb -> 'drill' = 'true'::jsonb) AS drill
  FROM consult_request c;
COMMENT ON VIEW quality_consult IS 'remote consultations as the indicators count them';
"""

NEW = "quality_case_file, quality_consult"


def upgrade() -> None:
    for script in (CASES, FILES, CONSULTS):
        for statement in statements(script):
            op.execute(statement)
    op.execute(f"GRANT SELECT ON {NEW} TO yunshang_app, yunshang_system")
