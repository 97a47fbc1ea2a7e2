"""Observations: what was measured, with units, by whom and with which device.

Readings are appended and never changed; one that was entered in error gets a line in
`observation_void`. A device's messages are kept whether they became readings or were refused.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0011_observations"
down_revision = "0010_risk"

DEVICES = """
CREATE TABLE observation_device (
  id          uuid PRIMARY KEY,
  serial      text NOT NULL UNIQUE CHECK (length(serial) BETWEEN 1 AND 64),
  kind        text NOT NULL CHECK (kind IN ('bilirubinometer', 'home_blood_pressure', 'home_ctg',
                'ward_monitor')),
  facility_id uuid NOT NULL REFERENCES facility (id),
  -- SHA-256 of the bearer token, which is shown once.
  token_hash  bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
  created_at  timestamptz NOT NULL,
  created_by  uuid NOT NULL,
  revoked_at  timestamptz
);
CREATE INDEX ix_observation_device_facility ON observation_device (facility_id);

-- On whom a device measures, from when to when; on one at a time.
CREATE TABLE observation_pairing (
  id           uuid PRIMARY KEY,
  device_id    uuid NOT NULL REFERENCES observation_device (id),
  pregnancy_id uuid NOT NULL REFERENCES pregnancy (id),
  newborn_id   uuid REFERENCES newborn (id),
  from_at      timestamptz NOT NULL,
  to_at        timestamptz CHECK (to_at >= from_at),
  paired_by    uuid NOT NULL
);
CREATE UNIQUE INDEX uq_observation_pairing_open ON observation_pairing (device_id)
  WHERE to_at IS NULL;
CREATE INDEX ix_observation_pairing_pregnancy ON observation_pairing (pregnancy_id);

-- Every message a device ever sent, once by its sequence; refused ones say why.
CREATE TABLE observation_message (
  device_id       uuid NOT NULL REFERENCES observation_device (id),
  sequence        bigint NOT NULL CHECK (sequence >= 0),
  received_at     timestamptz NOT NULL,
  device_at       timestamptz NOT NULL,   -- the device's own clock, as it said
  clock_offset_ms bigint NOT NULL,        -- ours minus the device's, when it sent
  pregnancy_id    uuid REFERENCES pregnancy (id),
  newborn_id      uuid REFERENCES newborn (id),
  refused         text,                   -- the refusal's code
  refused_fields  jsonb,
  body            jsonb NOT NULL,
  PRIMARY KEY (device_id, sequence)
);
CREATE INDEX ix_observation_message_refused ON observation_message (pregnancy_id, received_at)
  WHERE refused IS NOT NULL;
"""

READINGS = """
CREATE TABLE observation (
  id              uuid PRIMARY KEY,
  pregnancy_id    uuid NOT NULL REFERENCES pregnancy (id),
  case_id         uuid,
  subject         text NOT NULL CHECK (subject IN ('mother', 'newborn')),
  newborn_id      uuid REFERENCES newborn (id),
  code            text NOT NULL,
  value_num       double precision CHECK (value_num BETWEEN -1e9 AND 1e9),
  value_code      text,
  raw_value       text NOT NULL,
  raw_unit        text,
  taken_at        timestamptz NOT NULL,
  entered_at      timestamptz NOT NULL,
  source          text NOT NULL CHECK (source IN ('human', 'device', 'home')),
  person_id       uuid,
  facility_id     uuid REFERENCES facility (id),
  device_id       uuid,
  device_sequence bigint,
  drill           boolean NOT NULL,
  CHECK (num_nonnulls(value_num, value_code) = 1),
  CHECK (newborn_id IS NULL OR subject = 'newborn'),
  CHECK (taken_at <= entered_at + interval '5 minutes'),
  CHECK ((device_id IS NULL) = (device_sequence IS NULL)),
  UNIQUE (device_id, device_sequence, code),
  FOREIGN KEY (device_id, device_sequence) REFERENCES observation_message (device_id, sequence)
);
CREATE INDEX ix_observation_pregnancy ON observation (pregnancy_id, code, taken_at DESC);
CREATE INDEX ix_observation_case ON observation (case_id) WHERE case_id IS NOT NULL;

