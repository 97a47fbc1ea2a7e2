"""Which reviews somebody counts and reads is found out for all of them at once.

It was asked of each by itself: a tenth of a millisecond a review, for every page of indicators.
The rules stay where they are (`app_reads_review`, `app_convenes_review`, `app_counts_reviews`);
they are asked only of the few reviews that can pass, and once a region.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0075_reviews_read_at_once"
down_revision = "0074_death_rules"

READ = """
CREATE FUNCTION app_read_reviews() RETURNS TABLE (id uuid, convened boolean)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT near.id, public.app_convenes_review(near.id)
    FROM (SELECT r.id FROM public.case_review r
           WHERE r.facility_id = ANY(public.app_facilities()) OR r.facility_id = (
                 SELECT p.facility_id FROM public.person p WHERE p.id = public.app_person())
           UNION
          SELECT m.review_id FROM public.review_member m
           WHERE m.person_id = public.app_person()) near
   WHERE public.app_reads_review(near.id)
$$;
COMMENT ON FUNCTION app_read_reviews IS 'all that app_reads_review() is true of';

CREATE FUNCTION app_counted_reviews() RETURNS TABLE (id uuid, open boolean)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  WITH viewer AS MATERIALIZED (SELECT public.app_is_system() AS is_system),
  read AS MATERIALIZED (SELECT * FROM public.app_read_reviews()),
  reviewing AS MATERIALIZED (SELECT DISTINCT r.region_id FROM public.case_review r),
  regions AS MATERIALIZED (
    SELECT g.region_id FROM reviewing g WHERE public.app_counts_reviews(g.region_id))
  SELECT r.id, v.is_system OR d.id IS NOT NULL
    FROM public.case_review r
   CROSS JOIN viewer v
    LEFT JOIN read d ON d.id = r.id
   WHERE v.is_system OR d.convened OR r.region_id IN (SELECT g.region_id FROM regions g)
$$;
COMMENT ON FUNCTION app_counted_reviews IS
  'reviews that count in what the viewer is told; open: she may read it';
"""

COUNTED = """
CREATE OR REPLACE FUNCTION quality_reviews()
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
   WHERE r.concluded_at IS NOT NULL
$$;

CREATE OR REPLACE FUNCTION quality_review_measures()
  RETURNS TABLE (id uuid, kept_as uuid, open boolean, kind text, house uuid, at timestamptz,
                 ends_at timestamptz, demo boolean, done boolean, dropped boolean,
                 verified boolean, in_time boolean)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT CASE WHEN o.open THEN r.id END, CASE WHEN o.open OR c.closes THEN r.id END, o.open,
         r.kind, r.facility_id,
         m.due_on::timestamp AT TIME ZONE 'Asia/Shanghai',
         (m.due_on + 1)::timestamp AT TIME ZONE 'Asia/Shanghai',
         r.demo, m.state = 'verified', m.state = 'dropped', m.state = 'verified',
         m.state = 'verified'
           AND m.done_at < (m.due_on + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
    FROM public.review_measure m
    JOIN public.case_review r ON r.id = m.review_id
    JOIN public.app_counted_reviews() o ON o.id = r.id
   CROSS JOIN (SELECT public.app_closes_period() AS closes) c
$$;

CREATE OR REPLACE FUNCTION quality_frozen_reviews(of_freeze uuid, of_version uuid)
  RETURNS TABLE (open boolean, case_id uuid, number text, opened_at timestamptz, place uuid,
                 from_at timestamptz, to_at timestamptz, late boolean, demo boolean, state text,
                 reason text, met boolean, seconds float8, part bigint, whole bigint,
                 region_ids uuid[], facility_ids uuid[])
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  WITH viewer AS MATERIALIZED (
    SELECT public.app_is_system() AS is_system,
           public.app_has_role('coordinator') OR public.app_has_role('commission') AS counts),
  read AS MATERIALIZED (SELECT * FROM public.app_read_reviews())
  SELECT o.open, CASE WHEN o.open THEN m.case_id END, m.number, m.opened_at, m.place, m.from_at,
         m.to_at, m.late, m.demo, m.state, m.reason, m.met, m.seconds, m.part, m.whole,
         m.region_ids, m.facility_ids
    FROM public.indicator_frozen_review m
   CROSS JOIN viewer v
    LEFT JOIN read d ON d.id = m.case_id
   CROSS JOIN LATERAL (SELECT v.is_system OR d.id IS NOT NULL AS open) o
   WHERE m.freeze_id = of_freeze AND m.version_id = of_version
     AND (v.is_system OR d.convened OR (v.counts AND m.region_ids && public.app_regions()))
$$;
REVOKE ALL ON FUNCTION app_read_reviews, app_counted_reviews FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app_read_reviews, app_counted_reviews TO yunshang_app, yunshang_system;
"""


def upgrade() -> None:
    for statement in statements(READ + COUNTED):
        op.execute(statement)
