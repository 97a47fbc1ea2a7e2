"""Reserved."""

revision = "0028_ctg_journal"
down_revision = "0027_calls"


def upgrade() -> None:
    """Nothing yet."""
