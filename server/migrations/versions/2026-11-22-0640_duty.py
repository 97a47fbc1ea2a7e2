"""Duty: rosters, pages and their escalation, the personal inbox, delivery; hints for the hub.

Lock order, kept by every command so that an answer and an escalation cannot deadlock: the case's
head (`case_lock`), then the page's escalation row, then targets, then messages. Inbox numbers are
given by a deferred trigger at commit, person by person in id order, after everything else.
"""

import json
import tomllib
from hashlib import sha256
from pathlib import Path

import sqlalchemy as sa
from alembic import op
from uuid_utils.compat import uuid7

import duty.escalation
from server.migrations.sql import statements

revision = "0004_duty"
down_revision = "0003_registry"

ROSTERS = """
CREATE TABLE expert_group (
  id          uuid PRIMARY KEY,
  facility_id uuid NOT NULL REFERENCES facility (id),
  code        text NOT NULL,
  name        text NOT NULL,
  UNIQUE (facility_id, code)
);
CREATE TABLE slot (
  id        uuid PRIMARY KEY,
  slot_no   bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  group_id  uuid NOT NULL REFERENCES expert_group (id),
  specialty text NOT NULL,
  tier      text NOT NULL CHECK (tier IN ('first', 'second', 'third', 'lead', 'general_duty')),
  min_title text,
  required  boolean NOT NULL DEFAULT true,
  UNIQUE (id, slot_no)
);
CREATE INDEX ix_slot_group ON slot (group_id);
CREATE TABLE shift (
  id            uuid PRIMARY KEY,
  slot_id       uuid NOT NULL,
  slot_no       bigint NOT NULL,
  person_id     uuid NOT NULL REFERENCES person (id),
  during        tstzrange NOT NULL,
  status        text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'superseded')),
  origin        text NOT NULL CHECK (origin IN ('plan', 'cover', 'split')),
  recorded_by   uuid,
  recorded_at   timestamptz NOT NULL,
  superseded_at timestamptz,
  supersedes_id uuid REFERENCES shift (id),
  FOREIGN KEY (slot_id, slot_no) REFERENCES slot (id, slot_no),
  CONSTRAINT shift_half_open CHECK (NOT isempty(during)
    AND lower_inc(during) AND NOT upper_inc(during)
    AND NOT lower_inf(during) AND NOT upper_inf(during)),
  CONSTRAINT shift_superseded CHECK ((status = 'superseded') = (superseded_at IS NOT NULL)),
  CONSTRAINT shift_one_person EXCLUDE USING gist
    (int8range(slot_no, slot_no, '[]') WITH &&, during WITH &&) WHERE (status = 'active')
);
CREATE INDEX ix_shift_person ON shift (person_id) WHERE status = 'active';

CREATE FUNCTION shift_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.status = 'active' AND NEW.status = 'superseded'
     AND (NEW.id, NEW.slot_id, NEW.slot_no, NEW.person_id, NEW.during, NEW.origin, NEW.recorded_at)
       = (OLD.id, OLD.slot_id, OLD.slot_no, OLD.person_id, OLD.during, OLD.origin, OLD.recorded_at)
  THEN RETURN NEW;
  END IF;
  RAISE EXCEPTION 'a shift is superseded, never changed or deleted' USING ERRCODE = 'YS011';
END
$$;
CREATE TRIGGER shift_guard BEFORE UPDATE OR DELETE ON shift
  FOR EACH ROW EXECUTE FUNCTION shift_guard();
ALTER TABLE shift ENABLE ALWAYS TRIGGER shift_guard;

CREATE TABLE duty_presence (
  person_id     uuid NOT NULL REFERENCES person (id),
  device_id     text NOT NULL CHECK (length(device_id) BETWEEN 1 AND 80),
  facility_id   uuid,
  signed_on_at  timestamptz,
  signed_off_at timestamptz,
  last_seen_at  timestamptz,
  PRIMARY KEY (person_id, device_id)
);
CREATE INDEX ix_duty_presence_facility ON duty_presence (facility_id)
  WHERE signed_on_at IS NOT NULL AND signed_off_at IS NULL;

-- Who is on duty is public inside the region: a county doctor must see whom the button rings.
GRANT SELECT, INSERT ON expert_group, slot, shift TO yunshang_app, yunshang_system;
GRANT UPDATE (status, superseded_at) ON shift TO yunshang_app, yunshang_system;
GRANT SELECT, INSERT, UPDATE ON duty_presence TO yunshang_app, yunshang_system;
"""

