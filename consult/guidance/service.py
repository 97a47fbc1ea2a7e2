"""Commands: arrange, be there, leave, end, write what was guided, confirm or dispute, call off.

A session begins and is counted by presence alone: nobody types in that it took place.
"""

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from consult.echo import also_of
from consult.guidance import presence, rights, store
from consult.guidance.errors import (
    CaseNotShared,
    GuidanceMoved,
    GuidancePassed,
    HouseUnknown,
    KindUnknown,
    SameHouse,
)
from consult.guidance.rules import KINDS, RULES
from consult.guidance.schemas import ArrangeGuidance, MoveGuidance, RecordGuidance, SayWhy
from consult.guidance.states import LIVE, End, GuidanceAction, GuidanceState
from consult.guidance.telling import house_of, other, tell
from consult.staying import seconds
from kernel import chain, parties
from kernel.clock import Clock
from kernel.ids import CaseId, FacilityId, new_id
from kernel.parties import PartyRole
from kernel.viewer import Viewer
from registry.facilities import queries as facilities

ARRANGED: Final = "guidance.arranged"
WAITING: Final = "guidance.waiting"
BEGUN: Final = "guidance.begun"
ENDED: Final = "guidance.ended"
COUNTED: Final = "guidance.session"
"""The event that indicator 15 counts; see the view `fact_guidance_now`."""
RECORDED: Final = "guidance.recorded"
CONFIRMED: Final = "guidance.confirmed"
DISPUTED: Final = "guidance.disputed"
CANCELLED: Final = "guidance.cancelled"


async def arrange(
    session: AsyncSession, clock: Clock, viewer: Viewer, order: ArrangeGuidance
) -> UUID:
    """Arrange a session between the viewer's house and another; the other end is told.

    Raises:
        SameHouse, HouseUnknown, KindUnknown, GuidancePassed: the order makes no sense.
        EndsOnly: the viewer could not be there (an expert guides).
        NotFound: the case is not open to the viewer.
        CaseNotShared: it is not open to the other house.
    """
    at, own, far = clock.now(), FacilityId(viewer.facility_id), FacilityId(order.facility_id)
    await _must_make_sense(session, order, own, far, at)
    guidance_id = new_id()
    await _open_to_both(session, CaseId(guidance_id), own, far, guiding=order.guiding)
    about = order.of_case_id
    if about is not None and not await store.shared_with(session, about, far):
        raise CaseNotShared()
    values = {
        "id": guidance_id,
        "centre_id": own if order.guiding else far,
        "institution_id": far if order.guiding else own,
        "kind": order.kind,
        "topic": order.topic,
        "of_case_id": about,
        "drill": about is not None and await store.is_drill(session, about),
        "by": viewer.person_id,
        "at": at,
        "planned_at": order.planned_at,
        "minutes": order.minutes,
    }
    await store.insert(session, values)
    row = await store.locked(session, guidance_id)
    rights.must_be_there(viewer, row)
    facts: dict[str, object] = {
        "centre_facility": row.centre_id,
        "institution_facility": row.institution_id,
        "kind": row.kind,
        "about": about,
    }
    await _say(session, clock, viewer, row, ARRANGED, facts)
    await tell(session, clock, row, _far(viewer, row), ARRANGED)
    return guidance_id


async def _must_make_sense(
    session: AsyncSession, order: ArrangeGuidance, own: FacilityId, far: FacilityId, at: datetime
) -> None:
    if order.kind not in KINDS:
        raise KindUnknown()
    if own == far:
        raise SameHouse()
    if far not in await facilities.get_many(session, [far]) or await facilities.is_outside(
        session, far
    ):
        raise HouseUnknown()
    if order.planned_at is not None and order.planned_at <= at:
        raise GuidancePassed()


async def _open_to_both(
    session: AsyncSession, case_id: CaseId, own: FacilityId, far: FacilityId, *, guiding: bool
) -> None:
    """Either end sees it, and the regions of the house that is guided; a case opens with its own.

    The arranging house is an origin in any case: nobody else may open one.
    """
    region = await facilities.region_of(session, own)
    await parties.add_facility(session, case_id, own, PartyRole.ORIGIN, region)
    if guiding:
        region = await facilities.region_of(session, far)
        await parties.add_facility(session, case_id, far, PartyRole.ORIGIN, region)
    else:
        await parties.add_facility(session, case_id, far, PartyRole.EXPERT)


