"""Fallback: the watch over paging itself, and drill pages.

Whether paging works must be knowable without knowing whom it rings: one function, run as the
owner, tells seconds and counts of the whole installation and nothing else.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0024_fallback"
down_revision = "0023_providers"

# One row per watch: what it saw last. What it raised and cleared is kept for good.
WATCH = """
CREATE TABLE paging_watch (
  watch     text PRIMARY KEY CHECK (length(watch) BETWEEN 1 AND 80),
  looked_at timestamptz NOT NULL,
  signs     jsonb NOT NULL
);
CREATE TABLE paging_alarm (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  watch      text NOT NULL,
  sign       text NOT NULL,
  channel    text,
  what       text NOT NULL CHECK (what IN ('raised', 'cleared')),
  severity   text NOT NULL CHECK (severity IN ('alarm', 'info')),
  value      double precision NOT NULL,
  at         timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX ix_paging_alarm_at ON paging_alarm (at);
CREATE TRIGGER paging_alarm_sealed BEFORE UPDATE OR DELETE OR TRUNCATE ON paging_alarm
  FOR EACH STATEMENT EXECUTE FUNCTION duty_refuse();
ALTER TABLE paging_alarm ENABLE ALWAYS TRIGGER paging_alarm_sealed;
GRANT SELECT ON paging_watch, paging_alarm TO yunshang_app, yunshang_system;
GRANT INSERT, UPDATE ON paging_watch TO yunshang_system;
GRANT INSERT ON paging_alarm TO yunshang_system;
"""

VITALS = """
CREATE INDEX ix_page_message_settled ON page_message USING brin (settled_at);
CREATE INDEX ix_page_target_queued ON page_target USING brin (queued_at);
CREATE FUNCTION paging_vitals() RETURNS jsonb
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
        SELECT m.channel, m.state IN ('sent', 'delivered') AS went FROM public.page_message m
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
    'sent', (SELECT to_jsonb(s) FROM sent s))
$$;
REVOKE ALL ON FUNCTION paging_vitals FROM PUBLIC;
GRANT EXECUTE ON FUNCTION paging_vitals TO yunshang_app, yunshang_system;
"""


def upgrade() -> None:
    for script in (WATCH, VITALS):
        for statement in statements(script):
            op.execute(statement)
