"""After a death, a concluded review is the step that was due: nobody reports it a second time."""

from typing import Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.errors import NotFound
from kernel.viewer import Viewer
from quality.reviews.rules import RULES
from referral.aftermath.commands import ReportStep
from referral.aftermath.errors import AlreadyReported
from referral.aftermath.service.reviews import report_step
from referral.errors import WrongSide


async def fulfil(session: AsyncSession, clock: Clock, viewer: Viewer, row: Row[Any]) -> None:
    """Report the step that this review fulfils, at the moment when it was held.

    Where somebody has reported it, or the viewer is no side of the woman's case any more, the step
    stays as it is: its own page shows it.
    """
    if row.death_review_id is None:
        return
    step = next(one.step for one in RULES.levels if one.code == row.level)
    order = ReportStep(at=row.held_at)
    try:
        await report_step(session, clock, viewer, row.death_review_id, step, order)
    except (AlreadyReported, NotFound, WrongSide):
        return
