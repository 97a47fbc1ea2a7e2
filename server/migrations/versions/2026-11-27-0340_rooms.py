"""Rooms of consultations: who may enter, who was there, which media worker carried them.

A room belongs to a consultation, which is a case; whoever may see her there may see who was in the
room. Presence is written by the engine process from what media workers hear, never by a page.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0037_rooms"
down_revision = "0036_indicators"

ROOMS = """
CREATE TABLE consult_room (
  id           uuid PRIMARY KEY,
  case_id      uuid NOT NULL REFERENCES consult_request (id),
  engine       text NOT NULL CHECK (engine IN ('forward', 'janus', 'livekit')),
  facility_id  uuid NOT NULL REFERENCES facility (id),
  opened_by    uuid NOT NULL REFERENCES person (id),
  opened_at    timestamptz NOT NULL,
  ended_at     timestamptz,
  ended_by     uuid REFERENCES person (id),
  why_ended    text CHECK (why_ended IN ('ended', 'empty', 'consult_over')),
  UNIQUE (id, case_id),
  CHECK ((ended_at IS NULL) = (why_ended IS NULL)),
  CHECK (ended_by IS NULL OR ended_at IS NOT NULL)
);
-- A consultation has one room at a time.
CREATE UNIQUE INDEX ux_consult_room_open ON consult_room (case_id) WHERE ended_at IS NULL;
CREATE INDEX ix_consult_room_case ON consult_room (case_id, opened_at DESC);

-- Which media worker carries a room; a new epoch whenever another one takes it over.
CREATE TABLE room_lease (
  room_id   uuid NOT NULL,
  case_id   uuid NOT NULL,
  epoch     int NOT NULL CHECK (epoch >= 1),
  worker    text NOT NULL CHECK (length(worker) BETWEEN 1 AND 500),
  taken_at  timestamptz NOT NULL,
  PRIMARY KEY (room_id, epoch),
  FOREIGN KEY (room_id, case_id) REFERENCES consult_room (id, case_id)
);

-- Who asked to come in. The id is all that a media engine knows of a person.
CREATE TABLE room_admission (
  id           uuid PRIMARY KEY,
  room_id      uuid NOT NULL,
  case_id      uuid NOT NULL,
  person_id    uuid NOT NULL REFERENCES person (id),
  facility_id  uuid NOT NULL REFERENCES facility (id),
  role         text NOT NULL CHECK (role IN ('requester', 'expert', 'colleague')),
  state        text NOT NULL CHECK (state IN ('waiting', 'admitted', 'refused', 'withdrawn',
                 'ejected')),
  asked_at     timestamptz NOT NULL,
  decided_by   uuid REFERENCES person (id),   -- null: entitled, nobody had to decide
  decided_at   timestamptz,
  entered_at   timestamptz,                   -- the first ticket
  FOREIGN KEY (room_id, case_id) REFERENCES consult_room (id, case_id),
  CHECK ((state = 'waiting') = (decided_at IS NULL)),
  CHECK (entered_at IS NULL OR state IN ('admitted', 'ejected'))
);
CREATE UNIQUE INDEX ux_room_admission_live ON room_admission (room_id, person_id)
  WHERE state IN ('waiting', 'admitted');
CREATE INDEX ix_room_admission_room ON room_admission (room_id, asked_at);

-- When somebody's media was heard. What the line did is told at the end, if the worker lived.
CREATE TABLE room_stay (
  id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  admission_id  uuid NOT NULL REFERENCES room_admission (id),
  room_id       uuid NOT NULL,
  case_id       uuid NOT NULL,
  joined_at     timestamptz NOT NULL,
  heard_at      timestamptz NOT NULL,
  left_at       timestamptz,
  why           text CHECK (why IN ('went', 'lost', 'ejected', 'closed', 'moved')),
  loss          real CHECK (loss BETWEEN 0 AND 1),
  reconnects    int CHECK (reconnects >= 0),
  audio_only_s  int CHECK (audio_only_s >= 0),
  FOREIGN KEY (room_id, case_id) REFERENCES consult_room (id, case_id),
  CHECK ((left_at IS NULL) = (why IS NULL)),
  CHECK (left_at >= joined_at)
);
CREATE UNIQUE INDEX ux_room_stay_open ON room_stay (admission_id) WHERE left_at IS NULL;
CREATE INDEX ix_room_stay_room ON room_stay (room_id);
"""

RIGHTS = """
GRANT SELECT, INSERT ON consult_room, room_lease, room_admission TO yunshang_app, yunshang_system;
GRANT SELECT ON room_stay TO yunshang_app;
GRANT SELECT, INSERT ON room_stay TO yunshang_system;
GRANT UPDATE (ended_at, ended_by, why_ended) ON consult_room TO yunshang_app, yunshang_system;
GRANT UPDATE (state, decided_by, decided_at, entered_at) ON room_admission
  TO yunshang_app, yunshang_system;
GRANT UPDATE (heard_at, left_at, why, loss, reconnects, audio_only_s) ON room_stay
  TO yunshang_system;
CREATE TRIGGER room_lease_sealed BEFORE UPDATE OR DELETE OR TRUNCATE ON room_lease
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE room_lease ENABLE ALWAYS TRIGGER room_lease_sealed;
"""

POLICIES = """
CREATE POLICY app_sees ON consult_room FOR SELECT TO yunshang_app
  USING (app_sees_identity(case_id));
CREATE POLICY app_opens ON consult_room FOR INSERT TO yunshang_app WITH CHECK (
  opened_by = app_person() AND NOT app_only_watches() AND facility_id = ANY(app_facilities())
  AND app_sees_identity(case_id));
CREATE POLICY app_ends ON consult_room FOR UPDATE TO yunshang_app
  USING (NOT app_only_watches() AND app_sees_identity(case_id))
  WITH CHECK (ended_by = app_person());
CREATE POLICY app_sees ON room_lease FOR SELECT TO yunshang_app USING (app_sees_identity(case_id));
CREATE POLICY app_adds ON room_lease FOR INSERT TO yunshang_app WITH CHECK (
  NOT app_only_watches() AND app_sees_identity(case_id));
CREATE POLICY app_sees ON room_admission FOR SELECT TO yunshang_app
  USING (app_sees_identity(case_id));
CREATE POLICY app_asks ON room_admission FOR INSERT TO yunshang_app WITH CHECK (
  person_id = app_person() AND NOT app_only_watches() AND app_sees_identity(case_id));
CREATE POLICY app_decides ON room_admission FOR UPDATE TO yunshang_app
  USING (NOT app_only_watches() AND app_sees_identity(case_id))
  WITH CHECK (person_id = app_person() OR decided_by = app_person());
CREATE POLICY app_sees ON room_stay FOR SELECT TO yunshang_app USING (app_sees_identity(case_id));
"""

TABLES = ("consult_room", "room_lease", "room_admission", "room_stay")


def upgrade() -> None:
    for script in (ROOMS, RIGHTS):
        for statement in statements(script):
            op.execute(statement)
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        for role, name in (("yunshang_owner", "owner_all"), ("yunshang_system", "system_all")):
            op.execute(f"CREATE POLICY {name} ON {table} TO {role} USING (true) WITH CHECK (true)")
    for statement in statements(POLICIES):
        op.execute(statement)
