"""What a sender adds: treatments with times, newborn forms, consents, attachments, references.

Everything here is said once and never changed: a slip is withdrawn with a reason and entered anew.
All of it opens only to those who treat her or coordinate (`app_sees_identity`). What names a person
(residence, relatives, who gave consent) is sealed besides.

`live_case_of_person` finds a live case of the same person wherever she was registered, and tells a
stranger no more than that there is one.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0014_sending"
down_revision = "0013_case_files"

PAPERS = """
CREATE TABLE referral_treatment (
  id          uuid PRIMARY KEY,
  case_id     uuid NOT NULL REFERENCES referral (id),
  baby        int NOT NULL CHECK (baby BETWEEN 0 AND 9),  -- 0: the mother
  phase       text NOT NULL CHECK (phase IN ('before_transport', 'during_transport')),
  code        text NOT NULL CHECK (length(code) BETWEEN 1 AND 64),
  catalogue   text NOT NULL,                              -- version that the code is from
  dose        double precision CHECK (dose > 0),
  unit        text CHECK (length(unit) <= 20),
  route       text CHECK (length(route) <= 20),
  note        text CHECK (length(note) <= 200),
  given_at    timestamptz NOT NULL,
  entered_at  timestamptz NOT NULL,
  late_reason text,
  person_id   uuid,
  facility_id uuid,
  CHECK (dose IS NULL OR unit IS NOT NULL)
);
CREATE INDEX ix_referral_treatment_case ON referral_treatment (case_id, given_at);

-- What became known of one child, entry by entry; her form is the fold over these.
CREATE TABLE referral_newborn_form (
  id          uuid PRIMARY KEY,
  case_id     uuid NOT NULL REFERENCES referral (id),
  baby        int NOT NULL CHECK (baby BETWEEN 1 AND 9),  -- birth order
  at          timestamptz NOT NULL,
  entered_at  timestamptz NOT NULL,
  person_id   uuid,
  facility_id uuid,
  data        jsonb NOT NULL
);
CREATE INDEX ix_referral_newborn_form_case ON referral_newborn_form (case_id, baby, entered_at);

CREATE TABLE referral_consent (
  id            uuid PRIMARY KEY,
  case_id       uuid NOT NULL REFERENCES referral (id),
  kind          text NOT NULL CHECK (kind IN ('signed', 'emergency_waiver', 'verbal')),
  given_by      text CHECK (given_by IN ('patient', 'relative', 'institution_head')),
  relation      text CHECK (relation IN ('spouse', 'parent', 'child', 'sibling', 'other')),
  names_sealed  bytea,               -- who gave it, who authorised in which post, and why
  attachment_id uuid,
  at            timestamptz NOT NULL,
  entered_at    timestamptz NOT NULL,
  late_reason   text,
  person_id     uuid,                -- who explained it to her
  facility_id   uuid
);
CREATE INDEX ix_referral_consent_case ON referral_consent (case_id, entered_at);

CREATE TABLE referral_attachment (
  id          uuid PRIMARY KEY,
  case_id     uuid NOT NULL REFERENCES referral (id),
  baby        int NOT NULL CHECK (baby BETWEEN 0 AND 9),
  kind        text NOT NULL CHECK (kind IN ('paper_record', 'lab', 'imaging', 'ctg_paper',
                'consent', 'other')),
  media_type  text NOT NULL CHECK (media_type IN ('image/jpeg', 'image/png', 'image/webp',
                'application/pdf')),
  size_bytes  int NOT NULL CHECK (size_bytes > 0),
  sha256      bytea NOT NULL CHECK (octet_length(sha256) = 32),  -- of what is stored, unsealed
  at          timestamptz NOT NULL,
  person_id   uuid,
  facility_id uuid
);
CREATE INDEX ix_referral_attachment_case ON referral_attachment (case_id, at);
ALTER TABLE referral_consent ADD CONSTRAINT fk_referral_consent_attachment
  FOREIGN KEY (attachment_id) REFERENCES referral_attachment (id);

