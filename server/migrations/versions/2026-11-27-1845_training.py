"""Training: courses, their files, classes with seats, who was there, checks, quizzes, tries.

A draft is its own house's; what is published is seen by everybody with an account. What somebody
attended is seen by them, by those who keep the course, and by whoever oversees their house.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0056_training"
down_revision = "0055_room_messages"

COURSES = """
CREATE TABLE training_course (
  id              uuid PRIMARY KEY,
  facility_id     uuid NOT NULL REFERENCES facility (id),
  title           text NOT NULL CHECK (length(title) BETWEEN 1 AND 120),
  summary         text NOT NULL CHECK (length(summary) <= 4000),
  state           text NOT NULL CHECK (state IN ('draft', 'published', 'closed')),
  classes_needed  int NOT NULL CHECK (classes_needed BETWEEN 1 AND 50),
  pass_percent    int NOT NULL CHECK (pass_percent BETWEEN 1 AND 100),
  made_by         uuid NOT NULL REFERENCES person (id),
  made_at         timestamptz NOT NULL,
  version         int NOT NULL DEFAULT 1
);

-- The bytes are in the folder of files, found by their hash; what is removed keeps its bytes.
CREATE TABLE training_material (
  id          uuid PRIMARY KEY,
  course_id   uuid NOT NULL REFERENCES training_course (id),
  name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
  media_type  text NOT NULL,
  size_bytes  int NOT NULL CHECK (size_bytes > 0),
  sha256      bytea NOT NULL CHECK (length(sha256) = 32),
  person_id   uuid NOT NULL REFERENCES person (id),
  at          timestamptz NOT NULL,
  removed_at  timestamptz
);
CREATE INDEX ix_training_material_course ON training_material (course_id, at);

CREATE TABLE training_quiz (
  course_id  uuid NOT NULL REFERENCES training_course (id),
  n          int NOT NULL CHECK (n >= 1),
  questions  jsonb NOT NULL,
  person_id  uuid NOT NULL REFERENCES person (id),
  at         timestamptz NOT NULL,
  PRIMARY KEY (course_id, n)
);

CREATE TABLE training_attempt (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  course_id    uuid NOT NULL,
  quiz         int NOT NULL,
  person_id    uuid NOT NULL REFERENCES person (id),
  facility_id  uuid NOT NULL REFERENCES facility (id),
  at           timestamptz NOT NULL,
  answers      jsonb NOT NULL,
  correct      int NOT NULL CHECK (correct >= 0),
  questions    int NOT NULL CHECK (questions >= correct AND questions >= 1),
  percent      int NOT NULL,            -- that was asked for then
  passed       boolean NOT NULL,
  FOREIGN KEY (course_id, quiz) REFERENCES training_quiz (course_id, n)
);
CREATE INDEX ix_training_attempt_person ON training_attempt (person_id, course_id, at);
"""

CLASSES = """
CREATE TABLE training_class (
  id            uuid PRIMARY KEY,
  course_id     uuid NOT NULL REFERENCES training_course (id),
  title         text NOT NULL CHECK (length(title) BETWEEN 1 AND 120),
  presenter_id  uuid NOT NULL REFERENCES person (id),
  starts_at     timestamptz NOT NULL,
  minutes       int NOT NULL CHECK (minutes BETWEEN 5 AND 480),
  state         text NOT NULL CHECK (state IN ('planned', 'live', 'over', 'cancelled')),
  opened_at     timestamptz,
  ended_at      timestamptz,
  note          text CHECK (length(note) BETWEEN 1 AND 1000),
  version       int NOT NULL DEFAULT 1,
  CHECK ((opened_at IS NULL) = (state IN ('planned', 'cancelled'))),
  CHECK ((ended_at IS NULL) = (state <> 'over')),
  CHECK (ended_at >= opened_at)
);
CREATE INDEX ix_training_class_course ON training_class (course_id, starts_at);
CREATE INDEX ix_training_class_live ON training_class (opened_at) WHERE state = 'live';

