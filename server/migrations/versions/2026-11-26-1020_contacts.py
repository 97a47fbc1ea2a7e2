"""Contact points: where a person is reached, whether that was ever tried, and in what order.

A point is private to its person and to the duty desk of their house. Who pages somebody must learn
which points there are, not where they lead: `ring_points` gives ids, channels and wishes, and the
sealed address is read by the sender alone.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0022_contacts"
down_revision = "0021_policies"

POINTS = """
ALTER TABLE notify_endpoint RENAME TO contact_point;
ALTER TABLE contact_point RENAME COLUMN url_sealed TO address_sealed;
ALTER TABLE contact_point ALTER COLUMN secret_sealed DROP NOT NULL;
ALTER TABLE contact_point DROP CONSTRAINT notify_endpoint_channel_check;
ALTER TABLE contact_point
  ADD COLUMN address_index bytea,
  ADD COLUMN hint            text NOT NULL DEFAULT '' CHECK (length(hint) <= 40),
  ADD COLUMN rank            int NOT NULL DEFAULT 1 CHECK (rank BETWEEN 1 AND 99),
  ADD COLUMN landline        boolean NOT NULL DEFAULT false,
  ADD COLUMN verified_at     timestamptz,
  ADD COLUMN last_test_at    timestamptz,
  ADD COLUMN last_ok_at      timestamptz,
  ADD COLUMN alarmed_at      timestamptz,
  ADD COLUMN disabled_reason text CHECK (disabled_reason IN ('removed', 'gone', 'opted_out')),
  ADD CONSTRAINT contact_point_channel CHECK (channel IN ('webhook', 'web_push', 'sms', 'voice',
    'wecom_app', 'wecom_robot', 'dingtalk_app', 'dingtalk_robot', 'email')),
  ADD CONSTRAINT contact_point_signed CHECK (channel <> 'webhook' OR secret_sealed IS NOT NULL);
-- An administrator answers for the webhooks that stand.
UPDATE contact_point SET verified_at = created_at;
DROP INDEX uq_notify_endpoint_person;
DROP INDEX uq_notify_endpoint_facility;
CREATE UNIQUE INDEX uq_contact_point_person ON contact_point (person_id, channel, address_index)
  WHERE disabled_at IS NULL AND person_id IS NOT NULL;
CREATE UNIQUE INDEX uq_contact_point_facility ON contact_point (facility_id, channel, address_index)
  WHERE disabled_at IS NULL AND facility_id IS NOT NULL;
CREATE INDEX ix_contact_point_person ON contact_point (person_id) WHERE disabled_at IS NULL;
CREATE INDEX ix_contact_point_facility ON contact_point (facility_id) WHERE disabled_at IS NULL;

CREATE TABLE notify_rule (
  id          uuid PRIMARY KEY,
  person_id   uuid NOT NULL REFERENCES person (id),
  channel     text NOT NULL CHECK (channel IN ('webhook', 'web_push', 'sms', 'voice',
                'wecom_app', 'wecom_robot', 'dingtalk_app', 'dingtalk_robot', 'email')),
  delay_s     int CHECK (delay_s BETWEEN 0 AND 3600),
  off         boolean NOT NULL DEFAULT false,
  quiet_from  time,
  quiet_to    time,
  recorded_by uuid NOT NULL,
  recorded_at timestamptz NOT NULL,
  CHECK ((quiet_from IS NULL) = (quiet_to IS NULL))
);
CREATE INDEX ix_notify_rule_person ON notify_rule (person_id, channel, recorded_at DESC);
CREATE TRIGGER notify_rule_sealed BEFORE UPDATE OR DELETE OR TRUNCATE ON notify_rule
  FOR EACH STATEMENT EXECUTE FUNCTION duty_refuse();
ALTER TABLE notify_rule ENABLE ALWAYS TRIGGER notify_rule_sealed;
"""

# `ring` counts the planned calls of one number (redialled until somebody answers), `try` what had
# to be repeated because it certainly did not go out.
MESSAGES = """
ALTER TABLE page_message RENAME COLUMN endpoint_id TO contact_point_id;
ALTER TABLE page_message
  ADD COLUMN ring int NOT NULL DEFAULT 1 CHECK (ring >= 1),
  DROP CONSTRAINT page_message_page_id_step_person_id_channel_try_key,
  ADD CONSTRAINT page_message_once UNIQUE NULLS NOT DISTINCT
    (page_id, step, person_id, channel, contact_point_id, ring, try);
