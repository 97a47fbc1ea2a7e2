"""Reserved."""

revision = "0027_calls"
down_revision = "0026_practice"


def upgrade() -> None:
    """Nothing yet."""
