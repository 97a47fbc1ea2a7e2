"""Reserved."""

revision = "0031_ctg_readings"
down_revision = "0030_ctg_alarms"


def upgrade() -> None:
    """Nothing yet."""
