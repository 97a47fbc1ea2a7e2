"""What is written in rooms, and who has read how far. Both are only ever added to.

A message is corrected by a further one. Numbers run through all rooms of a consultation: a page
that holds everything up to one asks for what comes after it.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0055_room_messages"
down_revision = "0054_assessment_rounds"

MESSAGES = """
CREATE TABLE room_message (
  id            uuid PRIMARY KEY,
  room_id       uuid NOT NULL,
  case_id       uuid NOT NULL,
  n             int NOT NULL CHECK (n >= 1),
  admission_id  uuid NOT NULL REFERENCES room_admission (id),
  person_id     uuid NOT NULL REFERENCES person (id),
  facility_id   uuid NOT NULL REFERENCES facility (id),
  text          text NOT NULL CHECK (length(text) BETWEEN 1 AND 2000),
  corrects      int CHECK (corrects < n),
  said_at       timestamptz NOT NULL,
  UNIQUE (case_id, n),
  UNIQUE (case_id, corrects),
  FOREIGN KEY (room_id, case_id) REFERENCES consult_room (id, case_id),
  FOREIGN KEY (case_id, corrects) REFERENCES room_message (case_id, n)
);

-- Up to which number somebody's page holds messages, and up to which they had them in view.
CREATE TABLE room_receipt (
  id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  case_id       uuid NOT NULL REFERENCES consult_request (id),
  person_id     uuid NOT NULL REFERENCES person (id),
  delivered_to  int NOT NULL CHECK (delivered_to >= 0),
  read_to       int NOT NULL CHECK (read_to BETWEEN 0 AND delivered_to),
  at            timestamptz NOT NULL
);
CREATE INDEX ix_room_receipt_case ON room_receipt (case_id, person_id);
"""

RIGHTS = """
GRANT SELECT, INSERT ON room_message, room_receipt TO yunshang_app, yunshang_system;
"""

POLICIES = """
CREATE POLICY app_sees ON room_message FOR SELECT TO yunshang_app
  USING (app_sees_identity(case_id));
CREATE POLICY app_says ON room_message FOR INSERT TO yunshang_app WITH CHECK (
  person_id = app_person() AND NOT app_only_watches() AND app_sees_identity(case_id)
  AND EXISTS (SELECT 1 FROM room_admission a WHERE a.id = admission_id
    AND a.room_id = room_message.room_id AND a.person_id = app_person()
    AND a.state = 'admitted'));
CREATE POLICY app_sees ON room_receipt FOR SELECT TO yunshang_app
  USING (app_sees_identity(case_id));
CREATE POLICY app_marks ON room_receipt FOR INSERT TO yunshang_app WITH CHECK (
  person_id = app_person() AND NOT app_only_watches() AND app_sees_identity(case_id));
"""

TABLES = ("room_message", "room_receipt")


def upgrade() -> None:
    for script in (MESSAGES, RIGHTS):
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
