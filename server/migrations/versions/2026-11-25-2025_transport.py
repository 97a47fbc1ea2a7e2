"""On the road: links scoped to one case, positions, what was synced from offline.

A link's holder is a person without an account: the same id in `person` and `case_link`, so that
every name on every page is read as all names are. The application role hires nobody and founds no
facility; three functions of the owner let it do exactly this much, for a case that it sees:
`link_holder_add`, `outside_facility_add`, and the door's `link_open` and `link_find`, which know
a token by its hash alone.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0015_transport"
down_revision = "0014_sending"

OUTSIDE = """
-- A unit outside the network: known by name and telephone, nobody there has an account.
ALTER TABLE facility ADD COLUMN outside boolean NOT NULL DEFAULT false;
ALTER TABLE facility DROP CONSTRAINT facility_tier_check;
ALTER TABLE facility ADD CONSTRAINT facility_tier_check
  CHECK (tier IN ('township', 'county', 'city', 'province') OR (outside AND tier = 'unknown'));
CREATE UNIQUE INDEX uq_facility_outside ON facility (region_id, name) WHERE outside;
"""

LEG = """
ALTER TABLE leg
  ADD COLUMN estimated_eta timestamptz,  -- from positions: an estimate, moves no timer
  ADD COLUMN estimated_at  timestamptz,
  ADD COLUMN near_at       timestamptz,  -- a position came near the destination: a hint, no arrival
  ADD COLUMN queried_at    timestamptz;  -- "where is she?" is asked and not answered yet
"""

LINKS = """
CREATE TABLE case_link (
  id          uuid PRIMARY KEY REFERENCES person (id),
  case_id     uuid NOT NULL REFERENCES referral (id),
  purpose     text NOT NULL CHECK (purpose IN ('crew', 'outside_unit', 'outside_door')),
  leg_id      uuid REFERENCES leg (id),
  offer_id    uuid REFERENCES offer (id),
  facility_id uuid NOT NULL REFERENCES facility (id),  -- for whom the holder acts
  token_hash  bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
  issued_by   uuid NOT NULL,
  issued_at   timestamptz NOT NULL,
  expires_at  timestamptz NOT NULL,
  grace       interval NOT NULL,  -- how long it lives on after the handover or the case's end
  opened_at   timestamptz,
  opened      int NOT NULL DEFAULT 0,
  answered_at timestamptz,
  revoked_at  timestamptz,
  revoked_by  uuid,
  CHECK (expires_at > issued_at),
  CHECK ((purpose = 'crew') = (leg_id IS NOT NULL)),
  CHECK ((purpose = 'crew') = (offer_id IS NULL))
);
CREATE INDEX ix_case_link_case ON case_link (case_id);

CREATE TABLE link_session (
  id         uuid PRIMARY KEY,
  link_id    uuid NOT NULL REFERENCES case_link (id),
  token_hash bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
  created_at timestamptz NOT NULL
);
CREATE INDEX ix_link_session_link ON link_session (link_id);
"""

ROAD = """
-- What a phone sent, entry by entry: what was refused stays here for review.
CREATE TABLE crew_entry (
  link_id     uuid NOT NULL REFERENCES case_link (id),
  device_id   uuid NOT NULL,
  seq         int NOT NULL CHECK (seq >= 1),
  id          uuid NOT NULL,
  case_id     uuid NOT NULL REFERENCES referral (id),
  leg_id      uuid NOT NULL REFERENCES leg (id),
  kind        text NOT NULL,
  data        jsonb NOT NULL,
  device_at   timestamptz NOT NULL,
  happened_at timestamptz,
  offset_ms   bigint NOT NULL,
  rtt_ms      bigint,
  received_at timestamptz NOT NULL,
  status      text NOT NULL CHECK (status IN ('waiting', 'applied', 'refused')),
  code        text,
  fields      jsonb,
  settled_at  timestamptz,
  reviewed_at timestamptz,
  reviewed_by uuid,
  PRIMARY KEY (link_id, device_id, seq),
  UNIQUE (link_id, id),
  CHECK ((status = 'refused') = (code IS NOT NULL))
);
CREATE INDEX ix_crew_entry_case ON crew_entry (case_id, status);

