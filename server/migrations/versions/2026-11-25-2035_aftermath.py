"""After the case: feedback read, frozen timelines, death reviews, near-miss, documents issued.

What people wrote opens to those who treat or coordinate (`app_sees_identity`), as in 0005.
History has no UPDATE grant; a review step is the one row here that moves on, and only in the
columns that say when it was reported and when somebody is reminded again.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0017_aftermath"
down_revision = "0016_clocks"

CASES = """
ALTER TABLE referral
  ADD COLUMN feedback_read_at timestamptz,
  ADD COLUMN feedback_read_by uuid,
  ADD COLUMN frozen_at        timestamptz;  -- a death: what came before it is amended, not added to
-- What was closed before anybody was asked to read it counts as read.
UPDATE referral SET feedback_read_at = ended_at WHERE state = 'closed';
UPDATE referral SET frozen_at = ended_at WHERE state = 'died';
CREATE INDEX ix_referral_feedback_unread ON referral (origin_id)
  WHERE state = 'closed' AND feedback_read_at IS NULL;
"""

# After a death only corrections, the review, and what stops or reports something are appended;
# after the loss of a fetus or newborn, nothing that happened before it. `xmin` is the transaction
# that last changed the row: the one that records the death still writes what follows from it.
FROZEN = """
-- `written_here`: that transaction or a savepoint of it, whose row is visible while its writer
-- still runs. A row keeps 32 bits of its writer's number; the rest is the present epoch's or the
-- last one's.
CREATE FUNCTION written_here(writer xid) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT coalesce(pg_xact_status(((
      (top >> 32) - CASE WHEN low > (top & 4294967295) + 2147483648 THEN 1 ELSE 0 END
    ) << 32 | low)::text::xid8) = 'in progress', false)
    FROM (SELECT pg_current_xact_id()::text::bigint AS top, writer::text::bigint AS low) AS known
$$;
CREATE FUNCTION case_is_frozen(wanted uuid, kind text, happened timestamptz) RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT coalesce((
    SELECT r.frozen_at IS NOT NULL
       AND NOT public.written_here(r.xmin)
       AND (r.state IN ('died', 'closed') OR happened < r.frozen_at)
      FROM public.referral r WHERE r.id = wanted), false)
    AND kind NOT LIKE ALL (ARRAY['amend', 'review.%', 'document.%', 'page.%',
          'referral.feedback_read', 'referral.voided', 'referral.loss_recorded',
          'offer.withdrawal_acknowledged', 'hold.released'])
$$;
REVOKE ALL ON FUNCTION case_is_frozen FROM PUBLIC;
GRANT EXECUTE ON FUNCTION case_is_frozen, written_here TO yunshang_app, yunshang_system;
DO $$
DECLARE
  body  text := pg_get_functiondef('case_append'::regproc);
  start text := 'recv_at := clock_timestamp();';
