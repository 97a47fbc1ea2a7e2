"""What follows deaths and near-misses is read for the period that is asked for.

The functions told of all that there ever was: what of it the viewer counts was found out for each,
and the period chosen afterwards. Regions whose reviews are counted are looked up at once, as houses
are since 0070; region by region it took a tenth of a millisecond each, three times a page.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0080_reviews_of_a_period"
down_revision = "0079_houses_at_once"

REGIONS = """
CREATE FUNCTION app_counted_regions() RETURNS SETOF uuid
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT DISTINCT c.descendant_id FROM public.region_closure c
   WHERE (public.app_has_role('coordinator') OR public.app_has_role('commission'))
     AND c.ancestor_id = ANY(public.app_regions())
$$;
COMMENT ON FUNCTION app_counted_regions IS 'all regions for which app_counts_reviews() holds';

CREATE OR REPLACE FUNCTION app_counts_reviews(region uuid) RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT region IN (SELECT g.id FROM public.app_counted_regions() AS g (id))
$$;

CREATE OR REPLACE FUNCTION app_counted_reviews() RETURNS TABLE (id uuid, open boolean)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  WITH viewer AS MATERIALIZED (SELECT public.app_is_system() AS is_system),
  read AS MATERIALIZED (SELECT * FROM public.app_read_reviews()),
  regions AS MATERIALIZED (SELECT g.id FROM public.app_counted_regions() AS g (id))
  SELECT r.id, v.is_system OR d.id IS NOT NULL
    FROM public.case_review r
   CROSS JOIN viewer v
    LEFT JOIN read d ON d.id = r.id
   WHERE v.is_system OR d.convened OR r.region_id IN (SELECT g.id FROM regions g)
$$;
"""

FUNCTIONS = """
DROP FUNCTION quality_reviews();
CREATE FUNCTION quality_reviews(since timestamptz, until timestamptz)
  RETURNS TABLE (id uuid, kept_as uuid, open boolean, kind text, level text, house uuid,
                 at timestamptz, demo boolean, late boolean, conclusion text, decisive boolean,
                 in_time boolean)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT CASE WHEN o.open THEN r.id END, CASE WHEN o.open OR c.closes THEN r.id END, o.open,
         r.kind, r.level, r.facility_id, r.concluded_at, r.demo,
         EXISTS (SELECT 1 FROM public.case_event e
                  WHERE e.case_id = r.id AND e.kind = 'case_review.held'
                    AND (e.recv_at AT TIME ZONE 'Asia/Shanghai')::date
                      > (r.held_at AT TIME ZONE 'Asia/Shanghai')::date),
         r.conclusion,
         r.death_review_id IS NULL OR r.level = 'county' OR NOT EXISTS (
           SELECT 1 FROM public.case_review a
            WHERE a.death_review_id = r.death_review_id AND a.level = 'county'
              AND a.concluded_at IS NOT NULL),
         r.held_at <= r.due_at
    FROM public.case_review r
    JOIN public.app_counted_reviews() o ON o.id = r.id
   CROSS JOIN (SELECT public.app_closes_period() AS closes) c
   WHERE r.concluded_at >= since AND r.concluded_at < until
$$;
COMMENT ON FUNCTION quality_reviews IS
  'reviews concluded in a period for those who count them; decisive: no higher level has concluded '
  'as well; late: the meeting was entered on a later day than it was held';

DROP FUNCTION quality_review_measures();
CREATE FUNCTION quality_review_measures(since timestamptz, until timestamptz)
  RETURNS TABLE (id uuid, kept_as uuid, open boolean, kind text, house uuid, at timestamptz,
                 ends_at timestamptz, demo boolean, done boolean, dropped boolean,
                 verified boolean, in_time boolean)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT CASE WHEN o.open THEN r.id END, CASE WHEN o.open OR c.closes THEN r.id END, o.open,
         r.kind, r.facility_id, d.at, (m.due_on + 1)::timestamp AT TIME ZONE 'Asia/Shanghai',
         r.demo, m.state = 'verified', m.state = 'dropped', m.state = 'verified',
         m.state = 'verified'
           AND m.done_at < (m.due_on + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
    FROM public.review_measure m
   CROSS JOIN LATERAL (SELECT m.due_on::timestamp AT TIME ZONE 'Asia/Shanghai' AS at) d
    JOIN public.case_review r ON r.id = m.review_id
    JOIN public.app_counted_reviews() o ON o.id = r.id
   CROSS JOIN (SELECT public.app_closes_period() AS closes) c
   WHERE d.at >= since AND d.at < until
$$;
COMMENT ON FUNCTION quality_review_measures IS
  'measures of reviews due in a period for those who count them; in_time: done by its day, and '
  'verified';

DROP FUNCTION quality_death_steps();
CREATE FUNCTION quality_death_steps(since timestamptz, until timestamptz)
  RETURNS TABLE (case_id uuid, who text, step text, house uuid, at timestamptz,
                 ends_at timestamptz, demo boolean, done boolean, in_time boolean)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT r.id, d.who, s.step, h.id, s.due_at, s.due_at, r.demo, s.reported_at IS NOT NULL,
         coalesce(s.reported_at <= s.due_at, false)
    FROM public.death_review_step s
    JOIN public.death_review d ON d.id = s.review_id
    JOIN public.referral r ON r.id = s.case_id
   CROSS JOIN LATERAL (
     SELECT CASE s.step WHEN 'county_review' THEN r.origin_id
                        ELSE coalesce(r.receiver_id, r.origin_id) END AS id) h
   WHERE s.due_at >= since AND s.due_at < until AND NOT r.drill AND r.state <> 'voided'
     AND (public.app_is_system() OR h.id = (SELECT public.app_affairs_house())
       OR public.app_sees_case(r.id))
$$;
COMMENT ON FUNCTION quality_death_steps IS
  'what was due in a period after deaths, and whether it was done; at: when its limit ends';
REVOKE ALL ON FUNCTION app_counted_regions, quality_reviews, quality_review_measures,
  quality_death_steps FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app_counted_regions, quality_reviews, quality_review_measures,
  quality_death_steps TO yunshang_app, yunshang_system;
"""


def upgrade() -> None:
    for statement in statements(REGIONS + FUNCTIONS):
        op.execute(statement)
