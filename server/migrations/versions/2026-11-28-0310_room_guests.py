"""Guests of rooms: people without an account who come by a link that opens once.

A guest is a person, as the holders of a case's links are, but party to nothing: no policy on the
case, on her, or on what was written knows them. What a guest does read and write is named here,
table by table, and only of the one room; on the chain a guest says five things and reads none.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0065_room_guests"
down_revision = "0064_more_sheets"

GUESTS = """
CREATE TABLE room_guest (
  id           uuid PRIMARY KEY REFERENCES person (id),
  room_id      uuid NOT NULL,
  case_id      uuid NOT NULL,
  facility_id  uuid NOT NULL REFERENCES facility (id),   -- the house that vouches for them
  token_hash   bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
  invited_by   uuid NOT NULL REFERENCES person (id),
  invited_at   timestamptz NOT NULL,
  open_by      timestamptz NOT NULL,                     -- opened later than this it opens nothing
  ends_at      timestamptz NOT NULL,
  opened_at    timestamptz,
  secret_hash  bytea UNIQUE CHECK (octet_length(secret_hash) = 32),  -- of the one browser
  revoked_at   timestamptz,
  revoked_by   uuid REFERENCES person (id),
  FOREIGN KEY (room_id, case_id) REFERENCES consult_room (id, case_id),
  CHECK (open_by > invited_at AND ends_at >= open_by),
  CHECK ((opened_at IS NULL) = (secret_hash IS NULL)),
  CHECK ((revoked_at IS NULL) = (revoked_by IS NULL))
);
CREATE INDEX ix_room_guest_room ON room_guest (room_id, invited_at);

ALTER TABLE room_admission DROP CONSTRAINT room_admission_role_check;
ALTER TABLE room_admission ADD CONSTRAINT room_admission_role_check
  CHECK (role IN ('requester', 'expert', 'colleague', 'guest'));
"""

SIGHT = """
-- The room of the guest who asks; null for everybody else.
CREATE FUNCTION app_guest_room() RETURNS uuid
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT g.room_id FROM public.room_guest g WHERE g.id = public.app_person()
$$;
-- What a guest may say on the consultation's chain, of which they read nothing.
CREATE FUNCTION app_guest_says(p_case uuid, p_kind text) RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT p_kind IN ('room.guest_opened', 'room.guest_waits', 'room.recording_agreed',
                    'room.recording_refused', 'room.recording_withdrawn')
     AND EXISTS (SELECT 1 FROM public.room_guest g
                  WHERE g.id = public.app_person() AND g.case_id = p_case)
$$;
DO $$
DECLARE
  body text := pg_get_functiondef('case_append'::regproc);
BEGIN
  IF position('NOT public.app_sees_identity(p_case)' IN body) = 0 THEN
    RAISE EXCEPTION 'case_append is not the one that this migration knows';
  END IF;
  EXECUTE replace(body, 'NOT public.app_sees_identity(p_case)',
    'NOT (public.app_sees_identity(p_case) OR public.app_guest_says(p_case, p_kind))');
END
$$;
"""

DOOR = """
-- Unopened until open_by, then until ends_at; not once the room has ended, the link was revoked,
-- or whoever holds it was refused or sent out.
CREATE FUNCTION guest_lives(g room_guest, p_at timestamptz) RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT g.revoked_at IS NULL
     AND CASE WHEN g.opened_at IS NULL THEN g.open_by ELSE g.ends_at END > p_at
     AND EXISTS (SELECT 1 FROM public.consult_room r WHERE r.id = g.room_id AND r.ended_at IS NULL)
     AND NOT EXISTS (SELECT 1 FROM public.room_admission a WHERE a.room_id = g.room_id
                      AND a.person_id = g.id AND a.state IN ('refused', 'ejected'))
$$;
-- Opens once: a second try, even at the same moment, finds it opened.
CREATE FUNCTION guest_open(p_token bytea, p_secret bytea, p_at timestamptz)
  RETURNS SETOF room_guest
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE found public.room_guest;
BEGIN
  SELECT * INTO found FROM public.room_guest g WHERE g.token_hash = p_token FOR UPDATE;
  IF found.id IS NULL OR found.opened_at IS NOT NULL OR NOT public.guest_lives(found, p_at) THEN
    RETURN;
  END IF;
  UPDATE public.room_guest SET opened_at = p_at, secret_hash = p_secret
   WHERE id = found.id RETURNING * INTO found;
  RETURN NEXT found;
