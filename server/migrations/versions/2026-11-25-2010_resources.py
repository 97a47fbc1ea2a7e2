"""Beds, blood, teams and vehicles: each value with who and when.

What a house has is nobody's identity: everybody who treats, coordinates or watches reads it, only
the house itself (or the coordinator of its region) writes it. A count is never overwritten: the
newest row is the current one. Load is counted from the transfers, without saying whose they are.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0012_resources"
down_revision = "0011_observations"

RIGHTS = """
CREATE FUNCTION app_reads_resources() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT app_has_role('referring_clinician') OR app_has_role('expert')
    OR app_has_role('coordinator') OR app_has_role('duty_desk') OR app_has_role('crew')
    OR app_has_role('commission') OR app_has_role('system_admin')
$$;
CREATE FUNCTION app_keeps_resources(wanted uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT NOT app_only_watches() AND (wanted = ANY(app_facilities())
    OR (app_has_role('coordinator') AND EXISTS (
      SELECT 1 FROM facility f JOIN region_closure c ON c.descendant_id = f.region_id
       WHERE f.id = wanted AND c.ancestor_id = ANY(app_regions()))))
$$;
-- A crew is no clinician of its station, but knows where its own ambulance stands.
CREATE FUNCTION app_rides_from(wanted uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT app_has_role('crew') AND EXISTS (
    SELECT 1 FROM person p WHERE p.id = app_person() AND p.facility_id = wanted)
$$;
"""

TABLES = """
CREATE TABLE resource_report (
  id          uuid PRIMARY KEY,
  seq         bigint GENERATED ALWAYS AS IDENTITY,
  facility_id uuid NOT NULL REFERENCES facility (id),
  kind        text NOT NULL CHECK (kind ~ '^[a-z_]{2,40}$'),
  subkey      text NOT NULL DEFAULT '' CHECK (length(subkey) <= 20),
  total       int CHECK (total BETWEEN 0 AND 99999),
  free        int NOT NULL CHECK (free BETWEEN 0 AND 99999),
  note        text CHECK (length(note) <= 200),
  cause       text NOT NULL CHECK (cause IN ('counted', 'confirmed', 'issued', 'received')),
  source      text NOT NULL CHECK (source IN ('human', 'feed')),
  person_id   uuid,
  reported_at timestamptz NOT NULL,
  recv_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
  CHECK (total IS NULL OR free <= total),
  CHECK ((source = 'human') = (person_id IS NOT NULL))
);
CREATE INDEX ix_resource_report_newest
  ON resource_report (facility_id, kind, subkey, reported_at DESC, seq DESC);

-- What a house can do, from one day to another; it says each thing at most once on any day.
CREATE TABLE capability (
  id          uuid PRIMARY KEY,
  facility_id uuid NOT NULL REFERENCES facility (id),
  code        text NOT NULL CHECK (code ~ '^[a-z_0-9]{2,40}$'),
  during      daterange NOT NULL CHECK (NOT isempty(during)),
  person_id   uuid,
  noted_at    timestamptz NOT NULL,
  slot        bigint GENERATED ALWAYS AS
                (hashtextextended(facility_id::text || ':' || code, 0)) STORED,
  CONSTRAINT ex_capability_overlap
    EXCLUDE USING gist (int8range(slot, slot, '[]') WITH &&, during WITH &&)
);
CREATE INDEX ix_capability_facility ON capability (facility_id);

CREATE TABLE diversion (
  id          uuid PRIMARY KEY,
  facility_id uuid NOT NULL REFERENCES facility (id),
  scope       text NOT NULL CHECK (scope IN ('all', 'maternal', 'neonatal', 'condition')),
  condition   text,
  reason      text NOT NULL CHECK (length(reason) BETWEEN 1 AND 400),
  declared_at timestamptz NOT NULL,
  declared_by uuid NOT NULL,
  until_at    timestamptz NOT NULL,
  ended_at    timestamptz,
  ended_by    uuid,
  CHECK ((scope = 'condition') = (condition IS NOT NULL)),
  CHECK (until_at > declared_at),
  CHECK ((ended_at IS NULL) = (ended_by IS NULL))
);
CREATE INDEX ix_diversion_live ON diversion (facility_id, until_at) WHERE ended_at IS NULL;

CREATE TABLE vehicle (
  id          uuid PRIMARY KEY,
  facility_id uuid NOT NULL REFERENCES facility (id),
  call_sign   text NOT NULL CHECK (length(call_sign) BETWEEN 1 AND 40),
  kind        text NOT NULL CHECK (kind IN ('ambulance', 'neonatal_ambulance', 'helicopter')),
  equipment   text[] NOT NULL DEFAULT '{}',
  added_at    timestamptz NOT NULL,
  added_by    uuid,
  UNIQUE (facility_id, call_sign)
);
CREATE TABLE vehicle_report (
  id          uuid PRIMARY KEY,
  seq         bigint GENERATED ALWAYS AS IDENTITY,
  vehicle_id  uuid NOT NULL REFERENCES vehicle (id),
  facility_id uuid NOT NULL REFERENCES facility (id),
  status      text NOT NULL CHECK (status IN ('standby', 'dispatched', 'returning',
                'out_of_service')),
  crew        text[] NOT NULL DEFAULT '{}',  -- professions aboard, never names
  note        text CHECK (length(note) <= 200),
  person_id   uuid,
  reported_at timestamptz NOT NULL
);
CREATE INDEX ix_vehicle_report_newest ON vehicle_report (vehicle_id, reported_at DESC, seq DESC);
"""

READ_BY_ALL = ("resource_report", "capability", "diversion", "vehicle", "vehicle_report")
CHANGES = {"capability": "during", "diversion": "ended_at, ended_by"}

# The unit for a cot elsewhere, the number of cots, blood that comes from no receiver.
TRANSFERS = """
ALTER TABLE referral ADD COLUMN cots_needed int NOT NULL DEFAULT 1
  CHECK (cots_needed BETWEEN 1 AND 9);
ALTER TABLE offer DROP CONSTRAINT offer_purpose_check;
ALTER TABLE offer ADD CONSTRAINT offer_purpose_check
  CHECK (purpose IN ('transfer', 'diversion', 'neonatal'));
ALTER TABLE offer DROP CONSTRAINT offer_neonatal_check;
ALTER TABLE offer ADD CONSTRAINT offer_neonatal_check
  CHECK (neonatal IN ('not_needed', 'awaited', 'accepted', 'declined', 'elsewhere'));
DROP INDEX uq_offer_one_live;
-- A unit is asked once at a time for her, and once at a time for cots alone.
CREATE UNIQUE INDEX uq_offer_one_live ON offer (case_id, facility_id, (purpose = 'neonatal'))
  WHERE state IN ('offered', 'delivered', 'acknowledged', 'info_requested', 'accepted');
ALTER TABLE hold ALTER COLUMN offer_id DROP NOT NULL;
ALTER TABLE hold ADD COLUMN quantity int NOT NULL DEFAULT 1 CHECK (quantity BETWEEN 1 AND 99);
ALTER TABLE hold ADD CHECK (offer_id IS NOT NULL OR kind = 'blood');
CREATE INDEX ix_hold_held ON hold (facility_id, kind) WHERE state = 'held';
"""

BLOOD = """
-- Blood asked for: a bank reads what is asked of it, by case number, and learns no name.
CREATE TABLE blood_order (
  id           uuid PRIMARY KEY,
  case_id      uuid NOT NULL REFERENCES referral (id),
  case_number  text NOT NULL,
  drill        boolean NOT NULL,
  hold_id      uuid NOT NULL UNIQUE REFERENCES hold (id),
  facility_id  uuid NOT NULL REFERENCES facility (id),  -- who issues
  bedside_id   uuid NOT NULL REFERENCES facility (id),  -- where it goes
  product      text NOT NULL CHECK (product ~ '^[a-z_]{2,40}$'),
  subkey       text NOT NULL,
  units        int NOT NULL CHECK (units BETWEEN 1 AND 99),
  urgency      text NOT NULL CHECK (urgency IN ('immediate', 'urgent', 'routine')),
  requested_at timestamptz NOT NULL,
  requested_by uuid NOT NULL,
  issued_at    timestamptz,
  issued_by    uuid,
  issued_units int CHECK (issued_units BETWEEN 1 AND 99),
  issued_subkey text,
  departed_at  timestamptz,
  departed_by  uuid,
  arrived_at   timestamptz,
  arrived_by   uuid,
  cancelled_at timestamptz,
  cancelled_by uuid,
  note         text CHECK (length(note) <= 200),
  CHECK ((issued_at IS NULL) = (issued_units IS NULL)),
  CHECK (departed_at IS NULL OR issued_at IS NOT NULL),
  CHECK (arrived_at IS NULL OR issued_at IS NOT NULL)
);
CREATE INDEX ix_blood_order_case ON blood_order (case_id);
CREATE INDEX ix_blood_order_bank ON blood_order (facility_id, requested_at);
ALTER TABLE blood_order ENABLE ROW LEVEL SECURITY;
ALTER TABLE blood_order FORCE ROW LEVEL SECURITY;
CREATE POLICY system_all ON blood_order TO yunshang_system USING (true) WITH CHECK (true);
CREATE POLICY owner_reads ON blood_order FOR SELECT TO yunshang_owner USING (true);
CREATE POLICY app_reads ON blood_order FOR SELECT TO yunshang_app
  USING (app_sees_case(case_id) OR facility_id = ANY(app_facilities()));
CREATE POLICY app_adds ON blood_order FOR INSERT TO yunshang_app
  WITH CHECK (app_sees_identity(case_id) AND NOT app_only_watches());
CREATE POLICY app_changes ON blood_order FOR UPDATE TO yunshang_app
  USING (NOT app_only_watches()
    AND (app_sees_identity(case_id) OR facility_id = ANY(app_facilities())))
  WITH CHECK (NOT app_only_watches()
    AND (app_sees_identity(case_id) OR facility_id = ANY(app_facilities())));
GRANT SELECT, INSERT, UPDATE ON blood_order TO yunshang_app, yunshang_system;

-- Whoever issues blood writes it on the case and moves its hold, but is no party to the case:
-- one only inside the issuing transaction.
CREATE POLICY owner_lets_bank_in ON case_party FOR INSERT TO yunshang_owner
  WITH CHECK (role = 'blood_bank');
CREATE POLICY owner_lets_bank_out ON case_party FOR DELETE TO yunshang_owner
  USING (role = 'blood_bank');
CREATE FUNCTION bank_enters_case(wanted_order uuid) RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  wanted uuid;
BEGIN
  SELECT case_id INTO wanted FROM public.blood_order
   WHERE id = wanted_order AND facility_id = ANY(public.app_facilities());
  IF wanted IS NULL THEN
    RETURN false;
  END IF;
  INSERT INTO public.case_party (case_id, person_id, role)
    VALUES (wanted, public.app_person(), 'blood_bank') ON CONFLICT DO NOTHING;
  RETURN true;
END
$$;
CREATE FUNCTION bank_leaves_case(wanted_order uuid) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  DELETE FROM public.case_party p USING public.blood_order o
   WHERE o.id = wanted_order AND p.case_id = o.case_id
     AND p.person_id = public.app_person() AND p.role = 'blood_bank'
$$;
REVOKE ALL ON FUNCTION bank_enters_case, bank_leaves_case FROM PUBLIC;
GRANT EXECUTE ON FUNCTION bank_enters_case, bank_leaves_case TO yunshang_app;
"""

# Counts without identity, for everybody who may see what a house has.
LOAD = """
CREATE POLICY owner_counts ON referral FOR SELECT TO yunshang_owner USING (true);
CREATE POLICY owner_counts ON offer FOR SELECT TO yunshang_owner USING (true);
CREATE POLICY owner_counts ON leg FOR SELECT TO yunshang_owner USING (true);
CREATE POLICY owner_counts ON hold FOR SELECT TO yunshang_owner USING (true);
CREATE FUNCTION facility_inbound()
  RETURNS TABLE (facility_id uuid, stage text, cases int, next_eta timestamptz)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT o.facility_id, CASE WHEN o.purpose = 'neonatal' THEN 'cots' ELSE 'accepted' END,
         count(*)::int, NULL::timestamptz
    FROM public.offer o JOIN public.referral r ON r.id = o.case_id AND NOT r.drill
   WHERE o.state = 'accepted' AND (r.state = 'open'
      OR (o.purpose = 'neonatal' AND r.state IN ('committed', 'moving')))
   GROUP BY 1, 2
  UNION ALL
  SELECT r.receiver_id, r.state, count(*)::int,
         min((SELECT max(l.eta) FROM public.leg l
               WHERE l.case_id = r.id AND l.destination_id = r.receiver_id
                 AND l.state NOT IN ('arrived', 'handed_over', 'died_in_transit')))
    FROM public.referral r
   WHERE r.state IN ('committed', 'moving') AND r.receiver_id IS NOT NULL AND NOT r.drill
   GROUP BY 1, 2
  UNION ALL
  SELECT o.facility_id, 'asked', count(*)::int, NULL
    FROM public.offer o JOIN public.referral r ON r.id = o.case_id AND NOT r.drill
   WHERE o.state IN ('offered', 'delivered', 'acknowledged', 'info_requested')
     AND r.state IN ('open', 'committed', 'moving')
   GROUP BY 1
$$;
CREATE FUNCTION facility_held()
  RETURNS TABLE (facility_id uuid, kind text, held int, next_end timestamptz)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT h.facility_id, h.kind, sum(h.quantity)::int, min(h.expires_at)
    FROM public.hold h JOIN public.referral r ON r.id = h.case_id AND NOT r.drill
   WHERE h.state = 'held'
   GROUP BY 1, 2
$$;
REVOKE ALL ON FUNCTION facility_inbound, facility_held FROM PUBLIC;
GRANT EXECUTE ON FUNCTION facility_inbound, facility_held TO yunshang_app, yunshang_system;
"""


def _protect(table: str) -> None:
    writes = "app_keeps_resources(facility_id)"
    if table == "vehicle_report":
        writes = f"({writes} OR app_rides_from(facility_id))"
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY system_all ON {table} TO yunshang_system USING (true) WITH CHECK (true)"
    )
    op.execute(
        f"CREATE POLICY app_reads ON {table} FOR SELECT TO yunshang_app"
        " USING (app_reads_resources())"
    )
    op.execute(
        f"CREATE POLICY app_adds ON {table} FOR INSERT TO yunshang_app WITH CHECK ({writes})"
    )
    op.execute(f"GRANT SELECT, INSERT ON {table} TO yunshang_app, yunshang_system")
    if table in CHANGES:
        op.execute(
            f"CREATE POLICY app_changes ON {table} FOR UPDATE TO yunshang_app"
            f" USING ({writes}) WITH CHECK ({writes})"
        )
        op.execute(f"GRANT UPDATE ({CHANGES[table]}) ON {table} TO yunshang_app, yunshang_system")


def upgrade() -> None:
    for script in (RIGHTS, TABLES):
        for statement in statements(script):
            op.execute(statement)
    for table in READ_BY_ALL:
        _protect(table)
    for script in (TRANSFERS, BLOOD, LOAD):
        for statement in statements(script):
            op.execute(statement)
