"""Transfers: case, offers, legs, holds, frozen snapshot, record, notes, signatures, questions.

The `referral` row itself holds no identity and no clinical text: the commission reads it for its
region. What was said about the woman lies in tables that open only to those who treat her or
coordinate (`app_sees_identity`). Append-only tables have no UPDATE grant.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0005_referral"
down_revision = "0004_duty"

ACCESS = """
-- An administrator voids without reading: party to the case only inside the voiding transaction.
CREATE POLICY owner_admits ON case_party FOR INSERT TO yunshang_owner WITH CHECK (role = 'admin');
CREATE POLICY owner_dismisses ON case_party FOR DELETE TO yunshang_owner USING (role = 'admin');
CREATE FUNCTION admin_enters_case(wanted uuid) RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NOT public.app_has_role('system_admin') OR public.case_is_new(wanted) THEN
    RETURN false;
  END IF;
  INSERT INTO public.case_party (case_id, person_id, role)
    VALUES (wanted, public.app_person(), 'admin') ON CONFLICT DO NOTHING;
  RETURN true;
END
$$;
CREATE FUNCTION admin_leaves_case(wanted uuid) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  DELETE FROM public.case_party
   WHERE case_id = wanted AND person_id = public.app_person() AND role = 'admin'
$$;
REVOKE ALL ON FUNCTION admin_enters_case, admin_leaves_case FROM PUBLIC;
GRANT EXECUTE ON FUNCTION admin_enters_case, admin_leaves_case TO yunshang_app;
"""

CASES = """
CREATE SEQUENCE referral_number;
GRANT USAGE ON SEQUENCE referral_number TO yunshang_app, yunshang_system;

CREATE TABLE referral (
  id               uuid PRIMARY KEY,
  number           text NOT NULL UNIQUE,
  state            text NOT NULL CHECK (state IN ('draft', 'open', 'committed', 'moving',
                     'handed_over', 'closed', 'guided_in_place', 'cancelled', 'voided', 'died')),
  version          int NOT NULL CHECK (version >= 1),
  direction        text NOT NULL CHECK (direction IN ('up', 'back')),
  patient_id       uuid NOT NULL,
  pregnancy_id     uuid NOT NULL,
  subject          text NOT NULL CHECK (subject IN ('mother', 'newborn', 'dyad')),
  condition        text NOT NULL,
  acuity           text NOT NULL CHECK (acuity IN ('resuscitation', 'critical', 'urgent',
                     'stable')),
  risk_colour      text CHECK (risk_colour IN ('green', 'yellow', 'orange', 'red')),
  purple           boolean NOT NULL,
  needs_neonatal   boolean NOT NULL,
  consent          text CHECK (consent IN ('signed', 'emergency_waiver', 'verbal')),
  drill            boolean NOT NULL,
  demo             boolean NOT NULL,
  simulated        boolean NOT NULL,  -- its moments are made up: timers of real time leave it alone
  origin_id        uuid NOT NULL,
  origin_region_id uuid REFERENCES region (id),
  receiver_id      uuid,
  created_by       uuid NOT NULL,
  created_at       timestamptz NOT NULL,
  sent_at          timestamptz,
  committed_at     timestamptz,
  ended_at         timestamptz,
  replaces_id      uuid REFERENCES referral (id),
  remote_lead_id       uuid,
  lead_facility_id     uuid,
  team_travelling      boolean NOT NULL DEFAULT false,
  guided_since         timestamptz,
  guided_ended_at      timestamptz,
  outcome          text,
  timeliness       text,
  cancel_code      text,
  needs_review     boolean NOT NULL DEFAULT false,
  due_at           timestamptz,
  due_kind         text,
  CHECK ((due_at IS NULL) = (due_kind IS NULL)),
  CHECK (state = 'draft' OR sent_at IS NOT NULL OR state IN ('cancelled', 'voided')),
  CHECK (state <> 'committed' OR receiver_id IS NOT NULL)
);
CREATE INDEX ix_referral_live ON referral (state, created_at)
  WHERE state NOT IN ('closed', 'cancelled', 'voided', 'died');
