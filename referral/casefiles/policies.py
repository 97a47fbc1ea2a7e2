"""Who a viewer is to a file, and why something is refused."""

from typing import Any
from uuid import UUID

from kernel.errors import NotFound
from kernel.states import Edge
from kernel.viewer import Role, Viewer
from referral.casefiles.errors import FileWrongSide
from referral.casefiles.rules.allowed import side_for
from referral.casefiles.rules.facts import FileViewpoint
from referral.casefiles.states import FileSide

_ADVISES = (Role.EXPERT, Role.COORDINATOR)


def file_viewpoint(viewer: Viewer, *, coordinates: bool) -> FileViewpoint:
    """How `viewer` looks at a file; `coordinates`: it belongs to a region of theirs."""
    if viewer.is_process:
        return FileViewpoint(system=True)
    return FileViewpoint(
        facility_ids=frozenset(UUID(str(id_)) for id_ in viewer.facility_ids),
        advises=viewer.has(*_ADVISES),
        coordinates=coordinates and viewer.has(Role.COORDINATOR),
        administers=viewer.has(Role.SYSTEM_ADMIN),
    )


def side_or_refuse(edge: Edge[Any, FileSide], mine: frozenset[FileSide], action: str) -> FileSide:
    """As which side the viewer takes `edge`, or why not.

    Raises:
        FileWrongSide: the edge belongs to others.
    """
    side = side_for(edge, mine)
    if side is None:
        owners = sorted(str(actor) for actor in edge.actors)
        raise FileWrongSide(action=action, sides="/".join(owners))
    return side


def must_keep_special(viewer: Viewer) -> None:
    """Special-population lists exist for holders of their permission and for nobody else.

    Raises:
        NotFound: the viewer does not hold it.
    """
    if not viewer.has(Role.SPECIAL_POPULATION):
        raise NotFound()
