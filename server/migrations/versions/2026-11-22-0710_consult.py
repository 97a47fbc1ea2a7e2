"""Advice: written, signed, locked; its orders read back, executed or explained.

A signed text cannot be changed: the app role may update only the columns of signing, and a trigger
refuses a second signature. What was signed stands with its hash on the case's chain.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0007_consult"
down_revision = "0006_realtime"

TABLES = """
CREATE TABLE advice (
  id           uuid PRIMARY KEY,
  case_id      uuid NOT NULL,
  author_id    uuid NOT NULL REFERENCES person (id),
  facility_id  uuid NOT NULL REFERENCES facility (id),
  addendum_to  uuid REFERENCES advice (id),
  text         text NOT NULL CHECK (length(text) BETWEEN 1 AND 8000),
  state        text NOT NULL CHECK (state IN ('draft', 'signed')),
  created_at   timestamptz NOT NULL,
  signed_at    timestamptz,
  digest       bytea CHECK (octet_length(digest) = 32),
  CHECK ((state = 'signed') = (signed_at IS NOT NULL AND digest IS NOT NULL))
);
CREATE INDEX ix_advice_case ON advice (case_id, created_at);

CREATE TABLE advice_order (
  advice_id uuid NOT NULL REFERENCES advice (id),
  n         int NOT NULL CHECK (n BETWEEN 1 AND 30),
  case_id   uuid NOT NULL,
  text      text NOT NULL CHECK (length(text) BETWEEN 1 AND 1000),
  state     text NOT NULL CHECK (state IN ('pending', 'read_back', 'executed', 'not_executed')),
  reason    text,
  PRIMARY KEY (advice_id, n),
  CHECK (state <> 'not_executed' OR reason IS NOT NULL)
);

CREATE TABLE order_outcome (
  id          uuid PRIMARY KEY,
  advice_id   uuid NOT NULL,
  n           int NOT NULL,
  case_id     uuid NOT NULL,
  state       text NOT NULL CHECK (state IN ('read_back', 'executed', 'not_executed')),
  reason      text,
  at          timestamptz NOT NULL,
  person_id   uuid NOT NULL,
  facility_id uuid NOT NULL,
  FOREIGN KEY (advice_id, n) REFERENCES advice_order (advice_id, n)
);
CREATE INDEX ix_order_outcome_order ON order_outcome (advice_id, n, at);

CREATE FUNCTION advice_is_locked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state = 'signed' THEN
    RAISE EXCEPTION 'signed advice is not changed; write an addendum' USING ERRCODE = 'YS021';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER advice_locked BEFORE UPDATE OR DELETE ON advice
  FOR EACH ROW EXECUTE FUNCTION advice_is_locked();
ALTER TABLE advice ENABLE ALWAYS TRIGGER advice_locked;
"""

ACCESS = """
GRANT SELECT, INSERT ON advice, advice_order, order_outcome TO yunshang_app, yunshang_system;
GRANT UPDATE (state, signed_at, digest) ON advice TO yunshang_app, yunshang_system;
GRANT UPDATE (state, reason) ON advice_order TO yunshang_app, yunshang_system;

-- A draft is its author's alone; signed advice belongs to everybody who treats her.
CREATE POLICY app_reads ON advice FOR SELECT TO yunshang_app
  USING (app_sees_identity(case_id) AND (state = 'signed' OR author_id = app_person()));
CREATE POLICY app_adds ON advice FOR INSERT TO yunshang_app
  WITH CHECK (app_sees_identity(case_id) AND author_id = app_person());
CREATE POLICY app_signs ON advice FOR UPDATE TO yunshang_app
  USING (app_sees_identity(case_id) AND author_id = app_person())
  WITH CHECK (app_sees_identity(case_id) AND author_id = app_person());

CREATE POLICY app_reads ON advice_order FOR SELECT TO yunshang_app
  USING (app_sees_identity(case_id) AND EXISTS (SELECT 1 FROM advice a WHERE a.id = advice_id));
CREATE POLICY app_adds ON advice_order FOR INSERT TO yunshang_app
  WITH CHECK (app_sees_identity(case_id) AND EXISTS (
    SELECT 1 FROM advice a WHERE a.id = advice_id AND a.author_id = app_person()));
CREATE POLICY app_changes ON advice_order FOR UPDATE TO yunshang_app
  USING (app_sees_identity(case_id)) WITH CHECK (app_sees_identity(case_id));

CREATE POLICY app_reads ON order_outcome FOR SELECT TO yunshang_app
  USING (app_sees_identity(case_id));
CREATE POLICY app_adds ON order_outcome FOR INSERT TO yunshang_app
  WITH CHECK (app_sees_identity(case_id) AND person_id = app_person());
"""


def upgrade() -> None:
    for statement in statements(TABLES):
        op.execute(statement)
    for table in ("advice", "advice_order", "order_outcome"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY system_all ON {table} TO yunshang_system USING (true) WITH CHECK (true)"
        )
    for statement in statements(ACCESS):
        op.execute(statement)