-- Somebody who came. What it came to is written when the class is over, under which rules.
CREATE TABLE training_attendee (
  class_id       uuid NOT NULL REFERENCES training_class (id),
  person_id      uuid NOT NULL REFERENCES person (id),
  facility_id    uuid NOT NULL REFERENCES facility (id),
  came_at        timestamptz NOT NULL,
  next_check_at  timestamptz NOT NULL,  -- drawn by lot, told to nobody
  present_s      int CHECK (present_s >= 0),
  live_s         int CHECK (live_s >= 0),
  asked          int CHECK (asked >= 0),
  answered       int CHECK (answered BETWEEN 0 AND asked),
  verified       boolean,
  rules          text,
  PRIMARY KEY (class_id, person_id),
  CHECK ((verified IS NULL) = (rules IS NULL) AND (verified IS NULL) = (present_s IS NULL))
);
CREATE INDEX ix_training_attendee_person ON training_attendee (person_id);
CREATE INDEX ix_training_attendee_facility ON training_attendee (facility_id, came_at);

CREATE TABLE training_stay (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  class_id   uuid NOT NULL,
  person_id  uuid NOT NULL,
  since      timestamptz NOT NULL,
  heard_at   timestamptz NOT NULL,
  left_at    timestamptz,
  FOREIGN KEY (class_id, person_id) REFERENCES training_attendee (class_id, person_id),
  CHECK (heard_at >= since),
  CHECK (left_at >= since)
);
CREATE UNIQUE INDEX ux_training_stay_open ON training_stay (class_id, person_id)
  WHERE left_at IS NULL;
CREATE INDEX ix_training_stay_class ON training_stay (class_id, heard_at);

CREATE TABLE training_check (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  class_id     uuid NOT NULL,
  person_id    uuid NOT NULL,
  asked_at     timestamptz NOT NULL,
  answer_by    timestamptz NOT NULL,
  choices      int[] NOT NULL,
  wanted       int NOT NULL,
  answered_at  timestamptz,
  choice       int,
  FOREIGN KEY (class_id, person_id) REFERENCES training_attendee (class_id, person_id),
  CHECK (answer_by > asked_at),
  CHECK (wanted = ANY(choices)),
  CHECK ((answered_at IS NULL) = (choice IS NULL)),
  CHECK (answered_at BETWEEN asked_at AND answer_by)
);
CREATE INDEX ix_training_check_person ON training_check (class_id, person_id, asked_at);

-- A place in the class's room. Its id is all that media workers know of somebody.
CREATE TABLE training_seat (
  id         uuid PRIMARY KEY,
  class_id   uuid NOT NULL REFERENCES training_class (id),
  person_id  uuid NOT NULL REFERENCES person (id),
  speaks     boolean NOT NULL,
  taken_at   timestamptz NOT NULL,
  UNIQUE (class_id, person_id)
);
"""

CERTIFICATES = """
-- The id is that of the certificate's own chain, on which its paper stands.
CREATE TABLE training_certificate (
  id           uuid PRIMARY KEY,
  course_id    uuid NOT NULL REFERENCES training_course (id),
  person_id    uuid NOT NULL REFERENCES person (id),
  facility_id  uuid NOT NULL REFERENCES facility (id),
  issued_at    timestamptz NOT NULL,
  UNIQUE (course_id, person_id)
);
CREATE INDEX ix_training_certificate_facility ON training_certificate (facility_id, issued_at);
"""

RIGHTS = """
GRANT SELECT, INSERT ON training_course, training_material, training_quiz, training_attempt,
  training_class, training_attendee, training_stay, training_check, training_seat,
  training_certificate
  TO yunshang_app, yunshang_system;
GRANT UPDATE (title, summary, state, classes_needed, pass_percent, version) ON training_course
  TO yunshang_app;
GRANT UPDATE (removed_at) ON training_material TO yunshang_app;
GRANT UPDATE (state, opened_at, ended_at, note, version) ON training_class
  TO yunshang_app, yunshang_system;
GRANT UPDATE (next_check_at, present_s, live_s, asked, answered, verified, rules)
  ON training_attendee TO yunshang_app, yunshang_system;
GRANT UPDATE (heard_at, left_at) ON training_stay TO yunshang_app, yunshang_system;
GRANT UPDATE (answered_at, choice) ON training_check TO yunshang_app;
CREATE TRIGGER training_quiz_sealed BEFORE UPDATE OR DELETE OR TRUNCATE ON training_quiz
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER training_attempt_sealed BEFORE UPDATE OR DELETE OR TRUNCATE ON training_attempt
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER training_certificate_sealed BEFORE UPDATE OR DELETE OR TRUNCATE
  ON training_certificate FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE training_certificate ENABLE ALWAYS TRIGGER training_certificate_sealed;
