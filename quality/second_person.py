"""Pure: two people change a rule: one enters, another compares; until then the first may undo."""

from typing import Protocol
from uuid import UUID

from kernel.errors import NotAllowed
from kernel.viewer import Viewer


class Entered(Protocol):
    """A version of something that people enter."""

    @property
    def added_by(self) -> UUID | None:
        """Who entered it; None: the release."""

    @property
    def waits(self) -> bool:
        """Neither compared by another person nor taken back."""


def is_another(viewer: Viewer, version: Entered) -> bool:
    """Whether the viewer is somebody else than whoever entered it."""
    return version.added_by != viewer.person_id


def may_withdraw(viewer: Viewer, version: Entered) -> bool:
    """Whoever entered it, until another person has compared it."""
    return version.waits and not is_another(viewer, version)


def check_withdrawal(viewer: Viewer, version: Entered) -> None:
    """Refuse whoever may not take it back.

    Raises:
        NotAllowed: somebody else entered it, or it is decided already.
    """
    if not may_withdraw(viewer, version):
        raise NotAllowed(reason="own_unverified_only")
