"""What people write beside a chart of an indicator: of a house, or of a region.

A house's note is read by whoever reads its figures, a region's by everybody of the region, of its
parts and above it. It is never changed; who wrote it, or who writes there, may take it back.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0077_chart_notes"
down_revision = "0076_house_licences"

NOTES = """
CREATE TABLE chart_note (
  id           uuid PRIMARY KEY,
  code         text NOT NULL CHECK (length(code) BETWEEN 1 AND 60),
  facility_id  uuid REFERENCES facility (id),
  region_id    uuid REFERENCES region (id),
  month        date NOT NULL CHECK (extract(day FROM month) = 1),
  said         text NOT NULL CHECK (length(said) BETWEEN 1 AND 200
                                    AND said !~ '[\\u0001-\\u001F\\u007F]'),
  written_by   uuid NOT NULL REFERENCES person (id),
  written_at   timestamptz NOT NULL,
  withdrawn_by uuid REFERENCES person (id),
  withdrawn_at timestamptz,
  CHECK (num_nonnulls(facility_id, region_id) = 1),
  CHECK ((withdrawn_by IS NULL) = (withdrawn_at IS NULL))
);
COMMENT ON TABLE chart_note IS 'what people say of a month of an indicator; code: of the indicator';
CREATE INDEX ix_chart_note_code ON chart_note (code, month) WHERE withdrawn_at IS NULL;
"""

RIGHTS = """
CREATE FUNCTION app_regions_around() RETURNS SETOF uuid LANGUAGE sql STABLE AS $$
  SELECT c.ancestor_id FROM public.region_closure c
   WHERE c.descendant_id IN (SELECT unnest(public.app_regions()))
  UNION
  SELECT c.descendant_id FROM public.region_closure c
   WHERE c.ancestor_id IN (SELECT unnest(public.app_regions()))
  UNION
  SELECT c.ancestor_id FROM public.facility f
    JOIN public.region_closure c ON c.descendant_id = f.region_id
   WHERE public.app_works_at(f.id)
$$;
COMMENT ON FUNCTION app_regions_around IS
  'regions of the viewer and of their house, what lies in them, and what they lie in';
CREATE FUNCTION app_notes_for(house uuid, region uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN house IS NULL THEN app_oversees_region(region) ELSE app_imports_for(house) END
$$;
COMMENT ON FUNCTION app_notes_for IS 'whether the viewer writes notes for a house, or for a region';

CREATE TRIGGER chart_note_kept BEFORE DELETE OR TRUNCATE ON chart_note
  FOR EACH STATEMENT EXECUTE FUNCTION duty_refuse();
ALTER TABLE chart_note ENABLE ALWAYS TRIGGER chart_note_kept;
ALTER TABLE chart_note ENABLE ROW LEVEL SECURITY;
ALTER TABLE chart_note FORCE ROW LEVEL SECURITY;
CREATE POLICY system_reads ON chart_note FOR SELECT TO yunshang_system USING (true);
CREATE POLICY app_reads ON chart_note FOR SELECT TO yunshang_app USING (
  facility_id IN (SELECT h.id FROM app_houses() AS h (id))
  OR region_id IN (SELECT r.id FROM app_regions_around() AS r (id)));
CREATE POLICY app_adds ON chart_note FOR INSERT TO yunshang_app WITH CHECK (
  written_by = app_person() AND withdrawn_at IS NULL AND app_notes_for(facility_id, region_id));
CREATE POLICY app_withdraws ON chart_note FOR UPDATE TO yunshang_app
  USING (withdrawn_at IS NULL
         AND (written_by = app_person() OR app_notes_for(facility_id, region_id)))
  WITH CHECK (withdrawn_by = app_person());
GRANT SELECT, INSERT, UPDATE (withdrawn_by, withdrawn_at) ON chart_note TO yunshang_app;
GRANT SELECT ON chart_note TO yunshang_system;
"""


def upgrade() -> None:
    for script in (NOTES, RIGHTS):
        for statement in statements(script):
            op.execute(statement)
