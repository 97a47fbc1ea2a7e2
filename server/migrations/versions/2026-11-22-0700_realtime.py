"""CTG: devices, recordings, the journal that acknowledges, the chunks that keep.

`ctg_journal` holds whole flushes of the gateway (all monitors mixed) for about a minute;
`ctg_chunk` holds one recording's seconds for ever. A second lives in exactly one of them: the
transaction that writes the chunk deletes the journal row, and two exclusion constraints make a
second time impossible to store.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0006_realtime"
down_revision = "0005_referral"

DEVICES = """
CREATE TABLE ctg_device (
  id           uuid PRIMARY KEY,
  serial       text NOT NULL UNIQUE CHECK (length(serial) BETWEEN 1 AND 64),
  name         text NOT NULL DEFAULT '',
  kind         text NOT NULL CHECK (kind IN ('agent', 'monitor')),
  facility_id  uuid NOT NULL REFERENCES facility (id),
  unit         text NOT NULL DEFAULT '',
  -- SHA-256 of the bearer token; a monitor behind an agent has none of its own.
  token_hash   bytea UNIQUE CHECK (octet_length(token_hash) = 32),
  created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  revoked_at   timestamptz,
  last_seen_at timestamptz
);
CREATE INDEX ix_ctg_device_facility ON ctg_device (facility_id);
"""

RECORDINGS = """
CREATE TABLE ctg_recording (
  id              uuid PRIMARY KEY,          -- chosen by the sender: reopening is idempotent
  no              bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  device_id       uuid NOT NULL REFERENCES ctg_device (id),
  facility_id     uuid NOT NULL REFERENCES facility (id),
  bed             text NOT NULL DEFAULT '',
  channels        text[] NOT NULL CHECK (cardinality(channels) BETWEEN 1 AND 6),
  started_at      timestamptz NOT NULL,      -- the device's word
  opened_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
  closed_at       timestamptz,
  last_seq        bigint CHECK (last_seq >= 0),
  invalid_samples bigint NOT NULL DEFAULT 0,
  clock_offset_ns bigint,                    -- server minus device, as the sender measured it
  clock_rtt_ns    bigint,
  pregnancy_id    uuid REFERENCES pregnancy (id),
  case_id         uuid,
  bound_by        uuid,
  bound_at        timestamptz,
  version         int NOT NULL DEFAULT 1,
  CHECK ((closed_at IS NULL) = (last_seq IS NULL)),
  CHECK ((pregnancy_id IS NULL) = (bound_at IS NULL))
);
CREATE INDEX ix_ctg_recording_facility ON ctg_recording (facility_id, opened_at DESC);
CREATE INDEX ix_ctg_recording_pregnancy ON ctg_recording (pregnancy_id);
CREATE INDEX ix_ctg_recording_device ON ctg_recording (device_id);

-- Every binding ever made, in order; the recording carries the newest.
CREATE TABLE ctg_binding (
  id           uuid PRIMARY KEY,
  recording_id uuid NOT NULL REFERENCES ctg_recording (id),
  version      int NOT NULL,
  pregnancy_id uuid NOT NULL REFERENCES pregnancy (id),
  case_id      uuid,
  bound_by     uuid NOT NULL,
  bound_at     timestamptz NOT NULL,
  UNIQUE (recording_id, version)
);

-- Last sign of life, rewritten every few seconds by the gateway; nothing depends on it.
CREATE TABLE ctg_pulse (
  recording_id uuid PRIMARY KEY REFERENCES ctg_recording (id),
  seq          bigint NOT NULL,
  heard_at     timestamptz NOT NULL,
  lag_ms       bigint NOT NULL,
  flags        int NOT NULL,
  marks        int NOT NULL,
  connected    boolean NOT NULL
) WITH (fillfactor = 50);
"""

STORE = """
CREATE TABLE ctg_journal (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  gateway     uuid NOT NULL,
  batch       bigint NOT NULL,
  received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  recordings  bigint[] NOT NULL,             -- ctg_recording.no, in the order of the frames
  counts      int[] NOT NULL,                -- frames of each
  frames      bytea NOT NULL,
  -- A commit whose answer was lost is sent again and must not count twice.
  UNIQUE (gateway, batch),
  CHECK (cardinality(recordings) = cardinality(counts))
);
ALTER TABLE ctg_journal ALTER COLUMN frames SET STORAGE EXTERNAL;

CREATE TABLE ctg_chunk (
  recording_id  uuid NOT NULL REFERENCES ctg_recording (id),
  recording_no  bigint NOT NULL,
  first_seq     bigint NOT NULL CHECK (first_seq >= 1),
  last_seq      bigint NOT NULL,
  received_from timestamptz NOT NULL,
  received_to   timestamptz NOT NULL,
  frames        bytea NOT NULL,
  PRIMARY KEY (recording_id, first_seq),
  CHECK (octet_length(frames) = 80 * (last_seq - first_seq + 1)),
  -- No second is stored twice.
  EXCLUDE USING gist (int8range(recording_no, recording_no, '[]') WITH &&,
                      int8range(first_seq, last_seq, '[]') WITH &&)
);