CREATE INDEX ix_referral_ended ON referral (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX ix_referral_due ON referral (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX ix_referral_pregnancy ON referral (pregnancy_id);
CREATE INDEX ix_referral_replaces ON referral (replaces_id) WHERE replaces_id IS NOT NULL;

CREATE TABLE offer (
  id               uuid PRIMARY KEY,
  case_id          uuid NOT NULL REFERENCES referral (id),
  facility_id      uuid NOT NULL,
  state            text NOT NULL CHECK (state IN ('offered', 'delivered', 'acknowledged',
                     'info_requested', 'accepted', 'declined', 'redirected', 'expired',
                     'withdrawn')),
  purpose          text NOT NULL CHECK (purpose IN ('transfer', 'diversion')),
  designated       boolean NOT NULL,
  hop              int NOT NULL CHECK (hop BETWEEN 1 AND 3),
  from_offer_id    uuid REFERENCES offer (id),
  neonatal         text NOT NULL CHECK (neonatal IN ('not_needed', 'awaited', 'accepted',
                     'declined')),
  after_stabilising boolean NOT NULL DEFAULT false,
  bed              text,
  no_bed_accept_to text,
  offered_at       timestamptz NOT NULL,
  delivered_at     timestamptz,
  acknowledged_at  timestamptz,
  acknowledged_by  uuid,
  answered_at      timestamptz,
  answered_by      uuid,
  decision_due_at  timestamptz,
  paused_until     timestamptz,
  pause_used       boolean NOT NULL DEFAULT false,
  decline_code     text,
  onward_id        uuid,
  withdrawn_at     timestamptz,
  withdrawn_reason text,
  withdrawal_acknowledged_at timestamptz,
  page_id          uuid,
  due_at           timestamptz,
  due_kind         text,
  CHECK ((due_at IS NULL) = (due_kind IS NULL))
);
CREATE INDEX ix_offer_case ON offer (case_id);
CREATE INDEX ix_offer_facility ON offer (facility_id, case_id);
CREATE INDEX ix_offer_due ON offer (due_at) WHERE due_at IS NOT NULL;
-- One receiver wins. The service says so politely; this says so in any case.
CREATE UNIQUE INDEX uq_offer_one_accepted ON offer (case_id, purpose) WHERE state = 'accepted';
-- A unit is asked once at a time.
CREATE UNIQUE INDEX uq_offer_one_live ON offer (case_id, facility_id)
  WHERE state IN ('offered', 'delivered', 'acknowledged', 'info_requested', 'accepted');

CREATE TABLE leg (
  id             uuid PRIMARY KEY,
  case_id        uuid NOT NULL REFERENCES referral (id),
  offer_id       uuid NOT NULL REFERENCES offer (id),
  destination_id uuid NOT NULL,
  state          text NOT NULL CHECK (state IN ('planned', 'ready', 'departed', 'diverted',
                   'deteriorated', 'birth_en_route', 'halted', 'arrived', 'handed_over',
                   'not_arrived', 'died_in_transit')),
  mode           text NOT NULL CHECK (mode IN ('ambulance', 'helicopter', 'own_vehicle')),
  vehicle        text,
  escort         text,
  checklist      jsonb,
  eta            timestamptz,
  planned_at     timestamptz NOT NULL,
  ready_at       timestamptz,
  departed_at    timestamptz,
  arrived_at     timestamptz,
  handed_over_at timestamptz,
  due_at         timestamptz,
  due_kind       text,
  CHECK ((due_at IS NULL) = (due_kind IS NULL))
);
CREATE UNIQUE INDEX uq_leg_one_live ON leg (case_id)
  WHERE state NOT IN ('handed_over', 'died_in_transit');
CREATE INDEX ix_leg_due ON leg (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE hold (
  id           uuid PRIMARY KEY,
  case_id      uuid NOT NULL REFERENCES referral (id),
  offer_id     uuid NOT NULL REFERENCES offer (id),
  facility_id  uuid NOT NULL,
  kind         text NOT NULL CHECK (kind IN ('maternal_bed', 'icu_bed', 'neonatal_cot',
                 'theatre', 'blood')),
  state        text NOT NULL CHECK (state IN ('requested', 'held', 'used', 'released',
                 'expired')),
  label        text,
  note         text,
  requested_at timestamptz NOT NULL,
  expires_at   timestamptz,
  due_at       timestamptz,
  due_kind     text,
  CHECK ((due_at IS NULL) = (due_kind IS NULL)),
  CHECK (state <> 'held' OR expires_at IS NOT NULL)
);
CREATE INDEX ix_hold_case ON hold (case_id);
CREATE INDEX ix_hold_due ON hold (due_at) WHERE due_at IS NOT NULL;
"""

CLINICAL = """
CREATE TABLE referral_snapshot (
  case_id  uuid PRIMARY KEY REFERENCES referral (id),
  taken_at timestamptz NOT NULL,
  sbar     jsonb NOT NULL
);

-- What became known, entry by entry; the record is the fold over these.
CREATE TABLE referral_record (
  id          uuid PRIMARY KEY,
  case_id     uuid NOT NULL REFERENCES referral (id),
  leg_id      uuid REFERENCES leg (id),
  kind        text NOT NULL CHECK (kind IN ('first', 'completion', 'transit', 'decision',
                'ending', 'guidance', 'plan')),
  at          timestamptz NOT NULL,
  entered_at  timestamptz NOT NULL,
  person_id   uuid,
  facility_id uuid,
  data        jsonb NOT NULL
);
CREATE INDEX ix_referral_record_case ON referral_record (case_id, entered_at);

CREATE TABLE referral_note (
  id          uuid PRIMARY KEY,
  case_id     uuid NOT NULL REFERENCES referral (id),
  at          timestamptz NOT NULL,
  person_id   uuid NOT NULL,
  facility_id uuid NOT NULL,
  text        text NOT NULL CHECK (length(text) BETWEEN 1 AND 4000)
);
CREATE INDEX ix_referral_note_case ON referral_note (case_id, at);

CREATE TABLE offer_question (
  id          uuid PRIMARY KEY,
  case_id     uuid NOT NULL REFERENCES referral (id),
  offer_id    uuid NOT NULL REFERENCES offer (id),
  question    text NOT NULL,
  asked_at    timestamptz NOT NULL,
  asked_by    uuid NOT NULL,
  answer      text,
  answered_at timestamptz,
  answered_by uuid
);
CREATE INDEX ix_offer_question_offer ON offer_question (offer_id, asked_at);

CREATE TABLE handover_signature (
  leg_id      uuid NOT NULL REFERENCES leg (id),
  side        text NOT NULL CHECK (side IN ('origin', 'receiver')),
  case_id     uuid NOT NULL REFERENCES referral (id),
  person_id   uuid NOT NULL,
  facility_id uuid NOT NULL,
  on_behalf   boolean NOT NULL,
  signed_at   timestamptz NOT NULL,
  content     jsonb NOT NULL,
  PRIMARY KEY (leg_id, side)
);
"""

RIDERS = """
-- A child born on the road is recorded by whoever rides with the mother.
CREATE POLICY riders_add ON newborn FOR INSERT TO yunshang_app
  WITH CHECK (app_has_role('crew') AND app_sees_pregnancy(pregnancy_id));
"""

CASE_KEY = {
    "referral": "id",
    "offer": "case_id",
    "leg": "case_id",
    "hold": "case_id",
    "referral_snapshot": "case_id",
    "referral_record": "case_id",
    "referral_note": "case_id",
    "offer_question": "case_id",
    "handover_signature": "case_id",
}
OPEN_TO_COMMISSION = ("referral", "offer", "leg", "hold")
CHANGING = (*OPEN_TO_COMMISSION, "offer_question")


def _protect(table: str, key: str) -> None:
    sees = "app_sees_case" if table in OPEN_TO_COMMISSION else "app_sees_identity"
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY system_all ON {table} TO yunshang_system USING (true) WITH CHECK (true)"
    )
    op.execute(
        f"CREATE POLICY app_reads ON {table} FOR SELECT TO yunshang_app USING ({sees}({key}))"
    )
    op.execute(
        f"CREATE POLICY app_adds ON {table} FOR INSERT TO yunshang_app WITH CHECK"
        f" ({sees}({key}) AND NOT app_only_watches())"
    )
    grants = "SELECT, INSERT"
    if table in CHANGING:
        op.execute(
            f"CREATE POLICY app_changes ON {table} FOR UPDATE TO yunshang_app"
            f" USING ({sees}({key}) AND NOT app_only_watches())"
            f" WITH CHECK ({sees}({key}) AND NOT app_only_watches())"
        )
        grants += ", UPDATE"
    op.execute(f"GRANT {grants} ON {table} TO yunshang_app, yunshang_system")


WATCHES = """
-- The commission reads its region's cases and changes none.
CREATE FUNCTION app_only_watches() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT app_has_role('commission') AND NOT (app_has_role('referring_clinician')
    OR app_has_role('expert') OR app_has_role('coordinator') OR app_has_role('duty_desk'))
$$;
"""


def upgrade() -> None:
    for script in (ACCESS, WATCHES, CASES, CLINICAL, RIDERS):
        for statement in statements(script):
            op.execute(statement)
    for table, key in CASE_KEY.items():
        _protect(table, key)
