"""Facts of a whole year are written in a minute: indexes that their views need, a shorter queue.

Each case asked for its origin through every region there is, and compared its receivers with every
facility as text. Taking a batch read all cases that waited, twice.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0061_facts_at_once"
down_revision = "0060_consult_calls"

INDEXES = """
CREATE INDEX ix_case_party_origin ON case_party (case_id) WHERE role = 'origin';
CREATE INDEX ix_facility_as_text ON facility ((id::text));
CREATE INDEX ix_fact_pending_case ON fact_pending (case_id);
"""

# As 0051, but for what is read of the queue: eight notes for every case that is taken.
CATCH_UP = """
DROP FUNCTION fact_catch_up;
CREATE FUNCTION fact_catch_up(most int) RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  ids uuid[];
BEGIN
  IF NOT EXISTS (SELECT 1 FROM public.fact_pending) THEN
    RETURN false;
  END IF;
  PERFORM pg_advisory_lock(7283010);
  IF EXISTS (SELECT 1 FROM public.fact_pending) THEN
    PERFORM pg_advisory_xact_lock(7283010);
  END IF;
  PERFORM pg_advisory_unlock(7283010);
  WITH due AS (
    SELECT p.case_id
      FROM (SELECT q.no, q.case_id FROM public.fact_pending q ORDER BY q.no LIMIT most * 8) p
     GROUP BY p.case_id ORDER BY min(p.no) LIMIT most
  ), taken AS (
    DELETE FROM public.fact_pending p USING due d WHERE p.case_id = d.case_id RETURNING p.case_id
  ) SELECT array_agg(DISTINCT t.case_id) INTO ids FROM taken t;
  IF ids IS NOT NULL THEN
    BEGIN
      PERFORM public.fact_write(ids);
    EXCEPTION WHEN OTHERS THEN
      IF NOT public.fact_is_its_own_fault(SQLSTATE) THEN
        RAISE;
      END IF;
      PERFORM public.fact_write_each(ids);
    END;
  END IF;
  RETURN EXISTS (SELECT 1 FROM public.fact_pending);
END
$$;
CREATE FUNCTION fact_waiting() RETURNS bigint
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT count(DISTINCT p.case_id) FROM public.fact_pending p
$$;
REVOKE ALL ON FUNCTION fact_catch_up, fact_waiting FROM PUBLIC;
GRANT EXECUTE ON FUNCTION fact_catch_up, fact_waiting TO yunshang_app, yunshang_system;
"""


def upgrade() -> None:
    for script in (INDEXES, CATCH_UP):
        for statement in statements(script):
            op.execute(statement)
