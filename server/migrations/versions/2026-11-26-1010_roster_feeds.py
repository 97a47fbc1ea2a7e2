"""Roster feeds: calendars by token, and the names that imported files use for people.

A feed's token is kept as its hash. The door has no viewer: `roster_feed_find` lets the application
role ask about one token, and answers only while its owner still has an account and, for a group's
calendar, a role at the group's facility.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0020_roster_feeds"
down_revision = "0019_roster_changes"

FEEDS = """
CREATE TABLE roster_feed (
  id           uuid PRIMARY KEY,
  person_id    uuid NOT NULL REFERENCES person (id),
  kind         text NOT NULL CHECK (kind IN ('person', 'group')),
  group_id     uuid REFERENCES expert_group (id),
  label        text NOT NULL CHECK (length(label) <= 60),
  token_hash   bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
  created_at   timestamptz NOT NULL,
  last_used_at timestamptz,
  revoked_at   timestamptz,
  CHECK ((kind = 'group') = (group_id IS NOT NULL))
);
CREATE INDEX ix_roster_feed_person ON roster_feed (person_id);

CREATE FUNCTION roster_feed_stays_ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a feed that has ended is not revived' USING ERRCODE = 'YS012';
END
$$;
CREATE TRIGGER roster_feed_stays_ended BEFORE UPDATE ON roster_feed
  FOR EACH ROW WHEN (OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS DISTINCT FROM OLD.revoked_at)
  EXECUTE FUNCTION roster_feed_stays_ended();
ALTER TABLE roster_feed ENABLE ALWAYS TRIGGER roster_feed_stays_ended;

CREATE FUNCTION roster_feed_find(p_token bytea, p_at timestamptz)
  RETURNS TABLE (kind text, person_id uuid, group_id uuid)
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE found public.roster_feed;
BEGIN
  SELECT f.* INTO found FROM public.roster_feed f
    JOIN public.account a ON a.person_id = f.person_id AND a.disabled_at IS NULL
   WHERE f.token_hash = p_token AND f.revoked_at IS NULL
     AND (f.group_id IS NULL OR EXISTS (
       SELECT 1 FROM public.expert_group g
         JOIN public.role_grant r ON r.facility_id = g.facility_id
        WHERE g.id = f.group_id AND r.account_id = a.id AND r.during @> p_at));
  IF found.id IS NULL THEN
    RETURN;
  END IF;
  -- To the hour is enough to see that nobody uses it; a write per fetch would be noise.
  UPDATE public.roster_feed f SET last_used_at = p_at
   WHERE f.id = found.id AND coalesce(f.last_used_at, '-infinity') < p_at - interval '1 hour';
  RETURN QUERY SELECT found.kind, found.person_id, found.group_id;
END
$$;
REVOKE ALL ON FUNCTION roster_feed_find FROM PUBLIC;
GRANT EXECUTE ON FUNCTION roster_feed_find TO yunshang_app, yunshang_system;

ALTER TABLE roster_feed ENABLE ROW LEVEL SECURITY;
ALTER TABLE roster_feed FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_all ON roster_feed TO yunshang_owner USING (true) WITH CHECK (true);
CREATE POLICY system_all ON roster_feed TO yunshang_system USING (true) WITH CHECK (true);
CREATE POLICY app_own ON roster_feed FOR SELECT TO yunshang_app USING (person_id = app_person());
CREATE POLICY app_adds ON roster_feed FOR INSERT TO yunshang_app
  WITH CHECK (person_id = app_person() AND NOT app_only_watches());
CREATE POLICY app_ends ON roster_feed FOR UPDATE TO yunshang_app
  USING (person_id = app_person()) WITH CHECK (person_id = app_person());
GRANT SELECT, INSERT ON roster_feed TO yunshang_app, yunshang_system;
GRANT UPDATE (revoked_at) ON roster_feed TO yunshang_app;
"""

# A name that a file uses and no person has; the newest line of a name counts.
NAMES = """
CREATE TABLE roster_name (
  id          uuid PRIMARY KEY,
  facility_id uuid NOT NULL REFERENCES facility (id),
  name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
  person_id   uuid NOT NULL REFERENCES person (id),
  recorded_by uuid NOT NULL,
  recorded_at timestamptz NOT NULL
);
CREATE INDEX ix_roster_name ON roster_name (facility_id, name, recorded_at);
CREATE TRIGGER roster_name_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON roster_name
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE roster_name ENABLE ALWAYS TRIGGER roster_name_append_only;
ALTER TABLE roster_name ENABLE ROW LEVEL SECURITY;
ALTER TABLE roster_name FORCE ROW LEVEL SECURITY;
CREATE POLICY system_all ON roster_name TO yunshang_system USING (true) WITH CHECK (true);
CREATE POLICY app_reads ON roster_name FOR SELECT TO yunshang_app
  USING (facility_id = ANY(app_facilities()));
CREATE POLICY app_adds ON roster_name FOR INSERT TO yunshang_app WITH CHECK (
  facility_id = ANY(app_facilities()) AND recorded_by = app_person() AND NOT app_only_watches());
GRANT SELECT, INSERT ON roster_name TO yunshang_app, yunshang_system;
"""


def upgrade() -> None:
    for script in (FEEDS, NAMES):
        for statement in statements(script):
            op.execute(statement)
