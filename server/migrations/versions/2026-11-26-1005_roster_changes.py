"""Roster changes: swaps, substitutes, taking over, handover; the weights of a fair roster.

Why somebody cannot come is between them, the colleagues they ask and those who approve. What a
request is about never changes; how far it got is folded into its row and appended to its events.
"""

import json
import tomllib
from hashlib import sha256
from pathlib import Path

import sqlalchemy as sa
from alembic import op
from uuid_utils.compat import uuid7

import duty.changes
import duty.changes.fairness
from server.migrations.sql import statements

revision = "0019_roster_changes"
down_revision = "0018_rosters"

RIGHTS = """
CREATE FUNCTION app_oversees_duty(wanted uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT (app_has_role('coordinator') OR app_has_role('duty_desk')
          OR app_has_role('medical_affairs'))
    AND (wanted = ANY(app_facilities()) OR EXISTS (
      SELECT 1 FROM person p WHERE p.id = app_person() AND p.facility_id = wanted))
$$;
"""

CHANGES = """
CREATE TABLE change_rule (
  id                  uuid PRIMARY KEY,
  region_id           uuid REFERENCES region (id),
  facility_id         uuid REFERENCES facility (id),  -- both null: the platform's default
  preauthorised       text[] NOT NULL,                -- kinds that need no approval
  closes_before_s     int NOT NULL CHECK (closes_before_s BETWEEN 0 AND 604800),
  approve_within_s    int NOT NULL CHECK (approve_within_s BETWEEN 60 AND 2592000),
  remind_after_s      int NOT NULL CHECK (remind_after_s BETWEEN 60 AND 2592000),
  handover_needed     boolean NOT NULL,
  handover_opens_s    int NOT NULL CHECK (handover_opens_s BETWEEN 60 AND 14400),
  handover_remind_s   int NOT NULL CHECK (handover_remind_s BETWEEN 10 AND 14400),
  handover_alarm_s    int NOT NULL CHECK (handover_alarm_s BETWEEN 10 AND 14400),
  source              text NOT NULL,
  confidence          text NOT NULL,
  digest              bytea NOT NULL UNIQUE,
  added_by            uuid,
  valid_from          timestamptz NOT NULL DEFAULT clock_timestamp(),
  CHECK (num_nonnulls(region_id, facility_id) <= 1),
  CHECK (preauthorised <@ ARRAY['swap', 'substitute']),
  CHECK (remind_after_s <= approve_within_s),
  CHECK (handover_remind_s <= handover_alarm_s)
);
CREATE TABLE change_request (
  id             uuid PRIMARY KEY,
  kind           text NOT NULL CHECK (kind IN ('swap', 'substitute', 'takeover')),
  state          text NOT NULL CHECK (state IN ('proposed', 'agreed', 'applied', 'refused',
                   'rejected', 'withdrawn', 'expired', 'ended', 'in_force', 'ratified',
                   'disapproved')),
  rev            int NOT NULL DEFAULT 1 CHECK (rev >= 1),
  facility_id    uuid NOT NULL REFERENCES facility (id),
  rule_id        uuid NOT NULL REFERENCES change_rule (id),
  requested_by   uuid NOT NULL REFERENCES person (id),
  requested_at   timestamptz NOT NULL,
  reason         text NOT NULL CHECK (reason IN ('illness', 'leave', 'training', 'family',
                   'in_surgery', 'other')),
  note           text CHECK (length(note) BETWEEN 1 AND 200),
  shift_id       uuid NOT NULL REFERENCES shift (id),
  slot_id        uuid NOT NULL REFERENCES slot (id),
  holder_id      uuid NOT NULL REFERENCES person (id),
  during         tstzrange NOT NULL CHECK (NOT isempty(during)),
  party_ids      uuid[] NOT NULL CHECK (cardinality(party_ids) >= 2),
  expires_at     timestamptz,
  taken_option   smallint,
  decided_by     uuid,
  decided_at     timestamptz,
  approve_by     timestamptz,
  remind_at      timestamptz,
  reminded_at    timestamptz,
  alarmed_at     timestamptz,
  CHECK ((kind = 'takeover') = (state IN ('in_force', 'ratified', 'disapproved'))),
  CHECK ((kind = 'takeover') = (expires_at IS NULL)),
  CHECK ((kind = 'takeover') = (approve_by IS NOT NULL)),
  CHECK (state NOT IN ('agreed', 'applied') OR taken_option IS NOT NULL)
);
CREATE INDEX ix_change_request_facility ON change_request (facility_id, requested_at);
CREATE INDEX ix_change_request_parties ON change_request USING gin (party_ids);
CREATE UNIQUE INDEX uq_change_request_open ON change_request (shift_id)
  WHERE state IN ('proposed', 'agreed');
CREATE INDEX ix_change_request_waiting ON change_request (expires_at)
  WHERE state IN ('proposed', 'agreed');
CREATE INDEX ix_change_request_unapproved ON change_request (remind_at)
  WHERE state = 'in_force';

-- Whom the requester asked, and what each would give in return (a substitute gives nothing).
CREATE TABLE change_option (
  request_id  uuid NOT NULL REFERENCES change_request (id),
  no          smallint NOT NULL CHECK (no BETWEEN 1 AND 20),
  person_id   uuid NOT NULL REFERENCES person (id),
  shift_id    uuid REFERENCES shift (id),
  slot_id     uuid REFERENCES slot (id),
  during      tstzrange,
  answer      text NOT NULL DEFAULT 'waiting' CHECK (answer IN ('waiting', 'accepted', 'refused')),
  answered_at timestamptz,
  PRIMARY KEY (request_id, no),
  CHECK (num_nonnulls(shift_id, slot_id, during) IN (0, 3)),
  CHECK ((answer = 'waiting') = (answered_at IS NULL))
);
CREATE TABLE change_event (
  request_id uuid NOT NULL REFERENCES change_request (id),
  rev        int NOT NULL,
  action     text NOT NULL,
  state      text NOT NULL,
  side       text NOT NULL,
  person_id  uuid,
  note       text CHECK (length(note) BETWEEN 1 AND 200),
  at         timestamptz NOT NULL,
  PRIMARY KEY (request_id, rev, action)
);
CREATE TRIGGER change_rule_sealed BEFORE UPDATE OR DELETE OR TRUNCATE ON change_rule
  FOR EACH STATEMENT EXECUTE FUNCTION duty_refuse();
CREATE TRIGGER change_event_sealed BEFORE UPDATE OR DELETE OR TRUNCATE ON change_event
  FOR EACH STATEMENT EXECUTE FUNCTION duty_refuse();
ALTER TABLE change_rule ENABLE ALWAYS TRIGGER change_rule_sealed;
ALTER TABLE change_event ENABLE ALWAYS TRIGGER change_event_sealed;

GRANT SELECT, INSERT ON change_rule, change_request, change_option, change_event
  TO yunshang_app, yunshang_system;
GRANT UPDATE (state, rev, taken_option, decided_by, decided_at, reminded_at, alarmed_at)
  ON change_request TO yunshang_app, yunshang_system;
GRANT UPDATE (answer, answered_at) ON change_option TO yunshang_app, yunshang_system;
"""

