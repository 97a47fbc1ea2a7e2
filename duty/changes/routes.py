"""Changes of a roster over HTTP."""

from collections.abc import Awaitable, Callable
from typing import Literal

from litestar import Router, get, post
from sqlalchemy.ext.asyncio import AsyncSession

from duty.changes import assigning, partners, queries, service, takeover
from duty.changes.schemas import (
    AcceptIn,
    AnswerIn,
    ChangeIn,
    ChangeMade,
    DecideIn,
    MyShift,
    OnDutyNow,
    RosterChange,
    ShiftIn,
    ShiftOut,
    SwapPartner,
    TakeOverIn,
)
from kernel.access import CLINICAL, OPT, roles
from kernel.clock import Clock
from kernel.errors import BadInput
from kernel.idempotency import once
from kernel.ids import ChangeId, PersonId, ShiftId, SlotId
from kernel.viewer import CLINICAL_ROLES, Role, Viewer

APPROVING = roles(Role.COORDINATOR, Role.MEDICAL_AFFAIRS)
ROSTERING = roles(Role.COORDINATOR, Role.DUTY_DESK)
OVERSEEING = roles(Role.COORDINATOR, Role.DUTY_DESK, Role.MEDICAL_AFFAIRS)
READING = roles(*CLINICAL_ROLES, Role.MEDICAL_AFFAIRS)


@get("/duty/my-shifts", opt={OPT: CLINICAL})
async def my_shifts(session: AsyncSession, clock: Clock, viewer: Viewer) -> list[MyShift]:
    """My shifts that run or are to come."""
    return await partners.my_shifts(session, clock, viewer)


@get("/duty/shifts/{shift_id:uuid}/partners", opt={OPT: CLINICAL})
async def shift_partners(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    shift_id: ShiftId,
    kind: Literal["swap", "substitute"] = "swap",
) -> list[SwapPartner]:
    """With whom the shift could be swapped, or who could stand in."""
    return await partners.partners(session, clock, viewer, shift_id, kind)


@get("/duty/takeovers", opt={OPT: CLINICAL})
async def takeable(session: AsyncSession, clock: Clock, viewer: Viewer) -> list[OnDutyNow]:
    """Whoever is on duty now at my facility, for a take-over."""
    return await partners.takeable(session, clock, viewer)


@post("/duty/takeovers", opt={OPT: CLINICAL})
async def take_over(
    data: TakeOverIn,
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    idempotency_key: str | None,
) -> ChangeMade:
    """突发替班: I am on duty instead, from now; approved afterwards."""

    async def work() -> ChangeMade:
        made = await takeover.take_over(
            session,
            clock,
            viewer,
            shift_id=ShiftId(data.shift_id),
            reason=data.reason,
            note=data.note,
        )
        return ChangeMade(made)

    return await once(session, viewer, idempotency_key, "duty.take_over", data, ChangeMade, work)


@post("/duty/shifts", opt={OPT: ROSTERING})
async def assign_shift(
    data: ShiftIn,
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    idempotency_key: str | None,
) -> ShiftOut:
    """临时指派: put somebody on a place of my own facility at once; approved afterwards."""

    async def work() -> ShiftOut:
        change_id, shift_id = await assigning.assign(
            session,
            clock,
            viewer,
            slot_id=SlotId(data.slot_id),
            person_id=PersonId(data.person_id),
            start=data.from_,
            end=data.to,
            reason=data.reason,
            note=data.note,
            instead=data.cover,
        )
        return ShiftOut(shift_id, change_id)

    return await once(session, viewer, idempotency_key, "duty.assign", data, ShiftOut, work)


@post("/duty/changes", opt={OPT: CLINICAL})
async def ask(
    data: ChangeIn,
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    idempotency_key: str | None,
) -> ChangeMade:
    """Ask colleagues to swap, or to stand in."""
    if (data.from_ is None) != (data.to is None):
        raise BadInput(field="to", reason="from_and_to")
    period = None if data.from_ is None or data.to is None else (data.from_, data.to)

    async def work() -> ChangeMade:
        made = await service.request(
            session,
            clock,
            viewer,
            kind=data.kind,
            shift_id=ShiftId(data.shift_id),
            asked=[
                (PersonId(one.person_id), None if one.shift_id is None else ShiftId(one.shift_id))
                for one in data.asked
            ],
            reason=data.reason,
            note=data.note,
            period=period,
        )
        return ChangeMade(made)

    return await once(session, viewer, idempotency_key, "duty.change.ask", data, ChangeMade, work)


