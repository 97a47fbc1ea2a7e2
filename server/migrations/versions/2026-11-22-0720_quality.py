"""Read side: views over the case-event chain, from which every indicator is computed.

All views are `security_invoker`: they show a viewer what row-level security shows. The fold is
the one of quality/milestones.py; a property test holds the two equal. Nothing here is stored.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0008_quality"
down_revision = "0007_consult"

EVENTS = """
-- Events as they read after correction; amendments themselves are not events of the case.
CREATE VIEW quality_event WITH (security_invoker = true) AS
SELECT e.case_id, e.seq, e.kind, e.source, e.auto, e.actor, e.facility, e.device_at, e.recv_at,
       o.body AS original,
       o.body || coalesce(a.changes, '{}'::jsonb) AS payload,
       case_event_at(e.occurred_at, e.recv_at) AS original_at,
       case_event_at(coalesce(a.occurred_at, e.occurred_at), e.recv_at) AS at,
       a.amended,
       (coalesce(a.occurred_at, e.occurred_at) IS NOT NULL AND e.source <> 'simulated')
         OR (o.body || coalesce(a.changes, '{}'::jsonb)) ->> 'late_reason' IS NOT NULL AS late
  FROM case_event e
 CROSS JOIN LATERAL (SELECT convert_from(e.payload, 'UTF8')::jsonb AS body) o
 CROSS JOIN LATERAL (
   SELECT count(*) > 0 AS amended,
          jsonb_object_agg(s.key, s.value ORDER BY m.seq) FILTER (WHERE s.key IS NOT NULL)
            AS changes,
          (array_agg((m.body ->> 'occurred_at')::timestamptz ORDER BY m.seq DESC)
            FILTER (WHERE m.body ->> 'occurred_at' IS NOT NULL))[1] AS occurred_at
     FROM (SELECT x.seq, convert_from(x.payload, 'UTF8')::jsonb AS body FROM case_event x
            WHERE x.case_id = e.case_id AND x.kind = 'amend') m
     LEFT JOIN LATERAL jsonb_each(m.body -> 'set') s ON true
    WHERE (m.body ->> 'seq')::bigint = e.seq
 ) a
 WHERE e.kind <> 'amend';
COMMENT ON VIEW quality_event IS 'case events after correction; twin of kernel.chain.history';

CREATE VIEW quality_milestone WITH (security_invoker = true) AS
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
         WHERE n.kind IS NOT NULL OR starts_with(e.kind, 'milestone.')) q
 ORDER BY q.case_id, q.milestone, q.late, q.at, q.seq;
COMMENT ON VIEW quality_milestone IS 'milestones of each case; twin of quality.milestones.fold';

-- One row per case that was requested or arrived by itself. Drill, demo, direction and origin are
-- those of the event as first written: no amendment takes a case out of the count.
CREATE VIEW quality_case WITH (security_invoker = true) AS
SELECT c.case_id, c.opened_at, c.origin, c.number, c.drill, c.demo, c.back,
       EXISTS (SELECT 1 FROM case_event v
                WHERE v.case_id = c.case_id AND v.kind = 'referral.voided') AS voided
  FROM (SELECT e.case_id,
               (array_agg(e.at ORDER BY e.seq))[1] AS opened_at,
               (array_agg(coalesce((e.original ->> 'origin_facility')::uuid, e.facility)
                          ORDER BY e.seq))[1] AS origin,
               (array_agg(e.original ->> 'number' ORDER BY e.seq))[1] AS number,
               bool_or(e.original ->> 'direction' = 'back') IS TRUE AS back,
               bool_or(e.original -> 'drill' = 'true'::jsonb) IS TRUE AS drill,
               bool_or(e.source = 'simulated' OR e.original -> 'demo' = 'true'::jsonb) IS TRUE
                 AS demo
          FROM quality_event e
         WHERE e.kind IN ('referral.requested', 'referral.self_arrival')
         GROUP BY e.case_id) c;
COMMENT ON VIEW quality_case IS 'cases as the indicators count them';
"""

GUIDANCE = """
-- Indicator 15 of the national list: sessions by centre, with what decides whether they count.
-- One session per case and centre, however many events name it: two writers may meet.
CREATE VIEW quality_guidance WITH (security_invoker = true) AS
SELECT e.case_id, e.seq, e.at, e.late, e.demo, e.drill, e.voided, e.centre, e.institution,
       c.tier IN ('province', 'city') AS upper_tier,
       EXISTS (
         SELECT 1 FROM facility i
           JOIN region_closure r ON r.descendant_id = i.region_id
           JOIN responsible_area a ON a.region_id = r.ancestor_id AND a.centre_id = e.centre
            AND a.during @> (e.at AT TIME ZONE 'Asia/Shanghai')::date
          WHERE i.id = e.institution AND i.id <> e.centre) AS in_area
  FROM (SELECT DISTINCT ON (g.case_id, g.original ->> 'centre_facility')
               g.case_id, g.seq, g.at, g.late,
               (g.original ->> 'centre_facility')::uuid AS centre,
               (g.original ->> 'institution_facility')::uuid AS institution,
               g.source = 'simulated' OR coalesce(k.demo, false) AS demo,
               coalesce(g.original -> 'drill' = 'true'::jsonb, false)
                 OR coalesce(k.drill, false) AS drill,
               coalesce(k.voided, false) AS voided
          FROM quality_event g LEFT JOIN quality_case k USING (case_id)
         WHERE g.kind = 'guidance.session'
         ORDER BY g.case_id, g.original ->> 'centre_facility', g.late, g.at, g.seq) e
  LEFT JOIN facility c ON c.id = e.centre;
COMMENT ON VIEW quality_guidance IS 'remote guidance sessions, indicator 15';
"""

VIEWS = "quality_event, quality_milestone, quality_case, quality_guidance"


def upgrade() -> None:
    for script in (EVENTS, GUIDANCE):
        for statement in statements(script):
            op.execute(statement)
    op.execute(f"GRANT SELECT ON {VIEWS} TO yunshang_app, yunshang_system")
