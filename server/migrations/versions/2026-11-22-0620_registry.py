"""Who and where: facilities, people, logins; patients, pregnancies and newborns under RLS."""

from alembic import op

from server.migrations.sql import statements

revision = "0003_registry"
down_revision = "0002_chain"

FACILITIES = """
CREATE TABLE facility (
  id         uuid PRIMARY KEY,
  region_id  uuid NOT NULL REFERENCES region (id),
  code       text NOT NULL UNIQUE,
  name       text NOT NULL,
  short_name text NOT NULL,
  tier       text NOT NULL CHECK (tier IN ('township', 'county', 'city', 'province')),
  latitude   double precision CHECK (latitude BETWEEN -90 AND 90),
  longitude  double precision CHECK (longitude BETWEEN -180 AND 180),
  demo       boolean NOT NULL DEFAULT false,
  closed_at  timestamptz
);
CREATE INDEX ix_facility_region ON facility (region_id);

-- Designation as a centre changes over time; a facility holds a role at most once on any day.
CREATE TABLE facility_role (
  id          uuid PRIMARY KEY,
  facility_id uuid NOT NULL REFERENCES facility (id),
  role        text NOT NULL CHECK (role IN ('maternal_centre', 'neonatal_centre', 'midwifery',
                'mch_institute', 'ambulance', 'blood_station', 'health_commission')),
  during      daterange NOT NULL CHECK (NOT isempty(during)),
  slot        bigint GENERATED ALWAYS AS
                (hashtextextended(facility_id::text || ':' || role, 0)) STORED,
  CONSTRAINT ex_facility_role_overlap
    EXCLUDE USING gist (int8range(slot, slot, '[]') WITH &&, during WITH &&)
);
CREATE INDEX ix_facility_role_facility ON facility_role (facility_id);

CREATE TABLE facility_contact (
  id          uuid PRIMARY KEY,
  facility_id uuid NOT NULL REFERENCES facility (id),
  kind        text NOT NULL CHECK (kind IN ('duty', 'obstetrics', 'neonatology', 'blood',
                'ambulance', 'office')),
  label       text NOT NULL,
  phone       text NOT NULL,
  UNIQUE (facility_id, kind, label)
);

CREATE TABLE unit (
  id          uuid PRIMARY KEY,
  facility_id uuid NOT NULL REFERENCES facility (id),
  kind        text NOT NULL,
  name        text NOT NULL,
  UNIQUE (facility_id, name)
);

-- The centre that answers for a region. Without btree_gist, equality of (region, kind) is overlap
-- of one-element ranges over their 64-bit hash.
CREATE TABLE responsible_area (
  id        uuid PRIMARY KEY,
  centre_id uuid NOT NULL REFERENCES facility (id),
  region_id uuid NOT NULL REFERENCES region (id),
  kind      text NOT NULL CHECK (kind IN ('maternal', 'neonatal')),
  during    daterange NOT NULL CHECK (NOT isempty(during)),
  slot      bigint GENERATED ALWAYS AS
              (hashtextextended(region_id::text || ':' || kind, 0)) STORED,
  CONSTRAINT ex_responsible_area_overlap
    EXCLUDE USING gist (int8range(slot, slot, '[]') WITH &&, during WITH &&)
);
CREATE INDEX ix_responsible_area_region ON responsible_area (region_id, kind);
CREATE INDEX ix_responsible_area_centre ON responsible_area (centre_id);
GRANT SELECT, INSERT, UPDATE ON facility, facility_role, facility_contact, unit, responsible_area
  TO yunshang_system;
GRANT SELECT, INSERT ON facility, facility_role, facility_contact, unit, responsible_area
  TO yunshang_app;
GRANT UPDATE (during) ON facility_role, responsible_area TO yunshang_app;
"""