BEGIN
  IF position(start IN body) = 0 THEN
    RAISE EXCEPTION 'case_append is not the one that this migration knows';
  END IF;
  EXECUTE regexp_replace(body, 'recv_at := clock_timestamp\\(\\);',
    'IF NOT pg_has_role(session_user, ''yunshang_system'', ''MEMBER'')
       AND public.case_is_frozen(p_case, p_kind, p_occurred_at) THEN
      RAISE EXCEPTION ''a death has frozen this timeline'' USING ERRCODE = ''YS013'';
    END IF;
    recv_at := clock_timestamp();');
END
$$;
"""

REVIEWS = """
CREATE TABLE death_review (
  id         uuid PRIMARY KEY,
  case_id    uuid NOT NULL REFERENCES referral (id),
  who        text NOT NULL CHECK (who IN ('mother', 'fetus', 'newborn')),
  newborn_id uuid REFERENCES newborn (id),
  died_at    timestamptz NOT NULL,
  opened_at  timestamptz NOT NULL,
  opened_by  uuid,
  ruleset    text NOT NULL,
  CHECK (newborn_id IS NULL OR who = 'newborn')
);
CREATE INDEX ix_death_review_case ON death_review (case_id);
CREATE UNIQUE INDEX uq_death_review_mother ON death_review (case_id) WHERE who = 'mother';
CREATE UNIQUE INDEX uq_death_review_newborn ON death_review (case_id, newborn_id)
  WHERE newborn_id IS NOT NULL;

CREATE TABLE death_review_step (
  review_id   uuid NOT NULL REFERENCES death_review (id),
  step        text NOT NULL,
  case_id     uuid NOT NULL REFERENCES referral (id),
  rule        text NOT NULL,
  due_at      timestamptz NOT NULL,
  remind_at   timestamptz,
  reminders   int NOT NULL DEFAULT 0,
  reported_at timestamptz,
  reported_by uuid,
  reported_for uuid,
  reference   text,
  PRIMARY KEY (review_id, step),
  CHECK ((reported_at IS NULL) = (reported_by IS NULL))
);
CREATE INDEX ix_death_review_step_case ON death_review_step (case_id);
CREATE INDEX ix_death_review_step_remind ON death_review_step (remind_at)
  WHERE remind_at IS NOT NULL;
"""

NEAR_MISS = """
CREATE TABLE near_miss_proposal (
  id          uuid PRIMARY KEY,
  case_id     uuid NOT NULL REFERENCES referral (id),
  ruleset     text NOT NULL,
  fingerprint bytea NOT NULL CHECK (octet_length(fingerprint) = 32),
  criteria    jsonb NOT NULL,
  proposed_at timestamptz NOT NULL,
  UNIQUE (case_id, fingerprint)
);
CREATE TABLE near_miss_verdict (
  proposal_id uuid PRIMARY KEY REFERENCES near_miss_proposal (id),
  case_id     uuid NOT NULL REFERENCES referral (id),
  verdict     text NOT NULL CHECK (verdict IN ('confirmed', 'rejected')),
  reason      text,
  at          timestamptz NOT NULL,
  person_id   uuid NOT NULL,
  facility_id uuid NOT NULL,
  CHECK (verdict = 'confirmed' OR reason IS NOT NULL)
);
CREATE INDEX ix_near_miss_verdict_case ON near_miss_verdict (case_id);
"""

DOCUMENTS = """
-- The paper itself is kept, sealed: a verification compares bytes, also after the next release.
CREATE TABLE issued_document (
  id           uuid PRIMARY KEY,
  case_id      uuid NOT NULL REFERENCES referral (id),
  kind         text NOT NULL,
  code         text NOT NULL UNIQUE CHECK (code ~ '^[0-9A-HJKMNP-TV-Z]{16}$'),
  content_hash bytea NOT NULL CHECK (octet_length(content_hash) = 32),
  pdf_hash     bytea NOT NULL CHECK (octet_length(pdf_hash) = 32),
  pdf_sealed   bytea NOT NULL,
  head_seq     bigint NOT NULL,
  head_hash    bytea NOT NULL CHECK (octet_length(head_hash) = 32),
  event_seq    bigint NOT NULL,
  issued_at    timestamptz NOT NULL,
  issued_by    uuid NOT NULL,
  facility_id  uuid NOT NULL REFERENCES facility (id),
  drill        boolean NOT NULL,
  demo         boolean NOT NULL
);
CREATE INDEX ix_issued_document_case ON issued_document (case_id, kind, issued_at);

-- What anybody who holds a paper may ask about it: nothing that says whose it is.
CREATE FUNCTION verify_document(wanted text) RETURNS TABLE (
  kind text, issued_at timestamptz, facility text, drill boolean, demo boolean, pdf_hash bytea,
  voided boolean, moved_on boolean, leaf_no bigint, event_hash bytea, intact boolean
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT d.kind, d.issued_at, f.name, d.drill, d.demo, d.pdf_hash,
         EXISTS (SELECT 1 FROM public.case_event v
                  WHERE v.case_id = d.case_id AND v.kind = 'referral.voided'),
         EXISTS (SELECT 1 FROM public.case_event n
                  WHERE n.case_id = d.case_id AND n.seq > d.event_seq
                    AND n.kind NOT LIKE 'page.%' AND n.kind NOT LIKE 'document.%'),
         l.leaf_no, e.hash,
         e.hash IS NOT NULL AND e.kind = 'document.issued'
           AND e.hash = public.case_event_hash(e)
           AND convert_from(e.payload, 'UTF8')::jsonb ->> 'document_id' = d.id::text
           AND convert_from(e.payload, 'UTF8')::jsonb ->> 'pdf_sha256' = encode(d.pdf_hash, 'hex')
           AND convert_from(e.payload, 'UTF8')::jsonb ->> 'head_hash' = encode(d.head_hash, 'hex')
           AND EXISTS (SELECT 1 FROM public.case_event h WHERE h.case_id = d.case_id
                        AND h.seq = d.head_seq AND h.hash = d.head_hash
                        AND h.hash = public.case_event_hash(h))
    FROM public.issued_document d
    JOIN public.facility f ON f.id = d.facility_id
    LEFT JOIN public.case_event e ON e.case_id = d.case_id AND e.seq = d.event_seq
    LEFT JOIN public.chain_leaf l ON l.case_id = d.case_id AND l.seq = d.event_seq
   WHERE d.code = wanted
$$;
REVOKE ALL ON FUNCTION verify_document FROM PUBLIC;
GRANT EXECUTE ON FUNCTION verify_document TO yunshang_app, yunshang_system;
"""

TABLES = (
    "death_review",
    "death_review_step",
    "near_miss_proposal",
    "near_miss_verdict",
    "issued_document",
)

STEPS = """
CREATE POLICY app_changes ON death_review_step FOR UPDATE TO yunshang_app
  USING (app_sees_identity(case_id) AND NOT app_only_watches())
  WITH CHECK (app_sees_identity(case_id) AND NOT app_only_watches());
GRANT UPDATE (remind_at, reported_at, reported_by, reported_for, reference)
  ON death_review_step TO yunshang_app;
GRANT UPDATE (remind_at, reminders) ON death_review_step TO yunshang_system;
CREATE POLICY owner_reads ON issued_document FOR SELECT TO yunshang_owner USING (true);
"""


def upgrade() -> None:
    for script in (CASES, FROZEN, REVIEWS, NEAR_MISS, DOCUMENTS):
        for statement in statements(script):
            op.execute(statement)
    for table in TABLES:
        _protect(table)
    for statement in statements(STEPS):
        op.execute(statement)


def _protect(table: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY system_all ON {table} TO yunshang_system USING (true) WITH CHECK (true)"
    )
    op.execute(
        f"CREATE POLICY app_reads ON {table} FOR SELECT TO yunshang_app"
        " USING (app_sees_identity(case_id))"
    )
    op.execute(
        f"CREATE POLICY app_adds ON {table} FOR INSERT TO yunshang_app"
        " WITH CHECK (app_sees_identity(case_id) AND NOT app_only_watches())"
    )
    op.execute(f"GRANT SELECT, INSERT ON {table} TO yunshang_app, yunshang_system")
