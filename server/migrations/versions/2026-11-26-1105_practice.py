"""Reserved."""

revision = "0026_practice"
down_revision = "0025_duty_desk"


def upgrade() -> None:
    """Nothing yet."""
