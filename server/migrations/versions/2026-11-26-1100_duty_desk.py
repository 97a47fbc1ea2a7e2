"""Reserved."""

revision = "0025_duty_desk"
down_revision = "0024_fallback"


def upgrade() -> None:
    """Nothing yet."""
