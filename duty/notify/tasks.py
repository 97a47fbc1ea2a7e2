"""Celery's part: a faster road for messages that leave the house. PostgreSQL has them anyway."""

import asyncio
from typing import Any
from uuid import UUID

import structlog
from celery import shared_task
from kombu.exceptions import OperationalError

from duty.notify.channels.webhook import WebhookChannel
from duty.notify.delivery import Delivery
from kernel.clock import SystemClock
from kernel.database import Database
from kernel.outbox import OutboxMessage

log = structlog.get_logger()

LONGEST_S = 20.0


@shared_task(bind=True, name="duty.notify.deliver", ignore_result=True)
def deliver(self: Any, message_id: str) -> None:
    """Send one message. No eta, no retry: the row says when, and the engine comes back to it."""
    bridge = self.app.bridge

    async def work(database: Database) -> None:
        channel = WebhookChannel(SystemClock())
        try:
            delivery = Delivery(database, bridge.sealer, {channel.name: channel})
            await delivery.deliver(UUID(message_id))
        finally:
            await channel.close()

    bridge.run(work, timeout_s=LONGEST_S)


async def dispatch(message: OutboxMessage) -> None:
    """Relay handler of topic `duty.deliver`: tell a worker, and do not insist.

    Without a broker the message stays due, and the engine's sweep sends it two seconds later.
    """
    try:
        async with asyncio.timeout(3):
            await asyncio.to_thread(deliver.delay, str(message.payload["message_id"]))
    except (OperationalError, OSError, TimeoutError) as error:
        log.warning("dispatch.broker_unavailable", error=type(error).__name__)
