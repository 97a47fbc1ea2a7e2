"""The engine: everything that must happen although nobody is asking.

Each duty is a loop of its own; one that fails is logged and starts again, the others go on. Two or
more engines may run: rows are claimed with SKIP LOCKED, so who does the work is decided by
PostgreSQL.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog

from duty.escalation.engine import EscalationEngine
from duty.escalation.service import WAKE_CHANNEL as ESCALATION
from duty.notify.channels.webhook import WebhookChannel
from duty.notify.delivery import Delivery, Sweep
from kernel.chain.checkpoint import EVERY_SECONDS, ChainCheckpointer, CheckpointFile
from kernel.chain.signing import Signer
from kernel.clock import SystemClock
from kernel.database import Database
from kernel.outbox import WAKE_CHANNEL as OUTBOX
from kernel.relay import Relay
from kernel.sealing import Sealer
from kernel.wake import Listener
from referral.aftermath.timers import run_due as remind_of_reviews
from referral.casefiles.timers import run_due_files
from referral.clocks.ladder import run_due as climb_due
from referral.links.purge import forget_positions
from referral.timers import run_due
from server.keyfile import master_key
from server.settings import Settings
from server.subscriptions import Subscriptions

log = structlog.get_logger()

Work = Callable[[], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Duty:
    """One thing the engine keeps doing.

    Attributes:
        name: for logs and the health page.
        work: does one batch; True means "there may be more, call again at once".
        period_s: seconds between looks when nobody wakes it.
        wake: set by NOTIFY; None if this duty only follows its period.
    """

    name: str
    work: Work
    period_s: float
    wake: asyncio.Event | None = None


async def keep(duty: Duty, restart_s: float = 1.0) -> None:
    """Run `duty` until cancelled, whatever happens."""
    while True:
        try:
            await _loop(duty)
        except Exception as error:
            log.error("engine.duty_failed", duty=duty.name, exc_info=error)
            await asyncio.sleep(restart_s)


async def _loop(duty: Duty) -> None:
    wake = duty.wake or asyncio.Event()
    while True:
        if await duty.work():
            continue
        try:
            async with asyncio.timeout(duty.period_s):
                await wake.wait()
        except TimeoutError:
            continue
        wake.clear()


async def keep_all(duties: Iterable[Duty], *companions: Coroutine[Any, Any, None]) -> None:
    """Keep all duties, and companions such as listeners, until cancelled."""
    async with asyncio.TaskGroup() as group:
        for duty in duties:
            group.create_task(keep(duty), name=duty.name)
        for companion in companions:
            group.create_task(companion)


async def run(settings: Settings) -> None:
    """The `engine` process, until cancelled."""
    from server.worker import celery

    clock = SystemClock()
    database = Database(settings.system_database_url, name="engine", pool_size=settings.pool_size)
    subscriptions = Subscriptions(database, clock, settings.valkey_url, celery, demo=settings.demo)
    webhook = WebhookChannel(clock)
    sweep = Sweep(Delivery(database, Sealer(master_key(settings)), {webhook.name: webhook}))
    escalation = EscalationEngine(database, clock)
    wakes = {OUTBOX: asyncio.Event(), ESCALATION: asyncio.Event()}
    relay = Relay(database, subscriptions.handlers())
    duties = [
        Duty("relay", relay.run_once, 0.5, wakes[OUTBOX]),
        Duty("escalation", escalation.run_once, 0.5, wakes[ESCALATION]),
        Duty("sweep", sweep.run_once, 1.0),
        Duty("timers", partial(run_due, database, clock), 1.0),
        Duty("case files", partial(run_due_files, database, clock), 5.0),
        Duty("reviews", partial(remind_of_reviews, database, clock), 30.0),
        Duty("positions", partial(forget_positions, database, clock), 3600.0),
        Duty("clocks", partial(climb_due, database, clock), 1.0),
        Duty("checkpoint", _checkpointer(settings, database).run_once, EVERY_SECONDS),
    ]
    listener = Listener(
        settings.system_database_url, tuple(wakes), lambda channel, _: wakes[channel].set()
    )
    try:
        await escalation.install_policies()
        await keep_all(duties, listener.run())
    finally:
        await sweep.close()
        await webhook.close()
        await subscriptions.close()
        await database.close()


def _checkpointer(settings: Settings, database: Database) -> ChainCheckpointer:
    signer = Signer.load_or_create(settings.data_dir)
    return ChainCheckpointer(database, signer, CheckpointFile(settings.checkpoints))
