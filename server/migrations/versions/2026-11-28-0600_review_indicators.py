"""Deaths, reviews and their measures are counted; so are annual returns and practice cards.

Reviews are read as they are by functions that say who may count them: whoever convenes, and who
oversees the region. Nothing of a review is kept where other rules open it, and `open` says which
rows the viewer may read as well; of all others only sums leave the platform (quality/untold.py).
Rows of files become facts in the statement that adds them, as those of 0048.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0068_review_indicators"
down_revision = "0067_region_rules"

# Of each fact table: the view that it keeps, and the sheet that fills it.
IMPORTED = {
    "fact_annual_return": ("quality_annual_return", "annual_returns"),
    "fact_practice_card": ("quality_practice_card", "practice_cards"),
}
BY_CASE = ("fact_case", "fact_guidance", "fact_consult", "fact_case_file")
IMPORTED_BEFORE = {
    "fact_delivery": "quality_delivery",
    "fact_newborn": "quality_newborn",
}

VIEWS = """
CREATE VIEW quality_annual_return WITH (security_invoker = true) AS
SELECT i.number, i.at, i.facility_id, i.day, d.covers, d.residence, d.women, d.live_births,
       d.booked_early, d.examined, d.managed, d.high_risk, d.born_in_hospital, d.visited, d.deaths,
       i.key_hash
  FROM quality_imported i
 CROSS JOIN LATERAL jsonb_to_record(i.content) AS d (
   covers text, residence text, women int, live_births int, booked_early int, examined int,
   managed int, high_risk int, born_in_hospital int, visited int, deaths int)
 WHERE i.sheet = 'annual_returns';
COMMENT ON VIEW quality_annual_return IS 'figures of a year, of a house or of its area';

CREATE VIEW quality_practice_card WITH (security_invoker = true) AS
SELECT i.number, i.facility_id, i.day, d.profession, d.service, d.active, i.key_hash
  FROM quality_imported i
 CROSS JOIN LATERAL jsonb_to_record(i.content) AS d (
   profession text, service text, active boolean)
 WHERE i.sheet = 'practice_cards';
COMMENT ON VIEW quality_practice_card IS 'licences, as the newest file says; day: of issue';
GRANT SELECT ON quality_annual_return, quality_practice_card TO yunshang_app, yunshang_system;
"""

TAKE = """
CREATE FUNCTION {table}_take() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  DELETE FROM public.{table} f USING fresh n
   WHERE n.sheet = '{sheet}' AND f.facility_id = n.facility_id AND f.key_hash = n.key_hash;
  INSERT INTO public.{table}
  SELECT v.* FROM (SELECT DISTINCT n.facility_id, n.key_hash FROM fresh n
                    WHERE n.sheet = '{sheet}') n
   CROSS JOIN LATERAL (SELECT q.* FROM public.{view} q
                        WHERE q.facility_id = n.facility_id AND q.key_hash = n.key_hash) v;
  RETURN NULL;
END
$$;
CREATE TRIGGER {table}_take AFTER INSERT ON imported_row REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION {table}_take();
"""

KEEP = """
CREATE TABLE {table} AS SELECT * FROM {view} WITH NO DATA;
ALTER TABLE {table} ADD PRIMARY KEY (facility_id, key_hash);
COMMENT ON TABLE {table} IS 'what {view} shows, kept';
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_all ON {table} TO yunshang_owner USING (true) WITH CHECK (true);
CREATE POLICY system_reads ON {table} FOR SELECT TO yunshang_system USING (true);
CREATE POLICY app_reads ON {table} FOR SELECT TO yunshang_app
  USING (facility_id IN (SELECT f.id FROM facility f WHERE app_sees_house(f.id)));
GRANT SELECT ON {table} TO yunshang_app, yunshang_system;
INSERT INTO {table} SELECT * FROM {view};
"""

REBUILD = """
CREATE OR REPLACE FUNCTION fact_rebuild() RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(7283010);
{rebuild}
  INSERT INTO public.fact_pending (case_id)
    SELECT h.case_id FROM public.case_head h UNION SELECT f.id FROM public.case_file f;
END
$$;
"""

# A county reviews those who came from it; the hospital where she died reviews and reports.
COUNTED = """
CREATE POLICY owner_reads ON death_review FOR SELECT TO yunshang_owner USING (true);
CREATE POLICY owner_reads ON death_review_step FOR SELECT TO yunshang_owner USING (true);

CREATE FUNCTION app_counts_reviews(region uuid) RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT (public.app_has_role('coordinator') OR public.app_has_role('commission'))
     AND EXISTS (SELECT 1 FROM public.region_closure c
                  WHERE c.descendant_id = region AND c.ancestor_id = ANY(public.app_regions()))
$$;
CREATE FUNCTION app_is_system() RETURNS boolean
  LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT pg_has_role(session_user, 'yunshang_system', 'MEMBER')
$$;

