"""Ground floor: who is asking, who is party to a case, outbox, idempotency, heartbeats.

The three roles (`yunshang_owner`, `yunshang_app`, `yunshang_system`) exist before this runs; the
operator's guide says how. The owner owns everything and is used only to migrate.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0001_kernel"
down_revision = None

VIEWER = """
CREATE FUNCTION app_person() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS
  $$ SELECT nullif(current_setting('app.person_id', true), '')::uuid $$;
CREATE FUNCTION app_facilities() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE AS
  $$ SELECT coalesce(nullif(current_setting('app.facility_ids', true), ''), '{}')::uuid[] $$;
CREATE FUNCTION app_regions() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE AS
  $$ SELECT coalesce(nullif(current_setting('app.region_ids', true), ''), '{}')::uuid[] $$;
CREATE FUNCTION app_has_role(wanted text) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS
  $$ SELECT wanted = ANY(coalesce(nullif(current_setting('app.roles', true), ''), '{}')::text[]) $$;
"""

REGIONS = """
CREATE TABLE region (
  id        uuid PRIMARY KEY,
  code      text NOT NULL UNIQUE,   -- GB/T 2260 form, six digits; demo codes begin with 99
  name      text NOT NULL,
  level     text NOT NULL CHECK (level IN ('province', 'city', 'county', 'township')),
  parent_id uuid REFERENCES region (id)
);
CREATE TABLE region_closure (
  ancestor_id   uuid NOT NULL REFERENCES region (id),
  descendant_id uuid NOT NULL REFERENCES region (id),
  depth         int NOT NULL,
  PRIMARY KEY (ancestor_id, descendant_id)
);
CREATE INDEX ix_region_closure_descendant ON region_closure (descendant_id);
GRANT SELECT, INSERT ON region, region_closure TO yunshang_app, yunshang_system;
"""

PARTIES = """
CREATE TABLE case_party (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  case_id     uuid NOT NULL,
  facility_id uuid,
  person_id   uuid,
  region_id   uuid REFERENCES region (id),
  role        text NOT NULL,
  since       timestamptz NOT NULL DEFAULT clock_timestamp(),
  CHECK (num_nonnulls(facility_id, person_id) = 1)
);
CREATE UNIQUE INDEX uq_case_party_facility ON case_party (case_id, facility_id, role)
  WHERE facility_id IS NOT NULL;
CREATE UNIQUE INDEX uq_case_party_person ON case_party (case_id, person_id, role)
  WHERE person_id IS NOT NULL;
CREATE INDEX ix_case_party_facility ON case_party (facility_id, case_id);
CREATE INDEX ix_case_party_person ON case_party (person_id, case_id);
CREATE INDEX ix_case_party_region ON case_party (region_id, case_id) WHERE role = 'origin';

CREATE FUNCTION app_sees_case(wanted uuid) RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT EXISTS (
    SELECT 1 FROM public.case_party p
     WHERE p.case_id = wanted
       AND (p.facility_id = ANY(public.app_facilities()) OR p.person_id = public.app_person()))
  OR ((public.app_has_role('coordinator') OR public.app_has_role('commission')) AND EXISTS (
    SELECT 1 FROM public.case_party p
      JOIN public.region_closure c ON c.descendant_id = p.region_id
     WHERE p.case_id = wanted AND p.role = 'origin'
       AND c.ancestor_id = ANY(public.app_regions())))
$$;
CREATE FUNCTION case_is_new(wanted uuid) RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT NOT EXISTS (SELECT 1 FROM public.case_party p WHERE p.case_id = wanted)
$$;

ALTER TABLE case_party ENABLE ROW LEVEL SECURITY;
ALTER TABLE case_party FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_reads ON case_party FOR SELECT TO yunshang_owner USING (true);
CREATE POLICY system_all ON case_party TO yunshang_system USING (true) WITH CHECK (true);
-- The own row is named apart: ON CONFLICT checks this policy before the row is there to be seen.
CREATE POLICY app_reads ON case_party FOR SELECT TO yunshang_app USING (
  facility_id = ANY(app_facilities()) OR person_id = app_person() OR app_sees_case(case_id));
-- A case opens with its origin as the first party; after that only parties add parties.
CREATE POLICY app_adds ON case_party FOR INSERT TO yunshang_app WITH CHECK (
  app_sees_case(case_id)
  OR (case_is_new(case_id) AND role = 'origin' AND facility_id = ANY(app_facilities())));
GRANT SELECT, INSERT ON case_party TO yunshang_app, yunshang_system;
"""

OUTBOX = """
CREATE TABLE outbox (
  id           uuid PRIMARY KEY,
  topic        text NOT NULL,
  key          text,
  payload      jsonb NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  available_at timestamptz NOT NULL,
  lease_until  timestamptz,
  attempts     int NOT NULL DEFAULT 0,
  done_at      timestamptz,
  dead_at      timestamptz,
  last_error   text
);
CREATE UNIQUE INDEX uq_outbox_topic_key ON outbox (topic, key) WHERE key IS NOT NULL;
CREATE INDEX ix_outbox_due ON outbox (available_at, id) WHERE done_at IS NULL AND dead_at IS NULL;
-- The app role writes effects and cannot read anybody's.
GRANT INSERT ON outbox TO yunshang_app;
GRANT SELECT (topic, key) ON outbox TO yunshang_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON outbox TO yunshang_system;

CREATE TABLE idempotency_key (
  account_id  uuid NOT NULL,
  key         text NOT NULL,
  fingerprint bytea NOT NULL,
  answer      bytea,
  created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (account_id, key)
);
CREATE INDEX ix_idempotency_key_created ON idempotency_key (created_at);
GRANT SELECT, INSERT, UPDATE ON idempotency_key TO yunshang_app, yunshang_system;
GRANT DELETE ON idempotency_key TO yunshang_system;

CREATE TABLE process_heartbeat (
  name       text NOT NULL,
  instance   text NOT NULL,
  pid        int NOT NULL,
  started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  beat_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  detail     jsonb NOT NULL DEFAULT '{}',
  PRIMARY KEY (name, instance)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON process_heartbeat TO yunshang_app, yunshang_system;
"""


def upgrade() -> None:
    op.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
    op.execute("GRANT USAGE ON SCHEMA public TO yunshang_app, yunshang_system")
    for script in (VIEWER, REGIONS, PARTIES, OUTBOX):
        for statement in statements(script):
            op.execute(statement)
