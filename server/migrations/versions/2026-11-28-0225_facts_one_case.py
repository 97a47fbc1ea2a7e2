"""The case that guidance or a consultation is about is folded alone.

Joined to the view of all cases, every batch folded every case of the platform. OFFSET 0 keeps the
question about the one case a question of its own. What the views show is what they showed.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0062_facts_one_case"
down_revision = "0061_facts_at_once"

VIEWS = """
CREATE OR REPLACE VIEW fact_guidance_now WITH (security_invoker = true) AS
SELECT e.case_id, e.at, e.late, e.simulated OR coalesce(k.demo, false) AS demo,
       e.said_drill OR coalesce(k.drill, false) AS drill, coalesce(k.voided, false) AS voided,
       e.centre, e.institution, c.tier IN ('province', 'city') AS upper_tier,
       EXISTS (
         SELECT 1 FROM facility i
           JOIN region_closure r ON r.descendant_id = i.region_id
           JOIN responsible_area a ON a.region_id = r.ancestor_id AND a.centre_id = e.centre
            AND a.during @> (e.at AT TIME ZONE 'Asia/Shanghai')::date
          WHERE i.id = e.institution AND i.id <> e.centre) AS in_area,
       p.region_ids, e.about
  FROM (SELECT DISTINCT ON (g.case_id, g.original ->> 'centre_facility')
               g.case_id, g.at, g.late,
               (g.original ->> 'centre_facility')::uuid AS centre,
               (g.original ->> 'institution_facility')::uuid AS institution,
               g.source = 'simulated' AS simulated,
               coalesce(g.original -> 'drill' = 'true'::jsonb, false) AS said_drill,
               case_about(g.case_id) AS about
          FROM quality_event g WHERE g.kind = 'guidance.session'
           AND coalesce((SELECT d.kind <> 'guidance.disputed' FROM case_event d
                          WHERE d.case_id = (g.original ->> 'guidance_id')::uuid
                            AND d.kind IN ('guidance.disputed', 'guidance.confirmed')
                          ORDER BY d.seq DESC LIMIT 1), true)
         ORDER BY g.case_id, g.original ->> 'centre_facility', g.late, g.at, g.seq) e
 CROSS JOIN LATERAL (SELECT array_agg(p.region_id ORDER BY p.id) AS region_ids FROM case_party p
                     WHERE p.case_id = e.case_id AND p.role = 'origin') p
  LEFT JOIN LATERAL (SELECT x.demo, x.drill, x.voided FROM quality_case x
                      WHERE x.case_id = e.about OFFSET 0) k ON true
  LEFT JOIN facility c ON c.id = e.centre;

CREATE OR REPLACE VIEW fact_consult_now WITH (security_invoker = true) AS
SELECT a.case_id, a.seq, a.at AS asked_at, a.facility AS facility_id,
       a.original ->> 'urgency' AS urgency, coalesce(c.outcome <> 'not_held', false) AS held,
       a.source = 'simulated' AS demo, a.original ->> 'consult_id' AS told_of,
       coalesce(k.drill, false) AS drill, p.region_ids
  FROM quality_event a
 CROSS JOIN LATERAL (
   SELECT (array_agg(e.original ->> 'outcome' ORDER BY e.seq DESC))[1] AS outcome
     FROM quality_event e
    WHERE e.case_id = a.case_id AND e.kind = 'consult.concluded'
      AND NOT e.original ? 'consult_id') c
 CROSS JOIN LATERAL (SELECT array_agg(p.region_id ORDER BY p.id) AS region_ids FROM case_party p
                      WHERE p.case_id = a.case_id AND p.role = 'origin') p
  LEFT JOIN LATERAL (SELECT x.drill FROM quality_case x
                      WHERE x.case_id = a.case_id OFFSET 0) k ON true
 WHERE a.kind = 'consult.asked';

ANALYZE facility;
"""


def upgrade() -> None:
    for statement in statements(VIEWS):
        op.execute(statement)
