"""Rows of other systems, brought in as files: deliveries (front pages) and newborns (birth cards).

A row is only added; one of the same key in a later file takes its place in what is counted, and
both stay. The key is kept as a hash: the number of a hospital's record is nobody else's business.
Frozen members without a case open to who sees their house.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0045_imported_rows"
down_revision = "0044_group_robots"

TABLES = """
CREATE TABLE import_batch (
  id          uuid PRIMARY KEY,
  sheet       text NOT NULL CHECK (sheet IN ('front_pages', 'birth_cards')),
  sheet_no    int NOT NULL,
  facility_id uuid NOT NULL REFERENCES facility (id),
  file_name   text NOT NULL CHECK (length(file_name) BETWEEN 1 AND 200),
  digest      bytea NOT NULL CHECK (octet_length(digest) = 32),
  added_by    uuid NOT NULL REFERENCES person (id),
  added_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  rows        int NOT NULL,
  taken       int NOT NULL,
  warnings    int NOT NULL
);
COMMENT ON TABLE import_batch IS
  'files of other systems; digest: SHA-256 of the text; sheet_no: version of columns and checks';
CREATE INDEX ix_import_batch_facility ON import_batch (facility_id, added_at);

CREATE TABLE imported_row (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  batch_id    uuid NOT NULL REFERENCES import_batch (id),
  row_no      int NOT NULL CHECK (row_no >= 1),
  sheet       text NOT NULL,
  facility_id uuid NOT NULL REFERENCES facility (id),
  key_hash    bytea NOT NULL CHECK (octet_length(key_hash) = 32),
  day         date NOT NULL,
  content     jsonb NOT NULL CHECK (jsonb_typeof(content) = 'object'),
  UNIQUE (batch_id, row_no)
);
COMMENT ON TABLE imported_row IS 'rows of files; the newest of a key is the one that counts';
CREATE INDEX ix_imported_row_key ON imported_row (facility_id, sheet, key_hash, id);
CREATE INDEX ix_imported_row_day ON imported_row (sheet, day);
"""

RIGHTS = """
CREATE FUNCTION app_sees_house(wanted uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT wanted = ANY(app_facilities())
      OR (app_has_role('medical_affairs') AND app_works_at(wanted))
      OR ((app_has_role('coordinator') OR app_has_role('commission')) AND EXISTS (
        SELECT 1 FROM facility f JOIN region_closure c ON c.descendant_id = f.region_id
         WHERE f.id = wanted AND c.ancestor_id = ANY(app_regions())))
$$;
CREATE FUNCTION app_imports_for(wanted uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT NOT app_only_watches() AND app_works_at(wanted)
     AND (app_has_role('coordinator') OR app_has_role('medical_affairs'))
$$;
CREATE POLICY app_reads ON import_batch FOR SELECT TO yunshang_app
  USING (facility_id IN (SELECT f.id FROM facility f WHERE app_sees_house(f.id)));
CREATE POLICY app_adds ON import_batch FOR INSERT TO yunshang_app
  WITH CHECK (added_by = app_person() AND app_imports_for(facility_id));
CREATE POLICY app_reads ON imported_row FOR SELECT TO yunshang_app
  USING (facility_id IN (SELECT f.id FROM facility f WHERE app_sees_house(f.id)));
CREATE POLICY app_adds ON imported_row FOR INSERT TO yunshang_app
  WITH CHECK (batch_id IN (SELECT b.id FROM import_batch b
                            WHERE b.added_by = app_person() AND written_here(b.xmin)
                              AND b.facility_id = imported_row.facility_id
                              AND b.sheet = imported_row.sheet));

DROP POLICY app_reads ON indicator_frozen_member;
CREATE POLICY app_reads ON indicator_frozen_member FOR SELECT TO yunshang_app
  USING (freeze_id IN (SELECT f.id FROM indicator_freeze f WHERE app_oversees_region(f.region_id))
    OR (case_id IS NOT NULL AND app_sees_case(case_id))
    OR (case_id IS NULL AND (place IS NULL
          OR place IN (SELECT f.id FROM facility f WHERE app_sees_house(f.id)))));
"""

# Bounds are those of 国卫办医函〔2019〕854号: 28 weeks, 28-36+6, 28-33+6; 1000 mL within 24 h [B];
# transfused from 1 U of red cells [B]; 4000 g; 37 weeks; Apgar under 7 at 5 minutes. What a file
# leaves empty is null: not known.
VIEWS = """
CREATE VIEW quality_imported WITH (security_invoker = true) AS
SELECT r.sheet, r.facility_id, r.day, r.content,
       (r.day::timestamp AT TIME ZONE 'Asia/Shanghai') AS at,
       to_char(b.added_at AT TIME ZONE 'Asia/Shanghai', 'YYYYMMDD') || '-'
         || right(b.id::text, 6) || '/' || r.row_no AS number
  FROM imported_row r JOIN import_batch b ON b.id = r.batch_id
 WHERE NOT EXISTS (SELECT 1 FROM imported_row n
                    WHERE n.facility_id = r.facility_id AND n.sheet = r.sheet
                      AND n.key_hash = r.key_hash AND n.id > r.id);
COMMENT ON VIEW quality_imported IS
  'imported rows that count; number: file and row, nobody''s name';

CREATE VIEW quality_delivery WITH (security_invoker = true) AS
SELECT i.number, i.at, i.facility_id,
       d.gestation_days >= 196 AS from_28_weeks,
       d.gestation_days BETWEEN 196 AND 258 AS preterm,
       d.gestation_days BETWEEN 196 AND 237 AS early_preterm,
       d.mode IN ('caesarean', 'converted') AS caesarean,
       d.mode = 'vaginal' AS vaginal,
       d.primiparous, d.neuraxial,
       d.blood_loss_24h_ml >= 1000 AS severe_haemorrhage,
       d.red_cells_u >= 1 AS transfused,
       d.hysterectomy, d.reoperation, d.died, d.admission = 'transferred' AS transferred_in
  FROM quality_imported i
 CROSS JOIN LATERAL jsonb_to_record(i.content) AS d (
   gestation_days int, mode text, primiparous boolean, neuraxial boolean, blood_loss_24h_ml int,
   red_cells_u float8, hysterectomy boolean, reoperation boolean, died boolean, admission text)
 WHERE i.sheet = 'front_pages';
COMMENT ON VIEW quality_delivery IS 'women delivered, from front pages';

CREATE VIEW quality_newborn WITH (security_invoker = true) AS
SELECT i.number, i.at, i.facility_id, d.live_born,
       d.gestation_days >= 196 OR d.weight_g >= 1000 AS from_28_weeks,
       d.gestation_days >= 259 AS term,
       d.weight_g >= 4000 AS macrosomic,
       d.apgar5 < 7 AS apgar5_below_7
  FROM quality_imported i
 CROSS JOIN LATERAL jsonb_to_record(i.content) AS d (
   gestation_days int, weight_g int, apgar5 int, live_born boolean)
 WHERE i.sheet = 'birth_cards';
COMMENT ON VIEW quality_newborn IS 'newborns, from birth cards';
GRANT SELECT ON quality_imported, quality_delivery, quality_newborn
  TO yunshang_app, yunshang_system;
"""


def upgrade() -> None:
    for statement in statements(TABLES):
        op.execute(statement)
    for table in ("import_batch", "imported_row"):
        op.execute(
            f"CREATE TRIGGER {table}_sealed BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION duty_refuse()"
        )
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_sealed")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY system_all ON {table} TO yunshang_system USING (true) WITH CHECK (true)"
        )
        op.execute(f"GRANT SELECT, INSERT ON {table} TO yunshang_app, yunshang_system")
    for script in (RIGHTS, VIEWS):
        for statement in statements(script):
            op.execute(statement)
