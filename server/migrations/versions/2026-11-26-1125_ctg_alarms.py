"""Reserved."""

revision = "0030_ctg_alarms"
down_revision = "0029_ctg_devices"


def upgrade() -> None:
    """Nothing yet."""
