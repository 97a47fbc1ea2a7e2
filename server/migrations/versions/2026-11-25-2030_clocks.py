"""Green-channel clocks: watches, breaches, delay reasons."""

revision = "0016_clocks"
down_revision = "0015_transport"


def upgrade() -> None:
    """Nothing yet."""
