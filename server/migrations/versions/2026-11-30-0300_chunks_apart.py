"""CTG: whether a second lies in two chunks is looked at once for all that are written together.

A constraint had been asked for each chunk by itself, in an index over ranges that nothing else
used: a quarter of what PostgreSQL spent on folding. Now their neighbours are looked up in the
primary key. Writers take turns, by the folder's lock, so that none misses what another is writing.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0082_chunks_apart"
down_revision = "0081_parties_at_once"

APART = """
CREATE FUNCTION ctg_chunks_apart() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  -- The lock of folder and archiver (realtime/gateway/folder.py).
  PERFORM pg_advisory_xact_lock(7283006);
  -- What was there lay apart, so only the one before and the one after can lie over a new one.
  IF EXISTS (
    SELECT 1 FROM fresh f
     WHERE f.first_seq <= (SELECT c.last_seq FROM public.ctg_chunk c
                            WHERE c.recording_id = f.recording_id AND c.first_seq < f.first_seq
                            ORDER BY c.first_seq DESC LIMIT 1)
        OR f.last_seq >= (SELECT c.first_seq FROM public.ctg_chunk c
                           WHERE c.recording_id = f.recording_id AND c.first_seq > f.first_seq
                           ORDER BY c.first_seq LIMIT 1))
  THEN
    RAISE EXCEPTION 'a second would lie in two chunks' USING ERRCODE = 'exclusion_violation';
  END IF;
  RETURN NULL;
END
$$;
CREATE TRIGGER ctg_chunks_apart AFTER INSERT ON ctg_chunk
  REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION ctg_chunks_apart();
-- Changes are not looked at: no role of the application's may change a chunk.
ALTER TABLE ctg_chunk DROP CONSTRAINT ctg_chunk_int8range_int8range1_excl;
"""


def upgrade() -> None:
    for statement in statements(APART):
        op.execute(statement)
