"""The Celery task reaches the same delivery as the engine, over the worker's bridge."""

import asyncio

from sqlalchemy import text

from duty.notify import endpoints
from duty.notify.channels.guarded import EndpointRules
from duty.notify.posting import ADDRESS_FIELD, SECRET_FIELD
from duty.notify.schemas import EndpointIn
from duty.notify.tasks import deliver
from duty.rosters.oncall import DutyTier
from kernel.sealing import Sealer
from server.keyfile import master_key
from server.settings import Settings
from server.worker import build
from tests.duty.region import SEEDER, Region

LOOSE = EndpointRules(schemes=frozenset({"https"}), address_ok=lambda address: True)


async def test_a_worker_delivers_by_the_messages_id_alone(
    region: Region, settings: Settings
) -> None:
    """The endpoint leads to this machine, which the worker's own rules refuse: nothing goes out,
    and the row says why."""
    assert (ADDRESS_FIELD, SECRET_FIELD) == ("contact_point.address", "contact_point.secret")
    wanted = EndpointIn(
        label="loop",
        url="https://127.0.0.1:1/hook",
        secret="a shared secret of it",
        person_id=region.experts[DutyTier.FIRST].person_id,
    )
    async with region.clone.system.session(SEEDER) as session:
        sealer = Sealer(master_key(settings))
        await endpoints.register(session, region.clock, SEEDER, sealer, wanted, LOOSE)
    await region.page()
    message = text("SELECT id, state, error, attempt FROM page_message WHERE channel = 'webhook'")
    async with region.clone.system.session(SEEDER) as session:
        message_id = (await session.execute(message)).one().id
    chores = build(settings)
    try:
        for _ in range(2):
            result = await asyncio.to_thread(deliver.apply, [str(message_id)])
            assert result.successful(), result.traceback
    finally:
        chores.bridge.close()
    async with region.clone.system.session(SEEDER) as session:
        row = (await session.execute(message)).one()
    assert (row.state, row.error, row.attempt) == ("failed", "address", 1)
