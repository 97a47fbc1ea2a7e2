"""Least rights: what the application role could do and never does, found by trying it.

Row-level security is the second net: it has to hold when a query of ours is wrong. The application
neither founds facilities nor hires people nor grants roles (the platform's own role does), the
commission reads and never writes, and nobody reads the answers kept beside other people's keys.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0009_least_rights"
down_revision = "0008_quality"

KEYS = """
CREATE FUNCTION app_account() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS
  $$ SELECT nullif(current_setting('app.account_id', true), '')::uuid $$;
ALTER TABLE idempotency_key ENABLE ROW LEVEL SECURITY;
ALTER TABLE idempotency_key FORCE ROW LEVEL SECURITY;
CREATE POLICY system_all ON idempotency_key TO yunshang_system USING (true) WITH CHECK (true);
CREATE POLICY app_own ON idempotency_key TO yunshang_app
  USING (account_id = app_account()) WITH CHECK (account_id = app_account());
"""

GRANTS = """
REVOKE INSERT ON role_grant, person, account FROM yunshang_app;
REVOKE UPDATE (during) ON role_grant FROM yunshang_app;
REVOKE INSERT ON facility, facility_role, facility_contact, unit, responsible_area
  FROM yunshang_app;
REVOKE UPDATE (during) ON facility_role, responsible_area FROM yunshang_app;
"""

# A login that has ended stays ended.
SESSIONS = """
CREATE FUNCTION session_stays_ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a session that has ended is not revived' USING ERRCODE = 'YS012';
END
$$;
CREATE TRIGGER session_stays_ended BEFORE UPDATE ON login_session
  FOR EACH ROW WHEN (OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS DISTINCT FROM OLD.revoked_at)
  EXECUTE FUNCTION session_stays_ended();
ALTER TABLE login_session ENABLE ALWAYS TRIGGER session_stays_ended;
"""

# app_sees_identity is app_sees_case without the commission's region.
PARTIES = """
ALTER POLICY app_adds ON case_party WITH CHECK (
  app_sees_identity(case_id)
  OR (case_is_new(case_id) AND role = 'origin' AND facility_id = ANY(app_facilities())));
ALTER POLICY app_posts ON inbox_item
  WITH CHECK (case_id IS NOT NULL AND app_sees_identity(case_id));
ALTER POLICY app_binds ON ctg_recording
  WITH CHECK (case_id IS NULL OR app_sees_identity(case_id));
"""

# The function of 0002 with one word changed; its text stands there.
APPEND = """
DO $$
DECLARE
  body text := pg_get_functiondef('case_append'::regproc);
BEGIN
  IF position('public.app_sees_case(p_case)' IN body) = 0 THEN
    RAISE EXCEPTION 'case_append is not the one that this migration knows';
  END IF;
  EXECUTE replace(body, 'public.app_sees_case(p_case)', 'public.app_sees_identity(p_case)');
END
$$;
"""

BY_CASE = ("page", "escalation", "page_target", "page_message")


def upgrade() -> None:
    for script in (KEYS, GRANTS, SESSIONS, PARTIES, APPEND):
        for statement in statements(script):
            op.execute(statement)
    for table in BY_CASE:
        op.execute(f"DROP POLICY app_by_case ON {table}")
        op.execute(
            f"CREATE POLICY app_reads ON {table} FOR SELECT TO yunshang_app"
            " USING (app_sees_case(case_id))"
        )
        op.execute(
            f"CREATE POLICY app_adds ON {table} FOR INSERT TO yunshang_app"
            " WITH CHECK (app_sees_identity(case_id))"
        )
        op.execute(
            f"CREATE POLICY app_changes ON {table} FOR UPDATE TO yunshang_app"
            " USING (app_sees_identity(case_id)) WITH CHECK (app_sees_identity(case_id))"
        )
