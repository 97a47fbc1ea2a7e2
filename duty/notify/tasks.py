"""Celery's part: a faster road for messages that leave the house. PostgreSQL has them anyway."""

from typing import Any
from uuid import UUID

from celery import shared_task

from duty.notify.delivery import Delivery
from kernel.database import Database

LONGEST_S = 20.0


@shared_task(bind=True, name="duty.notify.deliver", ignore_result=True)
def deliver(self: Any, message_id: str) -> None:
    """Send one message. No eta, no retry: the row says when, and the engine comes back to it."""
    bridge = self.app.bridge

    async def work(database: Database) -> None:
        channels = bridge.channels()
        delivery = Delivery(database, bridge.sealer, channels.by_name, links=channels.links)
        await delivery.deliver(UUID(message_id))

    bridge.run(work, timeout_s=LONGEST_S)
