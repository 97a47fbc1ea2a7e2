"""Facts: what the indicators count, kept as rows so that a province's year is counted in a second.

A fact table holds exactly what its view shows, and nothing else decides what a fact is: a case that
has news waits in `fact_pending`, and `fact_catch_up` writes its facts anew from the views, so facts
made step by step and facts made at once are the same rows. Imported rows become facts in the
statement that adds them. What a viewer sees of facts is what she sees of the cases behind them.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0048_facts"
down_revision = "0047_given_up_rows"

# A milestone that is added to referral/clocks/milestones.toml needs a column here, and a rebuild.
MILESTONES = """
abruption_suspected accepted advice_signed afe_suspected anaesthesia_started arrived birth
bleeding_controlled blood_arrived blood_issued blood_requested cardiac_arrest
circulation_returned closed coagulation_taken committed cord_prolapse cpr_started cultures_taken
decision_for_cs departed expert_online first_acknowledged first_delivered first_dose_antibiotic
first_dose_antihypertensive first_dose_magnesium first_dose_steroid first_dose_tranexamic_acid
first_dose_uterotonic fluids_started guided_in_place handed_over icu_admitted incision
intubation lactate_taken massive_transfusion newborn_admitted newborn_compressions
newborn_intubation newborn_ready newborn_resuscitation newborn_stable newborn_team_called
newborn_ventilation page_sent pph_recognised presenting_part_elevated request
second_line_haemostasis seizure sepsis_recognised severe_hypertension source_controlled
surfactant team_called team_present theatre_entered theatre_ready transfusion_started
""".split()  # noqa: SIM905

# Milestones whose words are asked for: class, room and anaesthesia of a caesarean.
SAID = ("anaesthesia_started", "birth", "decision_for_cs")

PENDING = """
CREATE TABLE fact_pending (
  no      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  case_id uuid NOT NULL
);
COMMENT ON TABLE fact_pending IS 'cases with news that their facts do not show yet: a queue';

CREATE FUNCTION fact_note_event() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  INSERT INTO public.fact_pending (case_id) VALUES (NEW.case_id);
  RETURN NULL;
END
$$;
CREATE FUNCTION fact_note_file() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  INSERT INTO public.fact_pending (case_id) VALUES (NEW.id);
  RETURN NULL;
END
$$;
-- Who answers for which area decides whether a session counts, also afterwards.
CREATE FUNCTION fact_note_area() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  INSERT INTO public.fact_pending (case_id) SELECT DISTINCT g.case_id FROM public.fact_guidance g;
  RETURN NULL;
END
$$;
"""

# Views of 0008 and 0040 once more, so that a single case is found by its id; what they show is
# the same. Of a consultation, `told_of` is set where another case tells of it. The two that are
# dropped have no reader any more.
VIEWS = """
DROP VIEW quality_guidance, quality_consult;

CREATE VIEW fact_case_now WITH (security_invoker = true) AS
SELECT k.case_id, k.opened_at, k.origin, k.number, k.drill, k.demo, k.back, k.voided, k.acuity,
       k.colour, k.condition, k.self_arrived, p.region_ids, a.receivers, f.id AS receiver,
       m.late, m.said, {columns}
  FROM quality_case k
 CROSS JOIN LATERAL ({regions} WHERE p.case_id = k.case_id AND p.role = 'origin') p
 CROSS JOIN LATERAL (
   SELECT array_agg(DISTINCT h.id ORDER BY h.id) AS receivers
     FROM quality_event e JOIN facility h ON h.id::text = e.payload ->> 'facility_id'
    WHERE e.case_id = k.case_id AND e.kind = 'offer.accepted') a
 CROSS JOIN LATERAL (
   SELECT array_agg(q.milestone ORDER BY q.milestone) FILTER (WHERE q.late) AS late,
          jsonb_object_agg(q.milestone, q.payload) FILTER (WHERE q.milestone IN ({said})) AS said,
          max(q.payload ->> 'facility_id') FILTER (WHERE q.milestone = 'accepted') AS receiver,
          {reached}
     FROM quality_milestone q WHERE q.case_id = k.case_id) m
  LEFT JOIN facility f ON f.id::text = m.receiver;

