"""Consultations: asked, answered, planned, held, concluded, decided on.

Each is a case of its own with the house that asks as its origin and the invited houses as experts;
that opens the woman to them by the rules that hold for every case. Decisions and the history are
written once.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0032_consult_requests"
down_revision = "0031_ctg_readings"

CONSULTATIONS = """
CREATE TABLE consult_request (
  id            uuid PRIMARY KEY,            -- its case too
  of_case_id    uuid,                        -- the case that it is about, if any
  pregnancy_id  uuid NOT NULL REFERENCES pregnancy (id),
  facility_id   uuid NOT NULL REFERENCES facility (id),
  urgency       text NOT NULL CHECK (urgency IN ('urgent', 'ordinary')),
  purpose       text NOT NULL CHECK (length(purpose) BETWEEN 1 AND 1000),
  summary       text NOT NULL CHECK (length(summary) BETWEEN 1 AND 4000),
  consent       text NOT NULL CHECK (consent IN ('written', 'spoken', 'emergency')),
  rules         text NOT NULL,               -- the version of the time limits
  state         text NOT NULL CHECK (state IN ('asked', 'agreed', 'underway', 'concluded',
                  'closed', 'cancelled')),
  asked_by      uuid NOT NULL REFERENCES person (id),
  asked_at      timestamptz NOT NULL,
  answer_by     timestamptz NOT NULL,
  planned_at    timestamptz,                 -- null: now
  minutes       int NOT NULL CHECK (minutes BETWEEN 5 AND 480),
  begun_at      timestamptz,
  concluded_at  timestamptz,
  outcome       text CHECK (outcome IN ('advised', 'transferred', 'not_needed', 'not_held')),
  decide_by     timestamptz,
  next_at       timestamptz,                 -- when the engine looks again
  escalated_at  timestamptz,
  version       int NOT NULL DEFAULT 1,
  CHECK ((state IN ('concluded', 'closed')) = (concluded_at IS NOT NULL)),
  CHECK ((concluded_at IS NULL) = (outcome IS NULL)),
  CHECK ((state IN ('underway', 'concluded', 'closed')) = (begun_at IS NOT NULL))
);
CREATE INDEX ix_consult_request_asked ON consult_request (facility_id, asked_at DESC);
CREATE INDEX ix_consult_request_of_case ON consult_request (of_case_id);
CREATE INDEX ix_consult_request_planned ON consult_request (planned_at)
  WHERE planned_at IS NOT NULL;
CREATE INDEX ix_consult_request_due ON consult_request (next_at) WHERE next_at IS NOT NULL;

CREATE TABLE consult_invitation (
  id           uuid PRIMARY KEY,
  request_id   uuid NOT NULL REFERENCES consult_request (id),
  n            int NOT NULL CHECK (n >= 1),
  facility_id  uuid NOT NULL REFERENCES facility (id),
  group_id     uuid,
  person_id    uuid REFERENCES person (id),
  from_id      uuid REFERENCES consult_invitation (id),   -- handed on from
  page_id      uuid,                                      -- the page that rings for it
  state        text NOT NULL CHECK (state IN ('invited', 'accepted', 'declined', 'handed_on',
                 'called_off', 'informed')),
  invited_by   uuid NOT NULL REFERENCES person (id),
  invited_at   timestamptz NOT NULL,
  answered_by  uuid REFERENCES person (id),
  answered_at  timestamptz,
  why          text CHECK (why IN ('busy', 'other_specialty', 'off_duty', 'technical', 'other')),
  note         text CHECK (length(note) <= 1000),
  UNIQUE (request_id, n)
);
CREATE INDEX ix_consult_invitation_house ON consult_invitation (facility_id, state);

CREATE TABLE consult_proposal (
  request_id   uuid NOT NULL REFERENCES consult_request (id),
  n            int NOT NULL CHECK (n >= 1),
  facility_id  uuid NOT NULL REFERENCES facility (id),
  person_id    uuid NOT NULL REFERENCES person (id),
  at           timestamptz NOT NULL,
  starts_at    timestamptz NOT NULL,
  minutes      int NOT NULL CHECK (minutes BETWEEN 5 AND 480),
  note         text CHECK (length(note) <= 1000),
  state        text NOT NULL CHECK (state IN ('open', 'agreed', 'set_aside')),
  settled_by   uuid REFERENCES person (id),
  settled_at   timestamptz,
  PRIMARY KEY (request_id, n),
  CHECK ((state = 'open') = (settled_at IS NULL))
);

