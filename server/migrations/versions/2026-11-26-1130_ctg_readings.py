"""Readings of tracings: asked of a centre, claimed, written, signed, received.

A reading is a case of its own with two parties, the house that asks and the centre that reads;
that opens the woman and her tracings to the reader by the rules that hold for every case. What was
looked at is kept as ranges and a digest: stored seconds never change, so it can be shown again.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0031_ctg_readings"
down_revision = "0030_ctg_alarms"

READINGS = """
CREATE TABLE ctg_reading (
  id            uuid PRIMARY KEY,            -- its case too
  recording_id  uuid NOT NULL REFERENCES ctg_recording (id),
  pregnancy_id  uuid NOT NULL REFERENCES pregnancy (id),
  of_case_id    uuid,                        -- her case, where the tracing belongs to one
  facility_id   uuid NOT NULL REFERENCES facility (id),
  reader_facility_id uuid NOT NULL REFERENCES facility (id),
  from_seq      bigint NOT NULL CHECK (from_seq >= 1),
  to_seq        bigint NOT NULL,
  urgency       text NOT NULL CHECK (urgency IN ('urgent', 'routine')),
  question      text NOT NULL CHECK (length(question) BETWEEN 1 AND 1000),
  rules         text NOT NULL,               -- the version of the time limits
  state         text NOT NULL CHECK (state IN ('asked', 'claimed', 'signed', 'received',
                  'withdrawn')),
  asked_by      uuid NOT NULL REFERENCES person (id),
  asked_at      timestamptz NOT NULL,
  due_at        timestamptz NOT NULL,
  claimed_by    uuid REFERENCES person (id),
  claimed_at    timestamptz,
  signed_at     timestamptz,
  received_by   uuid REFERENCES person (id),
  received_at   timestamptz,
  receive_by    timestamptz,
  next_at       timestamptz,                 -- when the engine looks again
  escalated_at  timestamptz,
  version       int NOT NULL DEFAULT 1,
  CHECK (to_seq BETWEEN from_seq AND from_seq + 10799),
  CHECK ((state IN ('claimed', 'signed', 'received')) <= (claimed_by IS NOT NULL)),
  CHECK ((state IN ('signed', 'received')) = (signed_at IS NOT NULL)),
  CHECK ((state = 'received') <= (received_at IS NOT NULL))
);
CREATE INDEX ix_ctg_reading_asked ON ctg_reading (facility_id, asked_at DESC);
CREATE INDEX ix_ctg_reading_read ON ctg_reading (reader_facility_id, asked_at DESC);
CREATE INDEX ix_ctg_reading_recording ON ctg_reading (recording_id);
CREATE INDEX ix_ctg_reading_due ON ctg_reading (next_at) WHERE next_at IS NOT NULL;

-- What somebody was shown: which seconds of the window were there, and the digest of their frames.
CREATE TABLE ctg_reading_view (
  id          uuid PRIMARY KEY,
  reading_id  uuid NOT NULL REFERENCES ctg_reading (id),
  person_id   uuid NOT NULL REFERENCES person (id),
  at          timestamptz NOT NULL,
  from_seq    bigint NOT NULL,
  to_seq      bigint NOT NULL,
  seconds     int NOT NULL,
  parts       jsonb NOT NULL CHECK (jsonb_typeof(parts) = 'array'),
  digest      bytea NOT NULL CHECK (octet_length(digest) = 32)
);
CREATE INDEX ix_ctg_reading_view ON ctg_reading_view (reading_id, at);