END
$$;
CREATE FUNCTION guest_find(p_secret bytea, p_at timestamptz)
  RETURNS TABLE (id uuid, facility_id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT g.id, g.facility_id FROM public.room_guest g
   WHERE g.secret_hash = p_secret AND public.guest_lives(g, p_at)
$$;
REVOKE ALL ON FUNCTION guest_lives, guest_open, guest_find FROM PUBLIC;
GRANT EXECUTE ON FUNCTION guest_lives, guest_open, guest_find TO yunshang_app, yunshang_system;
"""

RIGHTS = """
ALTER TABLE room_guest ENABLE ROW LEVEL SECURITY;
ALTER TABLE room_guest FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_all ON room_guest TO yunshang_owner USING (true) WITH CHECK (true);
CREATE POLICY system_all ON room_guest TO yunshang_system USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON room_guest TO yunshang_app, yunshang_system;
GRANT UPDATE (revoked_at, revoked_by) ON room_guest TO yunshang_app;
CREATE POLICY app_sees ON room_guest FOR SELECT TO yunshang_app
  USING (id = app_person() OR app_sees_identity(case_id));
CREATE POLICY app_invites ON room_guest FOR INSERT TO yunshang_app WITH CHECK (
  invited_by = app_person() AND NOT app_only_watches() AND app_sees_identity(case_id));
CREATE POLICY app_revokes ON room_guest FOR UPDATE TO yunshang_app
  USING (NOT app_only_watches() AND app_sees_identity(case_id))
  WITH CHECK (revoked_by = app_person());

-- What a guest reads: the room, who is in it, what is recorded of it.
CREATE POLICY guest_sees ON consult_room FOR SELECT TO yunshang_app
  USING (id = (SELECT app_guest_room()));
CREATE POLICY guest_locks ON consult_room FOR UPDATE TO yunshang_app
  USING (id = (SELECT app_guest_room())) WITH CHECK (false);
CREATE POLICY guest_sees ON room_admission FOR SELECT TO yunshang_app
  USING (room_id = (SELECT app_guest_room()));
CREATE POLICY guest_sees ON room_stay FOR SELECT TO yunshang_app
  USING (room_id = (SELECT app_guest_room()));
CREATE POLICY guest_sees ON room_lease FOR SELECT TO yunshang_app
  USING (room_id = (SELECT app_guest_room()));
CREATE POLICY guest_sees ON room_recording FOR SELECT TO yunshang_app
  USING (room_id = (SELECT app_guest_room()));
CREATE POLICY guest_sees ON recording_answer FOR SELECT TO yunshang_app
  USING (EXISTS (SELECT 1 FROM room_recording r WHERE r.id = recording_id
    AND r.room_id = (SELECT app_guest_room())));
-- What a guest does: waits, comes in, answers for themselves.
CREATE POLICY guest_waits ON room_admission FOR INSERT TO yunshang_app WITH CHECK (
  person_id = app_person() AND role = 'guest' AND state = 'waiting'
  AND room_id = (SELECT app_guest_room()));
CREATE POLICY guest_enters ON room_admission FOR UPDATE TO yunshang_app
  USING (person_id = app_person() AND state = 'admitted' AND room_id = (SELECT app_guest_room()))
  WITH CHECK (person_id = app_person());
CREATE POLICY guest_enters ON room_lease FOR INSERT TO yunshang_app
  WITH CHECK (room_id = (SELECT app_guest_room()));
CREATE POLICY guest_answers ON recording_answer FOR INSERT TO yunshang_app WITH CHECK (
  person_id = app_person() AND EXISTS (SELECT 1 FROM room_recording r
    WHERE r.id = recording_id AND r.room_id = (SELECT app_guest_room())));
CREATE POLICY guest_ends ON room_recording FOR UPDATE TO yunshang_app
  USING (room_id = (SELECT app_guest_room())) WITH CHECK (ended_by = app_person());
-- What a row becomes, any policy of others may allow: these hold whatever those say.
CREATE POLICY guest_ends_no_room ON consult_room AS RESTRICTIVE FOR UPDATE TO yunshang_app
  USING (true) WITH CHECK ((SELECT app_guest_room()) IS NULL);
CREATE POLICY guest_stays_admitted ON room_admission AS RESTRICTIVE FOR UPDATE TO yunshang_app
  USING (true) WITH CHECK ((SELECT app_guest_room()) IS NULL OR state = 'admitted');
CREATE POLICY guest_says_no ON room_recording AS RESTRICTIVE FOR UPDATE TO yunshang_app
  USING (true) WITH CHECK ((SELECT app_guest_room()) IS NULL
    OR why_ended IN ('refused', 'withdrawn'));
"""


def upgrade() -> None:
    for script in (GUESTS, SIGHT, DOOR, RIGHTS):
        for statement in statements(script):
            op.execute(statement)
