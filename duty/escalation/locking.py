"""The order in which a command takes what it changes: the case, then the page's ladder."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from duty.escalation import repository
from duty.escalation.crew import Standing
from duty.escalation.errors import NotATarget, PageOver
from duty.escalation.repository import Ladder, PageRow
from duty.escalation.states import PageState
from kernel.errors import NotFound
from kernel.ids import PageId
from kernel.viewer import Viewer


async def locked(session: AsyncSession, page_id: PageId) -> tuple[PageRow, Ladder]:
    """The page with its ladder in our hands.

    Raises:
        NotFound: no such page for this viewer.
    """
    row = await repository.get(session, page_id)
    if row is None or not await repository.lock_case(session, row.case_id):
        raise NotFound()
    return row, await repository.lock_ladder(session, page_id)


async def locked_for_answer(
    session: AsyncSession, page_id: PageId, viewer: Viewer
) -> tuple[PageRow, Ladder]:
    """The same, for somebody whom the page rang.

    Raises:
        NotFound: no such page for this viewer.
        NotATarget: the page never rang the viewer.
        PageOver: it was cancelled before.
    """
    row, rung = await locked(session, page_id)
    must_be_target(await repository.standings(session, page_id), viewer)
    if rung.state is PageState.CANCELLED:
        raise PageOver(reason="cancelled")
    return row, rung


def must_be_target(standings: Sequence[Standing], viewer: Viewer) -> None:
    """Only those rung speak for themselves.

    Raises:
        NotATarget: the page never rang the viewer.
    """
    if not any(one.person_id == viewer.person_id for one in standings):
        raise NotATarget()
