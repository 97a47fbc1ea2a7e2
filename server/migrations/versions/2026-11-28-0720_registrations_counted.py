"""Registrations, drills and what is handed in are counted.

A registration is a fact of its own, kept up by the transaction that registers her, grades her or
opens her file, from the row that it writes: the owner of the tables reads no pregnancy, and nothing
of who she is stands in the fact. Drills and returns are few, and read as they are by
functions that show a house's to whoever oversees it.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0070_registrations_counted"
down_revision = "0069_severe_outcomes"

# Asked house by house `app_sees_house` cost a page twenty milliseconds for each kind of fact.
HOUSES = """
CREATE FUNCTION app_houses() RETURNS SETOF uuid LANGUAGE sql STABLE ROWS 300 AS $$
  SELECT unnest(public.app_facilities())
  UNION
  SELECT f.id FROM public.facility f
   WHERE public.app_has_role('medical_affairs') AND public.app_works_at(f.id)
  UNION
  SELECT f.id FROM public.facility f
    JOIN public.region_closure c ON c.descendant_id = f.region_id
   WHERE (public.app_has_role('coordinator') OR public.app_has_role('commission'))
     AND c.ancestor_id IN (SELECT unnest(public.app_regions()))
$$;
COMMENT ON FUNCTION app_houses IS 'all houses for which app_sees_house holds';
"""
FACTS_OF_HOUSES = (
    "fact_delivery", "fact_newborn", "fact_annual_return", "fact_practice_card",
    "fact_child_return", "fact_institution_return",
)  # fmt: skip
SEES_CELLS = """
ALTER POLICY app_reads ON fact_cell USING (
  (population <> 'cases' AND house IN (SELECT h.id FROM app_houses() AS h (id)))
  OR (population = 'cases'
      AND (SELECT app_has_role('coordinator') OR app_has_role('commission'))
      AND (region_ids[1] IN (SELECT c.descendant_id FROM region_closure c
                              WHERE c.ancestor_id = ANY(app_regions()))
        OR (cardinality(region_ids) > 1
          AND region_ids && ARRAY(SELECT c.descendant_id FROM region_closure c
                                   WHERE c.ancestor_id = ANY(app_regions()))))));
"""

# The grade that stands, as registry/risk/queries.py has it: the newest assessment somebody decided,
# else the newest screening. The view is what the triggers below come to, for who may read it all.
REGISTRATIONS = """
CREATE INDEX ix_case_file_pregnancy ON case_file (pregnancy_id);
CREATE FUNCTION fact_high_risk(colour text, purple boolean) RETURNS boolean
  LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT coalesce(colour IN ('orange', 'pink', 'red', 'critical'), false) OR coalesce(purple, false)
$$;
CREATE VIEW fact_pregnancy_now WITH (security_invoker = true) AS
SELECT p.id AS pregnancy_id, p.facility_id, p.created_at AS at, h.demo,
       g.id IS NOT NULL AS assessed, g.colour, g.purple,
       CASE WHEN g.id IS NOT NULL THEN fact_high_risk(g.colour, g.purple) END AS at_high_risk,
       f.id AS file_id, g.kind AS grade_kind, g.at AS graded_at, g.id AS grade_id,
       (SELECT bool_and(r.drill) FROM referral r WHERE r.pregnancy_id = p.id) AS drill
  FROM pregnancy p
  JOIN facility h ON h.id = p.facility_id
  LEFT JOIN LATERAL (
    SELECT r.id, r.kind, r.at, r.colour, r.purple FROM risk_grade r
     WHERE r.pregnancy_id = p.id AND r.status IN ('confirmed', 'overridden')
     ORDER BY r.kind = 'assessment' DESC, r.at DESC, r.id DESC LIMIT 1) g ON true
  LEFT JOIN LATERAL (
    SELECT c.id FROM case_file c WHERE c.pregnancy_id = p.id AND c.state <> 'voided'
     ORDER BY c.opened_at, c.id LIMIT 1) f ON true;
