"""Reserved."""

revision = "0032_reading_times"
down_revision = "0031_ctg_readings"


def upgrade() -> None:
    """Nothing yet."""