HANDOVERS = """
CREATE TABLE duty_handover (
  id                uuid PRIMARY KEY,
  slot_id           uuid NOT NULL REFERENCES slot (id),
  facility_id       uuid NOT NULL REFERENCES facility (id),
  at                timestamptz NOT NULL,
  outgoing_id       uuid NOT NULL REFERENCES person (id),
  incoming_id       uuid NOT NULL REFERENCES person (id),
  outgoing_shift_id uuid NOT NULL REFERENCES shift (id),
  incoming_shift_id uuid NOT NULL REFERENCES shift (id),
  rule_id           uuid NOT NULL REFERENCES change_rule (id),
  state             text NOT NULL CHECK (state IN ('open', 'accepted', 'settled', 'lapsed')),
  opened_at         timestamptz NOT NULL,
  remind_at         timestamptz NOT NULL,
  alarm_at          timestamptz NOT NULL,
  reminded_at       timestamptz,
  alarmed_at        timestamptz,
  ended_by          uuid,
  ended_at          timestamptz,
  end_note          text CHECK (length(end_note) BETWEEN 1 AND 200),
  UNIQUE (slot_id, at, incoming_id),
  CHECK (outgoing_id <> incoming_id),
  CHECK ((state = 'open') = (ended_at IS NULL)),
  CHECK ((state IN ('accepted', 'settled')) = (ended_by IS NOT NULL)),
  CHECK (state <> 'accepted' OR ended_by = incoming_id)
);
CREATE INDEX ix_duty_handover_slot ON duty_handover (slot_id, at DESC);
CREATE INDEX ix_duty_handover_facility ON duty_handover (facility_id, at);
CREATE INDEX ix_duty_handover_open ON duty_handover (alarm_at) WHERE state = 'open';
CREATE INDEX ix_shift_begin ON shift (lower(during)) WHERE status = 'active';
CREATE TABLE duty_handover_note (
  id          uuid PRIMARY KEY,
  handover_id uuid NOT NULL REFERENCES duty_handover (id),
  person_id   uuid NOT NULL REFERENCES person (id),
  case_id     uuid,
  text        text NOT NULL CHECK (length(text) BETWEEN 1 AND 1000),
  at          timestamptz NOT NULL
);
CREATE INDEX ix_duty_handover_note ON duty_handover_note (handover_id, at);
-- What the incoming person was shown and acknowledged.
CREATE TABLE duty_handover_case (
  handover_id uuid NOT NULL REFERENCES duty_handover (id),
  case_id     uuid NOT NULL,
  number      text NOT NULL,
  state       text NOT NULL,
  acuity      text NOT NULL,
  opened_at   timestamptz NOT NULL,
  pages       int NOT NULL CHECK (pages >= 0),
  PRIMARY KEY (handover_id, case_id)
);
CREATE TRIGGER duty_handover_note_sealed BEFORE UPDATE OR DELETE OR TRUNCATE ON duty_handover_note
  FOR EACH STATEMENT EXECUTE FUNCTION duty_refuse();
CREATE TRIGGER duty_handover_case_sealed BEFORE UPDATE OR DELETE OR TRUNCATE ON duty_handover_case
  FOR EACH STATEMENT EXECUTE FUNCTION duty_refuse();
ALTER TABLE duty_handover_note ENABLE ALWAYS TRIGGER duty_handover_note_sealed;
ALTER TABLE duty_handover_case ENABLE ALWAYS TRIGGER duty_handover_case_sealed;
GRANT SELECT ON duty_handover TO yunshang_app, yunshang_system;
GRANT INSERT ON duty_handover TO yunshang_system;
GRANT UPDATE (state, ended_by, ended_at, end_note) ON duty_handover TO yunshang_app;
GRANT UPDATE (state, ended_by, ended_at, end_note, reminded_at, alarmed_at) ON duty_handover
  TO yunshang_system;
GRANT SELECT, INSERT ON duty_handover_note, duty_handover_case TO yunshang_app, yunshang_system;
"""