COMMENT ON VIEW fact_pregnancy_now IS
  'registrations: graded or not, with a case file or not; drill: sent in drills and no other way';
GRANT SELECT ON fact_pregnancy_now TO yunshang_app, yunshang_system;

CREATE TABLE fact_pregnancy AS SELECT * FROM fact_pregnancy_now WITH NO DATA;
ALTER TABLE fact_pregnancy ADD PRIMARY KEY (pregnancy_id);
CREATE INDEX ix_fact_pregnancy_at ON fact_pregnancy (at);
COMMENT ON TABLE fact_pregnancy IS 'what fact_pregnancy_now shows, kept';
ALTER TABLE fact_pregnancy ENABLE ROW LEVEL SECURITY;
ALTER TABLE fact_pregnancy FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_all ON fact_pregnancy TO yunshang_owner USING (true) WITH CHECK (true);
CREATE POLICY system_reads ON fact_pregnancy FOR SELECT TO yunshang_system USING (true);
CREATE POLICY app_reads ON fact_pregnancy FOR SELECT TO yunshang_app
  USING (facility_id IN (SELECT h.id FROM app_houses() AS h (id)));
GRANT SELECT ON fact_pregnancy TO yunshang_app, yunshang_system;
"""

# For this transaction alone: what was registered before becomes facts.
ONCE = """
CREATE POLICY owner_reads_once ON pregnancy FOR SELECT TO yunshang_owner USING (true);
CREATE POLICY owner_reads_once ON risk_grade FOR SELECT TO yunshang_owner USING (true);
CREATE POLICY owner_reads_once ON referral FOR SELECT TO yunshang_owner USING (true);
INSERT INTO fact_pregnancy SELECT * FROM fact_pregnancy_now;
DROP POLICY owner_reads_once ON pregnancy;
DROP POLICY owner_reads_once ON risk_grade;
DROP POLICY owner_reads_once ON referral;
"""

WRITE = """
CREATE FUNCTION fact_note_registered() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  INSERT INTO public.fact_pregnancy (pregnancy_id, facility_id, at, demo, assessed)
    SELECT NEW.id, NEW.facility_id, NEW.created_at, h.demo, false
      FROM public.facility h WHERE h.id = NEW.facility_id;
  RETURN NULL;
END
$$;
CREATE FUNCTION fact_note_graded() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  UPDATE public.fact_pregnancy f
     SET assessed = true, colour = NEW.colour, purple = NEW.purple,
         at_high_risk = public.fact_high_risk(NEW.colour, NEW.purple),
         grade_kind = NEW.kind, graded_at = NEW.at, grade_id = NEW.id
   WHERE f.pregnancy_id = NEW.pregnancy_id
     AND (f.grade_id IS NULL OR (NEW.kind = 'assessment', NEW.at, NEW.id)
                              > (f.grade_kind = 'assessment', f.graded_at, f.grade_id));
  RETURN NULL;
END
$$;
CREATE FUNCTION fact_note_filed() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  UPDATE public.fact_pregnancy f
     SET file_id = (SELECT c.id FROM public.case_file c
                     WHERE c.pregnancy_id = NEW.pregnancy_id AND c.state <> 'voided'
                     ORDER BY c.opened_at, c.id LIMIT 1)
   WHERE f.pregnancy_id = NEW.pregnancy_id;
  RETURN NULL;
END
$$;
CREATE FUNCTION fact_note_sent() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  UPDATE public.fact_pregnancy f SET drill = coalesce(f.drill, true) AND NEW.drill
   WHERE f.pregnancy_id = NEW.pregnancy_id
     AND f.drill IS DISTINCT FROM (coalesce(f.drill, true) AND NEW.drill);
  RETURN NULL;
END
$$;
CREATE TRIGGER fact_note_sent AFTER INSERT ON referral
  FOR EACH ROW EXECUTE FUNCTION fact_note_sent();
CREATE TRIGGER fact_note_registered AFTER INSERT ON pregnancy
  FOR EACH ROW EXECUTE FUNCTION fact_note_registered();
