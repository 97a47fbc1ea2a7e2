"""The port through which the domains say what is open: duty itself knows no referral."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.ids import CaseId
from kernel.viewer import Viewer


@dataclass(frozen=True, slots=True)
class OpenCase:
    """A case that the next one on duty must know of; its number, never who she is.

    Attributes:
        state: the domain's own code of its state.
        acuity: resuscitation, critical, urgent or stable.
        pages: how many pages about it ring at this moment.
    """

    case_id: CaseId
    number: str
    state: str
    acuity: str
    opened_at: datetime
    pages: int = 0


@runtime_checkable
class OpenCases(Protocol):
    """What is open at the viewer's facility, as far as the viewer may see it, worst first."""

    async def __call__(self, session: AsyncSession, viewer: Viewer) -> list[OpenCase]:
        """The open cases now."""
        ...