"""

# Codes and links are not kept: both are made from the message's id and the master key. What is kept
# of a link is its hash, until when it opens, and for whom.
TESTS = """
CREATE TABLE contact_message (
  id               uuid PRIMARY KEY,
  contact_point_id uuid NOT NULL REFERENCES contact_point (id),
  purpose          text NOT NULL CHECK (purpose IN ('verify', 'test')),
  due_key          text,  -- the month of a monthly test: one per point, whoever comes first
  state            text NOT NULL CHECK (state IN ('queued', 'sending', 'sent', 'delivered',
                     'failed', 'in_doubt', 'unreachable', 'dropped')),
  attempt          int NOT NULL DEFAULT 0,
  available_at     timestamptz NOT NULL,
  lease_until      timestamptz,
  settled_at       timestamptz,
  error            text,
  provider_ref     text,
  guesses          int NOT NULL DEFAULT 0 CHECK (guesses BETWEEN 0 AND 5),
  expires_at       timestamptz NOT NULL,
  created_by       uuid NOT NULL,
  created_at       timestamptz NOT NULL,
  UNIQUE (contact_point_id, due_key),
  CHECK ((state = 'sending') = (lease_until IS NOT NULL))
);
CREATE INDEX ix_contact_message_due ON contact_message (available_at)
  WHERE state IN ('queued', 'sending', 'in_doubt');
CREATE INDEX ix_contact_message_point ON contact_message (contact_point_id, created_at);
CREATE INDEX ix_contact_message_ref ON contact_message (provider_ref)
  WHERE provider_ref IS NOT NULL;

CREATE TABLE answer_link (
  token_hash         bytea PRIMARY KEY,
  page_message_id    uuid REFERENCES page_message (id),
  contact_message_id uuid REFERENCES contact_message (id),
  expires_at         timestamptz NOT NULL,
  created_at         timestamptz NOT NULL DEFAULT clock_timestamp(),
  CHECK (num_nonnulls(page_message_id, contact_message_id) = 1)
);

-- Which channels say afterwards whether it arrived; of the others, taken over is all there is.
-- A point that is being written anyway is left alone: senders never wait for each other here.
CREATE FUNCTION contact_point_worked() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  UPDATE public.contact_point SET last_ok_at = clock_timestamp(), alarmed_at = NULL
   WHERE id = (SELECT c.id FROM public.contact_point c WHERE c.id = NEW.contact_point_id
                AND coalesce(c.last_ok_at < clock_timestamp() - interval '1 hour', true)
                FOR UPDATE SKIP LOCKED);
  RETURN NULL;
END
$$;
CREATE FUNCTION contact_channel(p_point uuid) RETURNS text
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT c.channel FROM public.contact_point c WHERE c.id = p_point
$$;
CREATE FUNCTION contact_point_gone() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  UPDATE public.contact_point
     SET disabled_at = clock_timestamp(), disabled_reason = 'gone', alarmed_at = NULL
   WHERE id = NEW.contact_point_id AND disabled_at IS NULL;
  RETURN NULL;