-- The treating house's decision (n = 1) and what was added; signed, never changed.
CREATE TABLE consult_decision (
  id           uuid PRIMARY KEY,
  request_id   uuid NOT NULL REFERENCES consult_request (id),
  n            int NOT NULL CHECK (n >= 1),
  author_id    uuid NOT NULL REFERENCES person (id),
  facility_id  uuid NOT NULL REFERENCES facility (id),
  content      jsonb NOT NULL CHECK (jsonb_typeof(content) = 'object'),
  signed_at    timestamptz NOT NULL,
  digest       bytea NOT NULL CHECK (octet_length(digest) = 32),
  UNIQUE (request_id, n)
);
CREATE TABLE consult_event (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  request_id   uuid NOT NULL REFERENCES consult_request (id),
  at           timestamptz NOT NULL,
  action       text NOT NULL CHECK (length(action) BETWEEN 1 AND 32),
  state        text NOT NULL,
  person_id    uuid REFERENCES person (id),
  note         text CHECK (length(note) <= 1000)
);
CREATE INDEX ix_consult_event ON consult_event (request_id, id);
CREATE TRIGGER consult_decision_sealed BEFORE UPDATE OR DELETE OR TRUNCATE ON consult_decision
  FOR EACH STATEMENT EXECUTE FUNCTION duty_refuse();
CREATE TRIGGER consult_event_sealed BEFORE UPDATE OR DELETE OR TRUNCATE ON consult_event
  FOR EACH STATEMENT EXECUTE FUNCTION duty_refuse();
ALTER TABLE consult_decision ENABLE ALWAYS TRIGGER consult_decision_sealed;
ALTER TABLE consult_event ENABLE ALWAYS TRIGGER consult_event_sealed;
"""

RIGHTS = """
GRANT SELECT, INSERT ON consult_request, consult_invitation, consult_proposal, consult_decision,
  consult_event TO yunshang_app, yunshang_system;
GRANT UPDATE (state, planned_at, minutes, begun_at, concluded_at, outcome, decide_by, next_at,
  escalated_at, version) ON consult_request TO yunshang_app, yunshang_system;
GRANT UPDATE (state, answered_by, answered_at, why, note, page_id) ON consult_invitation
  TO yunshang_app, yunshang_system;
GRANT UPDATE (state, settled_by, settled_at) ON consult_proposal TO yunshang_app, yunshang_system;
"""

POLICIES = """
CREATE POLICY app_sees ON consult_request FOR SELECT TO yunshang_app USING (app_sees_identity(id));
CREATE POLICY app_asks ON consult_request FOR INSERT TO yunshang_app WITH CHECK (
  asked_by = app_person() AND NOT app_only_watches() AND facility_id = ANY(app_facilities())
  AND app_sees_identity(id));
CREATE POLICY app_works ON consult_request FOR UPDATE TO yunshang_app
  USING (NOT app_only_watches() AND app_sees_identity(id));
CREATE POLICY app_sees ON consult_invitation FOR SELECT TO yunshang_app
  USING (app_sees_identity(request_id));
CREATE POLICY app_invites ON consult_invitation FOR INSERT TO yunshang_app WITH CHECK (
  invited_by = app_person() AND NOT app_only_watches() AND app_sees_identity(request_id));
CREATE POLICY app_answers ON consult_invitation FOR UPDATE TO yunshang_app
  USING (NOT app_only_watches() AND app_sees_identity(request_id));
CREATE POLICY app_sees ON consult_proposal FOR SELECT TO yunshang_app
  USING (app_sees_identity(request_id));
CREATE POLICY app_proposes ON consult_proposal FOR INSERT TO yunshang_app WITH CHECK (
  person_id = app_person() AND NOT app_only_watches() AND app_sees_identity(request_id));
CREATE POLICY app_settles ON consult_proposal FOR UPDATE TO yunshang_app
  USING (NOT app_only_watches() AND app_sees_identity(request_id));
CREATE POLICY app_sees ON consult_decision FOR SELECT TO yunshang_app
  USING (app_sees_identity(request_id));
CREATE POLICY app_decides ON consult_decision FOR INSERT TO yunshang_app WITH CHECK (
  author_id = app_person() AND NOT app_only_watches() AND facility_id = ANY(app_facilities())
  AND app_sees_identity(request_id));
CREATE POLICY app_sees ON consult_event FOR SELECT TO yunshang_app
  USING (app_sees_identity(request_id));
CREATE POLICY app_adds ON consult_event FOR INSERT TO yunshang_app WITH CHECK (
  person_id = app_person() AND NOT app_only_watches() AND app_sees_identity(request_id));
"""

TABLES = (
    "consult_request", "consult_invitation", "consult_proposal", "consult_decision",
    "consult_event",
)  # fmt: skip


def upgrade() -> None:
    for script in (CONSULTATIONS, RIGHTS):
        for statement in statements(script):
            op.execute(statement)
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        for role, name in (("yunshang_owner", "owner_all"), ("yunshang_system", "system_all")):
            op.execute(f"CREATE POLICY {name} ON {table} TO {role} USING (true) WITH CHECK (true)")
    for statement in statements(POLICIES):
        op.execute(statement)