-- The report (n = 1) and its addenda; signed, never changed.
CREATE TABLE ctg_reading_report (
  id          uuid PRIMARY KEY,
  reading_id  uuid NOT NULL REFERENCES ctg_reading (id),
  n           int NOT NULL CHECK (n >= 1),
  view_id     uuid NOT NULL REFERENCES ctg_reading_view (id),
  author_id   uuid NOT NULL REFERENCES person (id),
  facility_id uuid NOT NULL REFERENCES facility (id),
  content     jsonb NOT NULL CHECK (jsonb_typeof(content) = 'object'),
  signed_at   timestamptz NOT NULL,
  digest      bytea NOT NULL CHECK (octet_length(digest) = 32),
  UNIQUE (reading_id, n)
);
CREATE TABLE ctg_reading_event (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  reading_id  uuid NOT NULL REFERENCES ctg_reading (id),
  at          timestamptz NOT NULL,
  action      text NOT NULL CHECK (length(action) BETWEEN 1 AND 32),
  state       text NOT NULL,
  person_id   uuid REFERENCES person (id),
  note        text CHECK (length(note) <= 1000)
);
CREATE INDEX ix_ctg_reading_event ON ctg_reading_event (reading_id, id);
CREATE TRIGGER ctg_reading_view_sealed BEFORE UPDATE OR DELETE OR TRUNCATE ON ctg_reading_view
  FOR EACH STATEMENT EXECUTE FUNCTION duty_refuse();
CREATE TRIGGER ctg_reading_report_sealed BEFORE UPDATE OR DELETE OR TRUNCATE ON ctg_reading_report
  FOR EACH STATEMENT EXECUTE FUNCTION duty_refuse();
CREATE TRIGGER ctg_reading_event_sealed BEFORE UPDATE OR DELETE OR TRUNCATE ON ctg_reading_event
  FOR EACH STATEMENT EXECUTE FUNCTION duty_refuse();
ALTER TABLE ctg_reading_view ENABLE ALWAYS TRIGGER ctg_reading_view_sealed;
ALTER TABLE ctg_reading_report ENABLE ALWAYS TRIGGER ctg_reading_report_sealed;
ALTER TABLE ctg_reading_event ENABLE ALWAYS TRIGGER ctg_reading_event_sealed;
"""

RIGHTS = """
GRANT SELECT, INSERT ON ctg_reading, ctg_reading_view, ctg_reading_report, ctg_reading_event
  TO yunshang_app, yunshang_system;
GRANT UPDATE (state, claimed_by, claimed_at, signed_at, received_by, received_at, receive_by,
  next_at, version) ON ctg_reading TO yunshang_app;
GRANT UPDATE ON ctg_reading TO yunshang_system;
"""

POLICIES = """
CREATE POLICY app_sees ON ctg_reading FOR SELECT TO yunshang_app USING (app_sees_identity(id));
CREATE POLICY app_asks ON ctg_reading FOR INSERT TO yunshang_app WITH CHECK (
  asked_by = app_person() AND NOT app_only_watches() AND facility_id = ANY(app_facilities())
  AND ctg_visible(recording_id));
CREATE POLICY app_works ON ctg_reading FOR UPDATE TO yunshang_app
  USING (NOT app_only_watches() AND app_sees_identity(id));
CREATE POLICY app_sees ON ctg_reading_view FOR SELECT TO yunshang_app
  USING (app_sees_identity(reading_id));
CREATE POLICY app_looks ON ctg_reading_view FOR INSERT TO yunshang_app WITH CHECK (
  person_id = app_person() AND NOT app_only_watches() AND app_sees_identity(reading_id));
CREATE POLICY app_sees ON ctg_reading_report FOR SELECT TO yunshang_app
  USING (app_sees_identity(reading_id));
CREATE POLICY app_signs ON ctg_reading_report FOR INSERT TO yunshang_app WITH CHECK (
  author_id = app_person() AND app_has_role('expert') AND facility_id = ANY(app_facilities())
  AND app_sees_identity(reading_id));
CREATE POLICY app_sees ON ctg_reading_event FOR SELECT TO yunshang_app
  USING (app_sees_identity(reading_id));
CREATE POLICY app_adds ON ctg_reading_event FOR INSERT TO yunshang_app WITH CHECK (
  person_id = app_person() AND NOT app_only_watches() AND app_sees_identity(reading_id));
"""

TABLES = ("ctg_reading", "ctg_reading_view", "ctg_reading_report", "ctg_reading_event")


def upgrade() -> None:
    for script in (READINGS, RIGHTS):
        for statement in statements(script):
            op.execute(statement)
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        for role, name in (("yunshang_owner", "owner_all"), ("yunshang_system", "system_all")):
            op.execute(f"CREATE POLICY {name} ON {table} TO {role} USING (true) WITH CHECK (true)")
    for statement in statements(POLICIES):
        op.execute(statement)
