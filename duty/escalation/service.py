"""Commands on pages. Each runs in the caller's transaction: what it promises commits with it.

Lock order in every command: the case (`case_lock`), then the page's ladder, then its targets,
then its messages. Inbox items are numbered last, by the commit itself.
"""

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from duty.escalation import audience, firing, ladder, policy, repository
from duty.escalation.errors import NotATarget, PageOver
from duty.escalation.repository import Ladder, PageRow
from duty.escalation.states import PAGE, PageAction, PageState, ReachAction, ReachState
from duty.notify import inbox, outgoing
from duty.notify.states import MessageAction
from duty.rosters import repository as rosters
from kernel import chain, outbox
from kernel.clock import Clock
from kernel.errors import NotFound
from kernel.ids import CaseId, FacilityId, PageId, PersonId, new_id
from kernel.viewer import Viewer

WAKE_CHANNEL = "yunshang_escalation"
"""NOTIFY channel of the engine: a ladder became due."""

ACKNOWLEDGED = "page.acknowledged"
DELIVERED = "page.delivered"
"""Outbox topic: a page reached the first of its people."""

Receipt = Literal["delivered", "seen"]
DeclineReason = Literal["in_surgery", "off_site", "other"]

_RECEIPTS: Mapping[Receipt, ReachAction] = {
    "delivered": ReachAction.DELIVER,
    "seen": ReachAction.SEE,
}


async def page(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    *,
    case_id: CaseId,
    facility_id: FacilityId,
    event: str,
    level: str,
    req_key: str,
    title: str | None = None,
) -> PageId:
    """Ring the people on call at `facility_id`, now, in this transaction.

    The case must already have its first chain event and its origin party. Escalation goes on by
    itself until somebody acknowledges or `stop` is called. With a simulated clock everything is
    recorded at that clock's time, nothing rings and the engine leaves it alone.

    Args:
        event: what happened, e.g. `referral.offered`; chooses the policy together with `level`.
        level: acuity: resuscitation, critical, urgent or stable.
        req_key: the same key sends one page; a repeat returns the first one's id.
        title: case number or the like, shown on lock screens: never a patient's identity.
    """
    known = await repository.id_by_key(session, req_key)
    if known is not None:
        return known
    version = await policy.choose(session, facility_id, event, level)
    row = PageRow(
        id=PageId(new_id()),
        req_key=req_key,
        case_id=case_id,
        facility_id=facility_id,
        from_facility_id=None if viewer.is_process else viewer.facility_id,
        event=event,
        level=level,
        title=title or "",
        policy_id=version.id,
        simulated=clock.simulated,
        created_by=None if viewer.is_process else viewer.person_id,
        created_at=clock.now() if clock.simulated else version.database_now,
    )
    await _first_step(session, clock, viewer, row, version.policy)
    return row.id


async def _first_step(
    session: AsyncSession, clock: Clock, viewer: Viewer, row: PageRow, steps: ladder.Policy
) -> None:
    """Resolve the roster, ring the first step's people, start the ladder, say so in the chain."""
    at = row.created_at
    move = ladder.climb(steps, 0, await rosters.roster(session, row.facility_id, at))
    await repository.insert_page(session, row)
    state = PageState.EXHAUSTED if move.exhausted else PageState.RUNNING
    await repository.open_ladder(
        session, row, state, move.step, at + timedelta(seconds=move.next_delay_s)
    )
    people = await firing.ring(session, row, move, at)
    said = {"event": row.event, "level": row.level, "step": move.step}
    await chain.append(
        session,
        clock,
        row.case_id,
        "page.sent",
        viewer=viewer,
        payload=_facts(row, people) | said,
        auto=True,
    )
    if move.exhausted:
        facts = _facts(row)
        await chain.append(
            session, clock, row.case_id, "page.exhausted", viewer=viewer, payload=facts, auto=True
        )


