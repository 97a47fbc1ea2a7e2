"""Recordings of rooms: asked for, agreed to by each for themselves, kept, looked at, erased.

Answers and viewings are only ever added. What lies on disk is listed by the engine process from the
files themselves when a recording is over.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0050_room_recordings"
down_revision = "0049_guidance"

RECORDINGS = """
CREATE TABLE room_recording (
  id                 uuid PRIMARY KEY,
  room_id            uuid NOT NULL,
  case_id            uuid NOT NULL,
  asked_by           uuid NOT NULL REFERENCES person (id),
  asked_at           timestamptz NOT NULL,
  text_version       text NOT NULL CHECK (length(text_version) BETWEEN 1 AND 40),
  ended_at           timestamptz,
  ended_by           uuid REFERENCES person (id),
  why_ended          text CHECK (why_ended IN ('refused', 'withdrawn', 'stopped', 'room_ended')),
  kept_at            timestamptz,          -- its files are listed
  retain_until       date,
  retention_version  text,
  erased_at          timestamptz,
  UNIQUE (id, case_id),
  FOREIGN KEY (room_id, case_id) REFERENCES consult_room (id, case_id),
  CHECK ((ended_at IS NULL) = (why_ended IS NULL)),
  CHECK (ended_by IS NULL OR ended_at IS NOT NULL),
  CHECK (kept_at IS NULL OR ended_at IS NOT NULL),
  CHECK ((kept_at IS NULL) = (retain_until IS NULL)),
  CHECK ((kept_at IS NULL) = (retention_version IS NULL)),
  CHECK (erased_at IS NULL OR kept_at IS NOT NULL)
);
-- A room is recorded once at a time.
CREATE UNIQUE INDEX ux_room_recording_live ON room_recording (room_id) WHERE ended_at IS NULL;
CREATE INDEX ix_room_recording_case ON room_recording (case_id, asked_at);
CREATE INDEX ix_room_recording_unkept ON room_recording (ended_at)
  WHERE ended_at IS NOT NULL AND kept_at IS NULL;
CREATE INDEX ix_room_recording_due ON room_recording (retain_until)
  WHERE kept_at IS NOT NULL AND erased_at IS NULL;

-- What each participant said for themselves; the newest counts.
CREATE TABLE recording_answer (
  id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  recording_id  uuid NOT NULL,
  case_id       uuid NOT NULL,
  admission_id  uuid NOT NULL REFERENCES room_admission (id),
  person_id     uuid NOT NULL REFERENCES person (id),
  answer        text NOT NULL CHECK (answer IN ('agreed', 'refused', 'withdrawn')),
  beside        text CHECK (beside IN ('nobody', 'agreed')),
  text_version  text NOT NULL CHECK (length(text_version) BETWEEN 1 AND 40),
  said_at       timestamptz NOT NULL,
  FOREIGN KEY (recording_id, case_id) REFERENCES room_recording (id, case_id),
  CHECK ((answer = 'agreed') = (beside IS NOT NULL))
);
CREATE INDEX ix_recording_answer_recording ON recording_answer (recording_id, id);

-- One sealed file: a source of a participant, from its first to its last frame.
CREATE TABLE recording_part (
  id            uuid PRIMARY KEY,
  recording_id  uuid NOT NULL,
  case_id       uuid NOT NULL,
  admission_id  uuid NOT NULL REFERENCES room_admission (id),
  source        text NOT NULL CHECK (source IN ('microphone', 'camera', 'screen', 'ultrasound')),
  began_at      timestamptz NOT NULL,
  length_ms     bigint NOT NULL CHECK (length_ms >= 0),
  size_bytes    bigint NOT NULL CHECK (size_bytes > 0),
  whole         boolean NOT NULL,           -- false: a crash cut it off
  sha256        bytea NOT NULL CHECK (length(sha256) = 32),
  FOREIGN KEY (recording_id, case_id) REFERENCES room_recording (id, case_id)
);
CREATE INDEX ix_recording_part_recording ON recording_part (recording_id, began_at);

CREATE TABLE recording_viewing (
  id            uuid PRIMARY KEY,
  recording_id  uuid NOT NULL,
  case_id       uuid NOT NULL,
  person_id     uuid NOT NULL REFERENCES person (id),
  opened_at     timestamptz NOT NULL,
  FOREIGN KEY (recording_id, case_id) REFERENCES room_recording (id, case_id)
);
CREATE INDEX ix_recording_viewing_recording ON recording_viewing (recording_id, opened_at);
"""

RIGHTS = """
GRANT SELECT, INSERT ON room_recording, recording_answer, recording_viewing
  TO yunshang_app, yunshang_system;
GRANT SELECT ON recording_part TO yunshang_app;
GRANT SELECT, INSERT ON recording_part TO yunshang_system;
GRANT UPDATE (ended_at, ended_by, why_ended) ON room_recording TO yunshang_app, yunshang_system;
GRANT UPDATE (kept_at, retain_until, retention_version, erased_at) ON room_recording
  TO yunshang_system;
"""

POLICIES = """
CREATE POLICY app_sees ON room_recording FOR SELECT TO yunshang_app
  USING (app_sees_identity(case_id));
CREATE POLICY app_asks ON room_recording FOR INSERT TO yunshang_app WITH CHECK (
  asked_by = app_person() AND NOT app_only_watches() AND app_sees_identity(case_id));
CREATE POLICY app_ends ON room_recording FOR UPDATE TO yunshang_app
  USING (NOT app_only_watches() AND app_sees_identity(case_id))
  WITH CHECK (ended_by = app_person());
CREATE POLICY app_sees ON recording_answer FOR SELECT TO yunshang_app
  USING (app_sees_identity(case_id));
CREATE POLICY app_answers ON recording_answer FOR INSERT TO yunshang_app WITH CHECK (
  person_id = app_person() AND NOT app_only_watches() AND app_sees_identity(case_id));
CREATE POLICY app_sees ON recording_part FOR SELECT TO yunshang_app
  USING (app_sees_identity(case_id));
CREATE POLICY app_sees ON recording_viewing FOR SELECT TO yunshang_app
  USING (app_sees_identity(case_id));
CREATE POLICY app_views ON recording_viewing FOR INSERT TO yunshang_app WITH CHECK (
  person_id = app_person() AND NOT app_only_watches() AND app_sees_identity(case_id));
"""

TABLES = ("room_recording", "recording_answer", "recording_part", "recording_viewing")
SEALED = ("recording_answer", "recording_part", "recording_viewing")


def upgrade() -> None:
    for script in (RECORDINGS, RIGHTS):
        for statement in statements(script):
            op.execute(statement)
    for table in SEALED:
        op.execute(
            f"CREATE TRIGGER {table}_sealed BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_sealed")
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        for role, name in (("yunshang_owner", "owner_all"), ("yunshang_system", "system_all")):
            op.execute(f"CREATE POLICY {name} ON {table} TO {role} USING (true) WITH CHECK (true)")
    for statement in statements(POLICIES):
        op.execute(statement)
