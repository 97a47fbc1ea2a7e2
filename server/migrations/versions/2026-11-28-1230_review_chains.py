"""A review's chain is read by whoever convenes the review.

It says when the review was proposed and when it is due: from either the day of a death can be read,
which a panel is not told. Whoever works at the house that holds the review, sits on its panel, owes
one of its measures or oversees its region is party to the chain, writes to it, and read all of it.
"""

from alembic import op

from server.migrations.sql import statements

revision = "0073_review_chains"
down_revision = "0072_woman_hints"

READS = """
CREATE FUNCTION app_reads_chain(wanted uuid) RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT public.app_sees_case(wanted)
     AND (NOT EXISTS (SELECT 1 FROM public.case_review r WHERE r.id = wanted)
          OR public.app_convenes_review(wanted))
$$;
ALTER POLICY app_reads ON case_event USING (app_reads_chain(case_id));
"""


def upgrade() -> None:
    for statement in statements(READS):
        op.execute(statement)