CREATE TABLE observation_void (
  observation_id uuid PRIMARY KEY REFERENCES observation (id),
  reason         text NOT NULL CHECK (reason IN ('wrong_patient', 'wrong_value', 'wrong_unit',
                   'wrong_time', 'device_fault', 'other')),
  note           text CHECK (length(note) BETWEEN 1 AND 200),
  person_id      uuid NOT NULL,
  facility_id    uuid NOT NULL,
  voided_at      timestamptz NOT NULL
);
"""

# A device has no login: its token opens exactly one row, to whoever holds the token.
TOKENS = """
CREATE FUNCTION observation_device_of(token bytea)
  RETURNS TABLE (id uuid, serial text, kind text, facility_id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT d.id, d.serial, d.kind, d.facility_id FROM public.observation_device d
   WHERE d.token_hash = token AND d.revoked_at IS NULL
$$;
REVOKE ALL ON FUNCTION observation_device_of FROM PUBLIC;
GRANT EXECUTE ON FUNCTION observation_device_of TO yunshang_app, yunshang_system;
CREATE POLICY owner_reads ON observation_device FOR SELECT TO yunshang_owner USING (true);
"""

TABLES = (
    "observation_device",
    "observation_pairing",
    "observation_message",
    "observation",
    "observation_void",
)
APPEND_ONLY = ("observation_message", "observation", "observation_void")

# The pregnancy's own policy decides (its facility, or a party of a case of hers).
HERS = "EXISTS (SELECT 1 FROM pregnancy p WHERE p.id = {table}.pregnancy_id)"

POLICIES = """
CREATE POLICY app_reads ON observation_device FOR SELECT TO yunshang_app
  USING (facility_id = ANY(app_facilities())
    OR EXISTS (SELECT 1 FROM observation_pairing a WHERE a.device_id = observation_device.id));
CREATE POLICY app_adds ON observation_device FOR INSERT TO yunshang_app
  WITH CHECK (facility_id = ANY(app_facilities()) AND NOT app_only_watches());
CREATE POLICY app_revokes ON observation_device FOR UPDATE TO yunshang_app
  USING (facility_id = ANY(app_facilities()) AND NOT app_only_watches());

CREATE POLICY app_reads ON observation_pairing FOR SELECT TO yunshang_app USING ({pairing});
CREATE POLICY app_adds ON observation_pairing FOR INSERT TO yunshang_app
  WITH CHECK ({pairing} AND NOT app_only_watches()
    AND (newborn_id IS NULL OR EXISTS (SELECT 1 FROM newborn n
      WHERE n.id = newborn_id AND n.pregnancy_id = observation_pairing.pregnancy_id)));
CREATE POLICY app_ends ON observation_pairing FOR UPDATE TO yunshang_app
  USING ({pairing} AND NOT app_only_watches());

CREATE POLICY app_reads ON observation_message FOR SELECT TO yunshang_app
  USING ({message}
    OR EXISTS (SELECT 1 FROM observation_device d WHERE d.id = observation_message.device_id
                AND d.facility_id = ANY(app_facilities())));
CREATE POLICY app_adds ON observation_message FOR INSERT TO yunshang_app
  WITH CHECK (app_has_role('device') AND (pregnancy_id IS NULL OR {message})
    AND EXISTS (SELECT 1 FROM observation_device d WHERE d.id = observation_message.device_id
                 AND d.facility_id = ANY(app_facilities())));

CREATE POLICY app_reads ON observation FOR SELECT TO yunshang_app USING ({reading});
CREATE POLICY app_adds ON observation FOR INSERT TO yunshang_app
  WITH CHECK ({reading} AND NOT app_only_watches()
    AND (device_id IS NULL) = (NOT app_has_role('device'))
    AND (case_id IS NULL OR app_sees_identity(case_id))
    AND (newborn_id IS NULL OR EXISTS (SELECT 1 FROM newborn n
      WHERE n.id = newborn_id AND n.pregnancy_id = observation.pregnancy_id)));

CREATE POLICY app_reads ON observation_void FOR SELECT TO yunshang_app
  USING (EXISTS (SELECT 1 FROM observation o WHERE o.id = observation_void.observation_id));
CREATE POLICY app_adds ON observation_void FOR INSERT TO yunshang_app
  WITH CHECK (person_id = app_person() AND NOT app_only_watches()
    AND EXISTS (SELECT 1 FROM observation o WHERE o.id = observation_void.observation_id
                 AND (o.person_id = app_person() OR o.facility_id = ANY(app_facilities()))));

GRANT SELECT, INSERT ON observation_device, observation_pairing, observation_message, observation,
  observation_void TO yunshang_app, yunshang_system;
GRANT UPDATE (revoked_at) ON observation_device TO yunshang_app, yunshang_system;
GRANT UPDATE (to_at) ON observation_pairing TO yunshang_app, yunshang_system;
"""


def upgrade() -> None:
    for script in (DEVICES, READINGS):
        for statement in statements(script):
            op.execute(statement)
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY system_all ON {table} TO yunshang_system USING (true) WITH CHECK (true)"
        )
    policies = POLICIES.format(
        pairing=HERS.format(table="observation_pairing"),
        message=HERS.format(table="observation_message"),
        reading=HERS.format(table="observation"),
    )
    for statement in (*statements(TOKENS), *statements(policies)):
        op.execute(statement)
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_append_only")
