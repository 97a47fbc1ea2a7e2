"""Commands on points and wishes. A person keeps their own, the duty desk those of its house."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from duty.notify.contacts import reaching, repository
from duty.notify.contacts.addresses import PERSONAL, hint, is_landline, objection, tidied
from duty.notify.contacts.checks import DATA
from duty.notify.contacts.repository import NewPoint, PointRow
from duty.notify.contacts.secrets import code_of
from duty.notify.errors import (
    CodeOver,
    CodeTooSoon,
    CodeWrong,
    ContactKnown,
    ContactRefused,
    ContactUnverified,
    FloorHolds,
    TooSoonToTest,
)
from duty.notify.posting import ADDRESS_FIELD
from kernel.clock import Clock
from kernel.database import Database
from kernel.errors import BadInput, NotFound
from kernel.ids import PersonId
from kernel.sealing import Sealer
from kernel.viewer import Role, Viewer
from registry.people import queries as people

DAY = timedelta(days=1)


async def may_keep(session: AsyncSession, viewer: Viewer, person_id: PersonId) -> None:
    """A person keeps their own points, the duty desk those of the people of its house.

    Raises:
        NotFound: somebody else's.
    """
    if viewer.person_id == person_id or viewer.is_process:
        return
    person = await people.get(session, person_id)
    if not (viewer.has(Role.DUTY_DESK) and person.facility_id in viewer.facility_ids):
        raise NotFound()


async def add(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    *,
    person_id: PersonId,
    channel: str,
    address: str,
    label: str,
    id_: UUID | None = None,
) -> UUID:
    """Register a point and send its code over that very channel. Unverified, it does not ring.

    Raises:
        NotFound: somebody else's to add to.
        ContactRefused: no address of that channel.
        ContactKnown: the person has it already.
    """
    await may_keep(session, viewer, person_id)
    plain = tidied(channel, address)
    reason = "channel" if channel not in PERSONAL else objection(channel, plain)
    if reason is not None:
        raise ContactRefused(reason=reason)
    wanted = NewPoint(
        person_id=person_id,
        channel=channel,
        label=label,
        address_sealed=sealer.seal(plain, ADDRESS_FIELD),
        address_index=sealer.blind_index(plain, f"{ADDRESS_FIELD}/{channel}"),
        hint=hint(channel, plain),
        landline=is_landline(channel, plain),
    )
    point_id = await repository.add(session, wanted, viewer.person_id, clock.now(), id_)
    if point_id is None:
        raise ContactKnown()
    await _queue_code(session, clock, viewer, point_id)
    return point_id


async def send_code(
    session: AsyncSession, clock: Clock, viewer: Viewer, point_id: UUID
) -> PointRow:
    """Send a new code; the older ones count no more.

    Raises:
        NotFound: no such point for this viewer.
        CodeTooSoon: the last one was sent a moment ago, or too many today.
    """
    point = await kept(session, viewer, point_id)
    at = clock.now()
    sent, latest = await repository.codes_since(session, point_id, at - DAY)
    wait_s = 0 if latest is None else DATA.code.wait_s - int((at - latest).total_seconds())
    if sent >= DATA.code.per_day:
        wait_s = int(DAY.total_seconds())
    if wait_s > 0:
        raise CodeTooSoon(wait_s=wait_s)
    await _queue_code(session, clock, viewer, point_id)
    return point


async def verify(
    database: Database, clock: Clock, viewer: Viewer, sealer: Sealer, point_id: UUID, code: str
) -> None:
    """Prove a point by the code that arrived there. A wrong guess stays counted.

    Raises:
        NotFound: no such point for this viewer.
        CodeOver: no code waits for an answer.
        CodeWrong: not the code.
    """
    at = clock.now()
    async with database.session(viewer) as session:
        await kept(session, viewer, point_id)
        made = await repository.guess(session, point_id, at, DATA.code.guesses)
    if made is None:
        raise CodeOver()
    message_id, guesses = made
    if code.strip() != code_of(sealer, message_id):
        raise CodeWrong(left=DATA.code.guesses - guesses)
    async with database.session(viewer) as session:
        await repository.prove(session, point_id, at)
        await repository.heard(session, point_id, "verify", at)


async def test(session: AsyncSession, clock: Clock, viewer: Viewer, point_id: UUID) -> PointRow:
    """Send a test over the point's channel, marked as one.

    Raises:
        NotFound: no such point for this viewer.
        ContactUnverified: it is not verified.
        TooSoonToTest: the last test was sent a moment ago.
    """
    point = await kept(session, viewer, point_id)
    if point.verified_at is None:
        raise ContactUnverified()
    await try_out(session, clock, viewer, point_id, point.last_test_at)
    return point


async def try_out(
    session: AsyncSession, clock: Clock, viewer: Viewer, point_id: UUID, last: datetime | None
) -> None:
    """Send a test over a point that was last tested at `last`.

    Raises:
        TooSoonToTest: that was a moment ago.
    """
    at = clock.now()
    wait_s = 0 if last is None else DATA.code.wait_s - int((at - last).total_seconds())
    if wait_s > 0:
        raise TooSoonToTest(wait_s=wait_s)
    await repository.queue_message(session, point_id, "test", by=viewer.person_id, at=at, lives=DAY)


async def heard(session: AsyncSession, clock: Clock, viewer: Viewer, point_id: UUID) -> None:
    """The person says that the test arrived.

    Raises:
        NotFound: no such point for this viewer, or no test is on its way.
    """
    await kept(session, viewer, point_id)
    if not await repository.heard(session, point_id, "test", clock.now()):
        raise NotFound()


async def remove(session: AsyncSession, clock: Clock, viewer: Viewer, point_id: UUID) -> None:
    """Ring a point no more; messages waiting for it become unreachable.

    Raises:
        NotFound: no such point for this viewer.
    """
    await kept(session, viewer, point_id)
    await repository.remove(session, point_id, clock.now())


async def reorder(
    session: AsyncSession, viewer: Viewer, person_id: PersonId, ids: Sequence[UUID]
) -> None:
    """Which number of a channel rings first.

    Raises:
        BadInput: not exactly the points of one channel.
    """
    await may_keep(session, viewer, person_id)
    points = await repository.of_people(session, [person_id])
    channels = {point.channel for point in points if point.id in ids}
    same = {point.id for point in points if point.channel in channels}
    if len(channels) != 1 or same != set(ids) or len(ids) != len(same):
        raise BadInput(field="ids", reason="one_channel")
    await repository.reorder(session, person_id, ids)


async def wish(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    channel: str,
    *,
    delay_s: int | None,
    off: bool,
    quiet: tuple[time, time] | None,
) -> None:
    """How the viewer wishes to be reached by a channel. The floor is no matter of wishes.

    Quiet hours and delays of a floor channel hold for what can wait; in an emergency it rings.

    Raises:
        FloorHolds: a channel of the floor would be turned off.
        ContactRefused: no channel of persons.
    """
    if channel not in PERSONAL:
        raise ContactRefused(reason="channel")
    if off and channel in reaching.DATA.floor:
        raise FloorHolds(channel=channel)
    await repository.wish(
        session,
        viewer.person_id,
        channel,
        delay_s=delay_s,
        off=off,
        quiet=quiet,
        by=viewer.person_id,
        at=clock.now(),
    )


async def opt_out(session: AsyncSession, point_id: UUID, at: datetime) -> bool:
    """A receiver wrote STOP: turn the channel off unless the floor holds it; True if it is off."""
    point = await repository.get(session, point_id)
    if point is None or point.channel in reaching.DATA.floor:
        return False
    await repository.wish(
        session,
        point.person_id,
        point.channel,
        delay_s=None,
        off=True,
        quiet=None,
        by=point.person_id,
        at=at,
    )
    return True


async def kept(session: AsyncSession, viewer: Viewer, point_id: UUID) -> PointRow:
    """A point that the viewer may change.

    Raises:
        NotFound: no such point for this viewer.
    """
    point = await repository.get(session, point_id)
    if point is None:
        raise NotFound()
    await may_keep(session, viewer, point.person_id)
    return point


async def _queue_code(session: AsyncSession, clock: Clock, viewer: Viewer, point_id: UUID) -> None:
    await repository.queue_message(
        session,
        point_id,
        "verify",
        by=viewer.person_id,
        at=clock.now(),
        lives=timedelta(seconds=DATA.code.lives_s),
    )