PEOPLE = """
CREATE TABLE person (
  id           uuid PRIMARY KEY,
  facility_id  uuid NOT NULL REFERENCES facility (id),
  name         text NOT NULL,
  title        text NOT NULL DEFAULT '',
  specialty    text NOT NULL DEFAULT '',
  phone_sealed bytea,
  demo         boolean NOT NULL DEFAULT false,
  created_at   timestamptz NOT NULL
);
CREATE INDEX ix_person_facility ON person (facility_id);

CREATE TABLE account (
  id            uuid PRIMARY KEY,
  person_id     uuid NOT NULL UNIQUE REFERENCES person (id),
  login         text NOT NULL UNIQUE CHECK (login = lower(login)),
  password_hash text NOT NULL,
  must_change   boolean NOT NULL DEFAULT false,
  disabled_at   timestamptz,
  created_at    timestamptz NOT NULL
);

CREATE TABLE role_grant (
  id          uuid PRIMARY KEY,
  account_id  uuid NOT NULL REFERENCES account (id),
  role        text NOT NULL CHECK (role IN ('referring_clinician', 'expert', 'coordinator',
                'duty_desk', 'commission', 'system_admin', 'security_admin', 'auditor', 'device',
                'crew')),
  facility_id uuid REFERENCES facility (id),
  region_id   uuid REFERENCES region (id),
  during      tstzrange NOT NULL CHECK (NOT isempty(during)),
  CHECK (num_nonnulls(facility_id, region_id) = 1),
  CHECK (region_id IS NULL OR role IN ('coordinator', 'commission')),
  CHECK (facility_id IS NULL OR role <> 'commission')
);
CREATE INDEX ix_role_grant_account ON role_grant (account_id);

CREATE TABLE login_session (
  id           uuid PRIMARY KEY,
  token_hash   bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
  account_id   uuid NOT NULL REFERENCES account (id),
  created_at   timestamptz NOT NULL,
  last_seen_at timestamptz NOT NULL,
  expires_at   timestamptz NOT NULL,
  revoked_at   timestamptz,
  address      text NOT NULL,
  user_agent   text NOT NULL
);
CREATE INDEX ix_login_session_account ON login_session (account_id) WHERE revoked_at IS NULL;

-- Failures are counted per login and address, for logins that do not exist as well, so that the
-- delay tells nobody which logins are real. The hash keeps passwords typed into the wrong box out.
CREATE TABLE login_failure (
  login_hash     bytea NOT NULL CHECK (octet_length(login_hash) = 32),
  address        text NOT NULL,
  failures       int NOT NULL,
  last_failed_at timestamptz NOT NULL,
  blocked_until  timestamptz,
  PRIMARY KEY (login_hash, address)
);
CREATE INDEX ix_login_failure_age ON login_failure (last_failed_at);

CREATE TABLE security_event (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  recv_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  at         timestamptz NOT NULL,
  kind       text NOT NULL,
  ok         boolean NOT NULL,
  actor_id   uuid,
  account_id uuid,
  session_id uuid,
  address    text NOT NULL DEFAULT ''
);
CREATE INDEX ix_security_event_account ON security_event (account_id, id);
GRANT SELECT, INSERT, UPDATE ON person, account, role_grant, login_session TO yunshang_system;
GRANT SELECT, INSERT, UPDATE, DELETE ON login_failure TO yunshang_app, yunshang_system;
GRANT SELECT, INSERT ON person, account, role_grant, login_session TO yunshang_app;
GRANT UPDATE (name, title, specialty, phone_sealed) ON person TO yunshang_app;
GRANT UPDATE (password_hash, must_change, disabled_at) ON account TO yunshang_app;
GRANT UPDATE (during) ON role_grant TO yunshang_app;
GRANT UPDATE (last_seen_at, revoked_at) ON login_session TO yunshang_app;
GRANT INSERT ON security_event TO yunshang_app;
GRANT SELECT ON security_event TO yunshang_app, yunshang_system;
GRANT INSERT ON security_event TO yunshang_system;
ALTER TABLE security_event ENABLE ROW LEVEL SECURITY;
ALTER TABLE security_event FORCE ROW LEVEL SECURITY;
CREATE POLICY system_all ON security_event TO yunshang_system USING (true) WITH CHECK (true);
CREATE POLICY app_adds ON security_event FOR INSERT TO yunshang_app WITH CHECK (true);
CREATE POLICY app_reads ON security_event FOR SELECT TO yunshang_app
  USING (app_has_role('auditor') OR app_has_role('security_admin'));
"""

