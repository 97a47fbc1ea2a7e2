"""High-risk case files: owner, hand-over, plan, tasks, reports; the confidential monthly list.

A file's id is a case id: it has parties and a chain of its own. `case_file` and its machines
(report, task, hand-over) hold ids, codes and moments only, so that the commission may read those of
its region; plans, signatures and everything that people wrote open to those who treat her or
coordinate. History has no UPDATE grant.

The special-population list stands apart: neither a role nor a region opens it, only a grant of its
own, for a facility (which writes) or a region (which reads what was submitted).
"""

from alembic import op

from server.migrations.sql import statements

revision = "0013_case_files"
down_revision = "0012_resources"

FILES = """
CREATE SEQUENCE case_file_number;
GRANT USAGE ON SEQUENCE case_file_number TO yunshang_app, yunshang_system;

CREATE TABLE case_file (
  id            uuid PRIMARY KEY,
  number        text NOT NULL UNIQUE,
  state         text NOT NULL CHECK (state IN ('opened', 'planned', 'agreed', 'closed', 'voided')),
  version       int NOT NULL CHECK (version >= 1),
  patient_id    uuid NOT NULL,
  pregnancy_id  uuid NOT NULL,
  grade_id      uuid,
  colour        text CHECK (colour IN ('green', 'yellow', 'orange', 'pink', 'red', 'critical')),
  purple        boolean NOT NULL,
  reason        text NOT NULL CHECK (reason IN ('grade', 'manual')),
  facility_id   uuid NOT NULL REFERENCES facility (id),  -- who is responsible
  region_id     uuid NOT NULL REFERENCES region (id),
  owner_id      uuid NOT NULL REFERENCES person (id),
  upper_id      uuid REFERENCES facility (id),           -- the rescue centre that agrees the plan
  county_id     uuid REFERENCES facility (id),           -- the MCH institution that is told
  opened_by     uuid,
  opened_at     timestamptz NOT NULL,
  graded_at     timestamptz NOT NULL,
  lowered       boolean NOT NULL DEFAULT false,          -- graded down since: closing is proposed
  plan_no       int,                                     -- the agreed version in force
  outcome       text,
  ended_at      timestamptz,
  rules_version text NOT NULL,
  demo          boolean NOT NULL,
  simulated     boolean NOT NULL,
  CHECK ((state IN ('closed', 'voided')) = (ended_at IS NOT NULL)),
  CHECK (state <> 'closed' OR outcome IS NOT NULL),
  CHECK (state <> 'agreed' OR plan_no IS NOT NULL)
);
-- One open file per pregnancy: the second one to open finds the first.
CREATE UNIQUE INDEX uq_case_file_open ON case_file (pregnancy_id)
  WHERE state NOT IN ('closed', 'voided');
CREATE INDEX ix_case_file_facility ON case_file (facility_id, state);
CREATE INDEX ix_case_file_region ON case_file (region_id, state);

CREATE TABLE case_file_report (
  id            uuid PRIMARY KEY,
  case_id       uuid NOT NULL REFERENCES case_file (id),
  no            int NOT NULL,
  state         text NOT NULL CHECK (state IN ('due', 'submitted', 'returned', 'received',
                  'superseded')),
  colour        text,
  purple        boolean NOT NULL,
  due_at        timestamptz,
  started_at    timestamptz NOT NULL,
  submitted_at  timestamptz,
  submitted_by  uuid,
  received_at   timestamptz,
  received_by   uuid,
  late          boolean,
  rules_version text NOT NULL,
  step          int NOT NULL DEFAULT 0,
  next_at       timestamptz,
  UNIQUE (case_id, no)
);
CREATE INDEX ix_case_file_report_next ON case_file_report (next_at) WHERE next_at IS NOT NULL;

CREATE TABLE case_file_task (
  id            uuid PRIMARY KEY,
  case_id       uuid NOT NULL REFERENCES case_file (id),
  kind          text NOT NULL CHECK (kind IN ('follow_up', 'manual')),
  state         text NOT NULL CHECK (state IN ('due', 'done', 'cancelled')),
  due_at        timestamptz NOT NULL,
  created_at    timestamptz NOT NULL,
  created_by    uuid,
  done_at       timestamptz,
  done_by       uuid,
  rules_version text NOT NULL,
  step          int NOT NULL DEFAULT 0,
  next_at       timestamptz,
  CHECK ((state = 'done') = (done_at IS NOT NULL))
);
CREATE INDEX ix_case_file_task_case ON case_file_task (case_id, due_at);
CREATE INDEX ix_case_file_task_next ON case_file_task (next_at) WHERE next_at IS NOT NULL;

CREATE TABLE case_file_handover (
  id             uuid PRIMARY KEY,
  case_id        uuid NOT NULL REFERENCES case_file (id),
  state          text NOT NULL CHECK (state IN ('proposed', 'accepted', 'declined', 'withdrawn')),
  from_id        uuid NOT NULL REFERENCES facility (id),
  to_id          uuid NOT NULL REFERENCES facility (id),
  from_person_id uuid NOT NULL REFERENCES person (id),
  to_person_id   uuid REFERENCES person (id),
  proposed_at    timestamptz NOT NULL,
  proposed_by    uuid NOT NULL,
  answered_at    timestamptz,
  answered_by    uuid,
  step           int NOT NULL DEFAULT 0,
  next_at        timestamptz,
  CHECK (from_id <> to_id),
  CHECK ((state = 'accepted') = (to_person_id IS NOT NULL))
);
CREATE UNIQUE INDEX uq_case_file_handover_proposed ON case_file_handover (case_id)
  WHERE state = 'proposed';
CREATE INDEX ix_case_file_handover_case ON case_file_handover (case_id);
CREATE INDEX ix_case_file_handover_next ON case_file_handover (next_at) WHERE next_at IS NOT NULL;
"""

