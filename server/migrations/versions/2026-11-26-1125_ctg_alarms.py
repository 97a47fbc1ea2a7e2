"""Alarms on tracings: limits as versions, alarms that latch, and all that happened to them.

An alarm is one row from the moment it is raised until it is over and answered; while it lives there
is at most one of its kind and channel in a recording, so nothing is raised twice however many
gateways look. The app role answers alarms; raising and ending them is the platform's.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0030_ctg_alarms"
down_revision = "0029_ctg_devices"

# Immutable versions: a unit's own before its house's before the platform's, the newest in force.
LIMITS = """
CREATE TABLE ctg_alarm_limits (
  id          uuid PRIMARY KEY,
  facility_id uuid REFERENCES facility (id),
  unit        text NOT NULL DEFAULT '' CHECK (length(unit) <= 64),
  valid_from  timestamptz NOT NULL DEFAULT clock_timestamp(),
  content     jsonb NOT NULL CHECK (jsonb_typeof(content) = 'object'),
  source      text NOT NULL CHECK (length(source) BETWEEN 1 AND 500),
  confidence  text NOT NULL CHECK (length(confidence) BETWEEN 1 AND 40),
  digest      bytea NOT NULL UNIQUE CHECK (octet_length(digest) = 32),
  supersedes_id uuid REFERENCES ctg_alarm_limits (id),
  recorded_by uuid REFERENCES person (id),
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CHECK (facility_id IS NOT NULL OR unit = ''),
  CHECK ((facility_id IS NULL) = (recorded_by IS NULL))
);
CREATE INDEX ix_ctg_alarm_limits_owner ON ctg_alarm_limits (facility_id, unit, valid_from DESC);
CREATE TRIGGER ctg_alarm_limits_sealed BEFORE UPDATE OR DELETE OR TRUNCATE ON ctg_alarm_limits
  FOR EACH STATEMENT EXECUTE FUNCTION duty_refuse();
ALTER TABLE ctg_alarm_limits ENABLE ALWAYS TRIGGER ctg_alarm_limits_sealed;
CREATE FUNCTION ctg_alarm_limits_of(house uuid, ward text) RETURNS uuid
  LANGUAGE sql STABLE AS $$
  SELECT l.id FROM ctg_alarm_limits l
   WHERE l.valid_from <= clock_timestamp()
     AND (l.facility_id IS NULL OR (l.facility_id = house AND l.unit IN ('', ward)))
   ORDER BY l.facility_id IS NOT NULL DESC, l.unit <> '' DESC, l.valid_from DESC, l.id DESC
   LIMIT 1
$$;
"""

# The default of this release, so that no gateway ever looks without one; see alarms/limits.toml.
DEFAULT = """
INSERT INTO ctg_alarm_limits (id, content, source, confidence, digest) VALUES (
  '01980000-0000-7000-8000-00000000c7a1',
  '{"escalate_s": 120, "high_bpm": 160, "high_delay_s": 60, "loss_delay_s": 60, "low_bpm": 110,
    "low_delay_s": 30, "maternal_delay_s": 5, "offline_s": 15, "remind_s": 180,
    "same_fetus_delay_s": 30, "silence_max_s": 180, "silent_s": 10, "together_bpm": 5}',
  'Platform default: 110/160 bpm (CtgSuit manual; 中国 2015 baseline); delays our own',
  '待核实', '\\xe3e02a5302495926919d1535450a27365c9d419f94353b0832f6d85d034476d0');
"""

ALARMS = """
CREATE TABLE ctg_alarm (
  id              uuid PRIMARY KEY,
  recording_id    uuid NOT NULL REFERENCES ctg_recording (id),
  facility_id     uuid NOT NULL REFERENCES facility (id),
  kind            text NOT NULL CHECK (kind IN ('bradycardia', 'tachycardia', 'signal_loss',
                    'maternal_rate', 'same_fetus', 'battery_low', 'device_silent', 'offline')),
  channel         smallint NOT NULL CHECK (channel BETWEEN 0 AND 3),
  priority        text NOT NULL CHECK (priority IN ('high', 'medium', 'low')),
  state           text NOT NULL CHECK (state IN ('active', 'silenced', 'latched', 'acknowledged',
                    'closed')),
  raised_at       timestamptz NOT NULL,
  onset_seq       bigint NOT NULL,           -- the second in which it began; 0: of no second
  seq             bigint NOT NULL,           -- the second that raised it
  value           int NOT NULL DEFAULT 0,    -- quarter bpm when raised; 0: none
  limits_id       uuid NOT NULL REFERENCES ctg_alarm_limits (id),
  ceased_at       timestamptz,               -- since when it is over; null: it is there
  acknowledged_by uuid REFERENCES person (id),
  acknowledged_at timestamptz,
  silenced_until  timestamptz,
  remind_at       timestamptz,
  escalate_at     timestamptz,
  escalated_at    timestamptz,
  page_id         uuid REFERENCES page (id),
  page_case_id    uuid,
  version         int NOT NULL DEFAULT 1,
  CHECK ((state = 'silenced') = (silenced_until IS NOT NULL)),
  CHECK ((state = 'acknowledged') <= (acknowledged_at IS NOT NULL)),
  CHECK (CASE state WHEN 'latched' THEN ceased_at IS NOT NULL
                    WHEN 'closed' THEN ceased_at IS NOT NULL AND acknowledged_at IS NOT NULL
                    ELSE ceased_at IS NULL END)
);
-- At most one alive of a kind and channel: nothing is raised twice.
CREATE UNIQUE INDEX uq_ctg_alarm_alive ON ctg_alarm (recording_id, kind, channel)
  WHERE state <> 'closed';
