"""Beds, blood, teams and vehicles: each value with who and when."""

revision = "0012_resources"
down_revision = "0011_observations"


def upgrade() -> None:
    """Nothing yet."""
