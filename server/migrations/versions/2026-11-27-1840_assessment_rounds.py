"""Assessment rounds: a plan, an entry per centre, what it said, what was found, how it scored.

An entry is a chain of its own, open to its centre and to whoever acts on it. An on-site visit is
another one: neither it nor what it finds is open to the centre before it is signed, and points are
not before feedback is given.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0054_assessment_rounds"
down_revision = "0053_fact_cells"

TABLES_OF = """
CREATE TABLE assessment_round (
  id             uuid PRIMARY KEY,
  region_id      uuid NOT NULL REFERENCES region (id),
  freeze_id      uuid NOT NULL REFERENCES indicator_freeze (id),
  title          text NOT NULL CHECK (length(title) BETWEEN 1 AND 120),
  state          text NOT NULL CHECK (state IN ('planned', 'open', 'closed', 'cancelled')),
  self_check_by  date NOT NULL,
  assess_by      date NOT NULL CHECK (assess_by > self_check_by),
  rules          text NOT NULL,
  content        jsonb NOT NULL CHECK (jsonb_typeof(content) = 'object'),
  digest         bytea NOT NULL CHECK (length(digest) = 32),
  planned_by     uuid NOT NULL REFERENCES person (id),
  planned_at     timestamptz NOT NULL,
  opened_at      timestamptz,
  ended_at       timestamptz,
  version        int NOT NULL DEFAULT 1,
  CHECK ((ended_at IS NULL) = (state IN ('planned', 'open')))
);
COMMENT ON TABLE assessment_round IS
  'plans of assessments; content: the items with weights and baselines as they were decided';
CREATE UNIQUE INDEX ux_assessment_round_live ON assessment_round (region_id, freeze_id)
  WHERE state <> 'cancelled';

CREATE TABLE assessment_entry (
  id             uuid PRIMARY KEY,
  round_id       uuid NOT NULL REFERENCES assessment_round (id),
  facility_id    uuid NOT NULL REFERENCES facility (id),
  region_id      uuid NOT NULL REFERENCES region (id),
  state          text NOT NULL CHECK (state IN ('planned', 'self_check_open',
                   'self_check_submitted', 'self_check_missed', 'assessed_by_city',
                   'assessed_by_owner', 'feedback_given', 'rectifying', 'closed', 'cancelled')),
  submitted_by   uuid REFERENCES person (id),
  submitted_at   timestamptz,
  submitted      bytea CHECK (length(submitted) = 32),
  note           text CHECK (length(note) BETWEEN 1 AND 1000),
  feedback       text CHECK (length(feedback) BETWEEN 1 AND 4000),
  feedback_by    uuid REFERENCES person (id),
  feedback_at    timestamptz,
  version        int NOT NULL DEFAULT 1,
  UNIQUE (round_id, facility_id)
);
COMMENT ON TABLE assessment_entry IS
  'a centre in a round; submitted: the hash that its self-check was signed with';
CREATE INDEX ix_assessment_entry_facility ON assessment_entry (facility_id);

CREATE TABLE assessment_value (
  entry_id    uuid NOT NULL REFERENCES assessment_entry (id),
  code        text NOT NULL,
  version_id  uuid NOT NULL REFERENCES indicator_version (id),
  figures     jsonb NOT NULL,
  PRIMARY KEY (entry_id, code)
);
COMMENT ON TABLE assessment_value IS
  'what an indicator came to in the frozen period of the round; nobody types it';

CREATE TABLE assessment_answer (
  entry_id   uuid NOT NULL REFERENCES assessment_entry (id),
  code       text NOT NULL,
  n          int NOT NULL CHECK (n >= 1),
  words      text NOT NULL CHECK (length(words) <= 4000),
  person_id  uuid NOT NULL REFERENCES person (id),
  at         timestamptz NOT NULL,
  PRIMARY KEY (entry_id, code, n)
);
COMMENT ON TABLE assessment_answer IS 'what a centre says to an item; the newest counts';

CREATE TABLE assessment_visit (
  id           uuid PRIMARY KEY,
  entry_id     uuid NOT NULL REFERENCES assessment_entry (id),
  state        text NOT NULL CHECK (state IN ('planned', 'underway', 'signed', 'cancelled')),
  planned_for  date NOT NULL,
  planned_by   uuid NOT NULL REFERENCES person (id),
  planned_at   timestamptz NOT NULL,
  begun_by     uuid REFERENCES person (id),
  begun_at     timestamptz,
  signed_by    uuid REFERENCES person (id),
  signed_at    timestamptz,
  digest       bytea CHECK (length(digest) = 32),
  note         text CHECK (length(note) BETWEEN 1 AND 1000),
  version      int NOT NULL DEFAULT 1,
  CHECK ((signed_at IS NULL) = (state <> 'signed')),
  CHECK ((signed_at IS NULL) = (digest IS NULL))
);
COMMENT ON TABLE assessment_visit IS
  'unannounced visits: not open to the centre before they are signed';