FAIRNESS = """
CREATE TABLE fairness_weights (
  id          uuid PRIMARY KEY,
  facility_id uuid REFERENCES facility (id),  -- null: the platform's default
  content     jsonb NOT NULL,
  source      text NOT NULL,
  confidence  text NOT NULL,
  digest      bytea NOT NULL UNIQUE,
  valid_from  timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TRIGGER fairness_weights_sealed BEFORE UPDATE OR DELETE OR TRUNCATE ON fairness_weights
  FOR EACH STATEMENT EXECUTE FUNCTION duty_refuse();
ALTER TABLE fairness_weights ENABLE ALWAYS TRIGGER fairness_weights_sealed;
GRANT SELECT ON fairness_weights TO yunshang_app, yunshang_system;
GRANT INSERT ON fairness_weights TO yunshang_system;
"""

# Each side of an OR on its own, here and below: saved and restored, a policy reads the same.
_OF_TWO = "app_person() = h.incoming_id OR app_person() = h.outgoing_id"
_THERE = (
    "EXISTS (SELECT 1 FROM duty_handover h WHERE h.id = handover_id"
    f" AND ({_OF_TWO} OR h.facility_id = ANY(app_facilities())"
    " OR app_oversees_duty(h.facility_id)))"
)
READS = {
    "change_rule": "true",
    "change_request": "app_person() = ANY(party_ids) OR app_oversees_duty(facility_id)",
    "change_option": "EXISTS (SELECT 1 FROM change_request r WHERE r.id = request_id)",
    "change_event": "EXISTS (SELECT 1 FROM change_request r WHERE r.id = request_id)",
    # That a handover waits decides whom a page rings, whoever sends it.
    "duty_handover": "true",
    "duty_handover_note": _THERE,
    "duty_handover_case": _THERE,
}
WRITES = READS | {
    "change_rule": "app_oversees_duty(facility_id)"
    " AND (app_has_role('coordinator') OR app_has_role('medical_affairs'))",
    "duty_handover": "app_person() = incoming_id OR app_person() = outgoing_id"
    " OR facility_id = ANY(app_facilities()) OR app_oversees_duty(facility_id)",
}
CHANGED = ("change_request", "change_option", "duty_handover")