async def acknowledge(
    session: AsyncSession, clock: Clock, viewer: Viewer, page_id: PageId
) -> PageId:
    """The viewer takes the call. The first one stops the ringing; later ones are recorded too.

    Raises:
        NotFound: no such page for this viewer.
        NotATarget: the page never rang the viewer.
        PageOver: it was cancelled before.
    """
    row, rung = await _locked(session, page_id)
    await _must_be_target(session, row, viewer)
    if rung.state == PageState.CANCELLED:
        raise PageOver(reason="cancelled")
    await _acknowledged(session, clock, viewer, row, rung, route="app")
    if not clock.simulated:
        # Once per page: "I have it" about the page is "I have it" about what it asks.
        payload = {"page_id": str(page_id), "person_id": str(viewer.person_id)}
        await outbox.enqueue(session, ACKNOWLEDGED, payload, key=str(page_id))
    return page_id


async def acknowledge_for(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    case_id: CaseId,
    facility_id: FacilityId,
) -> None:
    """The viewer answered for the facility (accepted the offer): its pages need no answer more."""
    await repository.lock_case(session, case_id)
    for row in await repository.live_of_case(session, case_id, facility_id):
        rung = await repository.lock_ladder(session, row.id)
        if rung.live:
            await _acknowledged(session, clock, viewer, row, rung, route="offer")


async def decline(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    page_id: PageId,
    *,
    reason: DeclineReason,
    note: str | None = None,
) -> PageId:
    """The viewer cannot come. If nobody who was rung is left, the next step rings at once.

    Raises:
        NotFound: no such page for this viewer.
        NotATarget: the page never rang the viewer.
        PageOver: it was cancelled before.
    """
    row, rung = await _locked(session, page_id)
    await _must_be_target(session, row, viewer)
    if rung.state == PageState.CANCELLED:
        raise PageOver(reason="cancelled")
    at = clock.now() if clock.simulated else rung.now
    moved = await repository.move_targets(
        session, page_id, ReachAction.DECLINE, at, people=[viewer.person_id], route="app"
    )
    if not moved:
        return page_id
    await repository.say_why(session, page_id, viewer.person_id, reason, note)
    await chain.append(
        session,
        clock,
        row.case_id,
        "page.declined",
        viewer=viewer,
        payload=_facts(row) | {"person_id": viewer.person_id, "reason": reason},
        auto=True,
    )
    standings = await repository.standings(session, page_id)
    if rung.live and all(one.state == ReachState.DECLINED for one in standings):
        await repository.hurry_ladder(session, page_id, at)
        await outbox.notify(session, WAKE_CHANNEL, str(page_id))
    await firing.tell(session, row, at, _moved(viewer.person_id, ReachState.DECLINED, rung.state))
    return page_id