ALTER TABLE training_quiz ENABLE ALWAYS TRIGGER training_quiz_sealed;
ALTER TABLE training_attempt ENABLE ALWAYS TRIGGER training_attempt_sealed;

-- Who keeps the courses of a house; who looks after its people's training.
CREATE FUNCTION app_teaches_at(wanted uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT (app_has_role('expert') OR app_has_role('coordinator') OR app_has_role('commission')
          OR app_has_role('medical_affairs')) AND app_works_at(wanted)
$$;
CREATE FUNCTION app_oversees_training(wanted uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT (app_has_role('medical_affairs') AND app_works_at(wanted))
    OR ((app_has_role('coordinator') OR app_has_role('commission')) AND EXISTS (
      SELECT 1 FROM facility f JOIN region_closure c ON c.descendant_id = f.region_id
       WHERE f.id = wanted AND c.ancestor_id = ANY(app_regions())))
$$;
"""

POLICIES = """
CREATE POLICY app_sees ON training_course FOR SELECT TO yunshang_app
  USING (state <> 'draft' OR app_teaches_at(facility_id));
CREATE POLICY app_makes ON training_course FOR INSERT TO yunshang_app WITH CHECK (
  made_by = app_person() AND app_teaches_at(facility_id));
CREATE POLICY app_keeps ON training_course FOR UPDATE TO yunshang_app
  USING (app_teaches_at(facility_id));

CREATE POLICY app_sees ON training_material FOR SELECT TO yunshang_app
  USING (EXISTS (SELECT 1 FROM training_course c WHERE c.id = course_id));
CREATE POLICY app_adds ON training_material FOR INSERT TO yunshang_app WITH CHECK (
  person_id = app_person() AND EXISTS (
    SELECT 1 FROM training_course c WHERE c.id = course_id AND app_teaches_at(c.facility_id)));
CREATE POLICY app_removes ON training_material FOR UPDATE TO yunshang_app USING (EXISTS (
  SELECT 1 FROM training_course c WHERE c.id = course_id AND app_teaches_at(c.facility_id)));

CREATE POLICY app_sees ON training_quiz FOR SELECT TO yunshang_app
  USING (EXISTS (SELECT 1 FROM training_course c WHERE c.id = course_id));
CREATE POLICY app_adds ON training_quiz FOR INSERT TO yunshang_app WITH CHECK (
  person_id = app_person() AND EXISTS (
    SELECT 1 FROM training_course c WHERE c.id = course_id AND app_teaches_at(c.facility_id)));

CREATE POLICY app_sees ON training_attempt FOR SELECT TO yunshang_app USING (
  person_id = app_person() OR app_oversees_training(facility_id) OR EXISTS (
    SELECT 1 FROM training_course c WHERE c.id = course_id AND app_teaches_at(c.facility_id)));
CREATE POLICY app_tries ON training_attempt FOR INSERT TO yunshang_app WITH CHECK (
  person_id = app_person() AND app_works_at(facility_id)
  AND EXISTS (SELECT 1 FROM training_course c WHERE c.id = course_id));

CREATE POLICY app_sees ON training_class FOR SELECT TO yunshang_app
  USING (EXISTS (SELECT 1 FROM training_course c WHERE c.id = course_id));
CREATE POLICY app_plans ON training_class FOR INSERT TO yunshang_app WITH CHECK (EXISTS (
  SELECT 1 FROM training_course c WHERE c.id = course_id AND app_teaches_at(c.facility_id)));
CREATE POLICY app_keeps ON training_class FOR UPDATE TO yunshang_app USING (EXISTS (
  SELECT 1 FROM training_course c WHERE c.id = course_id AND app_teaches_at(c.facility_id)));

CREATE POLICY app_sees ON training_attendee FOR SELECT TO yunshang_app USING (
  person_id = app_person() OR app_oversees_training(facility_id) OR EXISTS (
    SELECT 1 FROM training_class k JOIN training_course c ON c.id = k.course_id
     WHERE k.id = class_id AND app_teaches_at(c.facility_id)));
CREATE POLICY app_comes ON training_attendee FOR INSERT TO yunshang_app WITH CHECK (
  person_id = app_person() AND app_works_at(facility_id) AND verified IS NULL
  AND EXISTS (SELECT 1 FROM training_class k WHERE k.id = class_id));
CREATE POLICY app_is_asked ON training_attendee FOR UPDATE TO yunshang_app
  USING (person_id = app_person()) WITH CHECK (verified IS NULL);
CREATE POLICY app_sees ON training_seat FOR SELECT TO yunshang_app USING (
  person_id = app_person() OR EXISTS (
    SELECT 1 FROM training_class k JOIN training_course c ON c.id = k.course_id
     WHERE k.id = class_id AND app_teaches_at(c.facility_id)));
-- Only those who keep the course speak; everybody who sees it may listen.
CREATE POLICY app_takes ON training_seat FOR INSERT TO yunshang_app WITH CHECK (
  person_id = app_person() AND EXISTS (
    SELECT 1 FROM training_class k JOIN training_course c ON c.id = k.course_id
     WHERE k.id = class_id AND (NOT speaks OR app_teaches_at(c.facility_id))));
CREATE POLICY app_verifies ON training_attendee FOR UPDATE TO yunshang_app USING (EXISTS (
  SELECT 1 FROM training_class k JOIN training_course c ON c.id = k.course_id
   WHERE k.id = class_id AND app_teaches_at(c.facility_id)));
"""

EARNED = """
CREATE POLICY app_sees ON training_certificate FOR SELECT TO yunshang_app USING (
  person_id = app_person() OR app_oversees_training(facility_id) OR EXISTS (
    SELECT 1 FROM training_course c WHERE c.id = course_id AND app_teaches_at(c.facility_id)));
CREATE POLICY app_earns ON training_certificate FOR INSERT TO yunshang_app WITH CHECK (
  person_id = app_person() AND app_works_at(facility_id)
  AND EXISTS (SELECT 1 FROM training_attempt t
    WHERE t.course_id = training_certificate.course_id AND t.person_id = app_person() AND t.passed)
  AND (SELECT count(*) FROM training_attendee a JOIN training_class k ON k.id = a.class_id
        WHERE k.course_id = training_certificate.course_id AND a.person_id = app_person()
          AND a.verified)
    >= (SELECT c.classes_needed FROM training_course c
         WHERE c.id = training_certificate.course_id));
-- The commission watches cases and changes none; its own certificate it may have.
CREATE POLICY app_certifies ON issued_document FOR INSERT TO yunshang_app WITH CHECK (
  kind = 'certificate' AND issued_by = app_person() AND EXISTS (
    SELECT 1 FROM training_certificate c WHERE c.id = case_id AND c.person_id = app_person()));
-- A chain of one's own: it opens with oneself as its only party, and nobody's case is opened by it.
CREATE POLICY app_opens_own ON case_party FOR INSERT TO yunshang_app WITH CHECK (
  case_is_new(case_id) AND person_id = app_person() AND facility_id IS NULL);
"""

OWN = """
CREATE POLICY app_sees ON {table} FOR SELECT TO yunshang_app USING (EXISTS (
  SELECT 1 FROM training_attendee a WHERE a.class_id = {table}.class_id
   AND a.person_id = {table}.person_id));
CREATE POLICY app_adds ON {table} FOR INSERT TO yunshang_app
  WITH CHECK (person_id = app_person());
CREATE POLICY app_changes ON {table} FOR UPDATE TO yunshang_app USING (
  person_id = app_person() OR EXISTS (
    SELECT 1 FROM training_class k JOIN training_course c ON c.id = k.course_id
     WHERE k.id = class_id AND app_teaches_at(c.facility_id)));
"""

TABLES = (
    "training_course", "training_material", "training_quiz", "training_attempt",
    "training_class", "training_attendee", "training_stay", "training_check", "training_seat",
    "training_certificate",
)  # fmt: skip


def upgrade() -> None:
    for script in (COURSES, CLASSES, CERTIFICATES, RIGHTS):
        for statement in statements(script):
            op.execute(statement)
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        for role, name in (("yunshang_owner", "owner_all"), ("yunshang_system", "system_all")):
            op.execute(f"CREATE POLICY {name} ON {table} TO {role} USING (true) WITH CHECK (true)")
    script = (
        POLICIES
        + EARNED
        + "".join(OWN.format(table=table) for table in ("training_stay", "training_check"))
    )
    for statement in statements(script):
        op.execute(statement)