CREATE VIEW fact_guidance_now WITH (security_invoker = true) AS
SELECT e.case_id, e.at, e.late, e.simulated OR coalesce(k.demo, false) AS demo,
       e.said_drill OR coalesce(k.drill, false) AS drill, coalesce(k.voided, false) AS voided,
       e.centre, e.institution, c.tier IN ('province', 'city') AS upper_tier,
       EXISTS (
         SELECT 1 FROM facility i
           JOIN region_closure r ON r.descendant_id = i.region_id
           JOIN responsible_area a ON a.region_id = r.ancestor_id AND a.centre_id = e.centre
            AND a.during @> (e.at AT TIME ZONE 'Asia/Shanghai')::date
          WHERE i.id = e.institution AND i.id <> e.centre) AS in_area,
       p.region_ids
  FROM (SELECT DISTINCT ON (g.case_id, g.original ->> 'centre_facility')
               g.case_id, g.at, g.late,
               (g.original ->> 'centre_facility')::uuid AS centre,
               (g.original ->> 'institution_facility')::uuid AS institution,
               g.source = 'simulated' AS simulated,
               coalesce(g.original -> 'drill' = 'true'::jsonb, false) AS said_drill
          FROM quality_event g WHERE g.kind = 'guidance.session'
         ORDER BY g.case_id, g.original ->> 'centre_facility', g.late, g.at, g.seq) e
 CROSS JOIN LATERAL ({regions} WHERE p.case_id = e.case_id AND p.role = 'origin') p
  LEFT JOIN LATERAL (SELECT x.demo, x.drill, x.voided FROM quality_case x
                      WHERE x.case_id = e.case_id) k ON true
  LEFT JOIN facility c ON c.id = e.centre;

CREATE VIEW fact_consult_now WITH (security_invoker = true) AS
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
 CROSS JOIN LATERAL ({regions} WHERE p.case_id = a.case_id AND p.role = 'origin') p
  LEFT JOIN LATERAL (SELECT x.drill FROM quality_case x WHERE x.case_id = a.case_id) k ON true
 WHERE a.kind = 'consult.asked';

CREATE VIEW fact_case_file_now WITH (security_invoker = true) AS
SELECT f.*, p.region_ids
  FROM (SELECT case_id, number, opened_at, facility_id, colour, purple, demo, voided, agreed,
               report_due, reported_in_time FROM quality_case_file) f
 CROSS JOIN LATERAL ({regions} WHERE p.case_id = f.case_id AND p.role = 'origin') p;

CREATE OR REPLACE VIEW quality_imported WITH (security_invoker = true) AS
SELECT r.sheet, r.facility_id, r.day, r.content,
       (r.day::timestamp AT TIME ZONE 'Asia/Shanghai') AS at,
       to_char(b.added_at AT TIME ZONE 'Asia/Shanghai', 'YYYYMMDD') || '-'
         || right(b.id::text, 6) || '/' || r.row_no AS number,
       r.key_hash
  FROM imported_row r JOIN import_batch b ON b.id = r.batch_id
 WHERE NOT EXISTS (SELECT 1 FROM imported_row n
                    WHERE n.facility_id = r.facility_id AND n.sheet = r.sheet
                      AND n.key_hash = r.key_hash AND n.id > r.id);

CREATE OR REPLACE VIEW quality_delivery WITH (security_invoker = true) AS
SELECT i.number, i.at, i.facility_id,
       d.gestation_days >= 196 AS from_28_weeks,
       d.gestation_days BETWEEN 196 AND 258 AS preterm,
       d.gestation_days BETWEEN 196 AND 237 AS early_preterm,
       d.mode IN ('caesarean', 'converted') AS caesarean,
       d.mode = 'vaginal' AS vaginal,
       d.primiparous, d.neuraxial,
       d.blood_loss_24h_ml >= 1000 AS severe_haemorrhage,
       d.red_cells_u >= 1 AS transfused,
       d.hysterectomy, d.reoperation, d.died, d.admission = 'transferred' AS transferred_in,
       i.key_hash
  FROM quality_imported i
 CROSS JOIN LATERAL jsonb_to_record(i.content) AS d (
   gestation_days int, mode text, primiparous boolean, neuraxial boolean, blood_loss_24h_ml int,
   red_cells_u float8, hysterectomy boolean, reoperation boolean, died boolean, admission text)
 WHERE i.sheet = 'front_pages';