PATIENTS = """
CREATE TABLE patient (
  id               uuid PRIMARY KEY,
  facility_id      uuid NOT NULL REFERENCES facility (id),  -- who registered her
  name_sealed      bytea NOT NULL,
  name_index       bytea NOT NULL CHECK (octet_length(name_index) = 32),
  phone_sealed     bytea,
  birth_date       date,
  birth_date_exact boolean NOT NULL DEFAULT true,
  demo             boolean NOT NULL DEFAULT false,
  created_at       timestamptz NOT NULL,
  created_by       uuid NOT NULL
);
CREATE INDEX ix_patient_name ON patient (name_index, facility_id);
CREATE INDEX ix_patient_facility ON patient (facility_id);

-- Unique within a facility only: a global constraint would tell that she is known elsewhere.
CREATE TABLE patient_identifier (
  id          uuid PRIMARY KEY,
  patient_id  uuid NOT NULL REFERENCES patient (id),
  facility_id uuid NOT NULL REFERENCES facility (id),
  kind        text NOT NULL CHECK (kind IN ('id_card', 'other')),
  sealed      bytea NOT NULL,
  blind_index bytea NOT NULL CHECK (octet_length(blind_index) = 32),
  UNIQUE (facility_id, kind, blind_index)
);
CREATE INDEX ix_patient_identifier_blind ON patient_identifier (blind_index);
CREATE INDEX ix_patient_identifier_patient ON patient_identifier (patient_id);

CREATE TABLE pregnancy (
  id          uuid PRIMARY KEY,
  patient_id  uuid NOT NULL REFERENCES patient (id),
  facility_id uuid NOT NULL REFERENCES facility (id),
  lmp         date,
  edd         date,
  dated_by    text CHECK (dated_by IN ('lmp', 'edd', 'gestation')),
  gravida     int CHECK (gravida BETWEEN 1 AND 30),
  para        int CHECK (para BETWEEN 0 AND 30),
  plurality   int NOT NULL DEFAULT 1 CHECK (plurality BETWEEN 1 AND 9),
  outcome     text CHECK (outcome IN ('live_birth', 'stillbirth', 'abortion', 'ectopic', 'other')),
  ended_at    timestamptz,
  created_at  timestamptz NOT NULL,
  created_by  uuid NOT NULL,
  CHECK ((edd IS NULL) = (dated_by IS NULL))
);
CREATE INDEX ix_pregnancy_patient ON pregnancy (patient_id);

CREATE TABLE newborn (
  id           uuid PRIMARY KEY,
  pregnancy_id uuid NOT NULL REFERENCES pregnancy (id),
  facility_id  uuid NOT NULL REFERENCES facility (id),
  birth_order  int NOT NULL CHECK (birth_order BETWEEN 1 AND 9),
  born_at      timestamptz NOT NULL,
  sex          text NOT NULL CHECK (sex IN ('female', 'male', 'undetermined', 'unknown')),
  weight_g     int CHECK (weight_g BETWEEN 200 AND 9000),
  apgar_1      int CHECK (apgar_1 BETWEEN 0 AND 10),
  apgar_5      int CHECK (apgar_5 BETWEEN 0 AND 10),
  created_at   timestamptz NOT NULL,
  created_by   uuid NOT NULL,
  UNIQUE (pregnancy_id, birth_order)
);

CREATE TABLE case_pregnancy (
  case_id      uuid NOT NULL,
  pregnancy_id uuid NOT NULL REFERENCES pregnancy (id),
  patient_id   uuid NOT NULL REFERENCES patient (id),
  PRIMARY KEY (case_id, pregnancy_id)
);
CREATE INDEX ix_case_pregnancy_pregnancy ON case_pregnancy (pregnancy_id);
CREATE INDEX ix_case_pregnancy_patient ON case_pregnancy (patient_id);

CREATE TABLE access_log (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  recv_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
  at          timestamptz NOT NULL,
  account_id  uuid NOT NULL,
  person_id   uuid NOT NULL,
  session_id  uuid,
  facility_id uuid NOT NULL,
  patient_id  uuid NOT NULL,
  purpose     text NOT NULL CHECK (purpose IN ('search', 'open', 'register', 'case')),
  case_id     uuid
);
CREATE INDEX ix_access_log_patient ON access_log (patient_id, id);
CREATE INDEX ix_access_log_person ON access_log (person_id, id);
"""

SIGHT = """
-- Who may know whose case it is. Like app_sees_case, but the commission's region opens nothing:
-- it sees cases, never identities.
CREATE FUNCTION app_sees_identity(wanted uuid) RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT EXISTS (
    SELECT 1 FROM public.case_party p
     WHERE p.case_id = wanted
       AND (p.facility_id = ANY(public.app_facilities()) OR p.person_id = public.app_person()))
  OR (public.app_has_role('coordinator') AND EXISTS (
    SELECT 1 FROM public.case_party p
      JOIN public.region_closure c ON c.descendant_id = p.region_id
     WHERE p.case_id = wanted AND p.role = 'origin'
       AND c.ancestor_id = ANY(public.app_regions())))
$$;
CREATE FUNCTION app_sees_patient(wanted uuid) RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT EXISTS (SELECT 1 FROM public.case_pregnancy l
                  WHERE l.patient_id = wanted AND public.app_sees_identity(l.case_id))
$$;
CREATE FUNCTION app_sees_pregnancy(wanted uuid) RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT EXISTS (SELECT 1 FROM public.case_pregnancy l
                  WHERE l.pregnancy_id = wanted AND public.app_sees_identity(l.case_id))
$$;
"""