CREATE INDEX ix_ctg_alarm_facility ON ctg_alarm (facility_id, raised_at DESC);
CREATE INDEX ix_ctg_alarm_recording ON ctg_alarm (recording_id, raised_at DESC);
CREATE INDEX ix_ctg_alarm_page ON ctg_alarm (page_id) WHERE page_id IS NOT NULL;
-- Lines that may go quiet: the engine looks at them every second.
CREATE INDEX ix_ctg_recording_open ON ctg_recording (id) WHERE closed_at IS NULL;
CREATE INDEX ix_ctg_alarm_due ON ctg_alarm (least(silenced_until, remind_at, escalate_at))
  WHERE state <> 'closed';

-- Everything that happened to an alarm, in order, for good.
CREATE TABLE ctg_alarm_event (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  alarm_id     uuid NOT NULL REFERENCES ctg_alarm (id),
  at           timestamptz NOT NULL,
  action       text NOT NULL CHECK (length(action) BETWEEN 1 AND 32),
  state        text NOT NULL,
  person_id    uuid REFERENCES person (id),
  reason       text CHECK (length(reason) <= 40),
  note         text CHECK (length(note) <= 500),
  seq          bigint,
  until        timestamptz
);
CREATE INDEX ix_ctg_alarm_event ON ctg_alarm_event (alarm_id, id);
CREATE TRIGGER ctg_alarm_event_sealed BEFORE UPDATE OR DELETE OR TRUNCATE ON ctg_alarm_event
  FOR EACH STATEMENT EXECUTE FUNCTION duty_refuse();
ALTER TABLE ctg_alarm_event ENABLE ALWAYS TRIGGER ctg_alarm_event_sealed;
"""

RIGHTS = """
GRANT SELECT, INSERT ON ctg_alarm_limits, ctg_alarm_event TO yunshang_app, yunshang_system;
GRANT SELECT ON ctg_alarm TO yunshang_app;
GRANT UPDATE (state, acknowledged_by, acknowledged_at, silenced_until, remind_at, escalate_at,
  version) ON ctg_alarm TO yunshang_app;
GRANT SELECT, INSERT, UPDATE ON ctg_alarm TO yunshang_system;
"""

POLICIES = """
CREATE POLICY app_reads ON ctg_alarm_limits FOR SELECT TO yunshang_app USING (true);
CREATE POLICY app_adds ON ctg_alarm_limits FOR INSERT TO yunshang_app WITH CHECK (
  recorded_by = app_person() AND NOT app_only_watches()
  AND (app_has_role('coordinator') OR app_has_role('medical_affairs'))
  AND (facility_id = ANY(app_facilities()) OR EXISTS (
    SELECT 1 FROM person p
     WHERE p.id = app_person() AND p.facility_id = ctg_alarm_limits.facility_id)));
CREATE POLICY app_sees ON ctg_alarm FOR SELECT TO yunshang_app USING (ctg_visible(recording_id));
CREATE POLICY app_answers ON ctg_alarm FOR UPDATE TO yunshang_app
  USING (NOT app_only_watches() AND ctg_visible(recording_id))
  WITH CHECK (acknowledged_by IS NULL OR acknowledged_by = app_person());
CREATE POLICY app_sees ON ctg_alarm_event FOR SELECT TO yunshang_app USING (
  EXISTS (SELECT 1 FROM ctg_alarm a WHERE a.id = alarm_id));
CREATE POLICY app_adds ON ctg_alarm_event FOR INSERT TO yunshang_app WITH CHECK (
  person_id = app_person() AND NOT app_only_watches()
  AND EXISTS (SELECT 1 FROM ctg_alarm a WHERE a.id = alarm_id));
"""

TABLES = ("ctg_alarm_limits", "ctg_alarm", "ctg_alarm_event")


def upgrade() -> None:
    for script in (LIMITS, ALARMS, RIGHTS):
        for statement in statements(script):
            op.execute(statement)
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        for role, name in (("yunshang_owner", "owner_all"), ("yunshang_system", "system_all")):
            op.execute(f"CREATE POLICY {name} ON {table} TO {role} USING (true) WITH CHECK (true)")
    for script in (POLICIES, DEFAULT):
        for statement in statements(script):
            op.execute(statement)
