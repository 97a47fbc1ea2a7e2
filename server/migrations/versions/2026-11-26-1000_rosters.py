"""Rosters: qualifications, rotations, leave, the calendar, plans and their approval.

A plan's entries are drafts and live apart from shifts: nobody is on call by a draft. Publishing
writes shifts, and the database refuses what no plan may do: two people in one place, one person in
two exclusive places, a changed past. Rosters are public; leave and qualifications are about a
person and are read by that person and by those who roster or approve where they work.
"""

import json
import tomllib
from pathlib import Path

import sqlalchemy as sa
from alembic import op
from uuid_utils.compat import uuid7

import duty.rosters
from server.migrations.sql import statements

revision = "0018_rosters"
down_revision = "0017_aftermath"

ROLES = """
ALTER TABLE role_grant DROP CONSTRAINT role_grant_role_check;
ALTER TABLE role_grant ADD CONSTRAINT role_grant_role_check CHECK (role IN (
  'referring_clinician', 'expert', 'coordinator', 'duty_desk', 'commission', 'system_admin',
  'security_admin', 'auditor', 'device', 'crew', 'special_population', 'medical_affairs'));

-- A coordinator may be one for a region, an approver treats nobody: both belong to a house.
CREATE FUNCTION app_works_at(wanted uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT wanted = ANY(app_facilities()) OR EXISTS (
    SELECT 1 FROM person p WHERE p.id = app_person() AND p.facility_id = wanted)
$$;
CREATE FUNCTION app_keeps_roster(wanted uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT NOT app_only_watches() AND (app_has_role('coordinator') OR app_has_role('duty_desk'))
    AND app_works_at(wanted)
$$;
CREATE FUNCTION app_approves_roster(wanted uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT NOT app_only_watches() AND app_has_role('medical_affairs') AND app_works_at(wanted)
$$;
"""

# What a place asks for may change; what it is (tier, specialty) never does: found another one.
GROUPS = """
ALTER TABLE slot ADD COLUMN exclusive boolean NOT NULL DEFAULT true;
UPDATE slot SET exclusive = false WHERE tier = 'third';
ALTER TABLE slot ADD COLUMN qualification text CHECK (length(qualification) BETWEEN 1 AND 40);
ALTER TABLE slot ADD COLUMN founded_at timestamptz NOT NULL DEFAULT '-infinity';
ALTER TABLE slot ADD COLUMN retired_at timestamptz;
GRANT UPDATE (min_title, required, exclusive, qualification, retired_at) ON slot
  TO yunshang_app, yunshang_system;
GRANT UPDATE (name) ON expert_group TO yunshang_app, yunshang_system;
CREATE TABLE slot_change (
  id         uuid PRIMARY KEY,
  slot_id    uuid NOT NULL REFERENCES slot (id),
  before     jsonb NOT NULL,
  after      jsonb NOT NULL,
  changed_by uuid,
  changed_at timestamptz NOT NULL
);
CREATE INDEX ix_slot_change_slot ON slot_change (slot_id, changed_at);
"""

# Shifts written before this revision stay outside the second constraint: they are records.
SHIFTS = """
ALTER TABLE shift ADD COLUMN exclusive boolean NOT NULL DEFAULT false;
ALTER TABLE shift ADD COLUMN plan_id uuid;
ALTER TABLE shift ADD COLUMN person_no bigint GENERATED ALWAYS AS
  (hashtextextended(person_id::text, 0) / 2) STORED;
ALTER TABLE shift DROP CONSTRAINT shift_origin_check;
ALTER TABLE shift ADD CONSTRAINT shift_origin_check CHECK (origin IN (
  'plan', 'cover', 'split', 'swap', 'takeover', 'leave', 'import'));
ALTER TABLE shift ADD CONSTRAINT shift_one_place EXCLUDE USING gist
  (int8range(person_no, person_no, '[]') WITH &&, during WITH &&)
  WHERE (status = 'active' AND exclusive) DEFERRABLE INITIALLY IMMEDIATE;
CREATE INDEX ix_shift_plan ON shift (plan_id) WHERE plan_id IS NOT NULL;
CREATE OR REPLACE FUNCTION shift_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.status = 'active' AND NEW.status = 'superseded'
     AND (NEW.id, NEW.slot_id, NEW.slot_no, NEW.person_id, NEW.during, NEW.origin, NEW.recorded_at,
          NEW.recorded_by, NEW.supersedes_id, NEW.exclusive, NEW.plan_id) IS NOT DISTINCT FROM
         (OLD.id, OLD.slot_id, OLD.slot_no, OLD.person_id, OLD.during, OLD.origin, OLD.recorded_at,
          OLD.recorded_by, OLD.supersedes_id, OLD.exclusive, OLD.plan_id)
  THEN RETURN NEW;
  END IF;
  RAISE EXCEPTION 'a shift is superseded, never changed or deleted' USING ERRCODE = 'YS011';
END
$$;
"""