CREATE TABLE leg_position (
  leg_id     uuid NOT NULL REFERENCES leg (id),
  link_id    uuid NOT NULL REFERENCES case_link (id),
  at         timestamptz NOT NULL,
  case_id    uuid NOT NULL REFERENCES referral (id),
  recv_at    timestamptz NOT NULL,
  latitude   double precision NOT NULL CHECK (latitude BETWEEN -90 AND 90),
  longitude  double precision NOT NULL CHECK (longitude BETWEEN -180 AND 180),
  accuracy_m double precision CHECK (accuracy_m >= 0),
  PRIMARY KEY (leg_id, link_id, at)
);
CREATE INDEX ix_leg_position_recv ON leg_position (recv_at);
"""

DOOR = """
-- Open while neither revoked nor expired; after the handover (or the case's end) for the grace.
CREATE FUNCTION link_lives(l case_link, p_at timestamptz) RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT l.revoked_at IS NULL AND l.expires_at > p_at AND coalesce((
    SELECT least(
        CASE WHEN l.purpose = 'outside_unit' THEN 'infinity'
             ELSE coalesce((SELECT max(g.handed_over_at) + l.grace FROM public.leg g
                             WHERE g.case_id = l.case_id), 'infinity') END,
        coalesce(r.ended_at + l.grace, 'infinity')) > p_at
      FROM public.referral r WHERE r.id = l.case_id AND r.state <> 'voided'), false)
$$;
CREATE FUNCTION link_open(p_token bytea, p_session uuid, p_secret bytea, p_at timestamptz)
  RETURNS SETOF case_link
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE found public.case_link;
BEGIN
  SELECT * INTO found FROM public.case_link l WHERE l.token_hash = p_token FOR UPDATE;
  IF found.id IS NULL OR NOT public.link_lives(found, p_at) THEN
    RETURN;
  END IF;
  INSERT INTO public.link_session (id, link_id, token_hash, created_at)
    VALUES (p_session, found.id, p_secret, p_at);
  UPDATE public.case_link SET opened = opened + 1, opened_at = coalesce(opened_at, p_at)
   WHERE id = found.id RETURNING * INTO found;
  RETURN NEXT found;
END
$$;
CREATE FUNCTION link_find(p_secret bytea, p_at timestamptz)
  RETURNS TABLE (session_id uuid, link_id uuid, purpose text, facility_id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT s.id, l.id, l.purpose, l.facility_id
    FROM public.link_session s JOIN public.case_link l ON l.id = s.link_id
   WHERE s.token_hash = p_secret AND public.link_lives(l, p_at)
$$;
CREATE FUNCTION link_issuer_may(p_case uuid) RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT pg_has_role(session_user, 'yunshang_system', 'MEMBER')
      OR (public.app_sees_identity(p_case) AND NOT public.app_only_watches()
          AND NOT EXISTS (SELECT 1 FROM public.case_link l WHERE l.id = public.app_person()))
$$;
CREATE FUNCTION link_holder_add(p_id uuid, p_case uuid, p_facility uuid, p_name text,
    p_title text, p_phone bytea, p_demo boolean, p_at timestamptz) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NOT public.link_issuer_may(p_case) THEN
    RAISE EXCEPTION 'no such case' USING ERRCODE = 'YS004';
  END IF;
  INSERT INTO public.person (id, facility_id, name, title, phone_sealed, demo, created_at)
    VALUES (p_id, p_facility, p_name, p_title, p_phone, p_demo, p_at);
END
$$;
CREATE FUNCTION outside_facility_add(p_id uuid, p_case uuid, p_region uuid, p_name text,
    p_phone text, p_demo boolean) RETURNS uuid
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE known uuid;
BEGIN
  IF NOT public.link_issuer_may(p_case) THEN
    RAISE EXCEPTION 'no such case' USING ERRCODE = 'YS004';
  END IF;
  INSERT INTO public.facility (id, region_id, code, name, short_name, tier, outside, demo)
    VALUES (p_id, p_region, 'OUT-' || upper(right(p_id::text, 8)), p_name, p_name, 'unknown', true,
            p_demo)
    ON CONFLICT (region_id, name) WHERE outside DO NOTHING;
  SELECT f.id INTO STRICT known FROM public.facility f
   WHERE f.region_id = p_region AND f.name = p_name AND f.outside;
  INSERT INTO public.facility_contact (id, facility_id, kind, label, phone)
    VALUES (gen_random_uuid(), known, 'duty', p_name, p_phone)
    ON CONFLICT (facility_id, kind, label) DO UPDATE SET phone = excluded.phone;
  RETURN known;
END
$$;
REVOKE ALL ON FUNCTION link_lives, link_open, link_find, link_issuer_may, link_holder_add,
  outside_facility_add FROM PUBLIC;
GRANT EXECUTE ON FUNCTION link_lives, link_open, link_find, link_issuer_may, link_holder_add,
  outside_facility_add TO yunshang_app, yunshang_system;
CREATE POLICY owner_reads ON leg FOR SELECT TO yunshang_owner USING (true);
CREATE POLICY owner_all ON case_link TO yunshang_owner USING (true) WITH CHECK (true);
CREATE POLICY owner_all ON link_session TO yunshang_owner USING (true) WITH CHECK (true);
"""

GRANTS = """
GRANT UPDATE (answered_at, revoked_at, revoked_by) ON case_link TO yunshang_app;
GRANT UPDATE (status, code, fields, settled_at, reviewed_at, reviewed_by) ON crew_entry
  TO yunshang_app;
GRANT DELETE ON leg_position TO yunshang_system;
GRANT SELECT, INSERT ON link_session TO yunshang_system;
"""

BY_CASE = ("case_link", "crew_entry", "leg_position")
CHANGING = ("case_link", "crew_entry")


def _protect(table: str) -> None:
    mine = "app_sees_identity(case_id) AND NOT app_only_watches()"
    op.execute(f"CREATE POLICY app_reads ON {table} FOR SELECT TO yunshang_app"
               " USING (app_sees_identity(case_id))")  # fmt: skip
    op.execute(f"CREATE POLICY app_adds ON {table} FOR INSERT TO yunshang_app WITH CHECK ({mine})")
    if table in CHANGING:
        op.execute(
            f"CREATE POLICY app_changes ON {table} FOR UPDATE TO yunshang_app"
            f" USING ({mine}) WITH CHECK ({mine})"
        )
    op.execute(f"GRANT SELECT, INSERT ON {table} TO yunshang_app, yunshang_system")


def upgrade() -> None:
    for script in (OUTSIDE, LEG, LINKS, ROAD):
        for statement in statements(script):
            op.execute(statement)
    for table in (*BY_CASE, "link_session"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY system_all ON {table} TO yunshang_system USING (true) WITH CHECK (true)"
        )
    for table in BY_CASE:
        _protect(table)
    for script in (DOOR, GRANTS):
        for statement in statements(script):
            op.execute(statement)