CREATE TABLE ctg_gap (
  recording_id uuid NOT NULL REFERENCES ctg_recording (id),
  first_seq    bigint NOT NULL CHECK (first_seq >= 1),
  last_seq     bigint NOT NULL,
  declared_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (recording_id, first_seq, last_seq),
  CHECK (last_seq >= first_seq)
);

CREATE TABLE ctg_conflict (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  recording_id uuid NOT NULL REFERENCES ctg_recording (id),
  seq          bigint NOT NULL,
  kept         bytea NOT NULL,
  refused      bytea NOT NULL,
  refused_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  UNIQUE (recording_id, seq, refused)
);
"""

VISIBILITY = """
-- Its own facility sees a recording, bound or not; once bound, so does whoever sees the identity
-- behind a case of that pregnancy.
CREATE FUNCTION ctg_open_to_viewer(facility uuid, pregnancy uuid) RETURNS boolean
  LANGUAGE sql STABLE AS $$
  SELECT facility = ANY(public.app_facilities()) OR public.app_sees_pregnancy(pregnancy)
$$;
-- For the gateway, which is not bound by row-level security but asks as the viewer.
CREATE FUNCTION ctg_visible(recording uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT 1 FROM ctg_recording r
                  WHERE r.id = recording AND ctg_open_to_viewer(r.facility_id, r.pregnancy_id))
$$;
-- The journal mixes all monitors, so nobody but the gateway reads it; this cuts out one recording.
CREATE FUNCTION ctg_journal_frames(wanted uuid) RETURNS SETOF bytea
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT substring(j.frames FROM (80 * part.before + 1)::int FOR 80 * part.n)
    FROM public.ctg_recording r
    JOIN public.ctg_journal j ON j.recordings @> ARRAY[r.no]
    CROSS JOIN LATERAL (
      SELECT u.no, u.n, coalesce(sum(u.n) OVER (ORDER BY u.at
               ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before
        FROM unnest(j.recordings, j.counts) WITH ORDINALITY AS u(no, n, at)) part
   WHERE r.id = wanted AND part.no = r.no
     AND (session_user = 'yunshang_system'
          OR public.ctg_open_to_viewer(r.facility_id, r.pregnancy_id))
   ORDER BY j.id
$$;
"""

RIGHTS = """
GRANT SELECT ON ctg_device, ctg_recording, ctg_binding, ctg_pulse, ctg_chunk,
  ctg_gap, ctg_conflict TO yunshang_app;
GRANT UPDATE (pregnancy_id, case_id, bound_by, bound_at, version) ON ctg_recording TO yunshang_app;
GRANT INSERT ON ctg_binding TO yunshang_app;
GRANT SELECT, INSERT, UPDATE ON ctg_device, ctg_recording, ctg_pulse TO yunshang_system;
GRANT SELECT, INSERT ON ctg_binding, ctg_chunk, ctg_gap, ctg_conflict
  TO yunshang_system;
GRANT SELECT, INSERT, DELETE ON ctg_journal TO yunshang_system;
"""

POLICIES = {
    "ctg_device": (
        "facility_id = ANY(app_facilities()) OR app_has_role('system_admin')"
        " OR EXISTS (SELECT 1 FROM ctg_recording r WHERE r.device_id = ctg_device.id)"
    ),
    "ctg_recording": "ctg_open_to_viewer(facility_id, pregnancy_id)",
    "ctg_binding": "ctg_visible(recording_id)",
    "ctg_pulse": "ctg_visible(recording_id)",
    "ctg_chunk": "ctg_visible(recording_id)",
    "ctg_gap": "ctg_visible(recording_id)",
    "ctg_conflict": "ctg_visible(recording_id)",
}

WRITES = """
CREATE POLICY app_binds ON ctg_recording FOR UPDATE TO yunshang_app
  USING (ctg_open_to_viewer(facility_id, pregnancy_id)) WITH CHECK (true);
CREATE POLICY app_binds ON ctg_binding FOR INSERT TO yunshang_app
  WITH CHECK (ctg_visible(recording_id) AND bound_by = app_person());
-- ctg_journal_frames runs as the owner and checks the viewer itself.
CREATE POLICY owner_reads ON ctg_recording FOR SELECT TO yunshang_owner USING (true);
CREATE POLICY owner_reads ON ctg_journal FOR SELECT TO yunshang_owner USING (true);
CREATE POLICY owner_reads ON ctg_device FOR SELECT TO yunshang_owner USING (true);
"""


def upgrade() -> None:
    for script in (DEVICES, RECORDINGS, STORE, VISIBILITY, RIGHTS):
        for statement in statements(script):
            op.execute(statement)
    for table in (*POLICIES, "ctg_journal"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY system_all ON {table} TO yunshang_system USING (true) WITH CHECK (true)"
        )
    for table, sees in POLICIES.items():
        op.execute(f"CREATE POLICY app_sees ON {table} FOR SELECT TO yunshang_app USING ({sees})")
    for statement in statements(WRITES):
        op.execute(statement)
