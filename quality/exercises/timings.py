"""What a drill's events say: milestones and clocks, by the same fold as everywhere."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.ids import CaseId
from kernel.viewer import Viewer
from quality.exercises.schemas import IntervalOut, TimingOut, Timings
from referral.clocks.queries import case_clock
from referral.clocks.schemas import CaseClock, ClockOut


async def timings_of(session: AsyncSession, clock: Clock, viewer: Viewer, case_id: UUID) -> Timings:
    """Timings of the case as they are now.

    Raises:
        NotFound: the case is not open to the viewer.
    """
    return folded(await case_clock(session, clock, viewer, CaseId(case_id)))


def folded(found: CaseClock) -> Timings:
    """Pure: a case's clocks as a report shows them; those still running have no length."""
    first = min((one.at for one in found.milestones), default=found.server_time)
    return Timings(
        milestones=[
            TimingOut(
                name=one.name,
                zh=one.words.zh,
                en=one.words.en,
                at=one.at,
                after_s=(one.at - first).total_seconds(),
                late=one.late,
            )
            for one in found.milestones
        ],
        intervals=[_interval(one) for one in found.clocks],
    )


def _interval(one: ClockOut) -> IntervalOut:
    target_s = one.target.seconds if one.target is not None else None
    met = None
    if one.elapsed_s is not None and target_s is not None:
        met = one.elapsed_s <= target_s
    return IntervalOut(
        name=one.code,
        zh=one.name.zh,
        en=one.name.en,
        elapsed_s=one.elapsed_s,
        target_s=target_s,
        met=met,
        to_be_verified=one.target is not None and one.target.to_be_verified,
    )
