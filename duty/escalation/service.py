"""Commands on pages. Each runs in the caller's transaction: what it promises commits with it.

Lock order in every command: the case (`case_lock`), then the page's ladder, then its targets,
then its messages. Inbox items are numbered last, by the commit itself.
"""

from collections.abc import Collection, Mapping
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from duty.escalation import audience, firing, policy, repository
from duty.escalation.answers import (
    acknowledge,
    acknowledge_for,
    decline,
    joined,
    joined_case,
    joined_for,
    pass_on,
)
from duty.escalation.ladder import Policy
from duty.escalation.reach import pushed, receipt
from duty.escalation.repository import PageRow
from duty.escalation.resolving import next_move, with_named
from duty.escalation.states import PAGE, PageAction, PageState
from duty.escalation.topics import ACKNOWLEDGED, DELIVERED, WAKE_CHANNEL
from duty.notify import inbox, outgoing
from kernel import chain
from kernel.clock import Clock
from kernel.ids import CaseId, FacilityId, GroupId, PageId, PersonId, new_id
from kernel.viewer import Viewer

__all__ = [
    "ACKNOWLEDGED",
    "DELIVERED",
    "WAKE_CHANNEL",
    "acknowledge",
    "acknowledge_for",
    "case_of_page",
    "decline",
    "joined",
    "joined_case",
    "joined_for",
    "notify_people",
    "page",
    "pass_on",
    "pushed",
    "receipt",
    "stop",
    "stop_pages",
]


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
    colour: str | None = None,
    condition: str | None = None,
    group_id: GroupId | None = None,
    named: Collection[PersonId] = (),
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
        colour: her risk colour, if graded; chooses among policies too.
        condition: the code of what she has; likewise.
        group_id: ring only this group's places in the first step (a drill of one group).
        named: people of the house who ring with the first step because they were asked for by
            name, whether or not it is their turn.
    """
    known = await repository.id_by_key(session, req_key)
    if known is not None:
        return known
    version = await policy.choose(
        session, facility_id, event, level, colour=colour, condition=condition
    )
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
        mode=str(version.policy.mode),
        colour=colour,
        condition=condition,
        simulated=clock.simulated,
        created_by=None if viewer.is_process else viewer.person_id,
        created_at=clock.now() if clock.simulated else version.database_now,
    )
    await _first_step(session, clock, viewer, row, version.policy, group_id, named)
    return row.id


async def _first_step(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    row: PageRow,
    rules: Policy,
    group_id: GroupId | None = None,
    named: Collection[PersonId] = (),
) -> None:
    """Resolve the roster, ring the first step's people, start the ladder, say so in the chain."""
    at = row.created_at
    move = await next_move(session, rules, row.facility_id, 0, at, group_id=group_id)
    move = await with_named(session, move, named)
    state = PageState.EXHAUSTED if move.exhausted else PageState.RUNNING
    row = await repository.insert_page(
        session, row, state, move.step, at + timedelta(seconds=move.next_delay_s)
    )
    people = await firing.ring(session, row, move, at)
    said: dict[str, object] = {"event": row.event, "level": row.level, "step": move.step}
    said |= firing.whence(move)
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


async def stop(
    session: AsyncSession,
    clock: Clock,
    case_id: CaseId,
    facility_id: FacilityId | None,
    reason: str,
) -> None:
    """Stop ringing for the case (at one facility, or everywhere) and tell everybody rung; who
    said yes is not waited for either."""
    await repository.lock_case(session, case_id)
    for row in await repository.open_of_case(session, case_id, facility_id):
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
    for row in await repository.open_of_case(session, case_id, None):
        if row.id in page_ids:
            await _cancel(session, clock, row, reason)


async def case_of_page(session: AsyncSession, page_id: PageId) -> CaseId | None:
    """The case that a page is about, if this session may see it."""
    row = await repository.get(session, page_id)
    return None if row is None else row.case_id


async def _cancel(session: AsyncSession, clock: Clock, row: PageRow, reason: str) -> None:
    rung = await repository.lock_ladder(session, row.id)
    if rung.awaits_joining:
        to = PAGE.edge(rung.state, PageAction.SETTLE).to
        await repository.rest_ladder(session, row.id, to, None)
    if not rung.live:
        return
    to = PAGE.edge(rung.state, PageAction.CANCEL).to
    at = clock.now() if clock.simulated else rung.now
    await repository.end_ladder(session, row.id, to, at, reason=reason)
    people = {one.person_id for one in await repository.standings(session, row.id)}
    await outgoing.drop(session, row.id, at)
    facts: dict[str, object] = {"page_state": str(to), "reason": reason}
    await firing.tell(session, row, at, facts, also=people)


def _facts(row: PageRow, people: Collection[PersonId] | None = None) -> dict[str, object]:
    facts: dict[str, object] = {"page_id": row.id, "facility_id": row.facility_id}
    if people is not None:
        facts["person_ids"] = list(people)
    return facts


async def notify_people(
    session: AsyncSession,
    clock: Clock,
    *,
    case_id: CaseId | None,
    kind: str,
    data: Mapping[str, object],
    facility_id: FacilityId | None = None,
    facility_ids: Collection[FacilityId] = (),
    person_ids: Collection[PersonId] = (),
) -> None:
    """Put a notice into inboxes without ringing: of people, of facilities' duty, or both.

    Whoever is reached in more than one of these ways finds it once.

    Args:
        case_id: the case it is about; None (for processes of the platform) if about none.
        kind: the notice's code, e.g. `offer.withdrawn`; the text is the reader's language.
        data: ids and codes only, never a patient's identity.
        facility_id: everybody on call or signed on there now.
        facility_ids: likewise, of several.
        person_ids: these, wherever they are.
    """
    if clock.simulated:
        return
    people = set(person_ids)
    houses = {*facility_ids} if facility_id is None else {*facility_ids, facility_id}
    if houses:
        people |= await audience.at_post(session, houses, clock.now())
    await inbox.post(session, people, "notice", case_id, {"code": kind, **data})
