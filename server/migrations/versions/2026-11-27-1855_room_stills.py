"""Stills of rooms and the marks on them, only ever added to; a mark is taken back by a row."""

from alembic import op

from server.migrations.sql import statements

revision = "0059_room_stills"
down_revision = "0058_case_reviews"

STILLS = """
CREATE TABLE room_still (
  id               uuid PRIMARY KEY,
  room_id          uuid NOT NULL,
  case_id          uuid NOT NULL,
  source           text NOT NULL CHECK (source IN ('camera', 'screen', 'ultrasound', 'tracing')),
  of_admission_id  uuid NOT NULL REFERENCES room_admission (id),  -- whose source it shows
  admission_id     uuid NOT NULL REFERENCES room_admission (id),  -- whose page took it
  person_id        uuid NOT NULL REFERENCES person (id),
  asked_by         uuid NOT NULL REFERENCES person (id),
  taken_at         timestamptz NOT NULL,
  kept_at          timestamptz NOT NULL CHECK (kept_at >= taken_at),
  width            int NOT NULL CHECK (width >= 1),
  height           int NOT NULL CHECK (height >= 1),
  size_bytes       int NOT NULL CHECK (size_bytes >= 1),
  sha256           bytea NOT NULL CHECK (length(sha256) = 32),
  UNIQUE (id, case_id),
  FOREIGN KEY (room_id, case_id) REFERENCES consult_room (id, case_id)
);
CREATE INDEX ix_room_still_case ON room_still (case_id, kept_at);

-- A mark, or the taking back of one, is a version of its still. Points are pixels of the picture.
CREATE TABLE room_mark (
  still_id      uuid NOT NULL,
  n             int NOT NULL CHECK (n >= 1),
  case_id       uuid NOT NULL,
  kind          text CHECK (kind IN ('arrow', 'ellipse', 'caliper', 'text')),
  ax            double precision,
  ay            double precision,
  bx            double precision,
  by            double precision,
  colour        text CHECK (colour IN ('yellow', 'cyan', 'magenta', 'green')),
  text          text NOT NULL CHECK (length(text) <= 80),
  undoes        int CHECK (undoes < n),
  admission_id  uuid NOT NULL REFERENCES room_admission (id),
  person_id     uuid NOT NULL REFERENCES person (id),
  at            timestamptz NOT NULL,
  PRIMARY KEY (still_id, n),
  UNIQUE (still_id, undoes),
  FOREIGN KEY (still_id, case_id) REFERENCES room_still (id, case_id),
  FOREIGN KEY (still_id, undoes) REFERENCES room_mark (still_id, n),
  CHECK ((kind IS NULL) = (undoes IS NOT NULL)),
  CHECK ((kind IS NULL) = (colour IS NULL)),
  CHECK (num_nulls(ax, ay, bx, by) = CASE WHEN kind IS NULL THEN 4 ELSE 0 END),
  CHECK (least(ax, ay, bx, by) >= 0),
  CHECK (kind <> 'text' OR text <> '')
);
"""

RIGHTS = """
GRANT SELECT, INSERT ON room_still, room_mark TO yunshang_app, yunshang_system;
"""

POLICIES = """
CREATE POLICY app_sees ON room_still FOR SELECT TO yunshang_app
  USING (app_sees_identity(case_id));
CREATE POLICY app_takes ON room_still FOR INSERT TO yunshang_app WITH CHECK (
  person_id = app_person() AND NOT app_only_watches() AND app_sees_identity(case_id)
  AND EXISTS (SELECT 1 FROM room_admission a WHERE a.id = admission_id
    AND a.room_id = room_still.room_id AND a.person_id = app_person() AND a.state = 'admitted'));
CREATE POLICY app_sees ON room_mark FOR SELECT TO yunshang_app
  USING (app_sees_identity(case_id));
CREATE POLICY app_draws ON room_mark FOR INSERT TO yunshang_app WITH CHECK (
  person_id = app_person() AND NOT app_only_watches() AND app_sees_identity(case_id)
  AND EXISTS (SELECT 1 FROM room_admission a WHERE a.id = admission_id
    AND a.case_id = room_mark.case_id AND a.person_id = app_person() AND a.state = 'admitted'));
"""

TABLES = ("room_still", "room_mark")


def upgrade() -> None:
    for script in (STILLS, RIGHTS):
        for statement in statements(script):
            op.execute(statement)
    for table in TABLES:
        op.execute(
            f"CREATE TRIGGER {table}_sealed BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_sealed")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        for role, name in (("yunshang_owner", "owner_all"), ("yunshang_system", "system_all")):
            op.execute(f"CREATE POLICY {name} ON {table} TO {role} USING (true) WITH CHECK (true)")
    for statement in statements(POLICIES):
        op.execute(statement)
