"""Versions of indicator definitions: those of a release, and those that administrators entered.

Nothing is rewritten: a changed definition is a new version, an ended one is a version with a last
day. Whoever entered a version is not who verifies it.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0036_indicators"
down_revision = "0035_imaging"

VERSIONS = """
CREATE TABLE indicator_version (
  id         uuid PRIMARY KEY,
  origin     text NOT NULL CHECK (origin IN ('shipped', 'entered')),
  code       text NOT NULL CHECK (code ~ '^[a-z][a-z0-9_]{2,63}$'),
  version    int NOT NULL CHECK (version >= 1),
  valid_from date NOT NULL,
  valid_to   date CHECK (valid_to > valid_from),
  content    jsonb NOT NULL CHECK (jsonb_typeof(content) = 'object'),
  digest     bytea NOT NULL CHECK (octet_length(digest) = 32),
  added_by   uuid REFERENCES person (id),
  added_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  UNIQUE (origin, code, version),
  CHECK ((origin = 'entered') = (added_by IS NOT NULL))
);
COMMENT ON TABLE indicator_version IS 'definitions of indicators; digest: SHA-256 of the content';

CREATE TABLE indicator_verification (
  version_id uuid PRIMARY KEY REFERENCES indicator_version (id),
  person_id  uuid NOT NULL REFERENCES person (id),
  at         timestamptz NOT NULL DEFAULT clock_timestamp(),
  document   text NOT NULL CHECK (length(document) BETWEEN 1 AND 500)
);
COMMENT ON TABLE indicator_verification IS 'who compared a version with which official document';

CREATE TRIGGER indicator_version_sealed BEFORE UPDATE OR DELETE OR TRUNCATE ON indicator_version
  FOR EACH STATEMENT EXECUTE FUNCTION duty_refuse();
CREATE TRIGGER indicator_verification_sealed
  BEFORE UPDATE OR DELETE OR TRUNCATE ON indicator_verification
  FOR EACH STATEMENT EXECUTE FUNCTION duty_refuse();
ALTER TABLE indicator_version ENABLE ALWAYS TRIGGER indicator_version_sealed;
ALTER TABLE indicator_verification ENABLE ALWAYS TRIGGER indicator_verification_sealed;

ALTER TABLE indicator_version ENABLE ROW LEVEL SECURITY;
ALTER TABLE indicator_version FORCE ROW LEVEL SECURITY;
ALTER TABLE indicator_verification ENABLE ROW LEVEL SECURITY;
ALTER TABLE indicator_verification FORCE ROW LEVEL SECURITY;
CREATE POLICY system_all ON indicator_version TO yunshang_system USING (true) WITH CHECK (true);
CREATE POLICY system_all ON indicator_verification TO yunshang_system
  USING (true) WITH CHECK (true);
CREATE POLICY app_reads ON indicator_version FOR SELECT TO yunshang_app USING (true);
CREATE POLICY app_reads ON indicator_verification FOR SELECT TO yunshang_app USING (true);
CREATE POLICY app_adds ON indicator_version FOR INSERT TO yunshang_app WITH CHECK (
  origin = 'entered' AND added_by = app_person() AND app_has_role('system_admin'));
CREATE POLICY app_adds ON indicator_verification FOR INSERT TO yunshang_app WITH CHECK (
  person_id = app_person() AND (app_has_role('system_admin') OR app_has_role('commission'))
  AND EXISTS (SELECT 1 FROM indicator_version v
               WHERE v.id = version_id AND v.added_by IS DISTINCT FROM app_person()));
GRANT SELECT, INSERT ON indicator_version, indicator_verification
  TO yunshang_app, yunshang_system;
"""


def upgrade() -> None:
    for statement in statements(VERSIONS):
        op.execute(statement)