async def be_there(session: AsyncSession, clock: Clock, viewer: Viewer, guidance_id: UUID) -> None:
    """A heartbeat: the viewer is there. Where both ends are, the session begins.

    Raises:
        NotFound: unknown or foreign.
        EndsOnly: the viewer belongs to neither end.
        GuidanceMoved: it is over.
    """
    row = await store.locked(session, guidance_id)
    end, at = _live(viewer, row), clock.now()
    stays = await store.stays(session, row.id)
    mine = [one for one in stays if one.person_id == viewer.person_id and one.left_at is None]
    if mine and store.is_here(mine[-1], at):
        await store.heard(session, mine[-1], at)
    else:
        for one in mine:
            await store.go(session, one, one.heard_at)
        house = house_of(row, end)
        await store.come(session, row.id, viewer.person_id, house, end, at)
        await chain.hint(session, CaseId(row.id))
    if row.state != GuidanceState.ARRANGED:
        return
    if await _is_there(session, row, stays, other(end), at):
        await _begin(session, clock, viewer, row, at)
    elif not any(one.side == str(end) for one in stays):
        await tell(session, clock, row, other(end), WAITING)


def _live(viewer: Viewer, row: Row[Any]) -> End:
    end = rights.must_be_there(viewer, row)
    if row.state not in LIVE:
        raise GuidanceMoved(state=row.state, action="presence")
    return end


async def _is_there(
    session: AsyncSession, row: Row[Any], stays: Any, end: End, at: datetime
) -> bool:
    if any(one.side == str(end) and store.is_here(one, at) for one in stays):
        return True
    house = house_of(row, end)
    return any(
        one.here and one.facility_id == house for one in await store.room_stays(session, row)
    )


async def _begin(
    session: AsyncSession, clock: Clock, viewer: Viewer, row: Row[Any], at: datetime
) -> None:
    """Both ends are there: who answers for whom is kept as the registry says it now."""
    centre, house = FacilityId(row.centre_id), FacilityId(row.institution_id)
    known = await facilities.get_many(session, [centre])
    changed: dict[str, Any] = {
        "begun_at": at,
        "centre_region_id": await facilities.region_of(session, centre),
        "institution_region_id": await facilities.region_of(session, house),
        "centre_tier": known[centre].tier,
        "area_region_id": await facilities.answers_for(session, centre, house, at),
    }
    await store.move(session, row, GuidanceState.UNDERWAY, changed)
    facts = {name: changed[name] for name in changed if name != "begun_at"}
    ends: dict[str, object] = {"centre_facility": centre, "institution_facility": house}
    await _say(session, clock, viewer, row, BEGUN, ends | facts)
    about = {"guidance_id": row.id, **ends}
    await also_of(session, clock, viewer, row.of_case_id, BEGUN, about)


async def leave(session: AsyncSession, clock: Clock, viewer: Viewer, guidance_id: UUID) -> None:
    """The viewer goes; the session goes on, and they may come again.

    Raises:
        NotFound: unknown or foreign.
        EndsOnly: the viewer belongs to neither end.
    """
    row = await store.locked(session, guidance_id)
    rights.must_be_there(viewer, row)
    for one in await store.stays(session, row.id):
        if one.person_id == viewer.person_id and one.left_at is None:
            await store.go(session, one, store.reached(one, clock.now()))
    await chain.hint(session, CaseId(row.id))


async def end(
    session: AsyncSession, clock: Clock, viewer: Viewer, guidance_id: UUID, order: MoveGuidance
) -> None:
    """It is over; how long both were there is computed and decides whether it counts."""
    row = await store.locked(session, guidance_id)
    rights.step(viewer, row, order.version, GuidanceAction.END)
    await close(session, clock, viewer, row)