ESCALATION = """
CREATE TABLE policy_version (
  id          uuid PRIMARY KEY,
  facility_id uuid REFERENCES facility (id),  -- null: the platform's default
  event       text NOT NULL,                  -- '*' for any
  level       text NOT NULL,                  -- '*' for any
  repeat_s    int NOT NULL CHECK (repeat_s BETWEEN 1 AND 3600),
  steps       jsonb NOT NULL CHECK (jsonb_array_length(steps) >= 1),
  source      text NOT NULL,
  confidence  text NOT NULL,
  digest      bytea NOT NULL UNIQUE,
  valid_from  timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TABLE page (
  id               uuid PRIMARY KEY,
  req_key          text NOT NULL UNIQUE,
  case_id          uuid NOT NULL,
  facility_id      uuid NOT NULL REFERENCES facility (id),
  from_facility_id uuid,
  event            text NOT NULL,
  level            text NOT NULL,
  title            text NOT NULL DEFAULT '' CHECK (length(title) <= 60),
  mode             text NOT NULL DEFAULT 'first' CHECK (mode IN ('first', 'quorum', 'all')),
  policy_id        uuid NOT NULL REFERENCES policy_version (id),
  simulated        boolean NOT NULL,
  created_by       uuid,
  created_at       timestamptz NOT NULL
);
CREATE INDEX ix_page_case ON page (case_id, created_at);
CREATE TABLE escalation (
  page_id         uuid PRIMARY KEY REFERENCES page (id),
  case_id         uuid NOT NULL,
  state           text NOT NULL
                  CHECK (state IN ('running', 'exhausted', 'acknowledged', 'cancelled')),
  step            int NOT NULL CHECK (step >= 0),
  rev             int NOT NULL DEFAULT 0,
  next_due_at     timestamptz,
  simulated       boolean NOT NULL,
  acknowledged_by uuid,
  ended_at        timestamptz,
  end_reason      text,
  CHECK ((state IN ('running', 'exhausted')) = (next_due_at IS NOT NULL)),
  CHECK ((state = 'acknowledged') = (acknowledged_by IS NOT NULL))
);
CREATE INDEX ix_escalation_due ON escalation (next_due_at)
  WHERE state IN ('running', 'exhausted') AND NOT simulated;
CREATE INDEX ix_escalation_case ON escalation (case_id);
CREATE TABLE page_target (
  page_id         uuid NOT NULL REFERENCES page (id),
  step            int NOT NULL,
  person_id       uuid NOT NULL REFERENCES person (id),
  case_id         uuid NOT NULL,
  shift_id        uuid REFERENCES shift (id),
  tier            text NOT NULL,
  specialty       text NOT NULL,
  state           text NOT NULL CHECK (state IN ('queued', 'sent', 'delivered', 'seen',
                                                 'acknowledged', 'declined', 'unreachable')),
  queued_at       timestamptz NOT NULL,
  sent_at         timestamptz,
  delivered_at    timestamptz,
  seen_at         timestamptz,
  acknowledged_at timestamptz,
  declined_at     timestamptz,
  unreachable_at  timestamptz,
  decline_reason  text,
  decline_note    text,
  route           text,
  PRIMARY KEY (page_id, step, person_id)
);
CREATE INDEX ix_page_target_person ON page_target (person_id, state);
CREATE TABLE notify_endpoint (
  id            uuid PRIMARY KEY,
  channel       text NOT NULL CHECK (channel IN ('webhook')),
  person_id     uuid REFERENCES person (id),
  facility_id   uuid REFERENCES facility (id),
  label         text NOT NULL,
  url_sealed    bytea NOT NULL,
  secret_sealed bytea NOT NULL,
  created_by    uuid NOT NULL,
  created_at    timestamptz NOT NULL,
  disabled_at   timestamptz,
  CHECK (num_nonnulls(person_id, facility_id) = 1)
);
CREATE UNIQUE INDEX uq_notify_endpoint_person ON notify_endpoint (person_id, channel)
  WHERE disabled_at IS NULL AND person_id IS NOT NULL;
CREATE UNIQUE INDEX uq_notify_endpoint_facility ON notify_endpoint (facility_id, channel)
  WHERE disabled_at IS NULL AND facility_id IS NOT NULL;
CREATE TABLE page_message (
  id           uuid PRIMARY KEY,
  page_id      uuid NOT NULL,
  step         int NOT NULL,
  person_id    uuid NOT NULL,
  channel      text NOT NULL,
  try          int NOT NULL CHECK (try >= 1),
  case_id      uuid NOT NULL,
  endpoint_id  uuid REFERENCES notify_endpoint (id),
  state        text NOT NULL CHECK (state IN ('queued', 'sending', 'sent', 'delivered', 'failed',
                                              'in_doubt', 'unreachable', 'dropped')),
  attempt      int NOT NULL DEFAULT 0,
  available_at timestamptz NOT NULL,
  lease_until  timestamptz,
  settled_at   timestamptz,
  error        text,
  UNIQUE (page_id, step, person_id, channel, try),
  FOREIGN KEY (page_id, step, person_id) REFERENCES page_target (page_id, step, person_id),
  CHECK ((state = 'sending') = (lease_until IS NOT NULL))
);
CREATE INDEX ix_page_message_due ON page_message (available_at)
  WHERE channel <> 'in_app' AND state IN ('queued', 'sending', 'in_doubt');

CREATE FUNCTION duty_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% on % is refused: it is a record', TG_OP, TG_TABLE_NAME USING ERRCODE = 'YS011';
END
$$;
CREATE TRIGGER policy_version_sealed BEFORE UPDATE OR DELETE OR TRUNCATE ON policy_version
  FOR EACH STATEMENT EXECUTE FUNCTION duty_refuse();
CREATE TRIGGER page_sealed BEFORE UPDATE OR DELETE OR TRUNCATE ON page
  FOR EACH STATEMENT EXECUTE FUNCTION duty_refuse();
ALTER TABLE policy_version ENABLE ALWAYS TRIGGER policy_version_sealed;
ALTER TABLE page ENABLE ALWAYS TRIGGER page_sealed;

-- Every command that may end or move a page takes the case first; null means "no such case".
CREATE FUNCTION case_lock(p_case uuid) RETURNS bigint
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  found bigint;
BEGIN
  IF NOT pg_has_role(session_user, 'yunshang_system', 'MEMBER')
     AND NOT public.app_sees_case(p_case) THEN
    RETURN NULL;
  END IF;
  SELECT h.seq INTO found FROM public.case_head h WHERE h.case_id = p_case FOR UPDATE;
  RETURN found;
END
$$;
-- One overdue page whose case and ladder nobody else holds, both locked; null if there is none.
CREATE FUNCTION escalation_claim() RETURNS uuid
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT e.page_id FROM public.escalation e JOIN public.case_head h ON h.case_id = e.case_id
   WHERE e.state IN ('running', 'exhausted') AND NOT e.simulated
     AND e.next_due_at <= clock_timestamp()
   ORDER BY e.next_due_at LIMIT 1 FOR UPDATE SKIP LOCKED
$$;
REVOKE ALL ON FUNCTION case_lock, escalation_claim FROM PUBLIC;
GRANT EXECUTE ON FUNCTION case_lock TO yunshang_app, yunshang_system;
GRANT EXECUTE ON FUNCTION escalation_claim TO yunshang_system;

GRANT SELECT ON policy_version TO yunshang_app, yunshang_system;
GRANT INSERT ON policy_version TO yunshang_system;
GRANT SELECT, INSERT ON page TO yunshang_app, yunshang_system;
GRANT SELECT, INSERT, UPDATE ON escalation, page_target, page_message
  TO yunshang_app, yunshang_system;
-- Addresses and secrets of endpoints are read by the sender alone.
GRANT INSERT ON notify_endpoint TO yunshang_app;
GRANT SELECT (id, channel, person_id, facility_id, label, created_by, created_at, disabled_at)
  ON notify_endpoint TO yunshang_app;
GRANT UPDATE (disabled_at) ON notify_endpoint TO yunshang_app;
GRANT SELECT, INSERT, UPDATE ON notify_endpoint TO yunshang_system;
"""

