"""Near-misses and deaths are counted from the chain; children's and institutions' returns come in.

A case says what became of her (`severe_outcome`) and which house had her then (`treating`). Where
the parts of a fraction are of two kinds (near-misses over live births, obstetricians over beds) a
view holds members of both, each with what it adds above and below.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0069_severe_outcomes"
down_revision = "0068_review_indicators"

# Of each fact table: the view that it keeps, and the sheet that fills it.
IMPORTED = {
    "fact_child_return": ("quality_child_return", "child_returns"),
    "fact_institution_return": ("quality_institution_return", "institution_returns"),
}
BY_CASE = ("fact_case", "fact_guidance", "fact_consult", "fact_case_file")
IMPORTED_BEFORE = {
    "fact_delivery": "quality_delivery",
    "fact_newborn": "quality_newborn",
    "fact_annual_return": "quality_annual_return",
    "fact_practice_card": "quality_practice_card",
}

# She was where she last arrived or was handed over; who came by herself, where she came to.
CASES = """
ALTER VIEW fact_case_now RENAME TO fact_case_told;
CREATE VIEW fact_case_now WITH (security_invoker = true) AS
SELECT t.*, o.severe_outcome, coalesce(f.id, t.origin) AS treating
  FROM fact_case_told t
 CROSS JOIN LATERAL (
   SELECT CASE WHEN bool_or(e.kind = 'review.opened' AND e.payload ->> 'who' = 'mother')
                 THEN 'death'
               WHEN bool_or(e.kind = 'near_miss.confirmed') THEN 'near_miss' END AS severe_outcome,
          (array_agg(coalesce(e.payload ->> 'facility_id', e.payload ->> 'receiver_facility')
                     ORDER BY e.seq DESC)
             FILTER (WHERE e.kind NOT IN ('review.opened', 'near_miss.confirmed')
               AND coalesce(e.payload ->> 'facility_id', e.payload ->> 'receiver_facility')
                   IS NOT NULL))[1] AS treating
     FROM quality_event e
    WHERE e.case_id = t.case_id
      AND e.kind IN ('referral.self_arrival', 'leg.arrived', 'leg.handed_over',
                     'near_miss.confirmed', 'review.opened')) o
  LEFT JOIN facility f ON f.id::text = o.treating;
GRANT SELECT ON fact_case_now TO yunshang_app, yunshang_system;
ALTER TABLE fact_case ADD COLUMN severe_outcome text, ADD COLUMN treating uuid;
CREATE INDEX ix_fact_case_severe ON fact_case (opened_at) WHERE severe_outcome IS NOT NULL;
"""

SHEETS = """
ALTER TABLE import_batch
  DROP CONSTRAINT import_batch_sheet_check,
  ADD CONSTRAINT import_batch_sheet_check
    CHECK (sheet IN ('front_pages', 'birth_cards', 'annual_returns', 'practice_cards',
                     'child_returns', 'institution_returns'));
"""

VIEWS = """
CREATE VIEW quality_child_return WITH (security_invoker = true) AS
SELECT i.number, i.at, i.facility_id, i.day, d.covers, d.residence, d.live_births,
       d.neonatal_deaths, d.infant_deaths, d.under5_deaths, i.key_hash
  FROM quality_imported i
 CROSS JOIN LATERAL jsonb_to_record(i.content) AS d (
   covers text, residence text, live_births int, neonatal_deaths int, infant_deaths int,
   under5_deaths int)
 WHERE i.sheet = 'child_returns';
COMMENT ON VIEW quality_child_return IS 'births and deaths of children in a year';

CREATE VIEW quality_institution_return WITH (security_invoker = true) AS
SELECT i.number, i.at, i.facility_id, i.day, d.obstetric_beds, i.key_hash
  FROM quality_imported i
 CROSS JOIN LATERAL jsonb_to_record(i.content) AS d (obstetric_beds int)
 WHERE i.sheet = 'institution_returns';
COMMENT ON VIEW quality_institution_return IS 'what an institution had in a year';
GRANT SELECT ON quality_child_return, quality_institution_return TO yunshang_app, yunshang_system;
"""

# Members of two kinds; what a kind does not have is nought, and its `day` is null if it has none.
TOGETHER = """
CREATE VIEW quality_severe_outcome WITH (security_invoker = true) AS
SELECT c.case_id, c.number, c.opened_at AS at, c.treating AS facility_id, c.demo,
       c.severe_outcome AS outcome, CAST(c.severe_outcome = 'near_miss' AS int) AS near_misses,
       CAST(c.severe_outcome = 'death' AS int) AS deaths
  FROM fact_case c
 WHERE c.severe_outcome IS NOT NULL AND NOT (c.drill OR c.voided OR c.back);
COMMENT ON VIEW quality_severe_outcome IS
  'women with a confirmed near-miss, and those who died, at the house that had them';

CREATE VIEW quality_outcome_and_birth WITH (security_invoker = true) AS
SELECT s.case_id, s.number, s.at, s.facility_id, s.demo, CAST(NULL AS date) AS day,
       'house' AS covers, 'all' AS residence, true AS woman, s.near_misses, s.deaths,
       1 AS severe_outcomes, 0 AS live_births
  FROM quality_severe_outcome s
UNION ALL
SELECT CAST(NULL AS uuid), r.number, r.at, r.facility_id, false, r.day, r.covers, r.residence,
       false, 0, 0, 0, r.live_births
  FROM fact_annual_return r;
COMMENT ON VIEW quality_outcome_and_birth IS
  'severe outcomes, and the rows of annual returns with the live births under them';

CREATE VIEW quality_obstetrician_and_bed WITH (security_invoker = true) AS
SELECT c.number, c.facility_id, CAST(NULL AS timestamptz) AS at, CAST(NULL AS date) AS day,
       c.day AS licensed_on, 1 AS obstetricians, 0 AS beds
  FROM fact_practice_card c
 WHERE c.profession = 'obstetrician' AND c.service = 'midwifery' AND c.active
UNION ALL
SELECT r.number, r.facility_id, r.at, r.day, CAST(NULL AS date), 0, r.obstetric_beds
  FROM fact_institution_return r;
COMMENT ON VIEW quality_obstetrician_and_bed IS
  'obstetricians at work by their licence for midwifery, and rows with the year''s obstetric beds';
GRANT SELECT ON quality_severe_outcome, quality_outcome_and_birth, quality_obstetrician_and_bed
  TO yunshang_app, yunshang_system;
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


def _run(script: str) -> None:
    for statement in statements(script):
        op.execute(statement)


def upgrade() -> None:
    _run(CASES)
    _run(SHEETS)
    _run(VIEWS)
    for table, (view, sheet) in IMPORTED.items():
        _run(KEEP.format(table=table, view=view))
        _run(TAKE.format(table=table, view=view, sheet=sheet))
    _run(TOGETHER)
    imported = IMPORTED_BEFORE | {table: view for table, (view, _) in IMPORTED.items()}
    rebuild = "\n".join(
        [f"  DELETE FROM public.{table};" for table in (*BY_CASE, *imported)]
        + [
            f"  INSERT INTO public.{table} SELECT v.* FROM public.{view} v;"
            for table, view in imported.items()
        ]
    )
    _run(REBUILD.format(rebuild=rebuild))
    op.execute("SELECT fact_rebuild()")
