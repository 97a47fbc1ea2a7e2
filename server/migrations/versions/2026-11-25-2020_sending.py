"""What a sender adds: newborn forms, treatments with times, attachments, consents."""

revision = "0014_sending"
down_revision = "0013_case_files"


def upgrade() -> None:
    """Nothing yet."""
