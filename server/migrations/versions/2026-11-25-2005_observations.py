"""Observations: what was measured, with units, by whom and with which device."""

revision = "0011_observations"
down_revision = "0010_risk"


def upgrade() -> None:
    """Nothing yet."""
