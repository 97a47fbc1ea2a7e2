"""Consultations are counted from the chain, which a health commission sees, unlike their texts.

The view of 0038 read `consult_request`, which opens to those who may know whose case it is: a
commission counted none.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0040_consult_view"
down_revision = "0039_reading_limits"

# Asked and concluded stand on the consultation's own case; on the case that it is about they stand
# once more, with `consult_id`, and say whether that is a drill.
CONSULTS = """
DROP VIEW quality_consult;
CREATE VIEW quality_consult WITH (security_invoker = true) AS
SELECT a.case_id, a.at AS asked_at, a.facility AS facility_id, a.original ->> 'urgency' AS urgency,
       coalesce(c.outcome <> 'not_held', false) AS held, a.source = 'simulated' AS demo,
       coalesce(d.drill, false) AS drill
  FROM quality_event a
  LEFT JOIN (SELECT e.case_id, (array_agg(e.original ->> 'outcome' ORDER BY e.seq DESC))[1]
                      AS outcome
               FROM quality_event e
              WHERE e.kind = 'consult.concluded' AND NOT e.original ? 'consult_id'
              GROUP BY e.case_id) c USING (case_id)
  LEFT JOIN (SELECT e.original ->> 'consult_id' AS consult_id, bool_or(k.drill) AS drill
               FROM quality_event e JOIN quality_case k USING (case_id)
              WHERE e.kind = 'consult.asked' AND e.original ? 'consult_id'
              GROUP BY 1) d ON d.consult_id = a.case_id::text
 WHERE a.kind = 'consult.asked' AND NOT a.original ? 'consult_id';
COMMENT ON VIEW quality_consult IS 'remote consultations as the indicators count them';
GRANT SELECT ON quality_consult TO yunshang_app, yunshang_system;
"""


def upgrade() -> None:
    for statement in statements(CONSULTS):
        op.execute(statement)