CREATE INDEX ix_assessment_visit_entry ON assessment_visit (entry_id);

CREATE TABLE assessment_finding (
  visit_id   uuid NOT NULL REFERENCES assessment_visit (id),
  code       text NOT NULL,
  n          int NOT NULL CHECK (n >= 1),
  verdict    text NOT NULL CHECK (verdict IN ('met', 'partly', 'not_met', 'not_checked')),
  percent    int CHECK (percent BETWEEN 1 AND 99),
  words      text NOT NULL CHECK (length(words) <= 4000),
  person_id  uuid NOT NULL REFERENCES person (id),
  at         timestamptz NOT NULL,
  PRIMARY KEY (visit_id, code, n),
  CHECK ((percent IS NULL) = (verdict <> 'partly'))
);
COMMENT ON TABLE assessment_finding IS 'what was found on site; the newest of an item counts';

CREATE TABLE assessment_task (
  id           uuid PRIMARY KEY,
  entry_id     uuid NOT NULL REFERENCES assessment_entry (id),
  code         text,
  what         text NOT NULL CHECK (length(what) BETWEEN 1 AND 2000),
  due_on       date NOT NULL,
  state        text NOT NULL CHECK (state IN ('open', 'assigned', 'reported', 'verified')),
  owner_id     uuid REFERENCES person (id),
  demanded_by  uuid NOT NULL REFERENCES person (id),
  demanded_at  timestamptz NOT NULL,
  report       text CHECK (length(report) BETWEEN 1 AND 4000),
  note         text CHECK (length(note) BETWEEN 1 AND 1000),
  verified_by  uuid REFERENCES person (id),
  verified_at  timestamptz,
  version      int NOT NULL DEFAULT 1,
  CHECK ((owner_id IS NULL) = (state = 'open')),
  CHECK ((verified_at IS NULL) = (state <> 'verified'))
);
COMMENT ON TABLE assessment_task IS 'what a centre puts right, by whom and until when';
CREATE INDEX ix_assessment_task_entry ON assessment_task (entry_id);

CREATE TABLE assessment_file (
  id          uuid PRIMARY KEY,
  entry_id    uuid NOT NULL REFERENCES assessment_entry (id),
  code        text,
  visit_id    uuid REFERENCES assessment_visit (id),
  task_id     uuid REFERENCES assessment_task (id),
  media_type  text NOT NULL,
  size_bytes  int NOT NULL,
  sha256      bytea NOT NULL CHECK (length(sha256) = 32),
  person_id   uuid NOT NULL REFERENCES person (id),
  at          timestamptz NOT NULL,
  withdrawn_at timestamptz,
  CHECK (num_nonnulls(visit_id, task_id) <= 1)
);
COMMENT ON TABLE assessment_file IS
  'evidence and photos, cleaned and sealed in the store of files';
CREATE INDEX ix_assessment_file_entry ON assessment_file (entry_id);

CREATE TABLE assessment_result (
  id         uuid PRIMARY KEY,
  entry_id   uuid NOT NULL REFERENCES assessment_entry (id),
  level      text NOT NULL CHECK (level IN ('city', 'owner')),
  points     numeric NOT NULL,
  of         numeric NOT NULL,
  without    numeric NOT NULL,
  remark     text NOT NULL CHECK (length(remark) <= 4000),
  digest     bytea NOT NULL CHECK (length(digest) = 32),
  person_id  uuid NOT NULL REFERENCES person (id),
  at         timestamptz NOT NULL
);
COMMENT ON TABLE assessment_result IS
  'an assessment: points of the weights that could be scored; without: weights without data';
CREATE INDEX ix_assessment_result_entry ON assessment_result (entry_id, at);

CREATE TABLE assessment_score (
  result_id  uuid NOT NULL REFERENCES assessment_result (id),
  code       text NOT NULL,
  weight     numeric NOT NULL,
  fraction   numeric CHECK (fraction BETWEEN 0 AND 1),
  points     numeric,
  visit_id   uuid REFERENCES assessment_visit (id),
  PRIMARY KEY (result_id, code),
  CHECK ((fraction IS NULL) = (points IS NULL))
);
COMMENT ON TABLE assessment_score IS 'an item of an assessment; no points: there was no data';

