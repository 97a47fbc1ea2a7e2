"""Scans: studies, their files, and files that were refused because their UID was taken.

Read by whoever sees the woman, as her readings are: an expert who is asked about her sees the
examination that another house brought. The bytes lie sealed outside the database.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0035_imaging"
down_revision = "0034_region_terms"

TABLES = """
CREATE TABLE imaging_study (
  id            uuid PRIMARY KEY,
  case_id       uuid NOT NULL REFERENCES case_head (case_id),
  pregnancy_id  uuid NOT NULL REFERENCES pregnancy (id),
  study_uid     text NOT NULL CHECK (study_uid ~ '^[0-9.]{1,64}$'),
  header_mark   bytea NOT NULL CHECK (octet_length(header_mark) = 32),
  header_sealed bytea,                     -- who the file says it is of, while a person is to look
  identity      text NOT NULL CHECK (identity IN ('same', 'differs', 'unread', 'absent')),
  state         text NOT NULL CHECK (state IN ('held', 'filed', 'withdrawn')),
  deidentified  boolean NOT NULL,
  study_at      text NOT NULL CHECK (length(study_at) <= 14),
  description   text NOT NULL CHECK (length(description) <= 200),
  at            timestamptz NOT NULL,
  person_id     uuid NOT NULL REFERENCES person (id),
  facility_id   uuid NOT NULL REFERENCES facility (id),
  settled_at    timestamptz,
  settled_by    uuid REFERENCES person (id),
  reason        text CHECK (length(reason) BETWEEN 1 AND 200),
  CHECK (state = 'held' OR header_sealed IS NULL),
  CHECK ((settled_at IS NULL) = (settled_by IS NULL)),
  CHECK (state <> 'held' OR (identity IN ('differs', 'unread') AND settled_at IS NULL)),
  CHECK ((state = 'withdrawn') = (reason IS NOT NULL))
);
CREATE UNIQUE INDEX uq_imaging_study ON imaging_study (pregnancy_id, study_uid, header_mark)
  WHERE state <> 'withdrawn';

CREATE TABLE imaging_instance (
  id            uuid PRIMARY KEY,
  study_id      uuid NOT NULL REFERENCES imaging_study (id),
  pregnancy_id  uuid NOT NULL REFERENCES pregnancy (id),
  sop_uid       text NOT NULL CHECK (sop_uid ~ '^[0-9.]{1,64}$'),
  sha256        bytea NOT NULL CHECK (octet_length(sha256) = 32),
  size_bytes    int NOT NULL CHECK (size_bytes > 0),
  summary       jsonb NOT NULL CHECK (jsonb_typeof(summary) = 'object'),
  at            timestamptz NOT NULL,
  person_id     uuid NOT NULL REFERENCES person (id),
  facility_id   uuid NOT NULL REFERENCES facility (id),
  UNIQUE (study_id, sop_uid)
);
CREATE INDEX ix_imaging_instance_sop ON imaging_instance (pregnancy_id, sop_uid);

CREATE TABLE imaging_clash (
  instance_id   uuid NOT NULL REFERENCES imaging_instance (id),
  sha256        bytea NOT NULL CHECK (octet_length(sha256) = 32),
  study_id      uuid NOT NULL REFERENCES imaging_study (id),
  pregnancy_id  uuid NOT NULL REFERENCES pregnancy (id),
  at            timestamptz NOT NULL,
  person_id     uuid NOT NULL REFERENCES person (id),
  facility_id   uuid NOT NULL REFERENCES facility (id),
  PRIMARY KEY (instance_id, sha256)
);
CREATE INDEX ix_imaging_clash_study ON imaging_clash (study_id);
"""

ACCESS = """
GRANT SELECT, INSERT ON imaging_study, imaging_instance, imaging_clash
  TO yunshang_app, yunshang_system;
GRANT UPDATE (state, header_sealed, settled_at, settled_by, reason) ON imaging_study
  TO yunshang_app, yunshang_system;

CREATE POLICY app_reads ON imaging_study FOR SELECT TO yunshang_app
  USING (app_sees_pregnancy(pregnancy_id));
CREATE POLICY app_adds ON imaging_study FOR INSERT TO yunshang_app WITH CHECK (
  app_sees_identity(case_id) AND NOT app_only_watches() AND person_id = app_person()
  AND EXISTS (SELECT 1 FROM case_pregnancy l
    WHERE l.case_id = imaging_study.case_id AND l.pregnancy_id = imaging_study.pregnancy_id));
CREATE POLICY app_settles ON imaging_study FOR UPDATE TO yunshang_app
  USING (app_sees_pregnancy(pregnancy_id) AND NOT app_only_watches());

CREATE POLICY app_reads ON imaging_instance FOR SELECT TO yunshang_app
  USING (app_sees_pregnancy(pregnancy_id));
CREATE POLICY app_adds ON imaging_instance FOR INSERT TO yunshang_app WITH CHECK (
  NOT app_only_watches() AND person_id = app_person()
  AND EXISTS (SELECT 1 FROM imaging_study s WHERE s.id = imaging_instance.study_id
    AND s.pregnancy_id = imaging_instance.pregnancy_id AND s.state <> 'withdrawn'));

CREATE POLICY app_reads ON imaging_clash FOR SELECT TO yunshang_app
  USING (app_sees_pregnancy(pregnancy_id));
CREATE POLICY app_adds ON imaging_clash FOR INSERT TO yunshang_app WITH CHECK (
  NOT app_only_watches() AND person_id = app_person()
  AND EXISTS (SELECT 1 FROM imaging_instance i WHERE i.id = imaging_clash.instance_id
    AND i.study_id = imaging_clash.study_id AND i.pregnancy_id = imaging_clash.pregnancy_id));
"""

SEALED = ("imaging_instance", "imaging_clash")


def upgrade() -> None:
    for statement in statements(TABLES):
        op.execute(statement)
    for table in ("imaging_study", *SEALED):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY system_all ON {table} TO yunshang_system USING (true) WITH CHECK (true)"
        )
    for table in SEALED:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_append_only")
    for statement in statements(ACCESS):
        op.execute(statement)
