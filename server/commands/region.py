"""Commands of the synthetic region; the demo's supervisor calls them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from kernel.clock import SystemClock
from kernel.database import Database
from kernel.sealing import Sealer
from registry.facilities.rules import local_date
from server.commands.processes import until_signal
from server.keyfile import master_key
from server.logging import configure
from server.settings import Settings, SettingsError

if TYPE_CHECKING:
    from consult.imaging.taking import Desk


def seed(settings: Settings) -> None:
    """Places, people, rosters and devices; nothing if they are there."""
    from server.demo.seed import seed as work

    _only_in_demo(settings, "seed")

    async def run(database: Database) -> None:
        master = master_key(settings)
        days = settings.demo_history_days
        await work(database, SystemClock(), Sealer(master), master, days)

    asyncio.run(_with(settings.system_database_url, run))


def history(settings: Settings) -> None:
    """Counts, files, lists, running and closed cases; what was told before stays as it is."""
    from server.demo.assessments import tell_assessment
    from server.demo.casefiles import tell_files, tell_overdue
    from server.demo.counts import count_everything
    from server.demo.drills import tell_drills
    from server.demo.exercises import tell_exercises
    from server.demo.files import bring_files
    from server.demo.guided import tell_guided
    from server.demo.history import tell_history
    from server.demo.journey import tell_journey
    from server.demo.returns import tell_returns
    from server.demo.reviewed import propose_reviews, tell_reviewed
    from server.demo.running import tell_running
    from server.demo.scans import tell_arrival, tell_scans
    from server.demo.severe import tell_severe
    from server.demo.special import tell_special
    from server.demo.teaching import tell_teaching

    _only_in_demo(settings, "history")

    async def run(database: Database) -> None:
        sealer = Sealer(master_key(settings))
        now = SystemClock().now()
        await count_everything(database, now)
        await bring_files(database, local_date(now))
        await tell_journey(database, SystemClock().now(), sealer, settings.data_dir)
        await tell_files(database, now, sealer)
        await tell_special(database, now, sealer)
        await tell_running(database, now, sealer)
        await tell_scans(_desk(settings, database, sealer), now)
        await tell_guided(database, now)
        await tell_exercises(database, now)
        await tell_returns(database, now, sealer)
        await tell_teaching(database, now)
        await tell_severe(database, now, sealer)
        await tell_history(database, now, sealer, settings.demo_history_days)

    async def machine(database: Database) -> None:
        desk = _desk(settings, database, Sealer(master_key(settings)))
        await tell_arrival(desk, SystemClock().now())

    async def climb(database: Database) -> None:
        await tell_overdue(database, SystemClock().now())
        await tell_drills(database, SystemClock().now(), settings.demo_history_days)
        await propose_reviews(database, SystemClock().now())

    async def review(database: Database) -> None:
        await tell_reviewed(database, Sealer(master_key(settings)), SystemClock().now())

    asyncio.run(_with(settings.system_database_url, machine))
    asyncio.run(_with(settings.database_url, run))

    async def assess(database: Database) -> None:
        await tell_assessment(database, SystemClock().now(), settings.demo_history_days)

    asyncio.run(_with(settings.system_database_url, climb))
    asyncio.run(_with(settings.database_url, assess))
    asyncio.run(_with(settings.database_url, review))


def monitors(settings: Settings) -> None:
    """Four synthetic monitors, until stopped."""
    from server.demo.devices import stream

    _only_in_demo(settings, "monitors")
    local = f"ws://{settings.gateway_host}:{settings.gateway_port}"
    until_signal("monitors", settings, stream(local, master_key(settings)))


def _desk(settings: Settings, database: Database, sealer: Sealer) -> "Desk":
    from consult.imaging.parse import Box
    from consult.imaging.taking import Desk
    from server.archive import archive

    return Desk(database, SystemClock(), sealer, archive(settings, sealer), Box(readers=1))


def _only_in_demo(settings: Settings, name: str) -> None:
    if not settings.demo:
        raise SettingsError("this command makes people up: it runs only with YUNSHANG_DEMO=1")
    configure(settings, name)


async def _with(url: str, work: Callable[[Database], Awaitable[None]]) -> None:
    database = Database(url, name="demo", pool_size=2)
    try:
        await work(database)
    finally:
        await database.close()
