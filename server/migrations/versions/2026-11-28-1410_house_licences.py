"""Licences of houses for maternal and child care are imported, and counted like those of people."""

from alembic import op

from server.migrations.sql import statements

revision = "0076_house_licences"
down_revision = "0075_reviews_read_at_once"

BY_CASE = ("fact_case", "fact_guidance", "fact_consult", "fact_case_file")
IMPORTED = {
    "fact_delivery": "quality_delivery",
    "fact_newborn": "quality_newborn",
    "fact_annual_return": "quality_annual_return",
    "fact_practice_card": "quality_practice_card",
    "fact_child_return": "quality_child_return",
    "fact_institution_return": "quality_institution_return",
    "fact_house_licence": "quality_house_licence",
}

LICENCES = """
ALTER TABLE import_batch
  DROP CONSTRAINT import_batch_sheet_check,
  ADD CONSTRAINT import_batch_sheet_check
    CHECK (sheet IN ('front_pages', 'birth_cards', 'annual_returns', 'practice_cards',
                     'child_returns', 'institution_returns', 'house_licences'));

CREATE VIEW quality_house_licence WITH (security_invoker = true) AS
SELECT i.number, i.facility_id, i.day, d.service, d.active, i.key_hash
  FROM quality_imported i
 CROSS JOIN LATERAL jsonb_to_record(i.content) AS d (service text, active boolean)
 WHERE i.sheet = 'house_licences';
COMMENT ON VIEW quality_house_licence IS
  'what a house is licensed for, as the newest file says; day: of issue';
GRANT SELECT ON quality_house_licence TO yunshang_app, yunshang_system;

CREATE TABLE fact_house_licence AS SELECT * FROM quality_house_licence WITH NO DATA;
ALTER TABLE fact_house_licence ADD PRIMARY KEY (facility_id, key_hash);
COMMENT ON TABLE fact_house_licence IS 'what quality_house_licence shows, kept';
ALTER TABLE fact_house_licence ENABLE ROW LEVEL SECURITY;
ALTER TABLE fact_house_licence FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_all ON fact_house_licence TO yunshang_owner USING (true) WITH CHECK (true);
CREATE POLICY system_reads ON fact_house_licence FOR SELECT TO yunshang_system USING (true);
CREATE POLICY app_reads ON fact_house_licence FOR SELECT TO yunshang_app
  USING (facility_id IN (SELECT f.id FROM facility f WHERE app_sees_house(f.id)));
GRANT SELECT ON fact_house_licence TO yunshang_app, yunshang_system;

CREATE FUNCTION fact_house_licence_take() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  DELETE FROM public.fact_house_licence f USING fresh n
   WHERE n.sheet = 'house_licences' AND f.facility_id = n.facility_id AND f.key_hash = n.key_hash;
  INSERT INTO public.fact_house_licence
  SELECT v.* FROM (SELECT DISTINCT n.facility_id, n.key_hash FROM fresh n
                    WHERE n.sheet = 'house_licences') n
   CROSS JOIN LATERAL (SELECT q.* FROM public.quality_house_licence q
                        WHERE q.facility_id = n.facility_id AND q.key_hash = n.key_hash) v;
  RETURN NULL;
END
$$;
CREATE TRIGGER fact_house_licence_take AFTER INSERT ON imported_row
  REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION fact_house_licence_take();
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


def _rebuilt() -> str:
    emptied = [f"  DELETE FROM public.{table};" for table in (*BY_CASE, *IMPORTED)]
    filled = [
        f"  INSERT INTO public.{table} SELECT v.* FROM public.{view} v;"
        for table, view in IMPORTED.items()
    ]
    return REBUILD.format(rebuild="\n".join([*emptied, *filled]))


def upgrade() -> None:
    for statement in statements(LICENCES + _rebuilt()):
        op.execute(statement)
