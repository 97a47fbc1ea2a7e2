"""A region's own rules after a death: by which day it is reported and reviewed.

The domain of transfers asks which version counts in a region on a day, and what the version said by
which a death was judged; it knows nothing of how versions are written.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0074_death_rules"
down_revision = "0073_review_chains"

RULES = """
ALTER TABLE rule_version DROP CONSTRAINT rule_version_kind_check;
ALTER TABLE rule_version ADD CONSTRAINT rule_version_kind_check
  CHECK (kind ~ '^(round|calendar|after_death|form:[a-z][a-z0-9_]{0,39})$');
COMMENT ON TABLE rule_version IS
  'rules of rounds, calendar, forms and what follows a death; digest: SHA-256 of content';

-- The nearest region's newest version that has begun; where that one is over, the next region's.
CREATE FUNCTION rules_in_force(p_kind text, p_region uuid, p_day date) RETURNS text
  LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
  WITH begun AS (
    SELECT DISTINCT ON (c.depth) c.depth, v.content, v.valid_to
      FROM region_closure c
      JOIN rule_version v ON v.region_id = c.ancestor_id AND v.kind = p_kind
       AND v.valid_from <= p_day
      JOIN rule_verification f ON f.version_id = v.id
     WHERE c.descendant_id = p_region
     ORDER BY c.depth, v.valid_from DESC, v.added_at DESC
  ) SELECT b.content::text FROM begun b
     WHERE b.valid_to IS NULL OR p_day < b.valid_to ORDER BY b.depth LIMIT 1
$$;
CREATE FUNCTION rules_called(p_kind text, p_labels text[])
  RETURNS TABLE (label text, content text)
  LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT v.label, v.content::text FROM rule_version v
   WHERE v.kind = p_kind AND v.label = ANY(p_labels)
$$;
"""


def upgrade() -> None:
    for statement in statements(RULES):
        op.execute(statement)
