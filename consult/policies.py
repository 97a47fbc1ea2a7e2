"""Who may write, sign and report."""

from uuid import UUID

from consult.errors import BedsideReports, ExpertWrites, NotTheAuthor
from kernel.viewer import Role, Viewer


def must_be_expert(viewer: Viewer) -> None:
    """Advice is an expert's.

    Raises:
        ExpertWrites: the viewer is none.
    """
    if not viewer.has(Role.EXPERT):
        raise ExpertWrites()


def must_be_author(viewer: Viewer, author_id: UUID) -> None:
    """Only the writer signs.

    Raises:
        NotTheAuthor: somebody else wrote it.
    """
    if viewer.person_id != author_id:
        raise NotTheAuthor()


def may_report(viewer: Viewer, author_id: UUID, *, at_bedside: bool) -> bool:
    """Whoever works where she is treated, except the one who gave the order."""
    return at_bedside and viewer.person_id != author_id


def must_stand_at_bedside(viewer: Viewer, author_id: UUID, *, at_bedside: bool) -> None:
    """The decision stays with those who treat her.

    Raises:
        BedsideReports: the viewer gave the order, or advises from afar.
    """
    if not may_report(viewer, author_id, at_bedside=at_bedside):
        raise BedsideReports()


def may_revise(viewer: Viewer, state: str, author_id: UUID, *, shared: bool) -> bool:
    """The author, and experts of the case where the draft is shared, until it is signed."""
    return state == "draft" and (
        viewer.person_id == author_id or (shared and viewer.has(Role.EXPERT))
    )