PEOPLE = """
CREATE TABLE person_qualification (
  id          uuid PRIMARY KEY,
  person_id   uuid NOT NULL REFERENCES person (id),
  facility_id uuid NOT NULL REFERENCES facility (id),
  kind        text NOT NULL CHECK (length(kind) BETWEEN 1 AND 40),
  valid       daterange NOT NULL CHECK (NOT isempty(valid) AND NOT lower_inf(valid)),
  recorded_by uuid,
  recorded_at timestamptz NOT NULL,
  revoked_by  uuid,
  revoked_at  timestamptz
);
CREATE INDEX ix_person_qualification_person ON person_qualification (person_id);
CREATE INDEX ix_person_qualification_facility ON person_qualification (facility_id);
CREATE TABLE roster_leave (
  id            uuid PRIMARY KEY,
  person_id     uuid NOT NULL REFERENCES person (id),
  facility_id   uuid NOT NULL REFERENCES facility (id),
  during        tstzrange NOT NULL,
  kind          text NOT NULL CHECK (kind IN ('annual', 'sick', 'maternity', 'training',
                  'compensation', 'other')),
  substitute_id uuid REFERENCES person (id),
  recorded_by   uuid,
  recorded_at   timestamptz NOT NULL,
  cancelled_by  uuid,
  cancelled_at  timestamptz,
  CHECK (substitute_id <> person_id),
  CONSTRAINT roster_leave_half_open CHECK (NOT isempty(during) AND lower_inc(during)
    AND NOT upper_inc(during) AND NOT lower_inf(during) AND NOT upper_inf(during))
);
CREATE INDEX ix_roster_leave_person ON roster_leave (person_id) WHERE cancelled_at IS NULL;
CREATE INDEX ix_roster_leave_facility ON roster_leave (facility_id) WHERE cancelled_at IS NULL;

-- When somebody is away and who stands in, for whoever rosters; why they are away is not said.
CREATE FUNCTION leave_spans(people uuid[], span tstzrange)
  RETURNS TABLE (person_id uuid, during tstzrange, substitute_id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT l.person_id, l.during, l.substitute_id FROM public.roster_leave l
   WHERE l.person_id = ANY(people) AND l.during && span AND l.cancelled_at IS NULL
   ORDER BY l.person_id, l.during, l.id
$$;
-- Which qualifications people hold on which days, for the same readers.
CREATE FUNCTION qualification_spans(people uuid[])
  RETURNS TABLE (person_id uuid, kind text, valid daterange)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT q.person_id, q.kind, q.valid FROM public.person_qualification q
   WHERE q.person_id = ANY(people) AND q.revoked_at IS NULL
   ORDER BY q.person_id, q.kind, q.valid
$$;
REVOKE ALL ON FUNCTION leave_spans, qualification_spans FROM PUBLIC;
GRANT EXECUTE ON FUNCTION leave_spans, qualification_spans TO yunshang_app, yunshang_system;
"""

PERSONAL = {
    "person_qualification": "revoked_by, revoked_at",
    "roster_leave": "cancelled_by, cancelled_at",
}

CALENDAR = """
CREATE TABLE calendar_version (
  id          uuid PRIMARY KEY,
  seq         bigint GENERATED ALWAYS AS IDENTITY,
  year        int NOT NULL CHECK (year BETWEEN 2000 AND 2200),
  source      text NOT NULL CHECK (length(source) BETWEEN 1 AND 200),
  confidence  text NOT NULL CHECK (length(confidence) BETWEEN 1 AND 40),
  days        jsonb NOT NULL CHECK (jsonb_typeof(days) = 'array'),
  recorded_by uuid,
  recorded_at timestamptz NOT NULL
);
CREATE INDEX ix_calendar_version_year ON calendar_version (year, seq DESC);
"""

ROTATIONS = """
CREATE TABLE rotation_version (
  id          uuid PRIMARY KEY,
  seq         bigint GENERATED ALWAYS AS IDENTITY,
  facility_id uuid NOT NULL REFERENCES facility (id),
  slot_id     uuid NOT NULL REFERENCES slot (id),
  code        text NOT NULL CHECK (length(code) BETWEEN 1 AND 40),
  pattern     jsonb NOT NULL,
  valid       daterange NOT NULL CHECK (NOT isempty(valid) AND NOT lower_inf(valid)),
  recorded_by uuid,
  recorded_at timestamptz NOT NULL
);
CREATE INDEX ix_rotation_version_slot ON rotation_version (slot_id, code, seq DESC);
CREATE INDEX ix_rotation_version_facility ON rotation_version (facility_id);
"""

