"""医务科 counts its own house, and opens no case for it.

A house's office of quality answers for its numbers: facts of cases that the house sent, took over
or held are counted for it, in the numbers of now and in closed periods. Facts hold nobody's name.
Which cases it may open, and so which are listed behind a number, stays with the rules of cases.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0078_affairs_count"
down_revision = "0077_chart_notes"

HOUSE = """
CREATE FUNCTION app_affairs_house() RETURNS uuid LANGUAGE sql STABLE AS $$
  SELECT p.facility_id FROM public.person p
   WHERE p.id = public.app_person() AND public.app_has_role('medical_affairs')
$$;
COMMENT ON FUNCTION app_affairs_house IS 'the house whose 医务科 the viewer is; null: of none';

-- What 医务科 is party to by name alone opens no page for it.
CREATE FUNCTION app_lists(wanted uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT cardinality(public.app_facilities()) + cardinality(public.app_regions()) > 0
     AND public.app_sees_case(wanted)
$$;
COMMENT ON FUNCTION app_lists IS
  'whether 医务科, which counts cases that it may not open, is shown one behind a number';
"""

# For whoever is no 医务科 the house is null, which equals nothing.
COUNTS = {
    "fact_case": "origin = {house} OR {house} = ANY(receivers)",
    "fact_guidance": "centre = {house} OR institution = {house}",
    "fact_consult": "facility_id = {house}",
    "fact_case_file": "facility_id = {house}",
    "fact_set_aside": "origin = {house}",
    "indicator_frozen_case": "{house} = ANY(facility_ids)",
    "indicator_frozen_member": "{house} = ANY(facility_ids)",
}

# As 0068: what a house does after a death is counted for its 医务科, which sees to it.
DEATH_STEPS = """
CREATE OR REPLACE FUNCTION quality_death_steps()
  RETURNS TABLE (case_id uuid, who text, step text, house uuid, at timestamptz,
                 ends_at timestamptz, demo boolean, done boolean, in_time boolean)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT r.id, d.who, s.step, h.id, s.due_at, s.due_at, r.demo, s.reported_at IS NOT NULL,
         coalesce(s.reported_at <= s.due_at, false)
    FROM public.death_review_step s
    JOIN public.death_review d ON d.id = s.review_id
    JOIN public.referral r ON r.id = s.case_id
   CROSS JOIN LATERAL (
     SELECT CASE s.step WHEN 'county_review' THEN r.origin_id
                        ELSE coalesce(r.receiver_id, r.origin_id) END AS id) h
   WHERE NOT r.drill AND r.state <> 'voided'
     AND (public.app_is_system() OR h.id = (SELECT public.app_affairs_house())
       OR public.app_sees_case(r.id))
$$;
"""


def upgrade() -> None:
    for statement in statements(HOUSE):
        op.execute(statement)
    for table, counts in COUNTS.items():
        using = counts.format(house="(SELECT app_affairs_house())")
        op.execute(
            f"CREATE POLICY by_affairs ON {table} FOR SELECT TO yunshang_app USING ({using})"
        )
    op.execute(DEATH_STEPS)
