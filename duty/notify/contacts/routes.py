"""How I am found, over HTTP; and the one page that works without a login."""

from datetime import time
from typing import Any
from uuid import UUID

from litestar import Router, get, post
from litestar.datastructures import State
from sqlalchemy.ext.asyncio import AsyncSession

from duty.notify.contacts import links, queries, service
from duty.notify.contacts.schemas import (
    AnswerLink,
    CodeIn,
    Contacts,
    LinkIn,
    OrderIn,
    PersonStanding,
    PointIn,
    WishIn,
)
from kernel.access import CLINICAL, OPT, PUBLIC, roles
from kernel.clock import Clock
from kernel.database import Database
from kernel.errors import BadInput
from kernel.ids import PersonId
from kernel.sealing import Sealer
from kernel.viewer import Role, Viewer


async def _contacts(
    session: AsyncSession, clock: Clock, viewer: Viewer, state: State, person_id: Any
) -> Contacts:
    whom = PersonId(person_id or viewer.person_id)
    return await queries.contacts(session, clock, viewer, whom, state.channels, state.push_key)


@get("/contacts", opt={OPT: CLINICAL})
async def my_contacts(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    state: State,
    person_id: UUID | None = None,
) -> Contacts:
    """How I am found (or, for the duty desk, somebody of its house)."""
    return await _contacts(session, clock, viewer, state, person_id)


@get("/contacts/failing", opt={OPT: roles(Role.DUTY_DESK)})
async def failing_contacts(
    session: AsyncSession, clock: Clock, viewer: Viewer
) -> list[PersonStanding]:
    """Who on the rosters of my house may not be reached."""
    return await queries.failing(session, clock, viewer)


@post("/contacts/points", opt={OPT: CLINICAL})
async def add_point(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    state: State,
    data: PointIn,
) -> Contacts:
    """Add a number or an address; a code goes out over it."""
    whom = PersonId(data.person_id or viewer.person_id)
    await service.add(
        session,
        clock,
        viewer,
        sealer,
        person_id=whom,
        channel=data.channel,
        address=data.address,
        label=data.label,
    )
    return await _contacts(session, clock, viewer, state, whom)


@post("/contacts/points/{point_id:uuid}/code", opt={OPT: CLINICAL}, status_code=200)
async def send_code(
    session: AsyncSession, clock: Clock, viewer: Viewer, state: State, point_id: UUID
) -> Contacts:
    """Send a new code."""
    point = await service.send_code(session, clock, viewer, point_id)
    return await _contacts(session, clock, viewer, state, point.person_id)


@post("/contacts/points/{point_id:uuid}/verify", opt={OPT: CLINICAL}, status_code=204)
async def verify_point(
    database: Database,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    point_id: UUID,
    data: CodeIn,
) -> None:
    """Prove a point by the code that arrived there."""
    await service.verify(database, clock, viewer, sealer, point_id, data.code)


@post("/contacts/points/{point_id:uuid}/test", opt={OPT: CLINICAL}, status_code=200)
async def test_point(
    session: AsyncSession, clock: Clock, viewer: Viewer, state: State, point_id: UUID
) -> Contacts:
    """Send a test over a point."""
    point = await service.test(session, clock, viewer, point_id)
    return await _contacts(session, clock, viewer, state, point.person_id)


@post("/contacts/points/{point_id:uuid}/heard", opt={OPT: CLINICAL}, status_code=204)
async def heard_test(session: AsyncSession, clock: Clock, viewer: Viewer, point_id: UUID) -> None:
    """The test arrived."""
    await service.heard(session, clock, viewer, point_id)


@post("/contacts/points/{point_id:uuid}/remove", opt={OPT: CLINICAL}, status_code=204)
async def remove_point(session: AsyncSession, clock: Clock, viewer: Viewer, point_id: UUID) -> None:
    """Ring a point no more."""
    await service.remove(session, clock, viewer, point_id)


@post("/contacts/order", opt={OPT: CLINICAL}, status_code=200)
async def order_points(
    session: AsyncSession, clock: Clock, viewer: Viewer, state: State, data: OrderIn
) -> Contacts:
    """Which number of a channel rings first."""
    whom = PersonId(data.person_id or viewer.person_id)
    await service.reorder(session, viewer, whom, data.ids)
    return await _contacts(session, clock, viewer, state, whom)


@post("/contacts/wishes", opt={OPT: CLINICAL}, status_code=200)
async def wish_channel(
    session: AsyncSession, clock: Clock, viewer: Viewer, state: State, data: WishIn
) -> Contacts:
    """How I wish to be reached by a channel; the floor holds whatever is wished."""
    if (data.quiet_from is None) != (data.quiet_to is None):
        raise BadInput(field="quiet_from", reason="both_or_none")
    quiet = None
    if data.quiet_from is not None and data.quiet_to is not None:
        quiet = (time.fromisoformat(data.quiet_from), time.fromisoformat(data.quiet_to))
    await service.wish(
        session, clock, viewer, data.channel, delay_s=data.delay_s, off=data.off, quiet=quiet
    )
    return await _contacts(session, clock, viewer, state, None)


@post("/answer-links/look", opt={OPT: PUBLIC}, status_code=200)
async def look_at_link(session: AsyncSession, clock: Clock, data: LinkIn) -> AnswerLink:
    """What the link in a message is about: level and number; changes nothing."""
    return await links.look(session, clock, data.token)


@post("/answer-links/answer", opt={OPT: PUBLIC}, status_code=200)
async def answer_by_link(session: AsyncSession, clock: Clock, data: LinkIn) -> AnswerLink:
    """I have it, said by the button behind the link in a message."""
    return await links.answer(session, clock, data.token)


router = Router(
    "/",
    route_handlers=[
        my_contacts,
        failing_contacts,
        add_point,
        send_code,
        verify_point,
        test_point,
        heard_test,
        remove_point,
        order_points,
        wish_channel,
        look_at_link,
        answer_by_link,
    ],
    tags=["duty"],
)
