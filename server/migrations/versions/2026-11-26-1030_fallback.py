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

# A provider that has named a message took it: that nobody picked up is no fault of the channel.
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
    'sent', (SELECT to_jsonb(s) FROM sent s))
$$;
REVOKE ALL ON FUNCTION paging_vitals FROM PUBLIC;
GRANT EXECUTE ON FUNCTION paging_vitals TO yunshang_app, yunshang_system;
"""

# A drill is a case of its own, under its own id: whom it rang and who answered lies in the tables
# of pages. When a planned one is due is known to nobody but the engine.
DRILLS = """
CREATE TABLE drill_schedule (
  id              uuid PRIMARY KEY,
  region_id       uuid NOT NULL REFERENCES region (id),
  per_month       int NOT NULL CHECK (per_month BETWEEN 1 AND 4),
  earliest        time NOT NULL,
  latest          time NOT NULL,
  weekends        boolean NOT NULL,
  answer_within_s int NOT NULL CHECK (answer_within_s BETWEEN 120 AND 1800),
  created_by      uuid NOT NULL REFERENCES person (id),
  created_at      timestamptz NOT NULL,
  ended_at        timestamptz,
  CHECK (earliest < latest)
);
CREATE UNIQUE INDEX uq_drill_schedule ON drill_schedule (region_id) WHERE ended_at IS NULL;
CREATE TABLE paging_drill (
  id              uuid PRIMARY KEY,
  facility_id     uuid NOT NULL REFERENCES facility (id),
  group_id        uuid REFERENCES expert_group (id),
  answer_within_s int NOT NULL CHECK (answer_within_s BETWEEN 120 AND 1800),
  due_at          timestamptz NOT NULL,
  requested_by    uuid REFERENCES person (id),
  schedule_id     uuid REFERENCES drill_schedule (id),
  month           date,
  number          int,
  page_id         uuid REFERENCES page (id),
  started_at      timestamptz,
  ended_at        timestamptz,
  end_reason      text CHECK (end_reason IN ('answered', 'time', 'real_page', 'nobody')),
  UNIQUE (schedule_id, facility_id, month, number),
  CHECK (num_nonnulls(requested_by, schedule_id) = 1),
  CHECK (num_nonnulls(schedule_id, month, number) IN (0, 3)),
  CHECK ((ended_at IS NULL) = (end_reason IS NULL)),
  CHECK (started_at IS NOT NULL OR ended_at IS NULL)
);
CREATE INDEX ix_paging_drill_due ON paging_drill (due_at) WHERE ended_at IS NULL;
CREATE INDEX ix_paging_drill_facility ON paging_drill (facility_id, started_at);
CREATE TABLE drill_excuse (
  drill_id    uuid NOT NULL REFERENCES paging_drill (id),
  person_id   uuid NOT NULL REFERENCES person (id),
  reason      text NOT NULL CHECK (reason IN ('in_surgery', 'with_patient', 'other')),
  note        text CHECK (length(note) <= 500),
  excused_by  uuid NOT NULL REFERENCES person (id),
  excused_at  timestamptz NOT NULL,
  PRIMARY KEY (drill_id, person_id),
  CHECK (excused_by <> person_id)
);
CREATE TRIGGER drill_excuse_sealed BEFORE UPDATE OR DELETE OR TRUNCATE ON drill_excuse
  FOR EACH STATEMENT EXECUTE FUNCTION duty_refuse();
ALTER TABLE drill_excuse ENABLE ALWAYS TRIGGER drill_excuse_sealed;

CREATE FUNCTION app_drills(wanted uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT NOT app_only_watches() AND (
    ((app_has_role('coordinator') OR app_has_role('medical_affairs')) AND (
       wanted = ANY(app_facilities())
       OR EXISTS (SELECT 1 FROM person p WHERE p.id = app_person() AND p.facility_id = wanted)))
    OR (app_has_role('coordinator') AND EXISTS (
       SELECT 1 FROM facility f JOIN region_closure c ON c.descendant_id = f.region_id
        WHERE f.id = wanted AND c.ancestor_id = ANY(app_regions()))))
$$;
GRANT SELECT, INSERT ON drill_schedule, paging_drill, drill_excuse TO yunshang_app;
GRANT UPDATE (ended_at) ON drill_schedule TO yunshang_app;
GRANT SELECT, INSERT ON drill_schedule, paging_drill, drill_excuse TO yunshang_system;
GRANT UPDATE ON paging_drill TO yunshang_system;
"""

DRILL_RIGHTS = """
CREATE POLICY app_reads ON paging_drill FOR SELECT TO yunshang_app USING (
  requested_by = app_person() OR (started_at IS NOT NULL AND app_sees_case(id)));
CREATE POLICY app_adds ON paging_drill FOR INSERT TO yunshang_app WITH CHECK (
  requested_by = app_person() AND started_at IS NULL AND app_drills(facility_id));
CREATE POLICY app_reads ON drill_excuse FOR SELECT TO yunshang_app USING (
  EXISTS (SELECT 1 FROM paging_drill d WHERE d.id = drill_id));
CREATE POLICY app_adds ON drill_excuse FOR INSERT TO yunshang_app WITH CHECK (
  excused_by = app_person()
  AND EXISTS (SELECT 1 FROM paging_drill d WHERE d.id = drill_id AND app_drills(d.facility_id)));
CREATE POLICY app_reads ON drill_schedule FOR SELECT TO yunshang_app USING (true);
CREATE POLICY app_adds ON drill_schedule FOR INSERT TO yunshang_app WITH CHECK (
  created_by = app_person() AND NOT app_only_watches() AND app_has_role('coordinator')
  AND EXISTS (SELECT 1 FROM region_closure c
               WHERE c.descendant_id = region_id AND c.ancestor_id = ANY(app_regions())));
CREATE POLICY app_changes ON drill_schedule FOR UPDATE TO yunshang_app
  USING (NOT app_only_watches() AND app_has_role('coordinator')
    AND EXISTS (SELECT 1 FROM region_closure c
                 WHERE c.descendant_id = region_id AND c.ancestor_id = ANY(app_regions())));
"""

# Who plans by it must know whether somebody can be reached, not where their points lead.
REACH = """
CREATE FUNCTION reach_proofs(p_people uuid[])
  RETURNS TABLE (person_id uuid, channel text, created_at timestamptz, verified_at timestamptz,
                 last_ok_at timestamptz)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT c.person_id, c.channel, c.created_at, c.verified_at, c.last_ok_at
    FROM public.contact_point c
   WHERE c.person_id = ANY(p_people) AND c.disabled_at IS NULL
   ORDER BY c.person_id, c.channel, c.rank
$$;
REVOKE ALL ON FUNCTION reach_proofs FROM PUBLIC;
GRANT EXECUTE ON FUNCTION reach_proofs TO yunshang_app, yunshang_system;
"""

BY_DRILL = ("drill_schedule", "paging_drill", "drill_excuse")


def upgrade() -> None:
    for script in (WATCH, VITALS, DRILLS, REACH):
        for statement in statements(script):
            op.execute(statement)
    for table in BY_DRILL:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        for role, name in (("yunshang_owner", "owner_all"), ("yunshang_system", "system_all")):
            op.execute(f"CREATE POLICY {name} ON {table} TO {role} USING (true) WITH CHECK (true)")
    for statement in statements(DRILL_RIGHTS):
        op.execute(statement)
