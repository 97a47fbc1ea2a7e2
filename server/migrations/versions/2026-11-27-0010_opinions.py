"""Opinions: drafted by several hands, every change kept; countersigned, dissented from, rated.

What advice says moves into revisions, which are only added; the one that was signed is the last.
Orders become rows when they are signed: until then they are words of a draft.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0033_opinions"
down_revision = "0032_consult_requests"

TABLES = """
CREATE TABLE advice_revision (
  advice_id uuid NOT NULL REFERENCES advice (id),
  n         int NOT NULL CHECK (n >= 1),
  case_id   uuid NOT NULL,
  person_id uuid NOT NULL REFERENCES person (id),
  at        timestamptz NOT NULL,
  content   jsonb NOT NULL CHECK (jsonb_typeof(content) = 'object'),
  PRIMARY KEY (advice_id, n)
);
CREATE TABLE advice_signature (
  id          uuid PRIMARY KEY,
  advice_id   uuid NOT NULL REFERENCES advice (id),
  case_id     uuid NOT NULL,
  person_id   uuid NOT NULL REFERENCES person (id),
  facility_id uuid NOT NULL REFERENCES facility (id),
  stand       text NOT NULL CHECK (stand IN ('agrees', 'dissents')),
  words       text NOT NULL CHECK (length(words) <= 4000),
  signed_at   timestamptz NOT NULL,
  digest      bytea NOT NULL CHECK (octet_length(digest) = 32),
  UNIQUE (advice_id, person_id),
  CHECK (stand = 'agrees' OR words <> '')
);
-- How useful the asking house found it; said again, the newest counts and the others stay.
CREATE TABLE consult_rating (
  request_id  uuid NOT NULL REFERENCES consult_request (id),
  n           int NOT NULL CHECK (n >= 1),
  facility_id uuid NOT NULL REFERENCES facility (id),
  person_id   uuid NOT NULL REFERENCES person (id),
  at          timestamptz NOT NULL,
  timely      int NOT NULL CHECK (timely BETWEEN 1 AND 5),
  clear       int NOT NULL CHECK (clear BETWEEN 1 AND 5),
  useful      int NOT NULL CHECK (useful BETWEEN 1 AND 5),
  words       text NOT NULL CHECK (length(words) <= 1000),
  PRIMARY KEY (request_id, n)
);
"""

# A consultation has its paper too: whatever has a chain may have papers.
PAPERS = """
ALTER TABLE issued_document DROP CONSTRAINT issued_document_case_id_fkey;
ALTER TABLE issued_document ADD FOREIGN KEY (case_id) REFERENCES case_head (case_id);
"""

# The owner reads its own tables only while row-level security is not forced on it.
MOVE = """
ALTER TABLE advice NO FORCE ROW LEVEL SECURITY;
ALTER TABLE advice_order NO FORCE ROW LEVEL SECURITY;
INSERT INTO advice_revision (advice_id, n, case_id, person_id, at, content)
  SELECT a.id, 1, a.case_id, a.author_id, a.created_at, jsonb_build_object('text', a.text,
    'findings', '', 'recommendation', NULL, 'cited', '[]'::jsonb, 'orders', coalesce((
      SELECT jsonb_agg(jsonb_build_object('text', o.text) ORDER BY o.n) FROM advice_order o
       WHERE o.advice_id = a.id), '[]'::jsonb))
    FROM advice a;
DELETE FROM advice_order o USING advice a WHERE a.id = o.advice_id AND a.state = 'draft';
ALTER TABLE advice DROP COLUMN text;
ALTER TABLE advice ADD COLUMN revision int NOT NULL DEFAULT 1 CHECK (revision >= 1);
ALTER TABLE advice ADD COLUMN shared boolean NOT NULL DEFAULT false;
ALTER TABLE advice FORCE ROW LEVEL SECURITY;
ALTER TABLE advice_order FORCE ROW LEVEL SECURITY;
"""

ACCESS = """
GRANT SELECT, INSERT ON advice_revision, advice_signature, consult_rating
  TO yunshang_app, yunshang_system;
GRANT UPDATE (revision, shared) ON advice TO yunshang_app, yunshang_system;

-- A draft is its author's, or of the case's experts where it is shared; only its author signs it.
DROP POLICY app_reads ON advice;
CREATE POLICY app_reads ON advice FOR SELECT TO yunshang_app
  USING (app_sees_identity(case_id) AND (state = 'signed' OR author_id = app_person()
    OR (shared AND app_has_role('expert'))));
DROP POLICY app_signs ON advice;
CREATE POLICY app_signs ON advice FOR UPDATE TO yunshang_app
  USING (app_sees_identity(case_id) AND (author_id = app_person()
    OR (shared AND app_has_role('expert'))))
  WITH CHECK (app_sees_identity(case_id) AND (author_id = app_person()
    OR (shared AND state = 'draft' AND app_has_role('expert'))));

-- What stands is for everybody who treats her; earlier wordings are for experts.
CREATE POLICY app_reads ON advice_revision FOR SELECT TO yunshang_app
  USING (app_sees_identity(case_id) AND EXISTS (SELECT 1 FROM advice a WHERE a.id = advice_id
    AND (a.revision = n OR app_has_role('expert'))));
CREATE POLICY app_adds ON advice_revision FOR INSERT TO yunshang_app
  WITH CHECK (app_sees_identity(case_id) AND person_id = app_person()
    AND EXISTS (SELECT 1 FROM advice a WHERE a.id = advice_id AND a.state = 'draft'));

CREATE POLICY app_reads ON advice_signature FOR SELECT TO yunshang_app
  USING (app_sees_identity(case_id));
CREATE POLICY app_adds ON advice_signature FOR INSERT TO yunshang_app
  WITH CHECK (app_sees_identity(case_id) AND person_id = app_person() AND app_has_role('expert')
    AND EXISTS (SELECT 1 FROM advice a WHERE a.id = advice_id AND a.state = 'signed'
      AND a.author_id <> app_person()));

CREATE POLICY app_sees ON consult_rating FOR SELECT TO yunshang_app
  USING (app_sees_identity(request_id));
CREATE POLICY app_adds ON consult_rating FOR INSERT TO yunshang_app WITH CHECK (
  person_id = app_person() AND NOT app_only_watches() AND facility_id = ANY(app_facilities())
  AND EXISTS (SELECT 1 FROM consult_request r WHERE r.id = request_id
    AND r.facility_id = consult_rating.facility_id AND r.concluded_at IS NOT NULL));
"""

SEALED = ("advice_revision", "advice_signature", "consult_rating")


def upgrade() -> None:
    for statement in (*statements(TABLES), *statements(PAPERS), *statements(MOVE)):
        op.execute(statement)
    for table in SEALED:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_append_only")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY system_all ON {table} TO yunshang_system USING (true) WITH CHECK (true)"
        )
    for statement in statements(ACCESS):
        op.execute(statement)
