"""Five-colour grades: dated history of proposals and confirmations."""

revision = "0010_risk"
down_revision = "0009_least_rights"


def upgrade() -> None:
    """Nothing yet."""