PLANS = """
CREATE TABLE roster_plan (
  id           uuid PRIMARY KEY,
  plan_no      bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  facility_id  uuid NOT NULL REFERENCES facility (id),
  group_id     uuid NOT NULL REFERENCES expert_group (id),
  kind         text NOT NULL CHECK (kind IN ('regular', 'temporary')),
  name         text NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
  during       tstzrange NOT NULL,
  state        text NOT NULL
               CHECK (state IN ('draft', 'submitted', 'approved', 'published', 'discarded')),
  version      int NOT NULL CHECK (version >= 1),
  content_hash bytea CHECK (octet_length(content_hash) = 32),
  drafted_by   uuid,
  submitted_by uuid,
  approved_by  uuid,
  recorded_at  timestamptz NOT NULL,
  CONSTRAINT roster_plan_half_open CHECK (NOT isempty(during) AND lower_inc(during)
    AND NOT upper_inc(during) AND NOT lower_inf(during) AND NOT upper_inf(during)),
  CHECK (state NOT IN ('submitted', 'approved', 'published') OR content_hash IS NOT NULL),
  CHECK (approved_by IS NULL OR approved_by IS DISTINCT FROM submitted_by)
);
CREATE INDEX ix_roster_plan_group ON roster_plan (group_id);
CREATE INDEX ix_roster_plan_facility ON roster_plan (facility_id, state);
ALTER TABLE shift ADD CONSTRAINT fk_shift_plan FOREIGN KEY (plan_id) REFERENCES roster_plan (id);

CREATE TABLE plan_entry (
  id        uuid PRIMARY KEY,
  plan_id   uuid NOT NULL,
  plan_no   bigint NOT NULL,
  slot_id   uuid NOT NULL,
  slot_no   bigint NOT NULL,
  person_id uuid NOT NULL REFERENCES person (id),
  during    tstzrange NOT NULL,
  origin    text NOT NULL CHECK (origin IN ('rotation', 'leave', 'hand', 'import')),
  FOREIGN KEY (slot_id, slot_no) REFERENCES slot (id, slot_no),
  CONSTRAINT plan_entry_half_open CHECK (NOT isempty(during) AND lower_inc(during)
    AND NOT upper_inc(during) AND NOT lower_inf(during) AND NOT upper_inf(during)),
  CONSTRAINT plan_entry_one_person EXCLUDE USING gist
    (int8range(plan_no, plan_no, '[]') WITH &&, int8range(slot_no, slot_no, '[]') WITH &&,
     during WITH &&)
);
ALTER TABLE plan_entry ADD FOREIGN KEY (plan_id) REFERENCES roster_plan (id);
CREATE INDEX ix_plan_entry_plan ON plan_entry (plan_id);

-- Whatever was submitted is what is approved, and what was approved is what is published.
CREATE FUNCTION plan_entry_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  wanted uuid := CASE WHEN TG_OP = 'DELETE' THEN OLD.plan_id ELSE NEW.plan_id END;
BEGIN
  IF (SELECT p.state FROM roster_plan p WHERE p.id = wanted) IS DISTINCT FROM 'draft' THEN
    RAISE EXCEPTION 'entries change in a draft only' USING ERRCODE = 'YS011';
  END IF;
  RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END
$$;
CREATE TRIGGER plan_entry_guard BEFORE INSERT OR UPDATE OR DELETE ON plan_entry
  FOR EACH ROW EXECUTE FUNCTION plan_entry_guard();
ALTER TABLE plan_entry ENABLE ALWAYS TRIGGER plan_entry_guard;

CREATE TABLE plan_event (
  id           uuid PRIMARY KEY,
  seq          bigint GENERATED ALWAYS AS IDENTITY,
  plan_id      uuid NOT NULL REFERENCES roster_plan (id),
  facility_id  uuid NOT NULL REFERENCES facility (id),
  action       text NOT NULL CHECK (action IN ('draft', 'submit', 'return', 'approve', 'publish',
                 'discard')),
  person_id    uuid,
  at           timestamptz NOT NULL,
  reason       text CHECK (length(reason) BETWEEN 1 AND 400),
  content_hash bytea
);
CREATE INDEX ix_plan_event_plan ON plan_event (plan_id, seq);
"""

# Told once when the set of gaps changes, and again every day while there are any.
ALARMS = """
CREATE TABLE roster_alarm (
  facility_id uuid PRIMARY KEY REFERENCES facility (id),
  digest      bytea NOT NULL,
  gaps        int NOT NULL CHECK (gaps >= 0),
  told_at     timestamptz NOT NULL
);
GRANT SELECT, INSERT, UPDATE ON roster_alarm TO yunshang_system;
"""

