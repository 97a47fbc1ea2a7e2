"""Brings the synthetic region to life, once; later starts only go on with the rosters."""

from datetime import timedelta

import structlog

from duty.escalation import policy
from kernel.clock import Clock
from kernel.database import Database
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from quality.handbook import versions as handbook
from quality.rulebook import versions as region_rules
from server.demo.changes import seed_changes
from server.demo.devices import seed_devices, seed_limits
from server.demo.ladders import seed_ladders
from server.demo.places import is_seeded, seed_places
from server.demo.region import PLACES
from server.demo.rosters import extend_rosters, seed_rosters
from server.demo.telephones import seed_telephones

log = structlog.get_logger()

SEED = Viewer.system("demo")


async def seed(
    database: Database, clock: Clock, sealer: Sealer, master: bytes, history_days: int
) -> bool:
    """Create the region if it is not there; True if it was created now.

    One transaction: a start that is interrupted leaves nothing half made.
    """
    async with database.session(SEED) as session:
        if await is_seeded(session):
            await extend_rosters(session, clock, SEED)
            return False
        await policy.install_shipped(session)
        await handbook.install_shipped(session)
        await region_rules.install_shipped(session)
        seeded = await seed_places(session, clock, sealer)
        since = clock.now() - timedelta(days=history_days + 7)
        for facility in PLACES.facilities:
            await seed_rosters(session, clock, SEED, seeded, facility, since)
        await seed_changes(session, clock)
        await seed_ladders(session, seeded)
        await seed_devices(session, seeded, master)
        await seed_limits(session, seeded)
        await seed_telephones(session, clock, sealer, seeded)
    log.info("demo.seeded", facilities=len(seeded.facilities), people=len(seeded.people))
    return True
