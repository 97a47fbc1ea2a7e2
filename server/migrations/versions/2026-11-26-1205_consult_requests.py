"""Reserved."""

revision = "0033_consult_requests"
down_revision = "0032_reading_times"


def upgrade() -> None:
    """Nothing yet."""