END
$$;
"""

# Whoever holds a link is nobody until the link says who: these two open one row each.
LINKS = """
CREATE FUNCTION answer_link_find(p_hash bytea, p_at timestamptz)
  RETURNS TABLE (message_id uuid, purpose text, channel text, page_id uuid, level text, title text,
                 paged_at timestamptz, page_state text, mine text, person_id uuid,
                 facility_id uuid, account_id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT m.id, 'page', m.channel, m.page_id, p.level, p.title, p.created_at, e.state, t.state,
         m.person_id, h.facility_id,
         (SELECT a.id FROM public.account a
           WHERE a.person_id = m.person_id AND a.disabled_at IS NULL ORDER BY a.id LIMIT 1)
    FROM public.answer_link l
    JOIN public.page_message m ON m.id = l.page_message_id
    JOIN public.page p ON p.id = m.page_id
    JOIN public.escalation e ON e.page_id = m.page_id
    JOIN public.page_target t
      ON t.page_id = m.page_id AND t.step = m.step AND t.person_id = m.person_id
    JOIN public.person h ON h.id = m.person_id
   WHERE l.token_hash = p_hash AND l.expires_at > p_at
  UNION ALL
  SELECT m.id, m.purpose, c.channel, NULL, '', '', m.created_at, '', m.state, c.person_id, NULL,
         NULL
    FROM public.answer_link l
    JOIN public.contact_message m ON m.id = l.contact_message_id
    JOIN public.contact_point c ON c.id = m.contact_point_id
   WHERE l.token_hash = p_hash AND l.expires_at > p_at AND c.disabled_at IS NULL
$$;
CREATE FUNCTION answer_link_heard(p_hash bytea, p_at timestamptz) RETURNS boolean
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  WITH heard AS (
    UPDATE public.contact_message m SET state = 'delivered', settled_at = p_at
      FROM public.answer_link l
     WHERE l.contact_message_id = m.id AND l.token_hash = p_hash AND l.expires_at > p_at
       AND m.purpose = 'test' AND m.state = 'sent'
    RETURNING 1)
  SELECT EXISTS (SELECT 1 FROM heard)
$$;
REVOKE ALL ON FUNCTION answer_link_find, answer_link_heard FROM PUBLIC;
GRANT EXECUTE ON FUNCTION answer_link_find, answer_link_heard TO yunshang_app, yunshang_system;
"""

# A person's own points of a channel, else those that the paged facility keeps for everybody.
RINGING = """
CREATE FUNCTION ring_points(p_people uuid[], p_facility uuid)
  RETURNS TABLE (person_id uuid, point_id uuid, channel text, rank int, delay_s int, off boolean,
                 quiet_from time, quiet_to time)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  WITH found AS (
    SELECT n.person_id, c.id, c.channel, c.rank, c.person_id IS NOT NULL AS own
      FROM unnest(p_people) AS n (person_id)
      JOIN public.contact_point c ON c.disabled_at IS NULL AND c.verified_at IS NOT NULL
       AND (c.person_id = n.person_id OR c.facility_id = p_facility)
  ), chosen AS (
    SELECT f.*, f.own = bool_or(f.own) OVER (PARTITION BY f.person_id, f.channel) AS wanted
      FROM found f
  )
  SELECT c.person_id, c.id, c.channel, c.rank, r.delay_s, coalesce(r.off, false), r.quiet_from,
         r.quiet_to
    FROM chosen c
    LEFT JOIN LATERAL (SELECT * FROM public.notify_rule w
                        WHERE w.person_id = c.person_id AND w.channel = c.channel
                        ORDER BY w.recorded_at DESC, w.id DESC LIMIT 1) r ON true
   WHERE c.wanted
   ORDER BY c.person_id, c.channel, c.rank, c.id
$$;
REVOKE ALL ON FUNCTION ring_points FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ring_points TO yunshang_app, yunshang_system;
"""

GRANTS = """
GRANT SELECT (address_index, hint, rank, landline, verified_at, last_test_at, last_ok_at,
              alarmed_at, disabled_reason) ON contact_point TO yunshang_app;
GRANT UPDATE (label, rank, verified_at, last_test_at, disabled_reason) ON contact_point
  TO yunshang_app;
GRANT SELECT, INSERT ON notify_rule TO yunshang_app, yunshang_system;
GRANT SELECT, INSERT, UPDATE ON contact_message TO yunshang_system;
GRANT SELECT, INSERT ON contact_message TO yunshang_app;
GRANT UPDATE (state, settled_at, guesses) ON contact_message TO yunshang_app;
GRANT SELECT, INSERT ON answer_link TO yunshang_system;
"""

# The duty desk keeps the points of the people of its own house.
DESK = (
    "app_has_role('duty_desk') AND (facility_id = ANY(app_facilities()) OR EXISTS ("
    "SELECT 1 FROM person p WHERE p.id = person_id AND p.facility_id = ANY(app_facilities())))"
)
HOOKS = "app_has_role('system_admin') AND channel = 'webhook'"
MINE = "person_id = app_person()"


def upgrade() -> None:
    for script in (POINTS, MESSAGES, TESTS, LINKS, RINGING, GRANTS):
        for statement in statements(script):
            op.execute(statement)
    for table in ("page_message", "contact_message"):
        _watch(table)
    for table in ("contact_point", "notify_rule", "contact_message", "answer_link"):
        _close(table)
    keeps = f"NOT app_only_watches() AND ({MINE} OR ({DESK}) OR ({HOOKS}))"
    _open("contact_point", "reads", "SELECT", using=f"{MINE} OR ({DESK}) OR ({HOOKS})")
    _open("contact_point", "adds", "INSERT", check=keeps)
    _open("contact_point", "changes", "UPDATE", using=keeps, check=keeps)
    # The point's own policy decides.
    theirs = "EXISTS (SELECT 1 FROM contact_point c WHERE c.id = contact_point_id)"
    _open("contact_message", "reads", "SELECT", using=theirs)
    _open("contact_message", "adds", "INSERT", check=f"NOT app_only_watches() AND {theirs}")
    _open("contact_message", "changes", "UPDATE", using=theirs, check=theirs)
    _open("notify_rule", "reads", "SELECT", using=MINE)
    _open("notify_rule", "adds", "INSERT", check=f"NOT app_only_watches() AND {MINE}")


def _watch(table: str) -> None:
    """A message that arrived proves its point; one whose address is gone ends it."""
    quiet = "('sms', 'voice')"
    channel = "NEW.channel" if table == "page_message" else "contact_channel(NEW.contact_point_id)"
    op.execute(
        f"CREATE TRIGGER contact_point_worked AFTER UPDATE OF state ON {table} FOR EACH ROW"
        " WHEN (NEW.contact_point_id IS NOT NULL AND NEW.state IS DISTINCT FROM OLD.state"
        f" AND (NEW.state = 'delivered' OR (NEW.state = 'sent' AND {channel} NOT IN {quiet})))"
        " EXECUTE FUNCTION contact_point_worked()"
    )
    op.execute(
        f"CREATE TRIGGER contact_point_gone AFTER UPDATE OF state ON {table} FOR EACH ROW"
        " WHEN (NEW.state = 'failed' AND NEW.error = 'gone')"
        " EXECUTE FUNCTION contact_point_gone()"
    )


def _close(table: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    for role, name in (("yunshang_owner", "owner_all"), ("yunshang_system", "system_all")):
        op.execute(f"CREATE POLICY {name} ON {table} TO {role} USING (true) WITH CHECK (true)")


def _open(table: str, what: str, command: str, *, using: str = "", check: str = "") -> None:
    rules = (f" USING ({using})" if using else "") + (f" WITH CHECK ({check})" if check else "")
    op.execute(f"CREATE POLICY app_{what} ON {table} FOR {command} TO yunshang_app{rules}")
