"""What is owed by the calendar: returns that are handed in, drills, what was resolved; reminders.

A return and a drill are cases: their house is the origin, so that its clinicians, and the
coordinators and commission of its region, see them and nobody else does.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0052_quality_duties"
down_revision = "0051_facts_set_aside"

RETURNS = """
CREATE TABLE quality_return (
  id            uuid PRIMARY KEY,
  form          text NOT NULL CHECK (length(form) BETWEEN 1 AND 40),
  form_version  text NOT NULL,
  facility_id   uuid NOT NULL REFERENCES facility (id),
  region_id     uuid NOT NULL REFERENCES region (id),
  period        text NOT NULL CHECK (length(period) BETWEEN 4 AND 10),
  period_first  date NOT NULL,
  period_last   date NOT NULL,
  many          boolean NOT NULL,   -- several for one period, as meetings
  state         text NOT NULL CHECK (state IN ('draft', 'submitted', 'withdrawn')),
  opened_by     uuid NOT NULL REFERENCES person (id),
  opened_at     timestamptz NOT NULL,
  submitted_by  uuid REFERENCES person (id),
  submitted_at  timestamptz,
  version       int NOT NULL DEFAULT 1,
  CHECK (period_last >= period_first),
  CHECK ((state = 'submitted') = (submitted_at IS NOT NULL)),
  CHECK ((submitted_by IS NULL) = (submitted_at IS NULL))
);
CREATE UNIQUE INDEX ux_quality_return_period ON quality_return (form, facility_id, period_first)
  WHERE NOT many AND state <> 'withdrawn';
CREATE INDEX ix_quality_return_facility ON quality_return (facility_id, period_first DESC);

CREATE TABLE quality_return_answer (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  return_id  uuid NOT NULL REFERENCES quality_return (id),
  item       text NOT NULL CHECK (length(item) BETWEEN 1 AND 40),
  content    jsonb NOT NULL,
  person_id  uuid NOT NULL REFERENCES person (id),
  at         timestamptz NOT NULL
);
COMMENT ON TABLE quality_return_answer IS 'what somebody stated; the newest counts, all are kept';
CREATE INDEX ix_quality_return_answer ON quality_return_answer (return_id, item, id DESC);

CREATE TABLE quality_return_issue (
  return_id  uuid NOT NULL REFERENCES quality_return (id),
  n          int NOT NULL CHECK (n >= 1),
  content    bytea NOT NULL,
  sha256     bytea NOT NULL CHECK (length(sha256) = 32),
  person_id  uuid NOT NULL REFERENCES person (id),
  at         timestamptz NOT NULL,
  PRIMARY KEY (return_id, n)
);
COMMENT ON TABLE quality_return_issue IS 'what was handed in: JSON, figures and statements';

CREATE TABLE quality_return_unlocking (
  return_id  uuid NOT NULL,
  n          int NOT NULL,
  reason     text NOT NULL CHECK (length(reason) BETWEEN 1 AND 1000),
  person_id  uuid NOT NULL REFERENCES person (id),
  at         timestamptz NOT NULL,
  PRIMARY KEY (return_id, n),
  FOREIGN KEY (return_id, n) REFERENCES quality_return_issue (return_id, n)
);

CREATE TABLE obligation_reminder (
  facility_id   uuid NOT NULL REFERENCES facility (id),
  obligation    text NOT NULL,
  period_first  date NOT NULL,
  n             int NOT NULL CHECK (n >= 1),
  sent_at       timestamptz NOT NULL,
  PRIMARY KEY (facility_id, obligation, period_first)
);
COMMENT ON TABLE obligation_reminder IS 'how many reminders of an obligation were sent';
"""

EXERCISES = """
CREATE TABLE quality_exercise (
  id            uuid PRIMARY KEY,
  kind          text NOT NULL CHECK (kind IN ('emergency', 'skills')),
  scenario      text NOT NULL CHECK (length(scenario) BETWEEN 1 AND 40),
  title         text NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
  facility_id   uuid NOT NULL REFERENCES facility (id),
  region_id     uuid NOT NULL REFERENCES region (id),
  state         text NOT NULL CHECK (state IN ('planned', 'running', 'over', 'debriefed',
                  'cancelled')),
  planned_by    uuid NOT NULL REFERENCES person (id),
  entered_at    timestamptz NOT NULL,
  planned_at    timestamptz NOT NULL,
  of_case_id    uuid,              -- a transfer that began as a drill
  begun_at      timestamptz,
  ended_at      timestamptz,
  people        jsonb NOT NULL DEFAULT '[]',
  debrief       text CHECK (length(debrief) BETWEEN 1 AND 4000),
  timings       jsonb,             -- as the drill's events said at the debriefing
  debriefed_by  uuid REFERENCES person (id),
  debriefed_at  timestamptz,
  note          text CHECK (length(note) BETWEEN 1 AND 1000),
  version       int NOT NULL DEFAULT 1,
  CHECK (kind = 'emergency' OR of_case_id IS NULL),
  CHECK ((begun_at IS NULL) = (state IN ('planned', 'cancelled'))),
  CHECK ((ended_at IS NULL) = (state NOT IN ('over', 'debriefed'))),
  CHECK ((state = 'debriefed') = (debriefed_at IS NOT NULL)),
  CHECK ((debriefed_at IS NULL) = (debriefed_by IS NULL)
     AND (debriefed_at IS NULL) = (debrief IS NULL))
);
CREATE UNIQUE INDEX ux_quality_exercise_case ON quality_exercise (of_case_id);
CREATE INDEX ix_quality_exercise_facility ON quality_exercise (facility_id, planned_at DESC);

