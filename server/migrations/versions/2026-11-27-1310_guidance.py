"""Guidance sessions: two houses, who was there and when, what was written; how they are counted.

A session is a case; both ends and the regions of the house that is guided see it. Presence is
written by heartbeats of those who are there; no column holds a number that somebody typed.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0049_guidance"
down_revision = "0048_facts"

TABLES_OF = """
CREATE TABLE guidance_session (
  id                     uuid PRIMARY KEY,
  centre_id              uuid NOT NULL REFERENCES facility (id),
  institution_id         uuid NOT NULL REFERENCES facility (id),
  kind                   text NOT NULL CHECK (length(kind) BETWEEN 1 AND 40),
  topic                  text NOT NULL CHECK (length(topic) BETWEEN 1 AND 1000),
  of_case_id             uuid,              -- a case that both ends see
  drill                  boolean NOT NULL,  -- that case is one
  state                  text NOT NULL CHECK (state IN ('arranged', 'underway', 'ended',
                           'confirmed', 'disputed', 'cancelled')),
  arranged_by            uuid NOT NULL REFERENCES person (id),
  arranged_at            timestamptz NOT NULL,
  planned_at             timestamptz,
  minutes                int NOT NULL CHECK (minutes BETWEEN 5 AND 480),
  begun_at               timestamptz,       -- both ends were there
  -- As the registry said then; area_region_id is null outside the centre's responsible area.
  centre_region_id       uuid REFERENCES region (id),
  institution_region_id  uuid REFERENCES region (id),
  centre_tier            text,
  area_region_id         uuid REFERENCES region (id),
  ended_at               timestamptz,
  together_s             int CHECK (together_s >= 0),
  rules                  text,
  note                   text CHECK (length(note) BETWEEN 1 AND 1000),
  version                int NOT NULL DEFAULT 1,
  CHECK (centre_id <> institution_id),
  CHECK ((begun_at IS NULL) = (state IN ('arranged', 'cancelled'))),
  CHECK ((begun_at IS NULL) = (centre_tier IS NULL)),
  CHECK ((ended_at IS NULL) = (state IN ('arranged', 'underway', 'cancelled'))),
  CHECK ((ended_at IS NULL) = (together_s IS NULL) AND (ended_at IS NULL) = (rules IS NULL))
);
CREATE INDEX ix_guidance_session_live ON guidance_session (begun_at) WHERE state = 'underway';
CREATE INDEX ix_guidance_session_centre ON guidance_session (centre_id, arranged_at DESC);
CREATE INDEX ix_guidance_session_institution ON guidance_session (institution_id, arranged_at DESC);

-- Somebody was there from `since`; heard of last at `heard_at`; gone at `left_at`.
CREATE TABLE guidance_stay (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  session_id   uuid NOT NULL REFERENCES guidance_session (id),
  person_id    uuid NOT NULL REFERENCES person (id),
  facility_id  uuid NOT NULL REFERENCES facility (id),
  side         text NOT NULL CHECK (side IN ('centre', 'institution')),
  since        timestamptz NOT NULL,
  heard_at     timestamptz NOT NULL,
  left_at      timestamptz,
  CHECK (heard_at >= since),
  CHECK (left_at >= since)
);
CREATE UNIQUE INDEX ux_guidance_stay_open ON guidance_stay (session_id, person_id)
  WHERE left_at IS NULL;
CREATE INDEX ix_guidance_stay_session ON guidance_stay (session_id, heard_at);

CREATE TABLE guidance_record (
  session_id  uuid NOT NULL REFERENCES guidance_session (id),
  n           int NOT NULL CHECK (n >= 1),
  person_id   uuid NOT NULL REFERENCES person (id),
  at          timestamptz NOT NULL,
  words       text NOT NULL CHECK (length(words) BETWEEN 1 AND 4000),
  PRIMARY KEY (session_id, n)
);
"""

RIGHTS = """
GRANT SELECT, INSERT ON guidance_session, guidance_stay, guidance_record
  TO yunshang_app, yunshang_system;
GRANT UPDATE (state, begun_at, centre_region_id, institution_region_id, centre_tier,
  area_region_id, ended_at, together_s, rules, note, version) ON guidance_session
  TO yunshang_app, yunshang_system;
GRANT UPDATE (heard_at, left_at) ON guidance_stay TO yunshang_app, yunshang_system;
CREATE TRIGGER guidance_record_sealed BEFORE UPDATE OR DELETE OR TRUNCATE ON guidance_record
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE guidance_record ENABLE ALWAYS TRIGGER guidance_record_sealed;
"""

POLICIES = """
CREATE POLICY app_sees ON guidance_session FOR SELECT TO yunshang_app
  USING (app_sees_identity(id));