PATIENT_TABLES = ("patient", "patient_identifier", "pregnancy", "newborn", "case_pregnancy")

SECURED = """
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
CREATE POLICY system_all ON {table} TO yunshang_system USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON {table} TO yunshang_system;
GRANT SELECT, INSERT ON {table} TO yunshang_app;
"""

POLICIES = """
CREATE POLICY app_reads ON patient FOR SELECT TO yunshang_app
  USING (facility_id = ANY(app_facilities()) OR app_sees_patient(id));
CREATE POLICY app_adds ON patient FOR INSERT TO yunshang_app
  WITH CHECK (facility_id = ANY(app_facilities()));
CREATE POLICY app_changes ON patient FOR UPDATE TO yunshang_app
  USING (facility_id = ANY(app_facilities())) WITH CHECK (facility_id = ANY(app_facilities()));
GRANT UPDATE (phone_sealed, birth_date, birth_date_exact) ON patient TO yunshang_app;

CREATE POLICY app_reads ON patient_identifier FOR SELECT TO yunshang_app
  USING (facility_id = ANY(app_facilities()) OR app_sees_patient(patient_id));
CREATE POLICY app_adds ON patient_identifier FOR INSERT TO yunshang_app
  WITH CHECK (facility_id = ANY(app_facilities())
    AND EXISTS (SELECT 1 FROM patient p WHERE p.id = patient_id));

CREATE POLICY app_reads ON pregnancy FOR SELECT TO yunshang_app
  USING (facility_id = ANY(app_facilities()) OR app_sees_pregnancy(id));
CREATE POLICY app_adds ON pregnancy FOR INSERT TO yunshang_app
  WITH CHECK (facility_id = ANY(app_facilities())
    AND EXISTS (SELECT 1 FROM patient p WHERE p.id = patient_id));
CREATE POLICY app_changes ON pregnancy FOR UPDATE TO yunshang_app
  USING (facility_id = ANY(app_facilities()) OR app_sees_pregnancy(id));
GRANT UPDATE (lmp, edd, dated_by, gravida, para, plurality, outcome, ended_at) ON pregnancy
  TO yunshang_app;

CREATE POLICY app_reads ON newborn FOR SELECT TO yunshang_app
  USING (facility_id = ANY(app_facilities()) OR app_sees_pregnancy(pregnancy_id)
    OR EXISTS (SELECT 1 FROM pregnancy p WHERE p.id = pregnancy_id));
CREATE POLICY app_adds ON newborn FOR INSERT TO yunshang_app
  WITH CHECK (facility_id = ANY(app_facilities())
    AND EXISTS (SELECT 1 FROM pregnancy p WHERE p.id = pregnancy_id));

-- Linking opens the patient to all parties, so the linker must see both the case and the patient.
CREATE POLICY owner_reads ON case_pregnancy FOR SELECT TO yunshang_owner USING (true);
CREATE POLICY app_reads ON case_pregnancy FOR SELECT TO yunshang_app
  USING (app_sees_identity(case_id));
CREATE POLICY app_adds ON case_pregnancy FOR INSERT TO yunshang_app
  WITH CHECK (app_sees_identity(case_id) AND EXISTS (
    SELECT 1 FROM pregnancy p
     WHERE p.id = case_pregnancy.pregnancy_id AND p.patient_id = case_pregnancy.patient_id));

ALTER TABLE access_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE access_log FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON access_log TO yunshang_app, yunshang_system;
CREATE POLICY system_all ON access_log TO yunshang_system USING (true) WITH CHECK (true);
CREATE POLICY app_adds ON access_log FOR INSERT TO yunshang_app
  WITH CHECK (person_id = app_person());
CREATE POLICY app_reads ON access_log FOR SELECT TO yunshang_app USING (app_has_role('auditor'));
"""

APPEND_ONLY = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER access_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON access_log
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER security_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON security_event
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE access_log ENABLE ALWAYS TRIGGER access_log_append_only;
ALTER TABLE security_event ENABLE ALWAYS TRIGGER security_event_append_only;
"""


def upgrade() -> None:
    secured = [SECURED.format(table=table) for table in PATIENT_TABLES]
    for script in (FACILITIES, PEOPLE, PATIENTS, SIGHT, *secured, POLICIES, APPEND_ONLY):
        for statement in statements(script):
            op.execute(statement)