CLINICAL = """
CREATE TABLE case_file_plan (
  case_id     uuid NOT NULL REFERENCES case_file (id),
  no          int NOT NULL CHECK (no >= 1),
  management  text NOT NULL CHECK (length(management) BETWEEN 1 AND 8000),
  treatment   text NOT NULL CHECK (length(treatment) BETWEEN 1 AND 8000),
  emergency   text NOT NULL CHECK (length(emergency) BETWEEN 1 AND 8000),
  drafted_at  timestamptz NOT NULL,
  person_id   uuid NOT NULL REFERENCES person (id),
  facility_id uuid NOT NULL REFERENCES facility (id),
  digest      bytea NOT NULL CHECK (octet_length(digest) = 32),
  PRIMARY KEY (case_id, no)
);

CREATE TABLE case_file_signature (
  case_id     uuid NOT NULL,
  plan_no     int NOT NULL,
  side        text NOT NULL CHECK (side IN ('owner', 'upper')),
  person_id   uuid NOT NULL REFERENCES person (id),
  facility_id uuid NOT NULL REFERENCES facility (id),
  signed_at   timestamptz NOT NULL,
  digest      bytea NOT NULL CHECK (octet_length(digest) = 32),
  PRIMARY KEY (case_id, plan_no, side, facility_id),
  FOREIGN KEY (case_id, plan_no) REFERENCES case_file_plan (case_id, no)
);

-- What people wrote, entry by entry: reasons, forms, comments, follow-ups, the ending.
CREATE TABLE case_file_entry (
  id          uuid PRIMARY KEY,
  case_id     uuid NOT NULL REFERENCES case_file (id),
  kind        text NOT NULL CHECK (kind IN ('opening', 'grade', 'report', 'receipt', 'comment',
                'task', 'follow_up', 'handover', 'note', 'ending')),
  ref_id      uuid,
  at          timestamptz NOT NULL,
  entered_at  timestamptz NOT NULL,
  person_id   uuid,
  facility_id uuid,
  data        jsonb NOT NULL
);
CREATE INDEX ix_case_file_entry_case ON case_file_entry (case_id, entered_at);
"""

