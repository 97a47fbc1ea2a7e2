"""How far a page got: what devices and sockets say."""

from collections.abc import Collection, Mapping
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from duty.escalation import firing, repository
from duty.escalation.locking import must_be_target
from duty.escalation.states import ReachAction, ReachState
from duty.escalation.topics import DELIVERED
from duty.notify import outgoing
from duty.notify.states import MessageAction
from kernel import outbox
from kernel.clock import Clock
from kernel.errors import NotFound
from kernel.ids import PageId
from kernel.viewer import Viewer

Receipt = Literal["delivered", "seen"]

_RECEIPTS: Mapping[Receipt, ReachAction] = {
    "delivered": ReachAction.DELIVER,
    "seen": ReachAction.SEE,
}


async def receipt(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    page_id: PageId,
    state: Receipt,
    *,
    route: str = "app",
) -> bool:
    """The viewer's own device, or who carried the message there, says how far the page got; True
    if that was news.

    Raises:
        NotFound: no such page for this viewer.
        NotATarget: the page never rang the viewer.
    """
    row = await repository.get(session, page_id)
    if row is None:
        raise NotFound()
    action = _RECEIPTS[state]
    at = clock.now()
    moved = await repository.move_targets(
        session, page_id, action, at, people=[viewer.person_id], route=route
    )
    if not moved:
        must_be_target(await repository.standings(session, page_id), viewer)
        return False
    if route == "app":
        await outgoing.move_in_app(session, page_id, viewer.person_id, MessageAction.CONFIRM, at)
    await firing.tell(session, row, at, firing.moved(viewer.person_id, ReachState(state)))
    # Once per page: whatever the page was about has reached its addressee.
    await outbox.enqueue(session, DELIVERED, {"page_id": str(page_id)}, key=str(page_id))
    return True


async def pushed(
    session: AsyncSession, clock: Clock, viewer: Viewer, page_ids: Collection[PageId]
) -> None:
    """These pages went out over the viewer's socket; the device has not said so yet."""
    for page_id in sorted(page_ids):
        row = await repository.get(session, page_id)
        if row is None:
            continue
        at = clock.now()
        moved = await repository.move_targets(
            session, page_id, ReachAction.SEND, at, people=[viewer.person_id], route="app"
        )
        if moved:
            await outgoing.move_in_app(session, page_id, viewer.person_id, MessageAction.ACCEPT, at)
            await firing.tell(session, row, at, firing.moved(viewer.person_id, ReachState.SENT))
