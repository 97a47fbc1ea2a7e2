"""Reserved."""

revision = "0034_rooms"
down_revision = "0033_consult_requests"


def upgrade() -> None:
    """Nothing yet."""
