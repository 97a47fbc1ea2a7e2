"""Facts once more: a case that cannot be computed waits apart, and guidance knows its first case.

One case whose facts raised an error kept all others behind it. It is set aside now: its facts are
gone, it is counted as missing, and it is tried again. Guidance and advice about one woman may stand
on chains of their own (a consultation about a transfer is a case itself); `about` is the case that
all of them go back to, so that a centre is counted once for it.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0051_facts_set_aside"
down_revision = "0050_room_recordings"

SET_ASIDE = """
CREATE TABLE fact_set_aside (
  case_id   uuid PRIMARY KEY,
  opened_at timestamptz NOT NULL,  -- its first event
  origin    uuid,                  -- where it began
  sqlstate  text NOT NULL,         -- the message may hold what somebody entered
  since     timestamptz NOT NULL DEFAULT clock_timestamp(),
  tried_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE fact_set_aside IS 'cases whose facts cannot be computed: missing in every number';
ALTER TABLE fact_set_aside ENABLE ROW LEVEL SECURITY;
ALTER TABLE fact_set_aside FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_all ON fact_set_aside TO yunshang_owner USING (true) WITH CHECK (true);
CREATE POLICY system_reads ON fact_set_aside FOR SELECT TO yunshang_system USING (true);
CREATE POLICY app_reads ON fact_set_aside FOR SELECT TO yunshang_app
  USING (app_sees_case(case_id));
GRANT SELECT ON fact_set_aside TO yunshang_app, yunshang_system;

-- How many there are in all says nothing about anybody.
CREATE FUNCTION fact_missing() RETURNS bigint
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT count(*) FROM public.fact_set_aside
$$;

ALTER TABLE indicator_frozen_case DROP CONSTRAINT indicator_frozen_case_left_out_check;
ALTER TABLE indicator_frozen_case ADD CONSTRAINT indicator_frozen_case_left_out_check
  CHECK (left_out IN ('drill', 'voided', 'back', 'missing'));
"""

# The views ask as whoever looks; what a session goes back to is told to them without its words.
ABOUT = """
CREATE FUNCTION case_about(wanted uuid) RETURNS uuid
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  WITH RECURSIVE back (id, far) AS (
    SELECT wanted, 0
    UNION ALL
    SELECT o.of_case_id, b.far + 1
      FROM back b
     CROSS JOIN LATERAL (
       SELECT g.of_case_id FROM public.guidance_session g WHERE g.id = b.id
       UNION ALL SELECT q.of_case_id FROM public.consult_request q WHERE q.id = b.id
       UNION ALL SELECT r.of_case_id FROM public.ctg_reading r WHERE r.id = b.id) o
     WHERE o.of_case_id IS NOT NULL AND b.far < 8
  ) SELECT b.id FROM back b ORDER BY b.far DESC LIMIT 1
$$;

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
       p.region_ids, e.about
  FROM (SELECT DISTINCT ON (g.case_id, g.original ->> 'centre_facility')
               g.case_id, g.at, g.late,
               (g.original ->> 'centre_facility')::uuid AS centre,
               (g.original ->> 'institution_facility')::uuid AS institution,
               g.source = 'simulated' AS simulated,
               coalesce(g.original -> 'drill' = 'true'::jsonb, false) AS said_drill,
               case_about(g.case_id) AS about
          FROM quality_event g WHERE g.kind = 'guidance.session'
           AND coalesce((SELECT d.kind <> 'guidance.disputed' FROM case_event d
                          WHERE d.case_id = (g.original ->> 'guidance_id')::uuid
                            AND d.kind IN ('guidance.disputed', 'guidance.confirmed')
                          ORDER BY d.seq DESC LIMIT 1), true)
         ORDER BY g.case_id, g.original ->> 'centre_facility', g.late, g.at, g.seq) e
 CROSS JOIN LATERAL (SELECT array_agg(p.region_id ORDER BY p.id) AS region_ids FROM case_party p
                     WHERE p.case_id = e.case_id AND p.role = 'origin') p
  LEFT JOIN LATERAL (SELECT x.demo, x.drill, x.voided FROM quality_case x
                      WHERE x.case_id = e.about) k ON true
  LEFT JOIN facility c ON c.id = e.centre;

ALTER TABLE fact_guidance ADD COLUMN about uuid;
CREATE INDEX ix_fact_guidance_about ON fact_guidance (about);

-- A voided case takes what was guided about it out of the count, wherever that stands.
CREATE FUNCTION fact_note_voided() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  INSERT INTO public.fact_pending (case_id)
    SELECT DISTINCT g.case_id FROM public.fact_guidance g
     WHERE g.about = NEW.case_id AND g.case_id <> NEW.case_id;
  RETURN NULL;
END
$$;
CREATE TRIGGER fact_note_voided AFTER INSERT ON case_event
  FOR EACH ROW WHEN (NEW.kind = 'referral.voided') EXECUTE FUNCTION fact_note_voided();
"""

# What is no fault of a case (40 serialization, 53 resources, 55 locks, 57 operator, 58 system) is
# raised as before: the same batch is tried again.
CATCH_UP = """
CREATE FUNCTION fact_write(ids uuid[]) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
{refresh}
  DELETE FROM public.fact_set_aside f WHERE f.case_id = ANY(ids);
END
$$;
CREATE FUNCTION fact_is_its_own_fault(state text) RETURNS boolean
  LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT left(state, 2) NOT IN ('40', '53', '55', '57', '58')
$$;
CREATE FUNCTION fact_write_each(ids uuid[]) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  one uuid;
BEGIN
  FOREACH one IN ARRAY ids LOOP
    BEGIN
      PERFORM public.fact_write(ARRAY[one]);
    EXCEPTION WHEN OTHERS THEN
      IF NOT public.fact_is_its_own_fault(SQLSTATE) THEN
        RAISE;
      END IF;
{forget}
      INSERT INTO public.fact_set_aside (case_id, opened_at, origin, sqlstate)
      SELECT one,
             coalesce((SELECT case_event_at(e.occurred_at, e.recv_at) FROM public.case_event e
                        WHERE e.case_id = one ORDER BY e.seq LIMIT 1),
                      (SELECT f.opened_at FROM public.case_file f WHERE f.id = one),
                      clock_timestamp()),
             (SELECT p.facility_id FROM public.case_party p
               WHERE p.case_id = one AND p.role = 'origin' ORDER BY p.id LIMIT 1),
             SQLSTATE
      ON CONFLICT (case_id) DO UPDATE
        SET sqlstate = excluded.sqlstate, tried_at = clock_timestamp();
    END;
  END LOOP;
END
$$;
CREATE OR REPLACE FUNCTION fact_catch_up(most int) RETURNS bigint
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  ids uuid[];
BEGIN
  IF NOT EXISTS (SELECT 1 FROM public.fact_pending) THEN
    RETURN 0;
  END IF;
  PERFORM pg_advisory_lock(7283010);
  IF EXISTS (SELECT 1 FROM public.fact_pending) THEN
    PERFORM pg_advisory_xact_lock(7283010);
  END IF;
  PERFORM pg_advisory_unlock(7283010);
  WITH due AS (
    SELECT p.case_id FROM public.fact_pending p GROUP BY p.case_id ORDER BY min(p.no) LIMIT most
  ), taken AS (
    DELETE FROM public.fact_pending p USING due d WHERE p.case_id = d.case_id RETURNING p.case_id
  ) SELECT array_agg(DISTINCT t.case_id) INTO ids FROM taken t;
  IF ids IS NOT NULL THEN
    BEGIN
      PERFORM public.fact_write(ids);
    EXCEPTION WHEN OTHERS THEN
      IF NOT public.fact_is_its_own_fault(SQLSTATE) THEN
        RAISE;
      END IF;
      PERFORM public.fact_write_each(ids);
    END;
  END IF;
  RETURN (SELECT count(DISTINCT p.case_id) FROM public.fact_pending p);
END
$$;
CREATE FUNCTION fact_try_again() RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  INSERT INTO public.fact_pending (case_id) SELECT s.case_id FROM public.fact_set_aside s
$$;
REVOKE ALL ON FUNCTION fact_write, fact_write_each, fact_is_its_own_fault, fact_missing,
  fact_try_again, case_about FROM PUBLIC;
GRANT EXECUTE ON FUNCTION fact_missing, case_about TO yunshang_app, yunshang_system;
GRANT EXECUTE ON FUNCTION fact_try_again TO yunshang_system;
"""

# Which page shows what a fact is about, and only where the viewer may read it.
PAGES = """
CREATE VIEW quality_page WITH (security_invoker = true) AS
SELECT id, 'case' AS page FROM referral
UNION ALL SELECT id, 'case_file' FROM case_file
UNION ALL SELECT id, 'consult' FROM consult_request
UNION ALL SELECT id, 'guidance' FROM guidance_session
UNION ALL SELECT id, 'reading' FROM ctg_reading;
COMMENT ON VIEW quality_page IS 'of a case: the kind of page that shows it to the viewer';
GRANT SELECT ON quality_page TO yunshang_app, yunshang_system;
"""

TABLES = ("fact_case", "fact_guidance", "fact_consult", "fact_case_file")


def upgrade() -> None:
    refresh = "\n".join(
        f"  DELETE FROM public.{table} f WHERE f.case_id = ANY(ids);\n"
        f"  INSERT INTO public.{table}"
        f" SELECT v.* FROM public.{table}_now v WHERE v.case_id = ANY(ids);"
        for table in TABLES
    )
    forget = "\n".join(
        f"      DELETE FROM public.{table} f WHERE f.case_id = one;" for table in TABLES
    )
    script = CATCH_UP.format(refresh=refresh, forget=forget)
    for part in (SET_ASIDE, ABOUT, script, PAGES):
        for statement in statements(part):
            op.execute(statement)
    op.execute("SELECT fact_rebuild()")
