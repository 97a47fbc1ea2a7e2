"""Closed periods keep reviews and their measures; a meeting entered on a later day is a late entry.

Who closes a period counts reviews that she may not read. Which review a row is of is told to the
transaction that closes a period alone (`kept_as`), and afterwards to those who may read that
review; whoever merely counts reads kept rows as live ones, without it.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0071_frozen_reviews"
down_revision = "0070_registrations_counted"

KEPT = """
ALTER TABLE indicator_freeze ADD COLUMN reviews_kept boolean NOT NULL DEFAULT false;
ALTER TABLE indicator_freeze ALTER COLUMN reviews_kept SET DEFAULT true;
COMMENT ON COLUMN indicator_freeze.reviews_kept IS
  'false of what was closed before reviews were kept';

CREATE TABLE indicator_frozen_review (LIKE indicator_frozen_member);
ALTER TABLE indicator_frozen_review
  ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY,
  ALTER COLUMN case_id SET NOT NULL,
  ADD PRIMARY KEY (id),
  ADD FOREIGN KEY (freeze_id) REFERENCES indicator_freeze (id),
  ADD FOREIGN KEY (version_id) REFERENCES indicator_version (id);
COMMENT ON TABLE indicator_frozen_review IS
  'what each review, or measure of one, counted as; case_id: the review';
CREATE INDEX ix_indicator_frozen_review ON indicator_frozen_review (freeze_id, version_id);
CREATE TRIGGER indicator_frozen_review_sealed
  BEFORE UPDATE OR DELETE OR TRUNCATE ON indicator_frozen_review
  FOR EACH STATEMENT EXECUTE FUNCTION duty_refuse();
ALTER TABLE indicator_frozen_review ENABLE ALWAYS TRIGGER indicator_frozen_review_sealed;
ALTER TABLE indicator_frozen_review ENABLE ROW LEVEL SECURITY;
ALTER TABLE indicator_frozen_review FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON indicator_frozen_review TO yunshang_app, yunshang_system;
CREATE POLICY system_all ON indicator_frozen_review TO yunshang_system
  USING (true) WITH CHECK (true);
CREATE POLICY owner_reads ON indicator_frozen_review FOR SELECT TO yunshang_owner USING (true);
CREATE POLICY app_reads ON indicator_frozen_review FOR SELECT TO yunshang_app
  USING (app_reads_review(case_id));
CREATE POLICY app_adds ON indicator_frozen_review FOR INSERT TO yunshang_app
  WITH CHECK (app_writes_freeze(freeze_id));

CREATE FUNCTION app_closes_period() RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT 1 FROM public.indicator_freeze f
                  WHERE f.frozen_by = public.app_person() AND public.written_here(f.xmin))
$$;
COMMENT ON FUNCTION app_closes_period IS 'whether this transaction closes a period';
CREATE POLICY owner_reads ON indicator_freeze FOR SELECT TO yunshang_owner USING (true);

CREATE FUNCTION quality_frozen_reviews(of_freeze uuid, of_version uuid)
  RETURNS TABLE (open boolean, case_id uuid, number text, opened_at timestamptz, place uuid,
                 from_at timestamptz, to_at timestamptz, late boolean, demo boolean, state text,
                 reason text, met boolean, seconds float8, part bigint, whole bigint,
                 region_ids uuid[], facility_ids uuid[])
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT o.open, CASE WHEN o.open THEN m.case_id END, m.number, m.opened_at, m.place, m.from_at,
         m.to_at, m.late, m.demo, m.state, m.reason, m.met, m.seconds, m.part, m.whole,
         m.region_ids, m.facility_ids
    FROM public.indicator_frozen_review m
   CROSS JOIN LATERAL (
     SELECT public.app_is_system() OR public.app_reads_review(m.case_id) AS open) o
   WHERE m.freeze_id = of_freeze AND m.version_id = of_version
     AND (public.app_is_system() OR public.app_convenes_review(m.case_id)
       OR ((public.app_has_role('coordinator') OR public.app_has_role('commission'))
         AND m.region_ids && public.app_regions()))
$$;
COMMENT ON FUNCTION quality_frozen_reviews IS
  'kept reviews and measures for those who count them, as quality_reviews() shows live ones';
"""

# The result's columns change, so the functions are made anew.
COUNTED = """
DROP FUNCTION quality_reviews();
CREATE FUNCTION quality_reviews()
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
   CROSS JOIN LATERAL (SELECT public.app_is_system() OR public.app_reads_review(r.id) AS open) o
   CROSS JOIN (SELECT public.app_closes_period() AS closes) c
   WHERE r.concluded_at IS NOT NULL
     AND (public.app_is_system() OR public.app_convenes_review(r.id)
       OR public.app_counts_reviews(r.region_id))
$$;
COMMENT ON FUNCTION quality_reviews IS
  'concluded reviews for those who count them; decisive: no higher level has concluded as well; '
  'late: the meeting was entered on a later day than it was held';

DROP FUNCTION quality_review_measures();
CREATE FUNCTION quality_review_measures()
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
   CROSS JOIN LATERAL (SELECT public.app_is_system() OR public.app_reads_review(r.id) AS open) o
   CROSS JOIN (SELECT public.app_closes_period() AS closes) c
   WHERE public.app_is_system() OR public.app_convenes_review(r.id)
      OR public.app_counts_reviews(r.region_id)
$$;
COMMENT ON FUNCTION quality_review_measures IS
  'measures of reviews for those who count them; in_time: done by its day, and verified';
REVOKE ALL ON FUNCTION app_closes_period, quality_frozen_reviews, quality_reviews,
  quality_review_measures FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app_closes_period, quality_frozen_reviews, quality_reviews,
  quality_review_measures TO yunshang_app, yunshang_system;
"""


def upgrade() -> None:
    for statement in statements(KEPT + COUNTED):
        op.execute(statement)