CREATE POLICY app_arranges ON guidance_session FOR INSERT TO yunshang_app WITH CHECK (
  arranged_by = app_person() AND NOT app_only_watches()
  AND (centre_id = ANY(app_facilities()) OR institution_id = ANY(app_facilities()))
  AND app_sees_identity(id));
CREATE POLICY app_moves ON guidance_session FOR UPDATE TO yunshang_app
  USING (NOT app_only_watches() AND app_sees_identity(id))
  WITH CHECK (centre_id = ANY(app_facilities()) OR institution_id = ANY(app_facilities()));
CREATE POLICY app_sees ON guidance_stay FOR SELECT TO yunshang_app
  USING (app_sees_identity(session_id));
CREATE POLICY app_comes ON guidance_stay FOR INSERT TO yunshang_app WITH CHECK (
  person_id = app_person() AND facility_id = ANY(app_facilities())
  AND app_sees_identity(session_id));
-- One's own heartbeats; and whoever ends the session writes when each of them was last heard.
CREATE POLICY app_hears ON guidance_stay FOR UPDATE TO yunshang_app
  USING (NOT app_only_watches() AND app_sees_identity(session_id));
CREATE POLICY app_sees ON guidance_record FOR SELECT TO yunshang_app
  USING (app_sees_identity(session_id));
CREATE POLICY app_writes ON guidance_record FOR INSERT TO yunshang_app WITH CHECK (
  person_id = app_person() AND NOT app_only_watches() AND app_sees_identity(session_id));
"""

# A session that the guided house disputes is none until they agree to it. What they said last
# stands on the session's own chain, also where the case that it counts for takes nothing any more.
AGREED = """coalesce((SELECT d.kind <> 'guidance.disputed' FROM case_event d
                          WHERE d.case_id = (g.original ->> 'guidance_id')::uuid
                            AND d.kind IN ('guidance.disputed', 'guidance.confirmed')
                          ORDER BY d.seq DESC LIMIT 1), true)"""

COUNTED = """
CREATE OR REPLACE VIEW fact_guidance_now WITH (security_invoker = true) AS
SELECT e.case_id, e.at, e.late, e.simulated OR coalesce(k.demo, false) AS demo,
       e.said_drill OR coalesce(k.drill, false) AS drill, coalesce(k.voided, false) AS voided,
       e.centre, e.institution, c.tier IN ('province', 'city') AS upper_tier,
       EXISTS (
         SELECT 1 FROM facility i
           JOIN region_closure r ON r.descendant_id = i.region_id
           JOIN responsible_area a ON a.region_id = r.ancestor_id AND a.centre_id = e.centre
            AND a.during @> (e.at AT TIME ZONE 'Asia/Shanghai')::date
          WHERE i.id = e.institution AND i.id <> e.centre) AS in_area,
       p.region_ids
  FROM (SELECT DISTINCT ON (g.case_id, g.original ->> 'centre_facility')
               g.case_id, g.at, g.late,
               (g.original ->> 'centre_facility')::uuid AS centre,
               (g.original ->> 'institution_facility')::uuid AS institution,
               g.source = 'simulated' AS simulated,
               coalesce(g.original -> 'drill' = 'true'::jsonb, false) AS said_drill
          FROM quality_event g WHERE g.kind = 'guidance.session' AND {agreed}
         ORDER BY g.case_id, g.original ->> 'centre_facility', g.late, g.at, g.seq) e
 CROSS JOIN LATERAL (SELECT array_agg(p.region_id ORDER BY p.id) AS region_ids FROM case_party p
                     WHERE p.case_id = e.case_id AND p.role = 'origin') p
  LEFT JOIN LATERAL (SELECT x.demo, x.drill, x.voided FROM quality_case x
                      WHERE x.case_id = e.case_id) k ON true
  LEFT JOIN facility c ON c.id = e.centre;

-- The event stands on the chain of the case that the session is about: what is said of the session
-- is news of that case, too.
CREATE FUNCTION fact_note_guidance() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  INSERT INTO public.fact_pending (case_id) VALUES (NEW.of_case_id);
  RETURN NULL;
END
$$;
CREATE TRIGGER fact_guidance_said AFTER UPDATE ON guidance_session
  FOR EACH ROW WHEN (NEW.of_case_id IS NOT NULL AND NEW.state IN ('disputed', 'confirmed'))
  EXECUTE FUNCTION fact_note_guidance();
"""

TABLES = ("guidance_session", "guidance_stay", "guidance_record")


def upgrade() -> None:
    for script in (TABLES_OF, RIGHTS):
        for statement in statements(script):
            op.execute(statement)
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        for role, name in (("yunshang_owner", "owner_all"), ("yunshang_system", "system_all")):
            op.execute(f"CREATE POLICY {name} ON {table} TO {role} USING (true) WITH CHECK (true)")
    for statement in statements(POLICIES + COUNTED.format(agreed=AGREED)):
        op.execute(statement)