CREATE FUNCTION quality_death_steps()
  RETURNS TABLE (case_id uuid, who text, step text, house uuid, at timestamptz,
                 ends_at timestamptz, demo boolean, done boolean, in_time boolean)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT r.id, d.who, s.step,
         CASE s.step WHEN 'county_review' THEN r.origin_id
                     ELSE coalesce(r.receiver_id, r.origin_id) END,
         s.due_at, s.due_at, r.demo, s.reported_at IS NOT NULL,
         coalesce(s.reported_at <= s.due_at, false)
    FROM public.death_review_step s
    JOIN public.death_review d ON d.id = s.review_id
    JOIN public.referral r ON r.id = s.case_id
   WHERE NOT r.drill AND r.state <> 'voided'
     AND (public.app_is_system() OR public.app_sees_case(r.id))
$$;
COMMENT ON FUNCTION quality_death_steps IS
  'what was due after deaths, and whether it was done; at: when its limit ends';

CREATE FUNCTION quality_reviews()
  RETURNS TABLE (id uuid, open boolean, kind text, level text, house uuid, at timestamptz,
                 demo boolean, conclusion text, decisive boolean, in_time boolean)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT CASE WHEN o.open THEN r.id END, o.open, r.kind, r.level, r.facility_id, r.concluded_at,
         r.demo, r.conclusion,
         r.death_review_id IS NULL OR r.level = 'county' OR NOT EXISTS (
           SELECT 1 FROM public.case_review a
            WHERE a.death_review_id = r.death_review_id AND a.level = 'county'
              AND a.concluded_at IS NOT NULL),
         r.held_at <= r.due_at
    FROM public.case_review r
   CROSS JOIN LATERAL (SELECT public.app_is_system() OR public.app_reads_review(r.id) AS open) o
   WHERE r.concluded_at IS NOT NULL
     AND (public.app_is_system() OR public.app_convenes_review(r.id)
       OR public.app_counts_reviews(r.region_id))
$$;
COMMENT ON FUNCTION quality_reviews IS
  'concluded reviews for those who count them; decisive: no higher level has concluded as well';

CREATE FUNCTION quality_review_measures()
  RETURNS TABLE (id uuid, open boolean, kind text, house uuid, at timestamptz,
                 ends_at timestamptz, demo boolean, done boolean, dropped boolean,
                 verified boolean, in_time boolean)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT CASE WHEN o.open THEN r.id END, o.open, r.kind, r.facility_id,
         m.due_on::timestamp AT TIME ZONE 'Asia/Shanghai',
         (m.due_on + 1)::timestamp AT TIME ZONE 'Asia/Shanghai',
         r.demo, m.state = 'verified', m.state = 'dropped', m.state = 'verified',
         m.state = 'verified'
           AND m.done_at < (m.due_on + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
    FROM public.review_measure m
    JOIN public.case_review r ON r.id = m.review_id
   CROSS JOIN LATERAL (SELECT public.app_is_system() OR public.app_reads_review(r.id) AS open) o
   WHERE public.app_is_system() OR public.app_convenes_review(r.id)
      OR public.app_counts_reviews(r.region_id)
$$;
COMMENT ON FUNCTION quality_review_measures IS
  'measures of reviews for those who count them; in_time: done by its day, and verified';
REVOKE ALL ON FUNCTION app_counts_reviews, quality_death_steps, quality_reviews,
  quality_review_measures FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app_counts_reviews, quality_death_steps, quality_reviews,
  quality_review_measures TO yunshang_app, yunshang_system;

CREATE OR REPLACE VIEW quality_page WITH (security_invoker = true) AS
SELECT id, 'case' AS page FROM referral
UNION ALL SELECT id, 'case_file' FROM case_file
UNION ALL SELECT id, 'consult' FROM consult_request
UNION ALL SELECT id, 'guidance' FROM guidance_session
UNION ALL SELECT id, 'reading' FROM ctg_reading
UNION ALL SELECT id, 'review' FROM case_review;
"""

# What a member adds to numerator and denominator: of a rate the amounts, of all others itself.
FROZEN = """
ALTER TABLE indicator_frozen_member ADD COLUMN part bigint, ADD COLUMN whole bigint;
COMMENT ON COLUMN indicator_frozen_member.part IS
  'what it adds to the numerator; null where it was frozen before there were rates';
"""


def _run(script: str) -> None:
    for statement in statements(script):
        op.execute(statement)


def upgrade() -> None:
    _run(VIEWS)
    for table, (view, sheet) in IMPORTED.items():
        _run(KEEP.format(table=table, view=view))
        _run(TAKE.format(table=table, view=view, sheet=sheet))
    imported = IMPORTED_BEFORE | {table: view for table, (view, _) in IMPORTED.items()}
    rebuild = "\n".join(
        [f"  DELETE FROM public.{table};" for table in (*BY_CASE, *imported)]
        + [
            f"  INSERT INTO public.{table} SELECT v.* FROM public.{view} v;"
            for table, view in imported.items()
        ]
    )
    _run(REBUILD.format(rebuild=rebuild))
    _run(COUNTED)
    _run(FROZEN)
