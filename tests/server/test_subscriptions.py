"""What follows from what happened, across packages."""

from datetime import date
from uuid import uuid4

from celery import Celery

from duty.escalation.topics import ACKNOWLEDGED, DELIVERED
from duty.rosters.oncall import DutyTier
from kernel.outbox import OutboxMessage
from kernel.sealing import Sealer
from registry.observations import service as observations
from registry.observations.schemas import Entry
from registry.pregnancies.schemas import NewPatient, NewPregnancy
from registry.risk import queries
from server.subscriptions import Subscriptions
from tests.duty.region import build as build_region
from tests.fixtures.database import Clone
from tests.registry.world import build, patient


async def test_a_reading_that_a_risk_table_asks_for_proposes_a_grade(
    database: Clone, valkey_url: str
) -> None:
    world = await build(database.system)
    doctor = world.doctor
    woman = NewPatient(name="林测试", age=30, pregnancy=NewPregnancy(lmp=date(2026, 5, 1)))
    her = (await patient(database.app, world, doctor, woman)).pregnancy_id
    entry = Entry(code="hb_g_per_l", number=55, unit="g/L")
    async with database.app.session(doctor) as session:
        await observations.record(
            session,
            world.clock,
            doctor,
            pregnancy_id=her,  # type: ignore[arg-type]
            entries=[entry],
        )
    joined = Subscriptions(
        database.system, world.clock, valkey_url, Celery(), Sealer(b"k" * 32), demo=False
    )

    async def told(*codes: str, simulated: bool = False) -> int:
        payload = {"pregnancy_id": str(her), "codes": list(codes), "simulated": simulated}
        message = OutboxMessage(uuid4(), observations.RECORDED, payload, 1, world.clock.now())
        await joined.handlers()[observations.RECORDED](message)
        async with database.app.session(doctor) as session:
            found = await queries.risk(session, world.clock, doctor, her)  # type: ignore[arg-type]
        return len([entry for entry in found.history if entry.kind == "assessment"])

    try:
        assert await told("hr_per_min") == 0
        assert await told("hb_g_per_l", simulated=True) == 0
        assert await told("hb_g_per_l") == 1
        assert await told("hb_g_per_l") == 1, "a message that comes twice changes nothing"
    finally:
        await joined.close()


async def test_a_page_about_no_referral_is_nothing_to_its_clocks(
    database: Clone, valkey_url: str
) -> None:
    """A drill's page, or a case file's: taken over and done, not tried again for an hour."""
    region = await build_region(database)
    page_id = await region.page()
    person_id = region.experts[DutyTier.FIRST].person_id
    joined = Subscriptions(
        database.system, region.clock, valkey_url, Celery(), region.sealer, demo=False
    )
    try:
        for topic in (ACKNOWLEDGED, DELIVERED):
            payload = {"page_id": str(page_id), "person_id": str(person_id)}
            message = OutboxMessage(uuid4(), topic, payload, 1, region.clock.now())
            await joined.handlers()[topic](message)
    finally:
        await joined.close()
