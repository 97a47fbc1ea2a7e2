"""Registrations, drills and what is handed in are counted.

A registration is a fact of its own, written anew in the transaction that grades her or opens her
file: nothing of who she is stands in it. Drills and returns are few, and read as they are by
functions that show a house's to whoever oversees it.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0070_registrations_counted"
down_revision = "0069_severe_outcomes"

# The grade that stands, as registry/risk/queries.py has it: the newest assessment somebody decided,
# else the newest screening.
REGISTRATIONS = """
CREATE INDEX ix_case_file_pregnancy ON case_file (pregnancy_id);
CREATE POLICY owner_reads ON pregnancy FOR SELECT TO yunshang_owner USING (true);
CREATE POLICY owner_reads ON risk_grade FOR SELECT TO yunshang_owner USING (true);

CREATE VIEW fact_pregnancy_now WITH (security_invoker = true) AS
SELECT p.id AS pregnancy_id, p.facility_id, p.created_at AS at, h.demo,
       g.id IS NOT NULL AS assessed, g.colour, g.purple,
       CASE WHEN g.id IS NOT NULL
            THEN coalesce(g.colour IN ('orange', 'pink', 'red', 'critical'), false)
              OR coalesce(g.purple, false) END AS at_high_risk,
       f.id AS file_id
  FROM pregnancy p
  JOIN facility h ON h.id = p.facility_id
  LEFT JOIN LATERAL (
    SELECT r.id, r.colour, r.purple FROM risk_grade r
     WHERE r.pregnancy_id = p.id AND r.status IN ('confirmed', 'overridden')
     ORDER BY r.kind = 'assessment' DESC, r.at DESC, r.id DESC LIMIT 1) g ON true
  LEFT JOIN LATERAL (
    SELECT c.id FROM case_file c WHERE c.pregnancy_id = p.id AND c.state <> 'voided'
     ORDER BY c.opened_at LIMIT 1) f ON true;
COMMENT ON VIEW fact_pregnancy_now IS 'registrations: graded or not, with a case file or not';
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
  USING (facility_id IN (SELECT f.id FROM facility f WHERE app_sees_house(f.id)));
GRANT SELECT ON fact_pregnancy TO yunshang_app, yunshang_system;
"""

# One at a time for a woman; each statement sees what the one before it wrote.
WRITE = """
CREATE FUNCTION fact_write_pregnancy(wanted uuid) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('fact_pregnancy ' || wanted::text, 0));
  DELETE FROM public.fact_pregnancy f WHERE f.pregnancy_id = wanted;
  INSERT INTO public.fact_pregnancy
    SELECT v.* FROM public.fact_pregnancy_now v WHERE v.pregnancy_id = wanted;
END
$$;
REVOKE ALL ON FUNCTION fact_write_pregnancy FROM PUBLIC;
CREATE FUNCTION fact_note_registered() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM public.fact_write_pregnancy(NEW.id);
  RETURN NULL;
END
$$;
CREATE FUNCTION fact_note_graded() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM public.fact_write_pregnancy(NEW.pregnancy_id);
  RETURN NULL;
END
$$;
CREATE TRIGGER fact_note_registered AFTER INSERT ON pregnancy
  FOR EACH ROW EXECUTE FUNCTION fact_note_registered();
CREATE TRIGGER fact_note_graded AFTER INSERT ON risk_grade
  FOR EACH ROW WHEN (NEW.status IN ('confirmed', 'overridden')) EXECUTE FUNCTION fact_note_graded();
CREATE TRIGGER fact_note_filed AFTER INSERT OR UPDATE OF state ON case_file
  FOR EACH ROW EXECUTE FUNCTION fact_note_graded();
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
CREATE TRIGGER fact_pregnancy_gone AFTER DELETE ON fact_pregnancy REFERENCING OLD TABLE AS touched
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
           SELECT f.id FROM public.facility f WHERE public.app_sees_house(f.id)))
$$;
COMMENT ON FUNCTION quality_exercises IS 'drills that were held; at: when they began';
CREATE FUNCTION quality_handed_in()
  RETURNS TABLE (id uuid, facility_id uuid, at timestamptz, form text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT r.id, r.facility_id, r.submitted_at, r.form
    FROM public.quality_return r
   WHERE r.state = 'submitted'
     AND (public.app_is_system() OR r.facility_id IN (
           SELECT f.id FROM public.facility f WHERE public.app_sees_house(f.id)))
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

BY_CASE = ("fact_case", "fact_guidance", "fact_consult", "fact_case_file")
AT_ONCE = {
    "fact_delivery": "quality_delivery",
    "fact_newborn": "quality_newborn",
    "fact_annual_return": "quality_annual_return",
    "fact_practice_card": "quality_practice_card",
    "fact_child_return": "quality_child_return",
    "fact_institution_return": "quality_institution_return",
    "fact_pregnancy": "fact_pregnancy_now",
}
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


def upgrade() -> None:
    rebuild = "\n".join(
        [f"  DELETE FROM public.{table};" for table in (*BY_CASE, *AT_ONCE)]
        + [
            f"  INSERT INTO public.{table} SELECT v.* FROM public.{view} v;"
            for table, view in AT_ONCE.items()
        ]
    )
    scripts = (REGISTRATIONS, WRITE, CELLS, HELD, REBUILD.format(rebuild=rebuild))
    for script in scripts:
        for statement in statements(script):
            op.execute(statement)
    op.execute("INSERT INTO fact_pregnancy SELECT * FROM fact_pregnancy_now")
