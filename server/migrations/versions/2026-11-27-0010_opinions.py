"""Opinions: drafted by several hands, every change kept; countersigned or dissented from.

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
GRANT SELECT, INSERT ON advice_revision, advice_signature TO yunshang_app, yunshang_system;
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

CREATE POLICY app_reads ON advice_revision FOR SELECT TO yunshang_app
  USING (app_sees_identity(case_id) AND EXISTS (SELECT 1 FROM advice a WHERE a.id = advice_id));
CREATE POLICY app_adds ON advice_revision FOR INSERT TO yunshang_app
  WITH CHECK (app_sees_identity(case_id) AND person_id = app_person()
    AND EXISTS (SELECT 1 FROM advice a WHERE a.id = advice_id AND a.state = 'draft'));

CREATE POLICY app_reads ON advice_signature FOR SELECT TO yunshang_app
  USING (app_sees_identity(case_id));
CREATE POLICY app_adds ON advice_signature FOR INSERT TO yunshang_app
  WITH CHECK (app_sees_identity(case_id) AND person_id = app_person() AND app_has_role('expert')
    AND EXISTS (SELECT 1 FROM advice a WHERE a.id = advice_id AND a.state = 'signed'
      AND a.author_id <> app_person()));
"""

SEALED = ("advice_revision", "advice_signature")


def upgrade() -> None:
    for statement in (*statements(TABLES), *statements(MOVE)):
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
