"""After the case: death reviews, near-miss proposals, documents issued."""

revision = "0017_aftermath"
down_revision = "0016_clocks"


def upgrade() -> None:
    """Nothing yet."""