async def close(session: AsyncSession, clock: Clock, viewer: Viewer, row: Row[Any]) -> None:
    """End a session that is locked, by somebody's act or because nobody is there any more."""
    at = clock.now()
    for one in await store.stays(session, row.id):
        if one.left_at is None:
            await store.go(session, one, store.reached(one, at))
    together_s = seconds(presence.together(await store.presence(session, row, at)))
    changed = {"ended_at": at, "together_s": together_s, "rules": RULES.version}
    await store.move(session, row, GuidanceState.ENDED, changed)
    facts: dict[str, object] = {
        "centre_facility": row.centre_id,
        "institution_facility": row.institution_id,
        "together_s": together_s,
        "rules": RULES.version,
    }
    about = {"guidance_id": row.id, **facts}
    if together_s >= RULES.together_s:
        counted: dict[str, object] = {"way": "session", "kind": row.kind}
        if row.drill:
            counted["drill"] = True
        await _count(session, clock, viewer, row, about | counted)
    await _say(session, clock, viewer, row, ENDED, facts)
    await also_of(session, clock, viewer, row.of_case_id, ENDED, about)
    await tell(session, clock, row, End.INSTITUTION, ENDED)


async def _count(
    session: AsyncSession, clock: Clock, viewer: Viewer, row: Row[Any], facts: dict[str, object]
) -> None:
    """On the chain of the case that it is about, where a centre's guidance counts once; else on
    the session's own, also where that case takes nothing any more."""
    if not await also_of(session, clock, viewer, row.of_case_id, COUNTED, facts):
        await _say(session, clock, viewer, row, COUNTED, facts)


async def record(
    session: AsyncSession, clock: Clock, viewer: Viewer, guidance_id: UUID, order: RecordGuidance
) -> None:
    """What was guided, in the centre's words; its hash goes on the chain, the words do not."""
    row = await store.locked(session, guidance_id)
    to = rights.step(viewer, row, order.version, GuidanceAction.RECORD)
    await store.record(session, row.id, viewer.person_id, clock.now(), order.text)
    await store.move(session, row, to)
    facts: dict[str, object] = {"sha256": sha256(order.text.encode()).hexdigest()}
    await _say(session, clock, viewer, row, RECORDED, facts)


async def confirm(
    session: AsyncSession, clock: Clock, viewer: Viewer, guidance_id: UUID, order: MoveGuidance
) -> None:
    """The house that was guided agrees that it took place as it stands here."""
    row = await store.locked(session, guidance_id)
    to = rights.step(viewer, row, order.version, GuidanceAction.CONFIRM)
    await store.move(session, row, to, {"note": None})
    await _say(session, clock, viewer, row, CONFIRMED, {})


async def dispute(
    session: AsyncSession, clock: Clock, viewer: Viewer, guidance_id: UUID, order: SayWhy
) -> None:
    """The house that was guided does not agree, and why: it is not counted until they do."""
    row = await store.locked(session, guidance_id)
    to = rights.step(viewer, row, order.version, GuidanceAction.DISPUTE)
    await store.move(session, row, to, {"note": order.note})
    await _say(session, clock, viewer, row, DISPUTED, {})
    guided = [one.person_id for one in await store.stays(session, row.id) if one.side == "centre"]
    await tell(session, clock, row, End.CENTRE, DISPUTED, guided)


async def cancel(
    session: AsyncSession, clock: Clock, viewer: Viewer, guidance_id: UUID, order: SayWhy
) -> None:
    """It does not take place, and why."""
    row = await store.locked(session, guidance_id)
    to = rights.step(viewer, row, order.version, GuidanceAction.CANCEL)
    await store.move(session, row, to, {"note": order.note})
    await _say(session, clock, viewer, row, CANCELLED, {})
    await tell(session, clock, row, _far(viewer, row), CANCELLED, [row.arranged_by])


def forgotten(at: datetime) -> datetime:
    """Whoever was last heard before then is long gone."""
    return at - timedelta(seconds=RULES.forgotten_s)


def _far(viewer: Viewer, row: Row[Any]) -> End:
    return other(rights.must_be_there(viewer, row))


async def _say(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    row: Row[Any],
    kind: str,
    facts: dict[str, object],
) -> None:
    await chain.append(
        session, clock, CaseId(row.id), kind, viewer=viewer, payload=facts, auto=viewer.is_process
    )