-- Something recorded elsewhere, cited exactly: seconds of a tracing, a picture, later a study.
CREATE TABLE referral_reference (
  id            uuid PRIMARY KEY,
  case_id       uuid NOT NULL REFERENCES referral (id),
  kind          text NOT NULL CHECK (kind IN ('ctg', 'attachment', 'dicom_study')),
  recording_id  uuid REFERENCES ctg_recording (id),
  from_seq      bigint CHECK (from_seq >= 1),
  to_seq        bigint,
  attachment_id uuid REFERENCES referral_attachment (id),
  study_uid     text CHECK (study_uid ~ '^[0-9.]{1,64}$'),
  note          text CHECK (length(note) <= 200),
  at            timestamptz NOT NULL,
  person_id     uuid,
  facility_id   uuid,
  CHECK (to_seq >= from_seq),
  CHECK (kind <> 'ctg' OR num_nulls(recording_id, from_seq, to_seq) = 0),
  CHECK (kind <> 'attachment' OR attachment_id IS NOT NULL),
  CHECK (kind <> 'dicom_study' OR study_uid IS NOT NULL)
);
CREATE INDEX ix_referral_reference_case ON referral_reference (case_id, at);

-- Entered by mistake: what it was about stays readable, struck through.
CREATE TABLE referral_withdrawal (
  target_id   uuid PRIMARY KEY,
  case_id     uuid NOT NULL REFERENCES referral (id),
  what        text NOT NULL CHECK (what IN ('treatment', 'attachment', 'reference')),
  reason      text NOT NULL CHECK (length(reason) BETWEEN 1 AND 200),
  at          timestamptz NOT NULL,
  person_id   uuid,
  facility_id uuid
);
CREATE INDEX ix_referral_withdrawal_case ON referral_withdrawal (case_id);

-- Up to when somebody has read what changed; a convenience, no evidence.
CREATE TABLE referral_seen (
  case_id   uuid NOT NULL REFERENCES referral (id),
  person_id uuid NOT NULL,
  at        timestamptz NOT NULL,
  PRIMARY KEY (case_id, person_id)
);
"""

APPENDED = (
    "referral_treatment",
    "referral_newborn_form",
    "referral_consent",
    "referral_attachment",
    "referral_reference",
    "referral_withdrawal",
)

SECURED = """
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
CREATE POLICY system_all ON {table} TO yunshang_system USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON {table} TO yunshang_app, yunshang_system;
"""

OF_CASE = """
CREATE POLICY app_reads ON {table} FOR SELECT TO yunshang_app USING (app_sees_identity(case_id));
CREATE POLICY app_adds ON {table} FOR INSERT TO yunshang_app
  WITH CHECK (app_sees_identity(case_id) AND NOT app_only_watches());
CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_append_only;
"""

SEEN = """
CREATE POLICY app_own ON referral_seen TO yunshang_app
  USING (person_id = app_person() AND app_sees_identity(case_id))
  WITH CHECK (person_id = app_person() AND app_sees_identity(case_id));
GRANT UPDATE ON referral_seen TO yunshang_app, yunshang_system;
"""

# Who she is beyond name and number: one sealed entry per saving, the newest of each field counts.
DETAILS = """
CREATE TABLE patient_detail (
  id           uuid PRIMARY KEY,
  patient_id   uuid NOT NULL REFERENCES patient (id),
  pregnancy_id uuid NOT NULL REFERENCES pregnancy (id),
  at           timestamptz NOT NULL,
  person_id    uuid NOT NULL,
  facility_id  uuid NOT NULL,
  fields       text[] NOT NULL CHECK (cardinality(fields) > 0),
  sealed       bytea NOT NULL
);
CREATE INDEX ix_patient_detail_pregnancy ON patient_detail (pregnancy_id, at);
CREATE POLICY app_reads ON patient_detail FOR SELECT TO yunshang_app
  USING (EXISTS (SELECT 1 FROM pregnancy p WHERE p.id = pregnancy_id));