APPEND_ONLY = ("slot_change", "calendar_version", "rotation_version", "plan_event")


def upgrade() -> None:
    for script in (ROLES, GROUPS, SHIFTS, PEOPLE, CALENDAR, ROTATIONS, PLANS, ALARMS):
        _run(script)
    for table, columns in PERSONAL.items():
        _personal(table, columns)
    for table in APPEND_ONLY:
        _run(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();\n"
            f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_append_only;\n"
            f"GRANT SELECT, INSERT ON {table} TO yunshang_app, yunshang_system;"
        )
    _rights()
    _install_calendar()


def _run(script: str) -> None:
    for statement in statements(script):
        op.execute(statement)


def _secure(table: str) -> None:
    _run(
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;\n"
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY;\n"
        f"CREATE POLICY system_all ON {table} TO yunshang_system USING (true) WITH CHECK (true);\n"
        f"CREATE POLICY owner_all ON {table} TO yunshang_owner USING (true) WITH CHECK (true);"
    )


def _personal(table: str, changes: str) -> None:
    """Read by the person and by those who roster or approve there; written by who rosters."""
    _secure(table)
    _run(
        f"CREATE POLICY app_reads ON {table} FOR SELECT TO yunshang_app USING ("
        "person_id = app_person() OR app_keeps_roster(facility_id)"
        " OR app_approves_roster(facility_id));\n"
        f"CREATE POLICY app_adds ON {table} FOR INSERT TO yunshang_app"
        " WITH CHECK (app_keeps_roster(facility_id));\n"
        f"CREATE POLICY app_ends ON {table} FOR UPDATE TO yunshang_app"
        " USING (app_keeps_roster(facility_id)) WITH CHECK (app_keeps_roster(facility_id));\n"
        f"GRANT SELECT, INSERT ON {table} TO yunshang_app, yunshang_system;\n"
        f"GRANT UPDATE ({changes}) ON {table} TO yunshang_app, yunshang_system;"
    )


def _rights() -> None:
    """Drafts are read and plans are written where one works; what is published is public."""
    both = "(app_keeps_roster(facility_id) OR app_approves_roster(facility_id))"
    kept = "EXISTS (SELECT 1 FROM roster_plan p WHERE p.id = plan_id AND {})".format(
        "app_keeps_roster(p.facility_id)"
    )
    writes = {
        "roster_plan": ("INSERT", "app_keeps_roster(facility_id)"),
        "plan_event": ("INSERT", both),
        "rotation_version": ("INSERT", "app_keeps_roster(facility_id)"),
        "plan_entry": ("ALL", kept),
        "calendar_version": ("INSERT", "NOT app_only_watches()"),
    }
    drafts = {
        "roster_plan": "state = 'published' OR app_works_at(facility_id)",
        "plan_event": "app_works_at(facility_id)",
        "plan_entry": "EXISTS (SELECT 1 FROM roster_plan p WHERE p.id = plan_id)",
    }
    for table, (command, condition) in writes.items():
        _secure(table)
        _run(
            f"CREATE POLICY app_reads ON {table} FOR SELECT TO yunshang_app"
            f" USING ({drafts.get(table, 'true')});\n"
            f"CREATE POLICY app_writes ON {table} FOR {command} TO yunshang_app"
            f"{f' USING ({condition})' if command == 'ALL' else ''} WITH CHECK ({condition});"
        )
    _run(
        "CREATE POLICY app_moves ON roster_plan FOR UPDATE TO yunshang_app"
        f" USING ({both}) WITH CHECK ({both});\n"
        "GRANT SELECT, INSERT ON roster_plan TO yunshang_app, yunshang_system;\n"
        "GRANT UPDATE (state, version, content_hash, submitted_by, approved_by) ON roster_plan"
        " TO yunshang_app, yunshang_system;\n"
        "GRANT SELECT, INSERT, UPDATE (person_id, slot_id, slot_no, during, origin), DELETE"
        " ON plan_entry TO yunshang_app, yunshang_system;"
    )


def _install_calendar() -> None:
    """The years as shipped; a newer file is installed by the engine when it starts."""
    shipped = Path(duty.rosters.__file__).with_name("holidays.toml").read_text("utf-8")
    for year in tomllib.loads(shipped)["years"]:
        op.get_bind().execute(
            sa.text(
                "INSERT INTO calendar_version (id, year, source, confidence, days, recorded_at)"
                " VALUES (:id, :year, :source, :confidence, CAST(:days AS jsonb),"
                "         clock_timestamp())"
            ),
            {
                "id": uuid7(),
                "days": json.dumps(year["days"], default=str, ensure_ascii=False),
                **{name: year[name] for name in ("year", "source", "confidence")},
            },
        )
