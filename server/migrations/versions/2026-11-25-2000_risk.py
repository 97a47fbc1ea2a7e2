"""Five-colour grades: dated history of proposals and decisions, and the answers they rest on."""

from alembic import op

from server.migrations.sql import statements

revision = "0010_risk"
down_revision = "0009_least_rights"

# Which tables a region grades by. Without btree_gist, equality of the region is overlap of
# one-element ranges over its 64-bit hash.
VARIANTS = """
CREATE TABLE risk_variant (
  id        uuid PRIMARY KEY,
  region_id uuid NOT NULL REFERENCES region (id),
  variant   text NOT NULL CHECK (length(variant) BETWEEN 1 AND 64),
  during    daterange NOT NULL CHECK (NOT isempty(during)),
  slot      bigint GENERATED ALWAYS AS (hashtextextended(region_id::text, 0)) STORED,
  CONSTRAINT ex_risk_variant_overlap
    EXCLUDE USING gist (int8range(slot, slot, '[]') WITH &&, during WITH &&)
);
CREATE INDEX ix_risk_variant_region ON risk_variant (region_id);
ALTER TABLE risk_variant ENABLE ROW LEVEL SECURITY;
ALTER TABLE risk_variant FORCE ROW LEVEL SECURITY;
CREATE POLICY system_all ON risk_variant TO yunshang_system USING (true) WITH CHECK (true);
CREATE POLICY app_reads ON risk_variant FOR SELECT TO yunshang_app USING (true);
GRANT SELECT, INSERT, UPDATE ON risk_variant TO yunshang_system;
GRANT SELECT ON risk_variant TO yunshang_app;
"""

# What somebody said of her that no device measures: the newest row of a fact counts, a null value
# takes the earlier answer back. `value` is true, false, a number, or "not_done".
ANSWERS = """
CREATE TABLE risk_answer (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  recv_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  pregnancy_id uuid NOT NULL REFERENCES pregnancy (id),
  facility_id  uuid NOT NULL REFERENCES facility (id),
  fact         text NOT NULL CHECK (length(fact) BETWEEN 1 AND 64),
  value        jsonb,
  method       text NOT NULL CHECK (method IN ('asked', 'none_of_group', 'withdrawn')),
  at           timestamptz NOT NULL,
  person_id    uuid NOT NULL,
  CHECK ((method = 'withdrawn') = (value IS NULL)),
  CHECK (value IS NULL OR jsonb_typeof(value) IN ('boolean', 'number')
    OR value = '"not_done"'::jsonb)
);
CREATE INDEX ix_risk_answer_pregnancy ON risk_answer (pregnancy_id, fact, id);
"""

# Nothing is rewritten: a decision is a new row that supersedes the proposal.
GRADES = """
CREATE TABLE risk_grade (
  id               uuid PRIMARY KEY,
  recv_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
  pregnancy_id     uuid NOT NULL REFERENCES pregnancy (id),
  facility_id      uuid NOT NULL REFERENCES facility (id),
  kind             text NOT NULL CHECK (kind IN ('screening', 'assessment')),
  status           text NOT NULL CHECK (status IN ('proposed', 'confirmed', 'overridden',
                     'withdrawn')),
  variant          text NOT NULL,
  version          text NOT NULL,
  facts            jsonb NOT NULL,
  fired            text[] NOT NULL,
  unknown          text[] NOT NULL,
  not_done         text[] NOT NULL,
  evaluated_colour text CHECK (evaluated_colour IN ('green', 'yellow', 'orange', 'pink', 'red',
                     'critical')),
  evaluated_purple boolean,
  outcome          text NOT NULL CHECK (outcome IN ('unknown', 'positive', 'negative', 'graded')),
  colour           text CHECK (colour IN ('green', 'yellow', 'orange', 'pink', 'red', 'critical')),
  purple           boolean,
  at               timestamptz NOT NULL,
  person_id        uuid,
  reason           text CHECK (length(reason) BETWEEN 1 AND 2000),
  supersedes       uuid UNIQUE,
  UNIQUE (id, pregnancy_id, kind),
  FOREIGN KEY (supersedes, pregnancy_id, kind) REFERENCES risk_grade (id, pregnancy_id, kind),
  CHECK (status NOT IN ('confirmed', 'overridden') OR person_id IS NOT NULL),
  CHECK (status <> 'confirmed' OR outcome <> 'unknown'),
  CHECK (status <> 'overridden' OR (reason IS NOT NULL AND colour IS NOT NULL)),
  CHECK (status <> 'withdrawn' OR supersedes IS NOT NULL)
);
CREATE INDEX ix_risk_grade_pregnancy ON risk_grade (pregnancy_id, kind, at, id);
"""

# The pregnancy's own policy decides: her registering facility and the parties of her cases.
SECURED = """
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
CREATE POLICY system_all ON {table} TO yunshang_system USING (true) WITH CHECK (true);
CREATE POLICY app_reads ON {table} FOR SELECT TO yunshang_app
  USING (EXISTS (SELECT 1 FROM pregnancy p WHERE p.id = pregnancy_id));
CREATE POLICY app_adds ON {table} FOR INSERT TO yunshang_app
  WITH CHECK (facility_id = ANY(app_facilities()) AND NOT app_only_watches()
    AND (person_id IS NULL OR person_id = app_person())
    AND EXISTS (SELECT 1 FROM pregnancy p WHERE p.id = pregnancy_id));
GRANT SELECT, INSERT ON {table} TO yunshang_system, yunshang_app;
"""

# A case may carry the colours of Guangzhou (pink) and Beijing (critical).
REFERRAL = """
ALTER TABLE referral DROP CONSTRAINT referral_risk_colour_check;
ALTER TABLE referral ADD CONSTRAINT referral_risk_colour_check CHECK (risk_colour IN
  ('green', 'yellow', 'orange', 'pink', 'red', 'critical'));
"""


def upgrade() -> None:
    for script in (VARIANTS, ANSWERS, GRADES, REFERRAL):
        for statement in statements(script):
            op.execute(statement)
    for table in ("risk_answer", "risk_grade"):
        for statement in statements(SECURED.format(table=table)):
            op.execute(statement)