INBOX = """
CREATE TABLE inbox_head (
  person_id uuid PRIMARY KEY REFERENCES person (id),
  seq       bigint NOT NULL DEFAULT 0
);
CREATE TABLE inbox_item (
  id         uuid PRIMARY KEY,
  person_id  uuid NOT NULL REFERENCES person (id),
  seq        bigint,  -- null only inside the transaction that posts it
  kind       text NOT NULL CHECK (kind IN ('page', 'page_update', 'notice')),
  case_id    uuid,
  data       jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  xact       xid8 NOT NULL DEFAULT pg_current_xact_id(),
  UNIQUE (person_id, seq)
);
CREATE INDEX ix_inbox_item_unnumbered ON inbox_item (xact) WHERE seq IS NULL;

-- Numbers without gaps: the head row is held from here to the end of the commit, a few
-- milliseconds, and always in the same order of people.
CREATE FUNCTION inbox_number() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  one  record;
  base bigint;
BEGIN
  FOR one IN SELECT i.person_id, count(*) AS n FROM public.inbox_item i
              WHERE i.xact = pg_current_xact_id() AND i.seq IS NULL
              GROUP BY i.person_id ORDER BY i.person_id LOOP
    INSERT INTO public.inbox_head AS h (person_id, seq) VALUES (one.person_id, one.n)
      ON CONFLICT (person_id) DO UPDATE SET seq = h.seq + EXCLUDED.seq
      RETURNING h.seq - one.n INTO base;
    UPDATE public.inbox_item i SET seq = base + o.n, created_at = clock_timestamp()
      FROM (SELECT u.id, row_number() OVER (ORDER BY u.id) AS n FROM public.inbox_item u
             WHERE u.xact = pg_current_xact_id() AND u.seq IS NULL
               AND u.person_id = one.person_id) o
     WHERE i.id = o.id;
    PERFORM pg_notify('yunshang_inbox', one.person_id::text);
  END LOOP;
  RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER inbox_number AFTER INSERT ON inbox_item
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION inbox_number();
ALTER TABLE inbox_item ENABLE ALWAYS TRIGGER inbox_number;
GRANT SELECT ON inbox_head TO yunshang_app, yunshang_system;
GRANT SELECT ON inbox_item TO yunshang_app, yunshang_system;
GRANT INSERT (id, person_id, kind, case_id, data) ON inbox_item TO yunshang_app, yunshang_system;
ALTER TABLE inbox_item ENABLE ROW LEVEL SECURITY;
ALTER TABLE inbox_item FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_all ON inbox_item TO yunshang_owner USING (true) WITH CHECK (true);
CREATE POLICY system_all ON inbox_item TO yunshang_system USING (true) WITH CHECK (true);
CREATE POLICY app_reads ON inbox_item FOR SELECT TO yunshang_app USING (person_id = app_person());
CREATE POLICY app_posts ON inbox_item FOR INSERT TO yunshang_app
  WITH CHECK (case_id IS NOT NULL AND app_sees_case(case_id));
"""

