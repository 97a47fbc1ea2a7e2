"""医务科 reads what its house handed in and drilled: it answers for it, and is reminded of it.

Figures of a draft are read as whoever opens it, and 医务科 sees no case: what is not handed in or
debriefed stays with those who treat.
"""

from alembic import op

revision = "0063_affairs_read"
down_revision = "0062_facts_one_case"

SEALED = ("quality_return_answer", "quality_return_issue", "quality_return_unlocking")
ITS_HOUSE = "(SELECT app_has_role('medical_affairs')) AND app_works_at({facility})"


def upgrade() -> None:
    for table, state in (("quality_return", "submitted"), ("quality_exercise", "debriefed")):
        op.execute(
            f"CREATE POLICY affairs_read ON {table} FOR SELECT TO yunshang_app"
            f" USING (state = '{state}' AND {ITS_HOUSE.format(facility='facility_id')})"
        )
    for table in SEALED:
        op.execute(
            f"CREATE POLICY affairs_read ON {table} FOR SELECT TO yunshang_app"
            " USING (return_id IN (SELECT r.id FROM quality_return r"
            f" WHERE r.state = 'submitted' AND {ITS_HOUSE.format(facility='r.facility_id')}))"
        )