SPECIAL = """
ALTER TABLE role_grant DROP CONSTRAINT role_grant_role_check;
ALTER TABLE role_grant ADD CONSTRAINT role_grant_role_check CHECK (role IN (
  'referring_clinician', 'expert', 'coordinator', 'duty_desk', 'commission', 'system_admin',
  'security_admin', 'auditor', 'device', 'crew', 'special_population'));
ALTER TABLE role_grant DROP CONSTRAINT role_grant_check1;
ALTER TABLE role_grant ADD CONSTRAINT role_grant_check1
  CHECK (region_id IS NULL OR role IN ('coordinator', 'commission', 'special_population'));
ALTER TABLE access_log DROP CONSTRAINT access_log_purpose_check;
ALTER TABLE access_log ADD CONSTRAINT access_log_purpose_check
  CHECK (purpose IN (
    'search', 'open', 'register', 'case', 'special_population', 'special_export'));

-- The permission is the grant itself: for this facility, or for a region around it.
CREATE FUNCTION app_keeps_special(wanted uuid) RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT public.app_has_role('special_population') AND EXISTS (
    SELECT 1 FROM public.role_grant g
     WHERE g.account_id = public.app_account() AND g.role = 'special_population'
       AND g.during @> clock_timestamp() AND g.facility_id = wanted)
$$;
CREATE FUNCTION app_oversees_special(wanted uuid) RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT public.app_has_role('special_population') AND EXISTS (
    SELECT 1 FROM public.role_grant g
      JOIN public.region_closure c ON c.ancestor_id = g.region_id
      JOIN public.facility f ON f.region_id = c.descendant_id
     WHERE g.account_id = public.app_account() AND g.role = 'special_population'
       AND g.during @> clock_timestamp() AND f.id = wanted)
$$;

CREATE TABLE special_list (
  id           uuid PRIMARY KEY,
  facility_id  uuid NOT NULL REFERENCES facility (id),
  month        date NOT NULL CHECK (extract(day FROM month) = 1),
  state        text NOT NULL CHECK (state IN ('draft', 'submitted')),
  version      int NOT NULL CHECK (version >= 1),
  submitted_at timestamptz,
  submitted_by uuid,
  created_at   timestamptz NOT NULL,
  created_by   uuid NOT NULL,
  UNIQUE (facility_id, month),
  CHECK ((state = 'submitted') = (submitted_at IS NOT NULL))
);

-- A row is the newest of its versions; a removed one stays readable behind it.
CREATE TABLE special_row (
  list_id    uuid NOT NULL REFERENCES special_list (id),
  row_id     uuid NOT NULL,
  no         int NOT NULL CHECK (no >= 1),
  patient_id uuid NOT NULL REFERENCES patient (id),
  sealed     bytea NOT NULL,
  removed    boolean NOT NULL,
  at         timestamptz NOT NULL,
  person_id  uuid NOT NULL REFERENCES person (id),
  PRIMARY KEY (row_id, no)
);
CREATE INDEX ix_special_row_list ON special_row (list_id);

CREATE TABLE special_act (
  id            uuid PRIMARY KEY,
  list_id       uuid NOT NULL REFERENCES special_list (id),
  action        text NOT NULL CHECK (action IN ('submit', 'reopen')),
  reason_sealed bytea,
  at            timestamptz NOT NULL,
  person_id     uuid NOT NULL REFERENCES person (id),
  CHECK (action <> 'reopen' OR reason_sealed IS NOT NULL)
);
CREATE INDEX ix_special_act_list ON special_act (list_id, at);

ALTER TABLE special_list ENABLE ROW LEVEL SECURITY;
ALTER TABLE special_list FORCE ROW LEVEL SECURITY;
ALTER TABLE special_row ENABLE ROW LEVEL SECURITY;
ALTER TABLE special_row FORCE ROW LEVEL SECURITY;
ALTER TABLE special_act ENABLE ROW LEVEL SECURITY;
ALTER TABLE special_act FORCE ROW LEVEL SECURITY;
CREATE POLICY system_all ON special_act TO yunshang_system USING (true) WITH CHECK (true);
CREATE POLICY system_all ON special_list TO yunshang_system USING (true) WITH CHECK (true);
CREATE POLICY system_all ON special_row TO yunshang_system USING (true) WITH CHECK (true);
CREATE POLICY app_reads ON special_list FOR SELECT TO yunshang_app
  USING (app_keeps_special(facility_id)
    OR (state = 'submitted' AND app_oversees_special(facility_id)));
CREATE POLICY app_adds ON special_list FOR INSERT TO yunshang_app
  WITH CHECK (app_keeps_special(facility_id) AND NOT app_only_watches());
CREATE POLICY app_changes ON special_list FOR UPDATE TO yunshang_app
  USING (app_keeps_special(facility_id) AND NOT app_only_watches())
  WITH CHECK (app_keeps_special(facility_id) AND NOT app_only_watches());
CREATE POLICY app_reads ON special_row FOR SELECT TO yunshang_app
  USING (EXISTS (SELECT 1 FROM special_list l WHERE l.id = list_id));
CREATE POLICY app_adds ON special_row FOR INSERT TO yunshang_app
  WITH CHECK (person_id = app_person() AND NOT app_only_watches() AND EXISTS (
    SELECT 1 FROM special_list l
     WHERE l.id = list_id AND l.state = 'draft' AND app_keeps_special(l.facility_id)));
CREATE POLICY app_reads ON special_act FOR SELECT TO yunshang_app
  USING (EXISTS (SELECT 1 FROM special_list l WHERE l.id = list_id));
CREATE POLICY app_adds ON special_act FOR INSERT TO yunshang_app
  WITH CHECK (person_id = app_person() AND NOT app_only_watches() AND EXISTS (
    SELECT 1 FROM special_list l WHERE l.id = list_id AND app_keeps_special(l.facility_id)));
GRANT SELECT, INSERT ON special_list, special_row, special_act TO yunshang_app, yunshang_system;
GRANT UPDATE (state, version, submitted_at, submitted_by) ON special_list
  TO yunshang_app, yunshang_system;
"""

