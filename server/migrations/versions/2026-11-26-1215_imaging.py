"""Reserved."""

revision = "0035_imaging"
down_revision = "0034_rooms"


def upgrade() -> None:
    """Nothing yet."""
