"""Monitors as a registry: tokens that rotate without a break, wristbands, bindings with a reason.

`ctg_device_event` and `ctg_binding` are only appended to: who registered, renamed, rotated or
revoked what and why; who said whose tracing it is, by what means, and who said otherwise later.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0029_ctg_devices"
down_revision = "0028_ctg_journal"

# While a token is being changed at the centre both open the door, until the old one's hour is over.
DEVICES = """
ALTER TABLE ctg_device
  ADD COLUMN token_at        timestamptz,
  ADD COLUMN old_token_hash  bytea UNIQUE CHECK (octet_length(old_token_hash) = 32),
  ADD COLUMN old_token_until timestamptz,
  ADD CONSTRAINT ctg_device_old_token CHECK ((old_token_hash IS NULL) = (old_token_until IS NULL));

CREATE TABLE ctg_device_event (
  id          uuid PRIMARY KEY,
  device_id   uuid NOT NULL REFERENCES ctg_device (id),
  action      text NOT NULL CHECK (action IN ('register', 'change', 'rotate', 'revoke')),
  detail      jsonb NOT NULL DEFAULT '{}',
  reason      text NOT NULL DEFAULT '' CHECK (length(reason) <= 200),
  recorded_by uuid NOT NULL,
  recorded_at timestamptz NOT NULL
);
CREATE INDEX ix_ctg_device_event_device ON ctg_device_event (device_id, recorded_at);

CREATE FUNCTION ctg_device_of_token(hash bytea)
  RETURNS TABLE (id uuid, serial text, facility_id uuid)
  LANGUAGE sql STABLE AS $$
  SELECT d.id, d.serial, d.facility_id FROM ctg_device d
   WHERE d.revoked_at IS NULL
     AND (d.token_hash = hash
          OR (d.old_token_hash = hash AND d.old_token_until > clock_timestamp()))
$$;
"""

# NULL in `pregnancy_id` takes a binding back; the recording lies unbound again, and stays.
BINDINGS = """
ALTER TABLE ctg_binding
  ALTER COLUMN pregnancy_id DROP NOT NULL,
  ADD COLUMN means  text NOT NULL DEFAULT 'list' CHECK (means IN ('list', 'wristband', 'case')),
  ADD COLUMN reason text NOT NULL DEFAULT '' CHECK (length(reason) <= 200),
  ADD COLUMN labels text[] CHECK (cardinality(labels) = 3);
CREATE INDEX ix_ctg_binding_recording ON ctg_binding (recording_id, version);
-- Names of the fetuses behind fhr1, fhr2 and fhr3; NULL means A, B, C.
ALTER TABLE ctg_recording ADD COLUMN labels text[] CHECK (cardinality(labels) = 3);
CREATE INDEX ix_ctg_recording_unbound ON ctg_recording (facility_id, opened_at DESC)
  WHERE pregnancy_id IS NULL;
"""

# A hospital's wristband carries a number of the house's own; kept is only a keyed hash of it.
WRISTBANDS = """
CREATE TABLE ctg_wristband (
  id           uuid PRIMARY KEY,
  facility_id  uuid NOT NULL REFERENCES facility (id),
  code_index   bytea NOT NULL CHECK (octet_length(code_index) = 32),
  pregnancy_id uuid NOT NULL REFERENCES pregnancy (id),
  recorded_by  uuid NOT NULL,
  recorded_at  timestamptz NOT NULL
);
CREATE INDEX ix_ctg_wristband_code ON ctg_wristband (facility_id, code_index, recorded_at DESC);
"""

SEALED = ("ctg_device_event", "ctg_binding", "ctg_wristband")

RIGHTS = """
GRANT INSERT ON ctg_device TO yunshang_app;
GRANT UPDATE (name, unit, token_hash, token_at, old_token_hash, old_token_until, revoked_at)
  ON ctg_device TO yunshang_app;
GRANT UPDATE (labels) ON ctg_recording TO yunshang_app;
GRANT SELECT, INSERT ON ctg_device_event, ctg_wristband TO yunshang_app, yunshang_system;
"""

KEEPS = (
    "app_has_role('system_admin')"
    " OR (app_has_role('coordinator') AND {facility} = ANY(app_facilities()))"
)
OF_DEVICE = (
    "EXISTS (SELECT 1 FROM ctg_device d WHERE d.id = ctg_device_event.device_id AND ("
    + KEEPS.format(facility="d.facility_id")
    + "))"
)

POLICIES = f"""
CREATE POLICY app_adds ON ctg_device FOR INSERT TO yunshang_app
  WITH CHECK ({KEEPS.format(facility="facility_id")});
CREATE POLICY app_changes ON ctg_device FOR UPDATE TO yunshang_app
  USING ({KEEPS.format(facility="facility_id")})
  WITH CHECK ({KEEPS.format(facility="facility_id")});
CREATE POLICY app_sees ON ctg_device_event FOR SELECT TO yunshang_app USING ({OF_DEVICE});
CREATE POLICY app_adds ON ctg_device_event FOR INSERT TO yunshang_app
  WITH CHECK ({OF_DEVICE} AND recorded_by = app_person());
CREATE POLICY app_sees ON ctg_wristband FOR SELECT TO yunshang_app
  USING (facility_id = ANY(app_facilities()));
CREATE POLICY app_adds ON ctg_wristband FOR INSERT TO yunshang_app
  WITH CHECK (facility_id = ANY(app_facilities()) AND recorded_by = app_person()
              AND NOT app_only_watches()
              AND EXISTS (SELECT 1 FROM pregnancy p WHERE p.id = pregnancy_id));
"""


def upgrade() -> None:
    for script in (DEVICES, BINDINGS, WRISTBANDS, RIGHTS):
        for statement in statements(script):
            op.execute(statement)
    for table in SEALED:
        op.execute(
            f"CREATE TRIGGER {table}_sealed BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION duty_refuse()"
        )
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_sealed")
    for table in ("ctg_device_event", "ctg_wristband"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY system_all ON {table} TO yunshang_system USING (true) WITH CHECK (true)"
        )
    for statement in statements(POLICIES):
        op.execute(statement)