def _protect(table: str) -> None:
    writes = f"NOT app_only_watches() AND ({WRITES[table]})"
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY system_all ON {table} TO yunshang_system USING (true) WITH CHECK (true)"
    )
    op.execute(
        f"CREATE POLICY app_reads ON {table} FOR SELECT TO yunshang_app USING ({READS[table]})"
    )
    op.execute(
        f"CREATE POLICY app_adds ON {table} FOR INSERT TO yunshang_app WITH CHECK ({writes})"
    )
    if table in CHANGED:
        op.execute(
            f"CREATE POLICY app_changes ON {table} FOR UPDATE TO yunshang_app"
            f" USING ({writes}) WITH CHECK ({writes})"
        )


def upgrade() -> None:
    for script in (RIGHTS, CHANGES, HANDOVERS, FAIRNESS):
        for statement in statements(script):
            op.execute(statement)
    _install_default_rule()
    _install_default_weights()
    for table in READS:
        _protect(table)


def _install_default_rule() -> None:
    """The default as shipped; a newer file is installed by the engine when it starts."""
    shipped = Path(duty.changes.__file__).with_name("rules.toml").read_text("utf-8")
    rule = tomllib.loads(shipped)["default"] | {"region_id": None, "facility_id": None}
    text = json.dumps(rule, sort_keys=True, ensure_ascii=False)
    columns = ", ".join(rule)
    values = ", ".join(f":{name}" for name in rule)
    op.get_bind().execute(
        sa.text(f"INSERT INTO change_rule (id, digest, {columns}) VALUES (:id, :digest, {values})"),
        rule | {"id": uuid7(), "digest": sha256(text.encode()).digest()},
    )


def _install_default_weights() -> None:
    """What an hour of duty counts, as shipped."""
    shipped = Path(duty.changes.fairness.__file__).with_name("weights.toml").read_text("utf-8")
    content = tomllib.loads(shipped)["default"]
    text = json.dumps({"facility_id": None, **content}, sort_keys=True, ensure_ascii=False)
    op.get_bind().execute(
        sa.text(
            "INSERT INTO fairness_weights (id, content, source, confidence, digest)"
            " VALUES (:id, CAST(:content AS jsonb), :source, :confidence, :digest)"
        ),
        {
            "id": uuid7(),
            "content": json.dumps(content, ensure_ascii=False),
            "source": content["source"],
            "confidence": content["confidence"],
            "digest": sha256(text.encode()).digest(),
        },
    )