CHANGING = {
    "case_file": "state, version, grade_id, colour, purple, facility_id, region_id, owner_id,"
    " upper_id, county_id, graded_at, lowered, plan_no, outcome, ended_at",
    "case_file_report": "state, submitted_at, submitted_by, received_at, received_by, late, step,"
    " next_at",
    "case_file_task": "state, done_at, done_by, step, next_at",
    "case_file_handover": "state, to_person_id, answered_at, answered_by, step, next_at",
}
"""Open to the commission of the region too, and changed only by those who treat or coordinate."""

ONLY_ADDED = ("case_file_plan", "case_file_signature", "case_file_entry")


def _protect(table: str) -> None:
    key = "id" if table == "case_file" else "case_id"
    sees = "app_sees_case" if table in CHANGING else "app_sees_identity"
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY system_all ON {table} TO yunshang_system USING (true) WITH CHECK (true)"
    )
    op.execute(
        f"CREATE POLICY app_reads ON {table} FOR SELECT TO yunshang_app USING ({sees}({key}))"
    )
    writes = f"app_sees_identity({key}) AND NOT app_only_watches()"
    if table in ("case_file_plan", "case_file_signature"):
        writes += " AND person_id = app_person()"
    op.execute(
        f"CREATE POLICY app_adds ON {table} FOR INSERT TO yunshang_app WITH CHECK ({writes})"
    )
    op.execute(f"GRANT SELECT, INSERT ON {table} TO yunshang_app, yunshang_system")
    if table in CHANGING:
        # An administrator who voids is a party inside that transaction only.
        op.execute(
            f"CREATE POLICY app_changes ON {table} FOR UPDATE TO yunshang_app"
            f" USING ({writes}) WITH CHECK ({writes})"
        )
        op.execute(f"GRANT UPDATE ({CHANGING[table]}) ON {table} TO yunshang_app, yunshang_system")


def upgrade() -> None:
    for script in (FILES, CLINICAL, SPECIAL):
        for statement in statements(script):
            op.execute(statement)
    for table in (*CHANGING, *ONLY_ADDED):
        _protect(table)