-- What a meeting resolved or a drill found, until somebody else has checked that it is done.
CREATE TABLE quality_action (
  id           uuid PRIMARY KEY,
  record_id    uuid NOT NULL,
  facility_id  uuid NOT NULL REFERENCES facility (id),
  what         text NOT NULL CHECK (length(what) BETWEEN 1 AND 1000),
  owner_id     uuid NOT NULL REFERENCES person (id),
  due_on       date NOT NULL,
  state        text NOT NULL CHECK (state IN ('open', 'done', 'verified', 'dropped')),
  set_by       uuid NOT NULL REFERENCES person (id),
  set_at       timestamptz NOT NULL,
  evidence     text CHECK (length(evidence) BETWEEN 1 AND 2000),
  done_by      uuid REFERENCES person (id),
  done_at      timestamptz,
  checked_by   uuid REFERENCES person (id),
  checked_at   timestamptz,
  note         text CHECK (length(note) BETWEEN 1 AND 1000),
  reminders    int NOT NULL DEFAULT 0,
  version      int NOT NULL DEFAULT 1,
  CHECK (state NOT IN ('done', 'verified') OR (evidence IS NOT NULL AND done_by IS NOT NULL)),
  CHECK (state <> 'verified' OR (checked_by IS NOT NULL AND checked_by <> done_by))
);
CREATE INDEX ix_quality_action_record ON quality_action (record_id);
CREATE INDEX ix_quality_action_open ON quality_action (due_on) WHERE state IN ('open', 'done');
"""

SEALED = ("quality_return_answer", "quality_return_issue", "quality_return_unlocking")
TABLES = (
    "quality_return", *SEALED, "obligation_reminder", "quality_exercise", "quality_action",
)  # fmt: skip

RIGHTS = """
GRANT SELECT, INSERT ON quality_return, quality_return_answer, quality_return_issue,
  quality_return_unlocking, quality_exercise, quality_action TO yunshang_app, yunshang_system;
GRANT UPDATE (state, submitted_by, submitted_at, version) ON quality_return
  TO yunshang_app, yunshang_system;
GRANT UPDATE (state, planned_at, of_case_id, begun_at, ended_at, people, debrief, timings,
  debriefed_by, debriefed_at, note, version) ON quality_exercise TO yunshang_app, yunshang_system;
GRANT UPDATE (state, evidence, done_by, done_at, checked_by, checked_at, note, version)
  ON quality_action TO yunshang_app, yunshang_system;
GRANT UPDATE (reminders) ON quality_action TO yunshang_system;
GRANT SELECT, INSERT, UPDATE ON obligation_reminder TO yunshang_system;
"""

# A house's own records are written by those who treat there; whoever oversees the region reads.
POLICIES = """
CREATE POLICY app_sees ON quality_return FOR SELECT TO yunshang_app USING (app_sees_case(id));
CREATE POLICY app_begins ON quality_return FOR INSERT TO yunshang_app WITH CHECK (
  opened_by = app_person() AND facility_id = ANY(app_facilities()) AND app_sees_case(id));
CREATE POLICY app_moves ON quality_return FOR UPDATE TO yunshang_app
  USING (facility_id = ANY(app_facilities()) AND app_sees_case(id))
  WITH CHECK (facility_id = ANY(app_facilities()));
CREATE POLICY app_sees ON quality_exercise FOR SELECT TO yunshang_app USING (app_sees_case(id));
CREATE POLICY app_begins ON quality_exercise FOR INSERT TO yunshang_app WITH CHECK (
  planned_by = app_person() AND facility_id = ANY(app_facilities()) AND app_sees_case(id));
CREATE POLICY app_moves ON quality_exercise FOR UPDATE TO yunshang_app
  USING (facility_id = ANY(app_facilities()) AND app_sees_case(id))
  WITH CHECK (facility_id = ANY(app_facilities()));
CREATE POLICY app_sees ON quality_action FOR SELECT TO yunshang_app
  USING (app_sees_case(record_id));
CREATE POLICY app_begins ON quality_action FOR INSERT TO yunshang_app WITH CHECK (
  set_by = app_person() AND facility_id = ANY(app_facilities()) AND app_sees_case(record_id));
CREATE POLICY app_moves ON quality_action FOR UPDATE TO yunshang_app
  USING (facility_id = ANY(app_facilities()) AND app_sees_case(record_id))
  WITH CHECK (facility_id = ANY(app_facilities()));
"""


def upgrade() -> None:
    for statement in statements(RETURNS + EXERCISES + RIGHTS):
        op.execute(statement)
    for table in SEALED:
        op.execute(
            f"CREATE TRIGGER {table}_sealed BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_sealed")
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        for role, name in (("yunshang_owner", "owner_all"), ("yunshang_system", "system_all")):
            op.execute(f"CREATE POLICY {name} ON {table} TO {role} USING (true) WITH CHECK (true)")
    for statement in statements(POLICIES):
        op.execute(statement)
    for table in SEALED:
        op.execute(
            f"CREATE POLICY app_sees ON {table} FOR SELECT TO yunshang_app"
            " USING (app_sees_case(return_id))"
        )
        op.execute(
            f"CREATE POLICY app_adds ON {table} FOR INSERT TO yunshang_app WITH CHECK ("
            " person_id = app_person() AND return_id IN (SELECT r.id FROM quality_return r"
            "  WHERE r.facility_id = ANY(app_facilities())))"
        )
