"""Administrators register the robots of group chats as they do webhooks."""

from alembic import op

from server.migrations.sql import statements

revision = "0044_group_robots"
down_revision = "0043_assignments"

_MINE = "person_id = app_person()"
_DESK = (
    "app_has_role('duty_desk') AND (facility_id = ANY(app_facilities()) OR EXISTS ("
    "SELECT 1 FROM person p WHERE p.id = person_id AND p.facility_id = ANY(app_facilities())))"
)
_HOOKS = "app_has_role('system_admin') AND channel IN ('webhook', 'wecom_robot', 'dingtalk_robot')"
_READS = f"{_MINE} OR ({_DESK}) OR ({_HOOKS})"
_KEEPS = f"NOT app_only_watches() AND ({_READS})"

ROBOTS = f"""
ALTER POLICY app_reads ON contact_point USING ({_READS});
ALTER POLICY app_adds ON contact_point WITH CHECK ({_KEEPS});
ALTER POLICY app_changes ON contact_point USING ({_KEEPS}) WITH CHECK ({_KEEPS});
"""


def upgrade() -> None:
    for statement in statements(ROBOTS):
        op.execute(statement)
