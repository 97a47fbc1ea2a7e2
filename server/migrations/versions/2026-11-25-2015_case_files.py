"""High-risk case files: owner, plan, follow-up, closing."""

revision = "0013_case_files"
down_revision = "0012_resources"


def upgrade() -> None:
    """Nothing yet."""