CREATE POLICY app_adds ON patient_detail FOR INSERT TO yunshang_app
  WITH CHECK (person_id = app_person() AND NOT app_only_watches() AND EXISTS (
    SELECT 1 FROM pregnancy p
     WHERE p.id = patient_detail.pregnancy_id AND p.patient_id = patient_detail.patient_id));
CREATE TRIGGER patient_detail_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON patient_detail
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE patient_detail ENABLE ALWAYS TRIGGER patient_detail_append_only;
"""

# Runs with the caller's rights: a tracing that is closed to the caller has no range to cite.
RANGES = """
CREATE FUNCTION ctg_range_of_case(wanted uuid, recording uuid)
  RETURNS TABLE (last_second bigint)
  LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT coalesce(r.last_seq, p.seq, 0)
    FROM public.ctg_recording r
    JOIN public.referral c ON c.id = wanted AND c.pregnancy_id = r.pregnancy_id
    LEFT JOIN public.ctg_pulse p ON p.recording_id = r.id
   WHERE r.id = recording
$$;
"""

# Who is the same person, without saying who: hashes beside patients, filled by triggers. The owner
# reads these and the cases' codes inside the functions below; identities stay closed to it.
KEYS = """
CREATE TABLE person_key (
  patient_id  uuid NOT NULL REFERENCES patient (id),
  facility_id uuid NOT NULL REFERENCES facility (id),  -- where this patient is registered
  key         bytea NOT NULL CHECK (octet_length(key) = 32),
  PRIMARY KEY (patient_id, key)
);
CREATE INDEX ix_person_key_key ON person_key (key);
CREATE FUNCTION patient_is_a_person() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  INSERT INTO public.person_key VALUES (NEW.id, NEW.facility_id, sha256(uuid_send(NEW.id)));
  RETURN NULL;
END
$$;
CREATE FUNCTION identifier_is_a_persons() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  INSERT INTO public.person_key VALUES (NEW.patient_id, NEW.facility_id,
      sha256(convert_to(NEW.kind || ':', 'UTF8') || NEW.blind_index))
    ON CONFLICT DO NOTHING;
  RETURN NULL;
END
$$;
CREATE TRIGGER person_key AFTER INSERT ON patient
  FOR EACH ROW EXECUTE FUNCTION patient_is_a_person();
CREATE TRIGGER person_key AFTER INSERT ON patient_identifier
  FOR EACH ROW EXECUTE FUNCTION identifier_is_a_persons();

-- Patients from before this migration; row-level security is forced again at once.
ALTER TABLE patient NO FORCE ROW LEVEL SECURITY;
ALTER TABLE patient_identifier NO FORCE ROW LEVEL SECURITY;
INSERT INTO person_key SELECT id, facility_id, sha256(uuid_send(id)) FROM patient;
INSERT INTO person_key
  SELECT patient_id, facility_id, sha256(convert_to(kind || ':', 'UTF8') || blind_index)
    FROM patient_identifier ON CONFLICT DO NOTHING;
ALTER TABLE patient FORCE ROW LEVEL SECURITY;
ALTER TABLE patient_identifier FORCE ROW LEVEL SECURITY;

ALTER TABLE person_key ENABLE ROW LEVEL SECURITY;
ALTER TABLE person_key FORCE ROW LEVEL SECURITY;
CREATE POLICY system_all ON person_key TO yunshang_system USING (true) WITH CHECK (true);
CREATE POLICY owner_reads ON person_key FOR SELECT TO yunshang_owner USING (true);
CREATE POLICY owner_adds ON person_key FOR INSERT TO yunshang_owner WITH CHECK (true);
GRANT SELECT, INSERT ON person_key TO yunshang_system;
"""

PERSONS = """
CREATE POLICY owner_reads ON referral FOR SELECT TO yunshang_owner USING (true);