@get("/duty/changes", opt={OPT: CLINICAL})
async def my_changes(session: AsyncSession, clock: Clock, viewer: Viewer) -> list[RosterChange]:
    """What I asked for and what I was asked."""
    return await queries.mine(session, clock, viewer)


@get("/duty/changes/overseen", opt={OPT: OVERSEEING})
async def overseen_changes(
    session: AsyncSession, clock: Clock, viewer: Viewer
) -> list[RosterChange]:
    """Changes at my facility; those that wait for an approval first."""
    return await queries.overseen(session, clock, viewer)


@get("/duty/changes/{change_id:uuid}", opt={OPT: READING})
async def one_change(
    session: AsyncSession, clock: Clock, viewer: Viewer, change_id: ChangeId
) -> RosterChange:
    """One change."""
    return await queries.one(session, clock, viewer, change_id)


@post("/duty/changes/{change_id:uuid}/accept", opt={OPT: CLINICAL}, status_code=200)
async def accept(
    data: AcceptIn, session: AsyncSession, clock: Clock, viewer: Viewer, change_id: ChangeId
) -> RosterChange:
    """I agree."""
    await service.accept(session, clock, viewer, change_id, rev=data.rev, option=data.option)
    return await queries.one(session, clock, viewer, change_id)


Answering = Callable[..., Awaitable[None]]


async def _answered(
    command: Answering,
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    change_id: ChangeId,
    **said: object,
) -> RosterChange:
    await command(session, clock, viewer, change_id, **said)
    return await queries.one(session, clock, viewer, change_id)


@post("/duty/changes/{change_id:uuid}/refuse", opt={OPT: CLINICAL}, status_code=200)
async def refuse(
    data: AnswerIn, session: AsyncSession, clock: Clock, viewer: Viewer, change_id: ChangeId
) -> RosterChange:
    """I cannot."""
    return await _answered(service.refuse, session, clock, viewer, change_id, rev=data.rev)


@post("/duty/changes/{change_id:uuid}/withdraw", opt={OPT: CLINICAL}, status_code=200)
async def withdraw(
    data: AnswerIn, session: AsyncSession, clock: Clock, viewer: Viewer, change_id: ChangeId
) -> RosterChange:
    """I step back, before it is approved."""
    return await _answered(service.withdraw, session, clock, viewer, change_id, rev=data.rev)


@post("/duty/changes/{change_id:uuid}/approve", opt={OPT: APPROVING}, status_code=200)
async def approve(
    data: AnswerIn, session: AsyncSession, clock: Clock, viewer: Viewer, change_id: ChangeId
) -> RosterChange:
    """Approved: the roster changes now (a take-over is approved afterwards)."""
    return await _answered(service.approve, session, clock, viewer, change_id, rev=data.rev)


@post("/duty/changes/{change_id:uuid}/reject", opt={OPT: APPROVING}, status_code=200)
async def reject(
    data: DecideIn, session: AsyncSession, clock: Clock, viewer: Viewer, change_id: ChangeId
) -> RosterChange:
    """Not approved, and why."""
    return await _answered(
        service.reject, session, clock, viewer, change_id, rev=data.rev, note=data.note
    )


@post("/duty/changes/{change_id:uuid}/end", opt={OPT: OVERSEEING}, status_code=200)
async def end(
    data: DecideIn, session: AsyncSession, clock: Clock, viewer: Viewer, change_id: ChangeId
) -> RosterChange:
    """Ended by the desk, because its people cannot."""
    return await _answered(
        service.end, session, clock, viewer, change_id, rev=data.rev, note=data.note
    )


router = Router(
    "/",
    route_handlers=[
        my_shifts,
        shift_partners,
        takeable,
        take_over,
        assign_shift,
        ask,
        my_changes,
        overseen_changes,
        one_change,
        accept,
        refuse,
        withdraw,
        approve,
        reject,
        end,
    ],
    tags=["duty"],
)
