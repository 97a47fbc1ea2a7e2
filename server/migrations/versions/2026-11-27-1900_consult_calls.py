"""Consultations by telephone: what a person typed, and when. Only ever added to."""

from alembic import op

from server.migrations.sql import statements

revision = "0060_consult_calls"
down_revision = "0059_room_stills"

CALLS = """
CREATE TABLE consult_call (
  id             uuid PRIMARY KEY,
  case_id        uuid NOT NULL REFERENCES consult_request (id),
  n              int NOT NULL CHECK (n >= 1),
  called_at      timestamptz NOT NULL,
  minutes        int NOT NULL CHECK (minutes BETWEEN 1 AND 600),
  number_sealed  bytea NOT NULL,
  spoke_with     text NOT NULL CHECK (length(spoke_with) BETWEEN 1 AND 80),
  why            text NOT NULL CHECK (why IN ('no_network', 'no_device', 'poor_line', 'urgent',
                   'other')),
  told           text NOT NULL CHECK (length(told) BETWEEN 1 AND 4000),
  advised        text NOT NULL CHECK (length(advised) BETWEEN 1 AND 4000),
  read_back      boolean NOT NULL,
  corrects       int CHECK (corrects < n),
  late           boolean NOT NULL,
  late_version   text NOT NULL,              -- of the rule that said so
  person_id      uuid NOT NULL REFERENCES person (id),
  facility_id    uuid NOT NULL REFERENCES facility (id),
  recorded_at    timestamptz NOT NULL CHECK (recorded_at >= called_at),
  UNIQUE (case_id, n),
  UNIQUE (case_id, corrects),
  FOREIGN KEY (case_id, corrects) REFERENCES consult_call (case_id, n)
);
GRANT SELECT, INSERT ON consult_call TO yunshang_app, yunshang_system;
CREATE TRIGGER consult_call_sealed BEFORE UPDATE OR DELETE OR TRUNCATE ON consult_call
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE consult_call ENABLE ALWAYS TRIGGER consult_call_sealed;
ALTER TABLE consult_call ENABLE ROW LEVEL SECURITY;
ALTER TABLE consult_call FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_all ON consult_call TO yunshang_owner USING (true) WITH CHECK (true);
CREATE POLICY system_all ON consult_call TO yunshang_system USING (true) WITH CHECK (true);
CREATE POLICY app_sees ON consult_call FOR SELECT TO yunshang_app
  USING (app_sees_identity(case_id));
CREATE POLICY app_records ON consult_call FOR INSERT TO yunshang_app WITH CHECK (
  person_id = app_person() AND NOT app_only_watches() AND app_sees_identity(case_id));
"""


def upgrade() -> None:
    for statement in statements(CALLS):
        op.execute(statement)
