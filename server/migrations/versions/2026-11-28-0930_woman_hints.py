"""Readings hint: whoever looks at a woman is told that something of her was read or voided.

A reading is no event of a case, so nothing told pages of it but their own asking every half minute.
The hint carries her pregnancy's id and no number: the page reads again what it may see.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0072_woman_hints"
down_revision = "0071_frozen_reviews"

HINTS = """
CREATE FUNCTION observation_hint() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('yunshang_woman', hers.pregnancy_id::text)
     FROM (SELECT DISTINCT pregnancy_id FROM added) hers;
  RETURN NULL;
END
$$;
CREATE TRIGGER observation_hint AFTER INSERT ON observation REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION observation_hint();

CREATE FUNCTION observation_void_hint() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('yunshang_woman', hers.pregnancy_id::text)
     FROM (SELECT DISTINCT o.pregnancy_id
             FROM added a JOIN observation o ON o.id = a.observation_id) hers;
  RETURN NULL;
END
$$;
CREATE TRIGGER observation_void_hint AFTER INSERT ON observation_void
  REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION observation_void_hint();
"""

# Who of the given viewers may see which of the women: as `app_audience` for a case, by the
# condition of the policy `pregnancy.app_reads`, written out so that it holds for whichever role
# asks. All women at once: what costs is to become each viewer.
AUDIENCE = """
CREATE FUNCTION app_audience_of_women(p_pregnancies uuid[], p_viewers jsonb)
  RETURNS TABLE (viewer int, pregnancy_id uuid) LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  one jsonb;
BEGIN
  viewer := 0;
  FOR one IN SELECT jsonb_array_elements(p_viewers) LOOP
    PERFORM set_config('app.person_id', one ->> 'person', true),
            set_config('app.facility_ids', one ->> 'facilities', true),
            set_config('app.region_ids', one ->> 'regions', true),
            set_config('app.roles', one ->> 'roles', true);
    FOR pregnancy_id IN
      SELECT p.id FROM pregnancy p WHERE p.id = ANY(p_pregnancies)
         AND (p.facility_id = ANY(app_facilities()) OR app_sees_pregnancy(p.id)) LOOP
      RETURN NEXT;
    END LOOP;
    viewer := viewer + 1;
  END LOOP;
  PERFORM set_config('app.person_id', '', true), set_config('app.facility_ids', '{}', true),
          set_config('app.region_ids', '{}', true), set_config('app.roles', '{}', true);
END
$$;
"""


def upgrade() -> None:
    for script in (HINTS, AUDIENCE):
        for statement in statements(script):
            op.execute(statement)