async def receipt(
    session: AsyncSession, clock: Clock, viewer: Viewer, page_id: PageId, state: Receipt
) -> bool:
    """The viewer's own device says how far the page got; True if that was news.

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
        session, page_id, action, at, people=[viewer.person_id], route="app"
    )
    if not moved:
        await _must_be_target(session, row, viewer)
        return False
    await outgoing.move_in_app(session, page_id, viewer.person_id, MessageAction.CONFIRM, at)
    await firing.tell(session, row, at, _moved(viewer.person_id, ReachState(state), None))
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
            await firing.tell(session, row, at, _moved(viewer.person_id, ReachState.SENT, None))


async def stop(
    session: AsyncSession,
    clock: Clock,
    case_id: CaseId,
    facility_id: FacilityId | None,
    reason: str,
) -> None:
    """Stop ringing for the case (at one facility, or everywhere) and tell everybody rung."""
    await repository.lock_case(session, case_id)
    for row in await repository.live_of_case(session, case_id, facility_id):
        await _cancel(session, clock, row, reason)


async def stop_pages(
    session: AsyncSession,
    clock: Clock,
    case_id: CaseId,
    page_ids: Collection[PageId],
    reason: str,
) -> None:
    """Stop ringing for these pages of the case only: what they ask has an owner."""
    await repository.lock_case(session, case_id)
    for row in await repository.live_of_case(session, case_id, None):
        if row.id in page_ids:
            await _cancel(session, clock, row, reason)


async def case_of_page(session: AsyncSession, page_id: PageId) -> CaseId | None:
    """The case that a page is about, if this session may see it."""
    row = await repository.get(session, page_id)
    return None if row is None else row.case_id


async def _cancel(session: AsyncSession, clock: Clock, row: PageRow, reason: str) -> None:
    rung = await repository.lock_ladder(session, row.id)
    if not rung.live:
        return
    to = PAGE.edge(rung.state, PageAction.CANCEL).to
    at = clock.now() if clock.simulated else rung.now
    await repository.end_ladder(session, row.id, to, at, reason=reason)
    people = {one.person_id for one in await repository.standings(session, row.id)}
    await outgoing.drop(session, row.id, at)
    facts: dict[str, object] = {"page_state": str(to), "reason": reason}
    await firing.tell(session, row, at, facts, also=people)


async def notify_people(
    session: AsyncSession,
    clock: Clock,
    *,
    case_id: CaseId | None,
    kind: str,
    data: Mapping[str, object],
    facility_id: FacilityId | None = None,
    person_ids: Collection[PersonId] = (),
) -> None:
    """Put a notice into inboxes without ringing: of people, of a facility's duty, or both.

    Args:
        case_id: the case it is about; None (for processes of the platform) if about none.
        kind: the notice's code, e.g. `offer.withdrawn`; the text is the reader's language.
        data: ids and codes only, never a patient's identity.
        facility_id: everybody on call or signed on there now.
    """
    if clock.simulated:
        return
    people = set(person_ids)
    if facility_id is not None:
        people |= await audience.at_post(session, facility_id, clock.now())
    await inbox.post(session, people, "notice", case_id, {"code": kind, **data})


async def _locked(session: AsyncSession, page_id: PageId) -> tuple[PageRow, Ladder]:
    row = await repository.get(session, page_id)
    if row is None or not await repository.lock_case(session, row.case_id):
        raise NotFound()
    return row, await repository.lock_ladder(session, page_id)


async def _must_be_target(session: AsyncSession, row: PageRow, viewer: Viewer) -> None:
    standings = await repository.standings(session, row.id)
    if not any(one.person_id == viewer.person_id for one in standings):
        raise NotATarget()


async def _acknowledged(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    row: PageRow,
    rung: Ladder,
    *,
    route: str,
) -> None:
    at = clock.now() if clock.simulated else rung.now
    await repository.move_targets(
        session, row.id, ReachAction.ACKNOWLEDGE, at, people=[viewer.person_id], route=route
    )
    people = {one.person_id for one in await repository.standings(session, row.id)}
    if rung.live:
        to = PAGE.edge(rung.state, PageAction.ACKNOWLEDGE).to
        await repository.end_ladder(session, row.id, to, at, by=viewer.person_id)
    await outgoing.move_in_app(session, row.id, viewer.person_id, MessageAction.CONFIRM, at)
    if rung.live:
        await outgoing.drop(session, row.id, at)
        await chain.append(
            session,
            clock,
            row.case_id,
            "page.acknowledged",
            viewer=viewer,
            payload={"page_id": row.id, "facility_id": row.facility_id}
            | {"person_id": viewer.person_id, "route": route},
            auto=True,
        )
    winner = viewer.person_id if rung.live else rung.acknowledged_by
    facts = _moved(viewer.person_id, ReachState.ACKNOWLEDGED, PageState.ACKNOWLEDGED)
    await firing.tell(session, row, at, facts | {"acknowledged_by": winner}, also=people)


def _facts(row: PageRow, people: Collection[PersonId] | None = None) -> dict[str, object]:
    facts: dict[str, object] = {"page_id": row.id, "facility_id": row.facility_id}
    if people is not None:
        facts["person_ids"] = list(people)
    return facts


def _moved(person_id: PersonId, state: ReachState, page: PageState | None) -> dict[str, object]:
    facts: dict[str, object] = {"person_id": person_id, "state": str(state)}
    if page is not None:
        facts["page_state"] = str(page)
    return facts
