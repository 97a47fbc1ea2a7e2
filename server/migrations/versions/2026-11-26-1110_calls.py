"""Withdrawn policies, and those of a region.

A withdrawal is a further row that names the version it takes back and says why; the version itself
stays. What comes before it counts again. The platform's own versions belong to nobody and cannot
be taken back, so an event is never without a ladder.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0027_calls"
down_revision = "0026_practice"

WITHDRAWALS = """
ALTER TABLE policy_version
  ADD COLUMN withdraws_id uuid UNIQUE REFERENCES policy_version (id),
  ADD COLUMN reason       text CHECK (length(reason) BETWEEN 2 AND 200),
  ADD CONSTRAINT policy_version_withdrawal CHECK ((withdraws_id IS NULL) = (reason IS NULL)),
  ADD CONSTRAINT policy_version_floor
    CHECK (withdraws_id IS NULL OR num_nonnulls(facility_id, region_id) = 1);

-- Only the same owner takes a version back, for the same case, and a withdrawal is none to take.
CREATE FUNCTION policy_withdrawal_fits() RETURNS trigger
  LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (
    SELECT 1 FROM public.policy_version v
     WHERE v.id = NEW.withdraws_id AND v.withdraws_id IS NULL
       AND v.facility_id IS NOT DISTINCT FROM NEW.facility_id
       AND v.region_id IS NOT DISTINCT FROM NEW.region_id
       AND (v.event, v.condition, v.colour, v.level)
         = (NEW.event, NEW.condition, NEW.colour, NEW.level)) THEN
    RAISE EXCEPTION 'a withdrawal takes back a version of its own owner and case'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'policy_withdrawal_fits';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER policy_withdrawal_fits BEFORE INSERT ON policy_version
  FOR EACH ROW WHEN (NEW.withdraws_id IS NOT NULL) EXECUTE FUNCTION policy_withdrawal_fits();
ALTER TABLE policy_version ENABLE ALWAYS TRIGGER policy_withdrawal_fits;
"""

# A region's coordinator writes for the region and for what lies in it, never for a house.
REGIONS = """
CREATE POLICY app_adds_for_region ON policy_version FOR INSERT TO yunshang_app WITH CHECK (
  recorded_by = app_person() AND NOT app_only_watches() AND app_has_role('coordinator')
  AND facility_id IS NULL
  AND EXISTS (SELECT 1 FROM region_closure c
               WHERE c.descendant_id = policy_version.region_id
                 AND c.ancestor_id = ANY(app_regions())));
"""


def upgrade() -> None:
    for script in (WITHDRAWALS, REGIONS):
        for statement in statements(script):
            op.execute(statement)
