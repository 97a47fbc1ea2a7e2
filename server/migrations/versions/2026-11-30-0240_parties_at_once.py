"""Whose cases a viewer takes part in is found out at once, by the indexes of parties.

Policies of facts asked `case_party` under its own policy, so that no index was used: a doctor's
question read all parties, and everybody's was planned as if it did, with joins over all facts in
the place of a few looks. A house's cases are found by indexes too, instead of among all: what it
accepted stands in an array, and no policy lets an array be looked up below it. So are the kept
cells of few houses. And of consultations that tell of a drill there are few.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0081_parties_at_once"
down_revision = "0080_reviews_of_a_period"

PARTIES = """
CREATE FUNCTION app_own_cases() RETURNS SETOF uuid
  LANGUAGE sql STABLE ROWS 1000 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT p.case_id FROM public.case_party p WHERE p.facility_id = ANY(public.app_facilities())
  UNION
  SELECT p.case_id FROM public.case_party p WHERE p.person_id = public.app_person()
$$;
COMMENT ON FUNCTION app_own_cases IS
  'cases that the viewer or a house of the viewer''s is a party of, as app_sees_case has it';
REVOKE ALL ON FUNCTION app_own_cases FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app_own_cases TO yunshang_app, yunshang_system;

CREATE INDEX ix_fact_case_origin ON fact_case (origin);
CREATE INDEX ix_fact_case_receivers ON fact_case USING gin (receivers);
CREATE FUNCTION fact_cases_at(house uuid) RETURNS SETOF uuid
  LANGUAGE sql STABLE ROWS 500 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT c.case_id FROM public.fact_case c WHERE c.origin = house
  UNION
  SELECT c.case_id FROM public.fact_case c WHERE c.receivers @> ARRAY[house]
$$;
COMMENT ON FUNCTION fact_cases_at IS
  'cases that a house sent or accepted, whoever asks; fact_case''s policy says which are shown';
REVOKE ALL ON FUNCTION fact_cases_at FROM PUBLIC;
GRANT EXECUTE ON FUNCTION fact_cases_at TO yunshang_app, yunshang_system;

DROP INDEX ix_fact_cell_question;
CREATE INDEX ix_fact_cell_question ON fact_cell (question, first, until, house);

CREATE INDEX ix_fact_consult_drill ON fact_consult (told_of) WHERE drill;
"""

FACTS = ("fact_case", "fact_case_file", "fact_guidance", "fact_consult")
SEES_CASES = """
  ((SELECT app_has_role('coordinator') OR app_has_role('commission'))
    AND (region_ids[1] IN (SELECT c.descendant_id FROM region_closure c
                            WHERE c.ancestor_id = ANY(app_regions()))
      OR (cardinality(region_ids) > 1
        AND region_ids && ARRAY(SELECT c.descendant_id FROM region_closure c
                                 WHERE c.ancestor_id = ANY(app_regions())))))
  OR case_id IN (SELECT o.id FROM app_own_cases() AS o (id))
"""


def upgrade() -> None:
    for statement in statements(PARTIES):
        op.execute(statement)
    for table in FACTS:
        op.execute(f"ALTER POLICY app_reads ON {table} USING ({SEES_CASES})")