CREATE OR REPLACE VIEW quality_newborn WITH (security_invoker = true) AS
SELECT i.number, i.at, i.facility_id, d.live_born,
       d.gestation_days >= 196 OR d.weight_g >= 1000 AS from_28_weeks,
       d.gestation_days >= 259 AS term,
       d.weight_g >= 4000 AS macrosomic,
       d.apgar5 < 7 AS apgar5_below_7,
       i.key_hash
  FROM quality_imported i
 CROSS JOIN LATERAL jsonb_to_record(i.content) AS d (
   gestation_days int, weight_g int, apgar5 int, live_born boolean)
 WHERE i.sheet = 'birth_cards';
"""
REGIONS = "SELECT array_agg(p.region_id ORDER BY p.id) AS region_ids FROM case_party p"

# Of each fact table: the view that it keeps, and its key.
BY_CASE = {
    "fact_case": "case_id",
    "fact_guidance": "",  # a session may name no centre
    "fact_consult": "case_id, seq",
    "fact_case_file": "case_id",
}
IMPORTED = {
    "fact_delivery": ("quality_delivery", "front_pages"),
    "fact_newborn": ("quality_newborn", "birth_cards"),
}

INDEXES = """
CREATE INDEX ix_fact_case_opened ON fact_case (opened_at);
CREATE INDEX ix_fact_guidance_at ON fact_guidance (at);
CREATE INDEX ix_fact_guidance_case ON fact_guidance (case_id);
CREATE INDEX ix_fact_consult_told_of ON fact_consult (told_of) WHERE told_of IS NOT NULL;
CREATE INDEX ix_fact_consult_asked ON fact_consult (asked_at);
CREATE INDEX ix_fact_case_file_opened ON fact_case_file (opened_at);
CREATE INDEX ix_fact_delivery_at ON fact_delivery (at);
CREATE INDEX ix_fact_newborn_at ON fact_newborn (at);
"""

# Whoever catches up holds the lock to the end of her transaction, so that no two write one fact;
# who finds nothing left holds nothing.
CATCH_UP = """
CREATE FUNCTION fact_catch_up(most int) RETURNS bigint
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  ids uuid[];
BEGIN
  IF NOT EXISTS (SELECT 1 FROM public.fact_pending) THEN
    RETURN 0;
  END IF;
  PERFORM pg_advisory_lock(7283010);
  IF EXISTS (SELECT 1 FROM public.fact_pending) THEN
    PERFORM pg_advisory_xact_lock(7283010);
  END IF;
  PERFORM pg_advisory_unlock(7283010);
  WITH due AS (
    SELECT p.case_id FROM public.fact_pending p GROUP BY p.case_id ORDER BY min(p.no) LIMIT most
  ), taken AS (
    DELETE FROM public.fact_pending p USING due d WHERE p.case_id = d.case_id RETURNING p.case_id
  ) SELECT array_agg(DISTINCT t.case_id) INTO ids FROM taken t;
  IF ids IS NOT NULL THEN
{refresh}
  END IF;
  RETURN (SELECT count(DISTINCT p.case_id) FROM public.fact_pending p);
END
$$;
CREATE FUNCTION fact_rebuild() RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(7283010);
{rebuild}
  INSERT INTO public.fact_pending (case_id)
    SELECT h.case_id FROM public.case_head h UNION SELECT f.id FROM public.case_file f;
END
$$;
REVOKE ALL ON FUNCTION fact_catch_up, fact_rebuild FROM PUBLIC;
GRANT EXECUTE ON FUNCTION fact_catch_up TO yunshang_app, yunshang_system;
GRANT EXECUTE ON FUNCTION fact_rebuild TO yunshang_system;
"""
IMPORT = """
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

TRIGGERS = """
CREATE TRIGGER fact_note_event AFTER INSERT ON case_event
  FOR EACH ROW EXECUTE FUNCTION fact_note_event();
CREATE TRIGGER fact_note_party AFTER INSERT ON case_party
  FOR EACH ROW WHEN (NEW.role = 'origin') EXECUTE FUNCTION fact_note_event();
CREATE TRIGGER fact_note_file AFTER INSERT OR UPDATE ON case_file
  FOR EACH ROW EXECUTE FUNCTION fact_note_file();
CREATE TRIGGER fact_note_report AFTER INSERT OR UPDATE ON case_file_report
  FOR EACH ROW EXECUTE FUNCTION fact_note_event();
CREATE TRIGGER fact_note_area AFTER INSERT OR UPDATE ON responsible_area
  FOR EACH STATEMENT EXECUTE FUNCTION fact_note_area();
"""

