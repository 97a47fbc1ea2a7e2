"""Regions' own rules of rounds, calendar and forms; and versions that were taken back unverified.

Rules are no secret: everybody logged in reads them. Who oversees a region enters its versions;
somebody else who does, or an administrator, compares them. Nothing is rewritten.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0067_region_rules"
down_revision = "0066_cells_of_weeks"

RULES = """
CREATE TABLE rule_version (
  id         uuid PRIMARY KEY,
  kind       text NOT NULL CHECK (kind ~ '^(round|calendar|form:[a-z][a-z0-9_]{0,39})$'),
  label      text NOT NULL CHECK (length(label) BETWEEN 1 AND 60),
  region_id  uuid REFERENCES region (id),                 -- null: of the release
  valid_from date,                                        -- null: where no region has its own
  valid_to   date CHECK (valid_to > valid_from),          -- the first day on which it is over
  source     text NOT NULL CHECK (length(source) <= 500),
  content    jsonb NOT NULL CHECK (jsonb_typeof(content) = 'object'),
  digest     bytea NOT NULL CHECK (octet_length(digest) = 32),
  added_by   uuid REFERENCES person (id),
  added_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  UNIQUE (kind, label),
  CHECK ((region_id IS NULL) = (added_by IS NULL)),
  CHECK ((region_id IS NULL) = (valid_from IS NULL)),
  CHECK (region_id IS NULL OR source <> '')
);
COMMENT ON TABLE rule_version IS 'rules of rounds, calendar and forms; digest: SHA-256 of content';

CREATE TABLE rule_verification (
  version_id uuid PRIMARY KEY REFERENCES rule_version (id),
  person_id  uuid NOT NULL REFERENCES person (id),
  at         timestamptz NOT NULL DEFAULT clock_timestamp(),
  document   text NOT NULL CHECK (length(document) BETWEEN 1 AND 500)
);
COMMENT ON TABLE rule_verification IS 'who compared a version with which document; then it counts';

CREATE TABLE rule_withdrawal (
  version_id uuid PRIMARY KEY REFERENCES rule_version (id),
  person_id  uuid NOT NULL REFERENCES person (id),
  at         timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE rule_withdrawal IS 'versions that their author took back before they counted';

CREATE TABLE indicator_withdrawal (
  version_id uuid PRIMARY KEY REFERENCES indicator_version (id),
  person_id  uuid NOT NULL REFERENCES person (id),
  at         timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE indicator_withdrawal IS 'definitions that their author took back unverified';
"""

TABLES = ("rule_version", "rule_verification", "rule_withdrawal", "indicator_withdrawal")
RIGHTS = """
CREATE TRIGGER {table}_sealed BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
  FOR EACH STATEMENT EXECUTE FUNCTION duty_refuse();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_sealed;
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
CREATE POLICY system_all ON {table} TO yunshang_system USING (true) WITH CHECK (true);
CREATE POLICY app_reads ON {table} FOR SELECT TO yunshang_app USING (true);
GRANT SELECT, INSERT ON {table} TO yunshang_app, yunshang_system;
"""

ADDING = """
CREATE POLICY app_adds ON rule_version FOR INSERT TO yunshang_app
  WITH CHECK (added_by = app_person() AND app_oversees_region(region_id));
CREATE POLICY app_adds ON rule_verification FOR INSERT TO yunshang_app WITH CHECK (
  person_id = app_person()
  AND EXISTS (SELECT 1 FROM rule_version v WHERE v.id = version_id
                 AND v.added_by <> app_person()
                 AND (app_oversees_region(v.region_id) OR app_has_role('system_admin')))
  AND NOT EXISTS (SELECT 1 FROM rule_withdrawal w
                   WHERE w.version_id = rule_verification.version_id));
CREATE POLICY app_adds ON rule_withdrawal FOR INSERT TO yunshang_app WITH CHECK (
  person_id = app_person()
  AND EXISTS (SELECT 1 FROM rule_version v WHERE v.id = version_id AND v.added_by = app_person())
  AND NOT EXISTS (SELECT 1 FROM rule_verification f
                   WHERE f.version_id = rule_withdrawal.version_id));
CREATE POLICY app_adds ON indicator_withdrawal FOR INSERT TO yunshang_app WITH CHECK (
  person_id = app_person()
  AND EXISTS (SELECT 1 FROM indicator_version v
               WHERE v.id = version_id AND v.added_by = app_person())
  AND NOT EXISTS (SELECT 1 FROM indicator_verification f
                   WHERE f.version_id = indicator_withdrawal.version_id));
CREATE POLICY not_taken_back ON indicator_verification AS RESTRICTIVE FOR INSERT TO yunshang_app
  WITH CHECK (NOT EXISTS (SELECT 1 FROM indicator_withdrawal w
                           WHERE w.version_id = indicator_verification.version_id));
"""


def upgrade() -> None:
    for script in (RULES, *(RIGHTS.format(table=table) for table in TABLES), ADDING):
        for statement in statements(script):
            op.execute(statement)
