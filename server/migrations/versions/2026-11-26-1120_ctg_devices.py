"""Reserved."""

revision = "0029_ctg_devices"
down_revision = "0028_ctg_journal"


def upgrade() -> None:
    """Nothing yet."""