# As app_sees_case, which asks case by case, for many at once: own house, own person, own area.
SEES_CASES = """
  ((SELECT app_has_role('coordinator') OR app_has_role('commission'))
    AND (region_ids[1] IN (SELECT c.descendant_id FROM region_closure c
                            WHERE c.ancestor_id = ANY(app_regions()))
      OR (cardinality(region_ids) > 1
        AND region_ids && ARRAY(SELECT c.descendant_id FROM region_closure c
                                 WHERE c.ancestor_id = ANY(app_regions())))))
  OR case_id IN (SELECT p.case_id FROM case_party p
                  WHERE p.facility_id = ANY(app_facilities()) OR p.person_id = app_person())
"""
SEES_HOUSES = "facility_id IN (SELECT f.id FROM facility f WHERE app_sees_house(f.id))"


def _run(script: str) -> None:
    for statement in statements(script):
        op.execute(statement)


def _keep(table: str, view: str, key: str, sees: str) -> None:
    op.execute(f"CREATE TABLE {table} AS SELECT * FROM {view} WITH NO DATA")
    if key:
        op.execute(f"ALTER TABLE {table} ADD PRIMARY KEY ({key})")
    op.execute(f"COMMENT ON TABLE {table} IS 'what {view} shows, kept'")
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY owner_all ON {table} TO yunshang_owner USING (true) WITH CHECK (true)"
    )
    op.execute(f"CREATE POLICY system_reads ON {table} FOR SELECT TO yunshang_system USING (true)")
    op.execute(f"CREATE POLICY app_reads ON {table} FOR SELECT TO yunshang_app USING ({sees})")
    op.execute(f"GRANT SELECT ON {table} TO yunshang_app, yunshang_system")


def upgrade() -> None:
    _run(PENDING)
    views = VIEWS.format(
        columns=", ".join(f"m.m_{name}" for name in MILESTONES),
        reached=", ".join(
            f"max(q.at) FILTER (WHERE q.milestone = '{name}') AS m_{name}" for name in MILESTONES
        ),
        said=", ".join(f"'{name}'" for name in SAID),
        regions=REGIONS,
    )
    _run(views)
    op.execute(
        f"GRANT SELECT ON {', '.join(f'{table}_now' for table in BY_CASE)}"
        " TO yunshang_app, yunshang_system"
    )
    for table, key in BY_CASE.items():
        _keep(table, f"{table}_now", key, SEES_CASES)
    for table, (view, sheet) in IMPORTED.items():
        _keep(table, view, "facility_id, key_hash", SEES_HOUSES)
        _run(IMPORT.format(table=table, view=view, sheet=sheet))
    for table in ("import_batch", "imported_row", "case_file", "case_file_report"):
        op.execute(
            f"CREATE POLICY owner_reads ON {table} FOR SELECT TO yunshang_owner USING (true)"
        )
    op.execute("ALTER TABLE fact_pending ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE fact_pending FORCE ROW LEVEL SECURITY")
    op.execute("CREATE POLICY owner_all ON fact_pending TO yunshang_owner USING (true)")
    _run(INDEXES)
    refresh = "\n".join(
        f"    DELETE FROM public.{table} f WHERE f.case_id = ANY(ids);\n"
        f"    INSERT INTO public.{table}"
        f" SELECT v.* FROM public.{table}_now v WHERE v.case_id = ANY(ids);"
        for table in BY_CASE
    )
    rebuild = "\n".join(
        [f"  DELETE FROM public.{table};" for table in (*BY_CASE, *IMPORTED)]
        + [
            f"  INSERT INTO public.{table} SELECT v.* FROM public.{view} v;"
            for table, (view, _) in IMPORTED.items()
        ]
    )
    _run(CATCH_UP.format(refresh=refresh, rebuild=rebuild))
    _run(TRIGGERS)
    op.execute("SELECT fact_rebuild()")
