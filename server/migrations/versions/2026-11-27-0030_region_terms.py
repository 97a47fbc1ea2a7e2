"""A region's coordinator decides how changes of rosters are handled in the region and inside it.

Versions stay what they are, rows that are only added; a facility's own still counts before them.
"""

from alembic import op

revision = "0034_region_terms"
down_revision = "0033_opinions"

REGIONS = """
CREATE POLICY app_adds_for_region ON change_rule FOR INSERT TO yunshang_app WITH CHECK (
  added_by = app_person() AND NOT app_only_watches() AND app_has_role('coordinator')
  AND facility_id IS NULL
  AND EXISTS (SELECT 1 FROM region_closure c
               WHERE c.descendant_id = change_rule.region_id
                 AND c.ancestor_id = ANY(app_regions())))
"""


def upgrade() -> None:
    op.execute(REGIONS)