HINTS = """
CREATE FUNCTION case_event_hint() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('yunshang_case', NEW.case_id || ' ' || NEW.seq);
  RETURN NULL;
END
$$;
CREATE TRIGGER case_event_hint AFTER INSERT ON case_event
  FOR EACH ROW EXECUTE FUNCTION case_event_hint();

-- Which of the given viewers (as `viewer_settings` describes them) may see the case: the same
-- function that row-level security asks, once per viewer, in one round trip.
CREATE FUNCTION app_audience(p_case uuid, p_viewers jsonb) RETURNS SETOF int
  LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  one jsonb;
  n   int := 0;
BEGIN
  FOR one IN SELECT jsonb_array_elements(p_viewers) LOOP
    PERFORM set_config('app.person_id', one ->> 'person', true),
            set_config('app.facility_ids', one ->> 'facilities', true),
            set_config('app.region_ids', one ->> 'regions', true),
            set_config('app.roles', one ->> 'roles', true);
    IF app_sees_case(p_case) THEN
      RETURN NEXT n;
    END IF;
    n := n + 1;
  END LOOP;
  PERFORM set_config('app.person_id', '', true), set_config('app.facility_ids', '{}', true),
          set_config('app.region_ids', '{}', true), set_config('app.roles', '{}', true);
END
$$;
"""

BY_CASE = ("page", "escalation", "page_target", "page_message")


def upgrade() -> None:
    for script in (ROSTERS, ESCALATION, INBOX, HINTS):
        for statement in statements(script):
            op.execute(statement)
    for table in BY_CASE:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY owner_all ON {table} TO yunshang_owner USING (true) WITH CHECK (true)"
        )
        op.execute(
            f"CREATE POLICY system_all ON {table} TO yunshang_system USING (true) WITH CHECK (true)"
        )
        op.execute(
            f"CREATE POLICY app_by_case ON {table} TO yunshang_app"
            " USING (app_sees_case(case_id)) WITH CHECK (app_sees_case(case_id))"
        )
    _install_default_policies()


def _install_default_policies() -> None:
    """The defaults as shipped; a newer file is installed by the engine when it starts."""
    shipped = Path(duty.escalation.__file__).with_name("policies.toml").read_text("utf-8")
    for entry in tomllib.loads(shipped)["policies"]:
        for level in entry["levels"]:
            content = {key: entry[key] for key in ("event", "repeat_s", "source", "confidence")}
            content |= {"level": level, "steps": entry["steps"]}
            text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
            op.get_bind().execute(
                sa.text(
                    "INSERT INTO policy_version"
                    " (id, event, level, repeat_s, steps, source, confidence, digest)"
                    " VALUES (:id, :event, :level, :repeat_s, CAST(:steps AS jsonb), :source,"
                    "         :confidence, :digest)"
                ),
                {
                    **content,
                    "steps": json.dumps(entry["steps"]),
                    "id": uuid7(),
                    "digest": sha256(text.encode()).digest(),
                },
            )
