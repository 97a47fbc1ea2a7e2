"""Cells: what the questions of pages came to in months that are over, house by house.

A cell holds counts and durations and no case. Whoever writes a fact of a past month notes house and
month in `fact_cell_changed`, in the same transaction; readers count such houses from their facts
until the engine has written their cells anew (quality/cells.py, quality/cell_keeping.py).
"""

from alembic import op

from server.migrations.sql import statements

revision = "0053_fact_cells"
down_revision = "0052_quality_duties"

TABLES = """
CREATE TABLE fact_cell (
  question    bytea NOT NULL,  -- a hash of what is asked
  population  text NOT NULL CHECK (population IN ('cases', 'deliveries', 'newborns')),
  month       date NOT NULL,
  house       uuid NOT NULL,   -- all zeros: not known
  place       uuid,
  at_month    timestamp,       -- when members came into the count
  region_ids  uuid[],          -- of cases: whose overseers see them
  counts      bytea NOT NULL,  -- int32, the least byte first
  durations   bytea[] NOT NULL -- float8 as PostgreSQL sends it
);
COMMENT ON TABLE fact_cell IS 'what a question came to in a month that is over, by house';
CREATE INDEX ix_fact_cell_question ON fact_cell (question, month);
CREATE TABLE fact_cell_month (
  question    bytea NOT NULL,
  population  text NOT NULL,
  month       date NOT NULL,
  counted_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (question, month)
);
COMMENT ON TABLE fact_cell_month IS 'months whose cells of a question are all there';
CREATE TABLE fact_cell_changed (
  population  text NOT NULL,
  month       date NOT NULL,
  house       uuid NOT NULL,
  PRIMARY KEY (population, month, house)
);
COMMENT ON TABLE fact_cell_changed IS 'houses and past months with facts that no cell shows yet';
"""

# Of each fact table: population, moment, house.
KEPT = {
    "fact_case": ("cases", "opened_at", "origin"),
    "fact_delivery": ("deliveries", "at", "facility_id"),
    "fact_newborn": ("newborns", "at", "facility_id"),
}

# The month that runs is not kept. In one order, so that two writers do not wait for each other.
NOTE = """
CREATE FUNCTION {table}_changed() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  INSERT INTO public.fact_cell_changed (population, month, house)
  SELECT DISTINCT '{population}', date_trunc('month', t.{at} AT TIME ZONE 'Asia/Shanghai')::date,
         coalesce(t.{house}, '00000000-0000-0000-0000-000000000000')
    FROM touched t
   WHERE date_trunc('month', t.{at} AT TIME ZONE 'Asia/Shanghai')
       < date_trunc('month', clock_timestamp() AT TIME ZONE 'Asia/Shanghai')
   ORDER BY 2, 3
  ON CONFLICT DO NOTHING;
  RETURN NULL;
END
$$;
CREATE TRIGGER {table}_added AFTER INSERT ON {table} REFERENCING NEW TABLE AS touched
  FOR EACH STATEMENT EXECUTE FUNCTION {table}_changed();
CREATE TRIGGER {table}_gone AFTER DELETE ON {table} REFERENCING OLD TABLE AS touched
  FOR EACH STATEMENT EXECUTE FUNCTION {table}_changed();
"""

# As on the facts (0048), without those that are open to parties: who is one reads facts.
SEES = """
  (population <> 'cases' AND house IN (SELECT f.id FROM facility f WHERE app_sees_house(f.id)))
  OR (population = 'cases'
      AND (SELECT app_has_role('coordinator') OR app_has_role('commission'))
      AND (region_ids[1] IN (SELECT c.descendant_id FROM region_closure c
                              WHERE c.ancestor_id = ANY(app_regions()))
        OR (cardinality(region_ids) > 1
          AND region_ids && ARRAY(SELECT c.descendant_id FROM region_closure c
                                   WHERE c.ancestor_id = ANY(app_regions())))))
"""


def upgrade() -> None:
    for statement in statements(TABLES):
        op.execute(statement)
    for table, sees in (
        ("fact_cell", SEES),
        ("fact_cell_month", "true"),
        ("fact_cell_changed", "true"),
    ):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        for role, name in (("yunshang_owner", "owner_all"), ("yunshang_system", "system_all")):
            op.execute(f"CREATE POLICY {name} ON {table} TO {role} USING (true) WITH CHECK (true)")
        op.execute(f"CREATE POLICY app_reads ON {table} FOR SELECT TO yunshang_app USING ({sees})")
        op.execute(f"GRANT SELECT ON {table} TO yunshang_app")
        op.execute(f"GRANT SELECT, INSERT, DELETE ON {table} TO yunshang_system")
    for table, (population, at, house) in KEPT.items():
        for statement in statements(
            NOTE.format(table=table, population=population, at=at, house=house)
        ):
            op.execute(statement)