CREATE FUNCTION live_cases_of_person(wanted uuid, wanted_subject text)
  RETURNS TABLE (case_id uuid, number text)
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT r.id, r.number
    FROM public.referral r
   WHERE r.patient_id IN (
           SELECT theirs.patient_id
             FROM public.person_key mine JOIN public.person_key theirs USING (key)
            WHERE mine.patient_id = wanted)
     AND r.state IN ('open', 'committed', 'moving', 'guided_in_place')
     AND r.direction = 'up' AND NOT r.drill
     -- A mother and her child are two people; a dyad is both.
     AND NOT (r.subject, wanted_subject) IN (('mother', 'newborn'), ('newborn', 'mother'))
   ORDER BY r.created_at
$$;

-- Whoever asks about a patient must be able to open her.
CREATE FUNCTION app_may_open_patient(wanted uuid) RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT public.app_sees_patient(wanted) OR EXISTS (
    SELECT 1 FROM public.person_key k
     WHERE k.patient_id = wanted AND k.key = sha256(uuid_send(wanted))
       AND k.facility_id = ANY(public.app_facilities()))
$$;
REVOKE ALL ON FUNCTION live_cases_of_person, app_may_open_patient FROM PUBLIC;

-- One row at most. `case_id` and `number` only for a party of that case; a stranger learns that
-- there is one. Two senders of the same person queue here, so that the second sees the first.
CREATE FUNCTION live_case_of_person(wanted uuid, wanted_subject text)
  RETURNS TABLE (case_id uuid, number text)
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NOT pg_has_role(session_user, 'yunshang_system', 'MEMBER')
     AND NOT public.app_may_open_patient(wanted) THEN
    RETURN;
  END IF;
  PERFORM pg_advisory_xact_lock(lock) FROM (
    SELECT DISTINCT hashtextextended(encode(k.key, 'hex'), 14) AS lock
      FROM public.person_key k WHERE k.patient_id = wanted ORDER BY 1) AS locks;
  RETURN QUERY
    SELECT CASE WHEN seen.mine THEN l.case_id END, CASE WHEN seen.mine THEN l.number END
      FROM public.live_cases_of_person(wanted, wanted_subject) l,
           LATERAL (SELECT public.app_sees_identity(l.case_id) AS mine) AS seen
     ORDER BY seen.mine DESC LIMIT 1;
END
$$;

-- Tells the engine, and through it the coordinator, that a stranger asked; the stranger hears
-- nothing back. Once per case, facility and hour.
CREATE FUNCTION report_live_case(wanted uuid, wanted_subject text, asking uuid) RETURNS void
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NOT asking = ANY(public.app_facilities()) OR NOT public.app_may_open_patient(wanted) THEN
    RETURN;
  END IF;
  INSERT INTO public.outbox (id, topic, key, payload, available_at)
    SELECT gen_random_uuid(), 'referral.live_case_elsewhere',
           l.case_id || ':' || asking || ':' || to_char(clock_timestamp(), 'YYYYMMDDHH24'),
           jsonb_build_object('case_id', l.case_id, 'facility_id', asking), clock_timestamp()
      FROM public.live_cases_of_person(wanted, wanted_subject) l
    ON CONFLICT (topic, key) WHERE key IS NOT NULL DO NOTHING;
END
$$;
REVOKE ALL ON FUNCTION live_case_of_person, report_live_case FROM PUBLIC;
GRANT EXECUTE ON FUNCTION live_case_of_person TO yunshang_app, yunshang_system;
GRANT EXECUTE ON FUNCTION report_live_case TO yunshang_app;
"""


def upgrade() -> None:
    scripts = [PAPERS, DETAILS, RANGES, KEYS, PERSONS]
    scripts += [SECURED.format(table=table) for table in (*APPENDED, "referral_seen")]
    scripts += [OF_CASE.format(table=table) for table in APPENDED]
    scripts += [SECURED.format(table="patient_detail"), SEEN]
    for script in scripts:
        for statement in statements(script):
            op.execute(statement)
