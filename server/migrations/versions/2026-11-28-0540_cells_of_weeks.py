"""Cells of weeks: what is counted once are months and their weeks (quality/stretches.py).

All cells are thrown away; the engine counts them anew, and until then facts are read.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0066_cells_of_weeks"
down_revision = "0065_room_guests"

TABLES = """
DELETE FROM fact_cell;
DELETE FROM fact_cell_month;
DELETE FROM fact_cell_changed;
DROP INDEX ix_fact_cell_question;
ALTER TABLE fact_cell RENAME COLUMN month TO first;
ALTER TABLE fact_cell ADD COLUMN until date NOT NULL CHECK (until > first);
COMMENT ON TABLE fact_cell IS 'what a question came to in a month or week that is over, by house';
CREATE INDEX ix_fact_cell_question ON fact_cell (question, first, until);
ALTER TABLE fact_cell_month RENAME TO fact_cell_kept;
ALTER TABLE fact_cell_kept RENAME COLUMN month TO first;
ALTER TABLE fact_cell_kept ADD COLUMN until date NOT NULL;
ALTER TABLE fact_cell_kept DROP CONSTRAINT fact_cell_month_pkey;
ALTER TABLE fact_cell_kept ADD PRIMARY KEY (question, first, until);
COMMENT ON TABLE fact_cell_kept IS 'months and weeks whose cells of a question are all there';
ALTER TABLE fact_cell_changed RENAME COLUMN month TO week;
COMMENT ON TABLE fact_cell_changed IS 'houses and past weeks with facts that no cell shows yet';

-- One expression without settings of its own, so that PostgreSQL writes it into the query.
CREATE FUNCTION fact_week(at timestamptz) RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT pg_catalog.date_trunc('month', at AT TIME ZONE 'Asia/Shanghai')::pg_catalog.date
       + 7 * ((extract(day FROM at AT TIME ZONE 'Asia/Shanghai')::pg_catalog.int4 - 1) / 7)
$$;
COMMENT ON FUNCTION fact_week IS 'the first day of the week of its month that a moment lies in';
"""

# Of each fact table: population, moment, house.
KEPT = {
    "fact_case": ("cases", "opened_at", "origin"),
    "fact_delivery": ("deliveries", "at", "facility_id"),
    "fact_newborn": ("newborns", "at", "facility_id"),
}

# The week that runs is not kept. In one order, so that two writers do not wait for each other.
NOTE = """
CREATE OR REPLACE FUNCTION {table}_changed() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  INSERT INTO public.fact_cell_changed (population, week, house)
  SELECT DISTINCT '{population}', public.fact_week(t.{at}),
         coalesce(t.{house}, '00000000-0000-0000-0000-000000000000')
    FROM touched t
   WHERE public.fact_week(t.{at}) < public.fact_week(clock_timestamp())
   ORDER BY 2, 3
  ON CONFLICT DO NOTHING;
  RETURN NULL;
END
$$;
"""


def upgrade() -> None:
    for statement in statements(TABLES):
        op.execute(statement)
    for table, (population, at, house) in KEPT.items():
        for statement in statements(
            NOTE.format(table=table, population=population, at=at, house=house)
        ):
            op.execute(statement)
