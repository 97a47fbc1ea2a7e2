"""On the road: links scoped to one case, positions, what was synced from offline."""

revision = "0015_transport"
down_revision = "0014_sending"


def upgrade() -> None:
    """Nothing yet."""
