"""CTG: one recording is found in a journal row by bisection; quiet hours become segments.

`ctg_segment` holds what `ctg_chunk` held, compressed: a second lives in the journal, in a chunk or
in a segment, and moves from one to the next within one transaction.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0028_ctg_journal"
down_revision = "0027_calls"

JOURNAL = """
-- Rows whose recordings ascend can be searched by bisection; older ones are searched one by one.
ALTER TABLE ctg_journal ADD COLUMN sorted boolean NOT NULL DEFAULT false;

-- The frames of the wanted recordings, in the order of their commits. Flattening the array once a
-- row, before it is searched for each recording, is what the odd concatenation is for.
CREATE FUNCTION ctg_journal_parts(wanted bigint[], after bigint DEFAULT -9223372036854775808)
  RETURNS TABLE (id bigint, no bigint, frames bytea) LANGUAGE sql STABLE AS $$
  SELECT found.id, found.no, found.frames FROM (
    SELECT j.id, w.no,
           substring(j.frames FROM (80 * part.before + 1)::int FOR 80 * j.counts[hit.place])
             AS frames
      FROM (SELECT f.id, f.recordings || '{}'::bigint[] AS recordings, f.counts, f.frames
              FROM public.ctg_journal f WHERE f.sorted AND f.id > after OFFSET 0) j
      CROSS JOIN unnest(wanted) AS w(no)
      CROSS JOIN LATERAL (SELECT width_bucket(w.no, j.recordings) AS place) hit
      CROSS JOIN LATERAL (
        SELECT CASE WHEN octet_length(j.frames) = 80 * cardinality(j.recordings)
                    THEN hit.place - 1
                    ELSE (SELECT coalesce(sum(n), 0) FROM unnest(j.counts[1 : hit.place - 1]) AS n)
               END AS before) part
     WHERE hit.place > 0 AND j.recordings[hit.place] = w.no
    UNION ALL
    SELECT j.id, part.no, substring(j.frames FROM (80 * part.before + 1)::int FOR 80 * part.n)
      FROM public.ctg_journal j
      CROSS JOIN LATERAL (
        SELECT u.no, u.n, coalesce(sum(u.n) OVER (ORDER BY u.at
                 ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before
          FROM unnest(j.recordings, j.counts) WITH ORDINALITY AS u(no, n, at)) part
     WHERE NOT j.sorted AND j.id > after AND part.no = ANY(wanted)) found
   ORDER BY found.id
$$;
REVOKE EXECUTE ON FUNCTION ctg_journal_parts(bigint[], bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ctg_journal_parts(bigint[], bigint) TO yunshang_system;

CREATE OR REPLACE FUNCTION ctg_journal_frames(wanted uuid) RETURNS SETOF bytea
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT part.frames
    FROM public.ctg_recording r
    CROSS JOIN LATERAL public.ctg_journal_parts(ARRAY[r.no]) part
   WHERE r.id = wanted
     AND (session_user = 'yunshang_system'
          OR public.ctg_open_to_viewer(r.facility_id, r.pregnancy_id))
   ORDER BY part.id
$$;
"""

SEGMENTS = """
CREATE TABLE ctg_segment (
  recording_id  uuid NOT NULL REFERENCES ctg_recording (id),
  recording_no  bigint NOT NULL,
  first_seq     bigint NOT NULL CHECK (first_seq >= 1),
  last_seq      bigint NOT NULL,
  received_from timestamptz NOT NULL,
  received_to   timestamptz NOT NULL,
  packed        bytea NOT NULL,                 -- realtime/packing.py
  digest        bytea NOT NULL CHECK (octet_length(digest) = 32),  -- SHA-256 of the frames
  packed_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (recording_id, first_seq),
  CHECK (last_seq >= first_seq),
  -- No second is stored twice.
  EXCLUDE USING gist (int8range(recording_no, recording_no, '[]') WITH &&,
                      int8range(first_seq, last_seq, '[]') WITH &&)
);
ALTER TABLE ctg_segment ALTER COLUMN packed SET STORAGE EXTERNAL;
GRANT SELECT ON ctg_segment TO yunshang_app;
GRANT SELECT, INSERT ON ctg_segment TO yunshang_system;
GRANT DELETE ON ctg_chunk TO yunshang_system;
CREATE INDEX ix_ctg_chunk_received_to ON ctg_chunk (received_to);
ALTER TABLE ctg_segment ENABLE ROW LEVEL SECURITY;
ALTER TABLE ctg_segment FORCE ROW LEVEL SECURITY;
CREATE POLICY system_all ON ctg_segment TO yunshang_system USING (true) WITH CHECK (true);
CREATE POLICY app_sees ON ctg_segment FOR SELECT TO yunshang_app USING (ctg_visible(recording_id));
"""


def upgrade() -> None:
    for script in (JOURNAL, SEGMENTS):
        for statement in statements(script):
            op.execute(statement)
