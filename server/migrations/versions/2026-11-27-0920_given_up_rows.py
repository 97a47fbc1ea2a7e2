"""Outbox rows that were given up are counted and told; what is decided about them is kept."""

from alembic import op

from server.migrations.sql import statements

revision = "0047_given_up_rows"
down_revision = "0046_reading_follow_up"

# A row that was set aside keeps dead_at and is done: nothing waits for it any more.
ROWS = """
ALTER TABLE outbox ADD COLUMN told_at timestamptz;   -- since when administrators know
CREATE INDEX ix_outbox_given_up ON outbox (dead_at, id)
  WHERE dead_at IS NOT NULL AND done_at IS NULL;
CREATE TABLE outbox_decision (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  outbox_id  uuid NOT NULL,
  topic      text NOT NULL,
  dead_at    timestamptz NOT NULL,
  last_error text,
  what       text NOT NULL CHECK (what IN ('revived', 'set_aside')),
  operator   text NOT NULL CHECK (length(operator) BETWEEN 1 AND 80),
  reason     text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
  at         timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX ix_outbox_decision_row ON outbox_decision (outbox_id);
CREATE TRIGGER outbox_decision_sealed BEFORE UPDATE OR DELETE OR TRUNCATE ON outbox_decision
  FOR EACH STATEMENT EXECUTE FUNCTION duty_refuse();
ALTER TABLE outbox_decision ENABLE ALWAYS TRIGGER outbox_decision_sealed;
GRANT SELECT, INSERT ON outbox_decision TO yunshang_system;
"""

# As before (migration 0024), and how many rows were given up.
VITALS = """
CREATE OR REPLACE FUNCTION paging_vitals() RETURNS jsonb
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  WITH now AS (SELECT clock_timestamp() AS at),
  beats AS (
    SELECT b.name, extract(epoch FROM n.at - b.beat_at) AS age_s,
           (b.detail ->> 'listening')::boolean AS listening,
           (b.detail ->> 'skew_ms')::double precision AS skew_ms
      FROM public.process_heartbeat b, now n
  ), ladders AS (
    SELECT count(*) AS live, max(extract(epoch FROM n.at - e.next_due_at)) AS overdue_s
      FROM public.escalation e, now n
     WHERE e.state IN ('running', 'exhausted') AND NOT e.simulated
  ), waiting AS (
    SELECT count(*) AS pending, max(extract(epoch FROM n.at - w.since)) AS pending_s
      FROM now n CROSS JOIN LATERAL (
        SELECT CASE m.state WHEN 'sending' THEN m.lease_until ELSE m.available_at END AS since
          FROM public.page_message m
         WHERE m.channel <> 'in_app' AND m.state IN ('queued', 'sending', 'in_doubt')) w
     WHERE w.since < n.at
  ), channels AS (
    SELECT c.channel, count(*) FILTER (WHERE c.went) AS sent,
           count(*) FILTER (WHERE NOT c.went) AS failed
      FROM now n CROSS JOIN LATERAL (
        SELECT m.channel, m.state IN ('sent', 'delivered') OR m.provider_ref IS NOT NULL AS went
          FROM public.page_message m
         WHERE m.channel <> 'in_app' AND m.settled_at > n.at - interval '10 minutes'
           AND (m.state IN ('sent', 'delivered', 'failed')
                OR (m.state = 'unreachable' AND m.error IS NOT NULL))
        UNION ALL
        SELECT m.channel, false FROM public.page_message m
         WHERE m.channel <> 'in_app' AND m.state = 'in_doubt') c
     GROUP BY c.channel
  ), sent AS (
    SELECT count(*) AS n,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY s.ms) AS p50,
           percentile_cont(0.99) WITHIN GROUP (ORDER BY s.ms) AS p99
      FROM now n CROSS JOIN LATERAL (
        SELECT extract(epoch FROM t.sent_at - t.queued_at) * 1000 AS ms FROM public.page_target t
          JOIN public.page p ON p.id = t.page_id AND NOT p.simulated
         WHERE t.queued_at > n.at - interval '1 hour' AND t.sent_at IS NOT NULL) s
  )
  SELECT jsonb_build_object(
    'at', (SELECT at FROM now),
    'engine_age_s', (SELECT min(age_s) FROM beats WHERE name = 'engine'),
    'listening', (SELECT bool_or(listening) FROM beats WHERE name = 'engine' AND age_s < 10),
    'skew_ms', (SELECT max(abs(skew_ms)) FROM beats WHERE age_s < 10),
    'live_pages', (SELECT live FROM ladders),
    'overdue_s', greatest(coalesce((SELECT overdue_s FROM ladders), 0), 0),
    'pending', (SELECT pending FROM waiting),
    'pending_s', coalesce((SELECT pending_s FROM waiting), 0),
    'channels', coalesce((SELECT jsonb_agg(to_jsonb(c) ORDER BY c.channel) FROM channels c), '[]'),
    'sent', (SELECT to_jsonb(s) FROM sent s),
    'given_up', (SELECT count(*) FROM public.outbox WHERE dead_at IS NOT NULL AND done_at IS NULL))
$$;
"""


def upgrade() -> None:
    for statement in statements(ROWS + VITALS):
        op.execute(statement)