CREATE TRIGGER fact_note_graded AFTER INSERT ON risk_grade
  FOR EACH ROW WHEN (NEW.status IN ('confirmed', 'overridden')) EXECUTE FUNCTION fact_note_graded();
CREATE TRIGGER fact_note_filed AFTER INSERT OR UPDATE OF state ON case_file
  FOR EACH ROW EXECUTE FUNCTION fact_note_filed();
"""

# As 0066 for the others: of past weeks cells are kept, until a fact of theirs changes.
CELLS = """
ALTER TABLE fact_cell DROP CONSTRAINT fact_cell_population_check,
  ADD CONSTRAINT fact_cell_population_check
    CHECK (population IN ('cases', 'deliveries', 'newborns', 'pregnancies'));
CREATE FUNCTION fact_pregnancy_changed() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  INSERT INTO public.fact_cell_changed (population, week, house)
  SELECT DISTINCT 'pregnancies', public.fact_week(t.at), t.facility_id
    FROM touched t
   WHERE public.fact_week(t.at) < public.fact_week(clock_timestamp())
   ORDER BY 2, 3
  ON CONFLICT DO NOTHING;
  RETURN NULL;
END
$$;
CREATE TRIGGER fact_pregnancy_added AFTER INSERT ON fact_pregnancy REFERENCING NEW TABLE AS touched
  FOR EACH STATEMENT EXECUTE FUNCTION fact_pregnancy_changed();
CREATE TRIGGER fact_pregnancy_moved AFTER UPDATE ON fact_pregnancy REFERENCING NEW TABLE AS touched
  FOR EACH STATEMENT EXECUTE FUNCTION fact_pregnancy_changed();
"""

HELD = """
CREATE FUNCTION quality_exercises()
  RETURNS TABLE (id uuid, facility_id uuid, at timestamptz, kind text, scenario text,
                 debriefed boolean)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT e.id, e.facility_id, e.begun_at, e.kind, e.scenario, e.state = 'debriefed'
    FROM public.quality_exercise e
   WHERE e.state IN ('over', 'debriefed')
     AND (public.app_is_system() OR e.facility_id IN (
           SELECT h.id FROM public.app_houses() AS h (id)))
$$;
COMMENT ON FUNCTION quality_exercises IS 'drills that were held; at: when they began';
CREATE FUNCTION quality_handed_in()
  RETURNS TABLE (id uuid, facility_id uuid, at timestamptz, form text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT r.id, r.facility_id, r.submitted_at, r.form
    FROM public.quality_return r
   WHERE r.state = 'submitted'
     AND (public.app_is_system() OR r.facility_id IN (
           SELECT h.id FROM public.app_houses() AS h (id)))
$$;
COMMENT ON FUNCTION quality_handed_in IS 'returns and minutes that were handed in; at: when';
REVOKE ALL ON FUNCTION quality_exercises, quality_handed_in FROM PUBLIC;
GRANT EXECUTE ON FUNCTION quality_exercises, quality_handed_in TO yunshang_app, yunshang_system;

CREATE OR REPLACE VIEW quality_page WITH (security_invoker = true) AS
SELECT id, 'case' AS page FROM referral
UNION ALL SELECT id, 'case_file' FROM case_file
UNION ALL SELECT id, 'consult' FROM consult_request
UNION ALL SELECT id, 'guidance' FROM guidance_session
UNION ALL SELECT id, 'reading' FROM ctg_reading
UNION ALL SELECT id, 'review' FROM case_review
UNION ALL SELECT id, 'exercise' FROM quality_exercise
UNION ALL SELECT id, 'return' FROM quality_return;
"""


def upgrade() -> None:
    for script in (HOUSES, REGISTRATIONS, ONCE, WRITE, CELLS, HELD, SEES_CELLS):
        for statement in statements(script):
            op.execute(statement)
    for table in FACTS_OF_HOUSES:
        op.execute(
            f"ALTER POLICY app_reads ON {table}"
            " USING (facility_id IN (SELECT h.id FROM app_houses() AS h (id)))"
        )
