"""What her own meters sent from home: a blood pressure cuff and a Doppler, by their tokens."""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import SimulatedClock
from kernel.ids import PregnancyId
from kernel.viewer import Viewer
from registry.observations.devices.ingest import BEARER, hand_over
from registry.observations.devices.schemas import DeviceMessages, Message, NewDevice, NewPairing
from registry.observations.devices.service import pair, register
from registry.observations.schemas import Entry

CUFF = ((142, 92, 84), (145, 94, 86), (140, 90, 82), (148, 96, 88), (151, 98, 90), (154, 100, 92))
"""Evening readings, one a day: systolic and diastolic in mmHg, heart rate per minute."""

DOPPLER = (142, 146, 138, 144, 148, 140)
"""Baseline of a short tracing each evening, beats per minute."""

DAY = timedelta(days=1)


async def lend(
    session: AsyncSession, clock: SimulatedClock, viewer: Viewer, hers: PregnancyId, number: int
) -> None:
    """She is lent two meters, and for six evenings they say what they read. Ends as the devices."""
    tokens: list[str] = []
    for kind in ("home_blood_pressure", "home_ctg"):
        order = NewDevice(serial=f"DEMO-{kind.upper()}-{number}", kind=kind)
        device, token = await register(session, clock, viewer, order)
        await pair(session, clock, viewer, device.id, NewPairing(pregnancy_id=hers))
        tokens.append(token)
    for evening, (cuff, beats) in enumerate(zip(CUFF, DOPPLER, strict=True), 1):
        clock.advance(DAY)
        for token, entries in zip(tokens, (_pressure(cuff), _beats(beats)), strict=True):
            now = clock.now()
            message = Message(sequence=evening, taken_at=now, entries=entries)
            await hand_over(session, clock, BEARER + token, DeviceMessages(now, [message]))


def _pressure(read: tuple[int, int, int]) -> list[Entry]:
    units = {"sbp_mmhg": "mmHg", "dbp_mmhg": "mmHg", "hr_per_min": "/min"}
    return [
        Entry(code=code, number=value, unit=unit)
        for (code, unit), value in zip(units.items(), read, strict=True)
    ]


def _beats(read: int) -> list[Entry]:
    return [Entry(code="fhr_bpm", number=read, unit="/min")]
