"""What imaging machines send: which machines may, and scans that wait to be brought to a case.

A machine knows no cases. Its files lie sealed at its house until a clinician of that house brings
them to a woman's case, by the same way as a file from a disk, or says that they belong nowhere.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0042_imaging_arrivals"
down_revision = "0041_frozen_periods"

TABLES = """
CREATE TABLE imaging_machine (
  id          uuid PRIMARY KEY,
  ae_title    text NOT NULL CHECK (ae_title ~ '^[!-~]([ -~]{0,14}[!-~])?$' AND ae_title !~ '\\\\'),
  name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
  facility_id uuid NOT NULL REFERENCES facility (id),
  networks    text[] NOT NULL CHECK (cardinality(networks) BETWEEN 1 AND 16),
  created_at  timestamptz NOT NULL,
  created_by  uuid NOT NULL REFERENCES person (id),
  revoked_at  timestamptz,
  revoked_by  uuid REFERENCES person (id),
  CHECK ((revoked_at IS NULL) = (revoked_by IS NULL))
);
CREATE UNIQUE INDEX uq_imaging_machine_title ON imaging_machine (ae_title)
  WHERE revoked_at IS NULL;

CREATE TABLE imaging_arrival (
  id            uuid PRIMARY KEY,
  machine_id    uuid NOT NULL REFERENCES imaging_machine (id),
  facility_id   uuid NOT NULL REFERENCES facility (id),
  study_uid     text NOT NULL CHECK (study_uid ~ '^[0-9.]{1,64}$'),
  header_mark   bytea NOT NULL CHECK (octet_length(header_mark) = 32),
  header_sealed bytea,                     -- who the files say they are of, until settled
  modality      text NOT NULL CHECK (length(modality) <= 16),
  study_at      text NOT NULL CHECK (length(study_at) <= 14),
  description   text NOT NULL CHECK (length(description) <= 200),
  state         text NOT NULL CHECK (state IN ('waiting', 'brought', 'discarded')),
  at            timestamptz NOT NULL,
  settled_at    timestamptz,
  settled_by    uuid REFERENCES person (id),
  case_id       uuid REFERENCES case_head (case_id),
  reason        text CHECK (length(reason) BETWEEN 1 AND 200),
  CHECK ((state = 'waiting') = (header_sealed IS NOT NULL)),
  CHECK ((state = 'waiting') = (settled_at IS NULL)),
  CHECK ((settled_at IS NULL) = (settled_by IS NULL)),
  CHECK ((state = 'brought') = (case_id IS NOT NULL)),
  CHECK ((state = 'discarded') = (reason IS NOT NULL))
);
CREATE UNIQUE INDEX uq_imaging_arrival ON imaging_arrival (facility_id, study_uid, header_mark)
  WHERE state = 'waiting';
CREATE INDEX ix_imaging_arrival_waiting ON imaging_arrival (facility_id, at)
  WHERE state = 'waiting';

CREATE TABLE imaging_arrived_file (
  id          uuid PRIMARY KEY,
  arrival_id  uuid NOT NULL REFERENCES imaging_arrival (id),
  facility_id uuid NOT NULL REFERENCES facility (id),
  sop_uid     text NOT NULL CHECK (sop_uid ~ '^[0-9.]{1,64}$'),
  sha256      bytea NOT NULL CHECK (octet_length(sha256) = 32),
  size_bytes  int NOT NULL CHECK (size_bytes > 0),
  at          timestamptz NOT NULL,
  UNIQUE (arrival_id, sha256)
);
CREATE INDEX ix_imaging_arrived_file_bytes ON imaging_arrived_file (facility_id, sha256);
"""

KEEPS = (
    "(app_has_role('system_admin')"
    " OR (app_has_role('coordinator') AND facility_id = ANY(app_facilities())))"
)
HERE = "facility_id = ANY(app_facilities()) AND NOT app_only_watches()"

ACCESS = f"""
GRANT SELECT, INSERT ON imaging_machine TO yunshang_app, yunshang_system;
GRANT UPDATE (revoked_at, revoked_by) ON imaging_machine TO yunshang_app, yunshang_system;
GRANT SELECT ON imaging_arrival, imaging_arrived_file TO yunshang_app;
GRANT UPDATE (state, header_sealed, settled_at, settled_by, case_id, reason)
  ON imaging_arrival TO yunshang_app;
GRANT SELECT, INSERT ON imaging_arrival, imaging_arrived_file TO yunshang_system;
GRANT UPDATE (state) ON imaging_arrival TO yunshang_system;  -- to lock it

CREATE POLICY app_reads ON imaging_machine FOR SELECT TO yunshang_app
  USING (facility_id = ANY(app_facilities()) OR app_has_role('system_admin'));
CREATE POLICY app_adds ON imaging_machine FOR INSERT TO yunshang_app
  WITH CHECK ({KEEPS} AND created_by = app_person());
CREATE POLICY app_revokes ON imaging_machine FOR UPDATE TO yunshang_app
  USING ({KEEPS}) WITH CHECK ({KEEPS} AND revoked_by = app_person());
CREATE POLICY app_reads ON imaging_arrival FOR SELECT TO yunshang_app USING ({HERE});
CREATE POLICY app_settles ON imaging_arrival FOR UPDATE TO yunshang_app
  USING ({HERE}) WITH CHECK ({HERE} AND settled_by = app_person()
    AND (case_id IS NULL OR app_sees_identity(case_id)));
CREATE POLICY app_reads ON imaging_arrived_file FOR SELECT TO yunshang_app USING ({HERE});
"""

NEW = ("imaging_machine", "imaging_arrival", "imaging_arrived_file")


def upgrade() -> None:
    for statement in statements(TABLES):
        op.execute(statement)
    for table in NEW:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY system_all ON {table} TO yunshang_system USING (true) WITH CHECK (true)"
        )
    op.execute(
        "CREATE TRIGGER imaging_arrived_file_append_only"
        " BEFORE UPDATE OR DELETE OR TRUNCATE ON imaging_arrived_file"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        "ALTER TABLE imaging_arrived_file ENABLE ALWAYS TRIGGER imaging_arrived_file_append_only"
    )
    for statement in statements(ACCESS):
        op.execute(statement)