CREATE TABLE assessment_told (
  entry_id  uuid NOT NULL REFERENCES assessment_entry (id),
  what      text NOT NULL CHECK (length(what) BETWEEN 1 AND 60),
  at        timestamptz NOT NULL,
  PRIMARY KEY (entry_id, what)
);
COMMENT ON TABLE assessment_told IS 'of which steps and deadlines the engine has told';
"""

SEALED = (
    "assessment_value",
    "assessment_answer",
    "assessment_finding",
    "assessment_result",
    "assessment_score",
)
MOVED = {
    "assessment_round": "state, opened_at, ended_at, version",
    "assessment_entry": "state, submitted_by, submitted_at, submitted, note, feedback,"
    " feedback_by, feedback_at, version",
    "assessment_visit": "state, begun_by, begun_at, signed_by, signed_at, digest, note, version",
    "assessment_task": "state, owner_id, report, note, verified_by, verified_at, version",
    "assessment_file": "withdrawn_at",
}

# Policies on entries hold no subquery: those of rounds and visits look at entries.
RIGHTS = """
CREATE FUNCTION app_answers_for(wanted uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT NOT app_only_watches() AND app_works_at(wanted)
     AND (app_has_role('coordinator') OR app_has_role('medical_affairs'))
$$;

CREATE POLICY app_sees ON assessment_entry FOR SELECT TO yunshang_app
  USING (app_sees_house(facility_id));
CREATE POLICY app_sees ON assessment_round FOR SELECT TO yunshang_app
  USING (app_oversees_region(region_id)
    OR EXISTS (SELECT 1 FROM assessment_entry e WHERE e.round_id = assessment_round.id));
CREATE POLICY app_plans ON assessment_round FOR INSERT TO yunshang_app
  WITH CHECK (planned_by = app_person() AND app_oversees_region(region_id));
CREATE POLICY app_moves ON assessment_round FOR UPDATE TO yunshang_app
  USING (app_oversees_region(region_id));
CREATE POLICY app_plans ON assessment_entry FOR INSERT TO yunshang_app
  WITH CHECK (app_oversees_region(region_id) AND EXISTS (
    SELECT 1 FROM assessment_round r WHERE r.id = round_id
       AND r.planned_by = app_person() AND written_here(r.xmin)));
CREATE POLICY app_moves ON assessment_entry FOR UPDATE TO yunshang_app
  USING (app_oversees_region(region_id) OR app_answers_for(facility_id));

CREATE POLICY app_sees ON assessment_value FOR SELECT TO yunshang_app
  USING (EXISTS (SELECT 1 FROM assessment_entry e WHERE e.id = entry_id));
CREATE POLICY app_fills ON assessment_value FOR INSERT TO yunshang_app
  WITH CHECK (EXISTS (SELECT 1 FROM assessment_entry e
                       WHERE e.id = entry_id AND app_oversees_region(e.region_id)));
CREATE POLICY app_sees ON assessment_answer FOR SELECT TO yunshang_app
  USING (EXISTS (SELECT 1 FROM assessment_entry e WHERE e.id = entry_id));
CREATE POLICY app_says ON assessment_answer FOR INSERT TO yunshang_app
  WITH CHECK (person_id = app_person() AND EXISTS (SELECT 1 FROM assessment_entry e
                       WHERE e.id = entry_id AND app_answers_for(e.facility_id)));

CREATE POLICY app_sees ON assessment_visit FOR SELECT TO yunshang_app
  USING (EXISTS (SELECT 1 FROM assessment_entry e WHERE e.id = entry_id
    AND (app_oversees_region(e.region_id) OR assessment_visit.signed_at IS NOT NULL)));
CREATE POLICY app_plans ON assessment_visit FOR INSERT TO yunshang_app
  WITH CHECK (planned_by = app_person() AND EXISTS (SELECT 1 FROM assessment_entry e
                       WHERE e.id = entry_id AND app_oversees_region(e.region_id)));
CREATE POLICY app_moves ON assessment_visit FOR UPDATE TO yunshang_app
  USING (EXISTS (SELECT 1 FROM assessment_entry e
                  WHERE e.id = entry_id AND app_oversees_region(e.region_id)));
CREATE POLICY app_sees ON assessment_finding FOR SELECT TO yunshang_app
  USING (EXISTS (SELECT 1 FROM assessment_visit v WHERE v.id = visit_id));
CREATE POLICY app_finds ON assessment_finding FOR INSERT TO yunshang_app
  WITH CHECK (person_id = app_person() AND EXISTS (
    SELECT 1 FROM assessment_visit v JOIN assessment_entry e ON e.id = v.entry_id
     WHERE v.id = visit_id AND v.state = 'underway' AND app_oversees_region(e.region_id)));

CREATE POLICY app_sees ON assessment_task FOR SELECT TO yunshang_app
  USING (EXISTS (SELECT 1 FROM assessment_entry e WHERE e.id = entry_id));
CREATE POLICY app_demands ON assessment_task FOR INSERT TO yunshang_app
  WITH CHECK (demanded_by = app_person() AND EXISTS (SELECT 1 FROM assessment_entry e
                       WHERE e.id = entry_id AND app_oversees_region(e.region_id)));
CREATE POLICY app_moves ON assessment_task FOR UPDATE TO yunshang_app
  USING (EXISTS (SELECT 1 FROM assessment_entry e WHERE e.id = entry_id
    AND (app_oversees_region(e.region_id) OR app_answers_for(e.facility_id))));

CREATE POLICY app_sees ON assessment_file FOR SELECT TO yunshang_app
  USING (EXISTS (SELECT 1 FROM assessment_entry e WHERE e.id = entry_id)
    AND (visit_id IS NULL OR EXISTS (SELECT 1 FROM assessment_visit v WHERE v.id = visit_id)));
CREATE POLICY app_adds ON assessment_file FOR INSERT TO yunshang_app
  WITH CHECK (person_id = app_person() AND EXISTS (SELECT 1 FROM assessment_entry e
    WHERE e.id = entry_id AND (app_oversees_region(e.region_id)
       OR (assessment_file.visit_id IS NULL AND app_answers_for(e.facility_id)))));
CREATE POLICY app_withdraws ON assessment_file FOR UPDATE TO yunshang_app
  USING (EXISTS (SELECT 1 FROM assessment_entry e WHERE e.id = entry_id
    AND (app_oversees_region(e.region_id) OR app_answers_for(e.facility_id))));

CREATE POLICY app_sees ON assessment_result FOR SELECT TO yunshang_app
  USING (EXISTS (SELECT 1 FROM assessment_entry e WHERE e.id = entry_id
    AND (app_oversees_region(e.region_id) OR e.feedback_at IS NOT NULL)));
CREATE POLICY app_judges ON assessment_result FOR INSERT TO yunshang_app
  WITH CHECK (person_id = app_person() AND EXISTS (SELECT 1 FROM assessment_entry e
                       WHERE e.id = entry_id AND app_oversees_region(e.region_id)));
CREATE POLICY app_sees ON assessment_score FOR SELECT TO yunshang_app
  USING (EXISTS (SELECT 1 FROM assessment_result r WHERE r.id = result_id));
CREATE POLICY app_judges ON assessment_score FOR INSERT TO yunshang_app
  WITH CHECK (EXISTS (SELECT 1 FROM assessment_result r WHERE r.id = result_id
                         AND r.person_id = app_person() AND written_here(r.xmin)));

-- The commission's region opens no case; whoever acts on an entry or a visit becomes party to it.
CREATE FUNCTION app_joins_assessment(wanted uuid, who uuid) RETURNS boolean
  LANGUAGE sql STABLE AS $$
  SELECT who = app_person() AND (EXISTS (
    SELECT 1 FROM assessment_entry e
     WHERE e.id = wanted AND (app_oversees_region(e.region_id) OR app_answers_for(e.facility_id)))
  OR EXISTS (
    SELECT 1 FROM assessment_visit v JOIN assessment_entry e ON e.id = v.entry_id
     WHERE v.id = wanted AND app_oversees_region(e.region_id)))
$$;
ALTER POLICY app_adds ON case_party WITH CHECK (
  app_sees_identity(case_id)
  OR (case_is_new(case_id) AND role = 'origin' AND facility_id = ANY(app_facilities()))
  OR app_joins_assessment(case_id, person_id));
"""

TABLES = (*MOVED, *SEALED, "assessment_told")


def upgrade() -> None:
    for statement in statements(TABLES_OF):
        op.execute(statement)
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY system_all ON {table} TO yunshang_system USING (true) WITH CHECK (true)"
        )
        users = "yunshang_system" if table == "assessment_told" else "yunshang_app, yunshang_system"
        op.execute(f"GRANT SELECT, INSERT ON {table} TO {users}")
    for table, columns in MOVED.items():
        op.execute(f"GRANT UPDATE ({columns}) ON {table} TO yunshang_app, yunshang_system")
    for table in SEALED:
        op.execute(
            f"CREATE TRIGGER {table}_sealed BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_sealed")
    for statement in statements(RIGHTS):
        op.execute(statement)
