"""What devices hand over: each message once, kept whether it became readings or was refused.

One request is one transaction; each message runs in a savepoint of its own, so that one that is
refused takes nothing with it. A device's clock may be wrong by years: every request says what the
device's clock shows, and moments are corrected by the difference.
"""

from datetime import timedelta
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.database import act_as
from kernel.errors import BadInput, Refusal
from kernel.ids import AccountId, FacilityId, NewbornId, PersonId, PregnancyId
from kernel.tokens import token_hash
from kernel.viewer import Role, Viewer
from registry.observations import service
from registry.observations.devices.repository import DeviceRepository, device_of
from registry.observations.devices.rules import AT_HOME, CODES, milliseconds, offset_of
from registry.observations.devices.schemas import DeviceMessages, Handed, Message, MessageResult
from registry.observations.errors import DeviceUnknown, NotForDevice, Unpaired
from registry.observations.models import DeviceRow, MessageRow, PairingRow

BEARER = "Bearer "
YEARS = range(1970, 2200)
"""What an unset clock may say; beyond that moments cannot be reckoned with."""


def device_viewer(device_id: UUID, facility_id: UUID) -> Viewer:
    """A device at its house: it adds readings of whom it is paired with, and is no person."""
    house = FacilityId(facility_id)
    return Viewer(
        account_id=AccountId(device_id),
        person_id=PersonId(device_id),
        session_id=None,
        facility_id=house,
        facility_ids=frozenset({house}),
        region_ids=frozenset(),
        roles=frozenset({Role.DEVICE}),
    )


async def hand_over(
    session: AsyncSession, clock: Clock, authorization: str | None, order: DeviceMessages
) -> Handed:
    """Take in a device's messages.

    Raises:
        BadInput: a moment in a year that no clock shows.
        DeviceUnknown: no token, or one that opens nothing (any more).
    """
    _check_years(order)
    if authorization is None or not authorization.startswith(BEARER):
        raise DeviceUnknown()
    found = await device_of(session, token_hash(authorization.removeprefix(BEARER)))
    if found is None:
        raise DeviceUnknown()
    viewer = device_viewer(found[0], found[2])
    await act_as(session, viewer)
    repository = DeviceRepository(session, viewer)
    device = await repository.locked(found[0])
    offset = offset_of(order.now, clock.now())
    rows = await repository.messages(device.id, {one.sequence for one in order.messages})
    results: list[MessageResult] = []
    for message in order.messages:
        row, known = rows.get(message.sequence), message.sequence in rows
        if row is None:
            row = rows[message.sequence] = await _take(
                session, clock, viewer, device, message, offset
            )
        status = "recorded" if row.refused is None else "refused"
        results.append(MessageResult(message.sequence, status, known, row.refused))  # type: ignore[arg-type]
    return Handed(clock.now(), milliseconds(offset), results)


def _check_years(order: DeviceMessages) -> None:
    read = [entry.taken_at for message in order.messages for entry in message.entries]
    for moment in (order.now, *(message.taken_at for message in order.messages), *read):
        if moment is not None and moment.year not in YEARS:
            raise BadInput(field="taken_at", reason="年份有误 / no such year")


async def _take(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    device: DeviceRow,
    message: Message,
    offset: timedelta,
) -> MessageRow:
    at = message.taken_at + offset
    paired = await DeviceRepository(session, viewer).pairing_at(device.id, at)
    try:
        async with session.begin_nested():
            row = _row(clock, device, message, offset, paired)
            session.add(row)
            await session.flush()  # readings refer to the message
            await _record(session, clock, viewer, device, message, offset, paired)
    except Refusal as refusal:
        row = _row(clock, device, message, offset, paired)
        row.refused = refusal.code
        row.refused_fields = msgspec.to_builtins(refusal.fields, str_keys=True)
        session.add(row)
        await session.flush()  # what was refused is kept all the same
    return row


def _row(
    clock: Clock, device: DeviceRow, message: Message, offset: timedelta, paired: PairingRow | None
) -> MessageRow:
    return MessageRow(
        device_id=device.id,
        sequence=message.sequence,
        received_at=clock.now(),
        device_at=message.taken_at,
        clock_offset_ms=milliseconds(offset),
        pregnancy_id=None if paired is None else paired.pregnancy_id,
        newborn_id=None if paired is None else paired.newborn_id,
        body=msgspec.to_builtins(message),
    )


async def _record(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    device: DeviceRow,
    message: Message,
    offset: timedelta,
    paired: PairingRow | None,
) -> None:
    if paired is None:
        raise Unpaired()
    kind = next(one for one in CODES if one == device.kind)
    entries = []
    for entry in message.entries:
        if entry.code not in CODES[kind]:
            raise NotForDevice(observation=entry.code, kind=kind)
        own = None if entry.taken_at is None else entry.taken_at + offset
        entries.append(msgspec.structs.replace(entry, taken_at=own))
    await service.record(
        session,
        clock,
        viewer,
        pregnancy_id=PregnancyId(paired.pregnancy_id),
        entries=entries,
        taken_at=message.taken_at + offset,
        newborn_id=None if paired.newborn_id is None else NewbornId(paired.newborn_id),
        source="home" if kind in AT_HOME else "device",
        device=(device.id, message.sequence),
    )
