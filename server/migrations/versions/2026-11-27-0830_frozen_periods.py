"""Frozen periods: what indicators came to when somebody closed a period, case by case.

A freeze keeps the versions of the definitions, one row per member of each population with what it
counted as, and the figures as bytes. Nothing is changed afterwards; what is entered later shows as
a difference. Members open to a viewer as their cases do; figures of a whole region, to who oversees
it.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0041_frozen_periods"
down_revision = "0040_consult_view"

TABLES = """
CREATE TABLE indicator_freeze (
  id            uuid PRIMARY KEY,
  region_id     uuid NOT NULL REFERENCES region (id),
  starts_at     timestamptz NOT NULL,
  ends_at       timestamptz NOT NULL CHECK (ends_at > starts_at),
  frozen_by     uuid NOT NULL REFERENCES person (id),
  frozen_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
  checkpoint_no bigint REFERENCES chain_checkpoint (no),
  note          text NOT NULL CHECK (length(note) <= 500),
  UNIQUE (region_id, starts_at, ends_at),
  CHECK (ends_at <= frozen_at)
);
COMMENT ON TABLE indicator_freeze IS
  'periods that somebody closed; checkpoint_no: the newest signed tree head then';

CREATE TABLE indicator_frozen_case (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  freeze_id    uuid NOT NULL REFERENCES indicator_freeze (id),
  case_id      uuid NOT NULL,
  left_out     text CHECK (left_out IN ('drill', 'voided', 'back')),
  last_seq     bigint,
  region_ids   uuid[],
  facility_ids uuid[]
);
COMMENT ON TABLE indicator_frozen_case IS
  'cases of the period; last_seq: the newest event that counted';
CREATE INDEX ix_indicator_frozen_case ON indicator_frozen_case (freeze_id);

CREATE TABLE indicator_frozen_centre (
  freeze_id   uuid NOT NULL REFERENCES indicator_freeze (id),
  facility_id uuid NOT NULL REFERENCES facility (id),
  region_ids  uuid[] NOT NULL,
  PRIMARY KEY (freeze_id, facility_id)
);
COMMENT ON TABLE indicator_frozen_centre IS
  'rescue centres of the region on the last day, for means';

CREATE TABLE indicator_frozen_member (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  freeze_id    uuid NOT NULL REFERENCES indicator_freeze (id),
  version_id   uuid NOT NULL REFERENCES indicator_version (id),
  case_id      uuid,
  number       text,
  opened_at    timestamptz NOT NULL,
  place        uuid,
  from_at      timestamptz NOT NULL,
  to_at        timestamptz,
  late         boolean NOT NULL,
  demo         boolean NOT NULL,
  state        text NOT NULL,
  reason       text,
  met          boolean NOT NULL,
  seconds      float8,
  region_ids   uuid[],
  facility_ids uuid[]
);
COMMENT ON TABLE indicator_frozen_member IS 'what each member of a population counted as';
CREATE INDEX ix_indicator_frozen_member ON indicator_frozen_member (freeze_id, version_id);

CREATE TABLE indicator_frozen_version (
  freeze_id  uuid NOT NULL REFERENCES indicator_freeze (id),
  version_id uuid NOT NULL REFERENCES indicator_version (id),
  PRIMARY KEY (freeze_id, version_id)
);
COMMENT ON TABLE indicator_frozen_version IS 'the definitions that counted';

CREATE TABLE indicator_frozen_figure (
  freeze_id  uuid NOT NULL,
  version_id uuid NOT NULL,
  late       text NOT NULL CHECK (late IN ('with', 'without')),
  figures    bytea NOT NULL,
  PRIMARY KEY (freeze_id, version_id, late),
  FOREIGN KEY (freeze_id, version_id) REFERENCES indicator_frozen_version
);
COMMENT ON TABLE indicator_frozen_figure IS
  'what a version came to over the whole region: JSON, compared byte by byte when recomputed';
"""

SEALED = (
    "indicator_freeze",
    "indicator_frozen_case",
    "indicator_frozen_centre",
    "indicator_frozen_member",
    "indicator_frozen_version",
    "indicator_frozen_figure",
)

# `app_writes_freeze`: only the transaction that froze the period adds to it.
RIGHTS = """
CREATE FUNCTION app_oversees_region(wanted uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT app_has_role('commission') AND EXISTS (
    SELECT 1 FROM region_closure c
     WHERE c.descendant_id = wanted AND c.ancestor_id = ANY(app_regions()))
$$;
CREATE FUNCTION app_writes_freeze(wanted uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT 1 FROM indicator_freeze f
                  WHERE f.id = wanted AND f.frozen_by = app_person() AND written_here(f.xmin))
$$;
CREATE POLICY app_reads ON indicator_freeze FOR SELECT TO yunshang_app USING (true);
CREATE POLICY app_adds ON indicator_freeze FOR INSERT TO yunshang_app
  WITH CHECK (frozen_by = app_person() AND app_oversees_region(region_id));
CREATE POLICY app_reads ON indicator_frozen_case FOR SELECT TO yunshang_app
  USING (freeze_id IN (SELECT f.id FROM indicator_freeze f WHERE app_oversees_region(f.region_id))
    OR app_sees_case(case_id));
CREATE POLICY app_reads ON indicator_frozen_centre FOR SELECT TO yunshang_app USING (true);
CREATE POLICY app_reads ON indicator_frozen_member FOR SELECT TO yunshang_app
  USING (freeze_id IN (SELECT f.id FROM indicator_freeze f WHERE app_oversees_region(f.region_id))
    OR case_id IS NULL OR app_sees_case(case_id));
CREATE POLICY app_reads ON indicator_frozen_version FOR SELECT TO yunshang_app USING (true);
CREATE POLICY app_reads ON indicator_frozen_figure FOR SELECT TO yunshang_app
  USING (freeze_id IN (SELECT f.id FROM indicator_freeze f WHERE app_oversees_region(f.region_id)));
"""


def upgrade() -> None:
    for statement in statements(TABLES):
        op.execute(statement)
    for table in SEALED:
        op.execute(
            f"CREATE TRIGGER {table}_sealed BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION duty_refuse()"
        )
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_sealed")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY system_all ON {table} TO yunshang_system USING (true) WITH CHECK (true)"
        )
        op.execute(f"GRANT SELECT, INSERT ON {table} TO yunshang_app, yunshang_system")
    for statement in statements(RIGHTS):
        op.execute(statement)
    for table in SEALED[1:]:
        op.execute(
            f"CREATE POLICY app_adds ON {table} FOR INSERT TO yunshang_app"
            " WITH CHECK (app_writes_freeze(freeze_id))"
        )
