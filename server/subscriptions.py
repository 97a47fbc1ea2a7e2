"""Joins what happened to what follows: outbox topic → handler. The only such table.

Handlers repeat (at least once) and therefore change nothing that a repeat would change again.
"""

import asyncio
from collections.abc import Mapping

import structlog
from celery import Celery
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import text

from duty.notify.outgoing import TOPIC as MESSAGE_QUEUED
from kernel.chain.append import CHANGED
from kernel.database import Database
from kernel.outbox import OutboxMessage
from kernel.relay import Handler
from kernel.viewer import Viewer

log = structlog.get_logger()

CASE_CHANNEL = "yunshang_case"
"""NOTIFY channel of the hubs; the payload is the case's id."""

CASE_TOPIC = "yunshang:case"
"""The same hint over Valkey, for hubs that are not connected to this database's primary."""

_NOTIFY = text("SELECT pg_notify(:channel, :payload)")


class Subscriptions:
    """Holds what the handlers need."""

    def __init__(self, database: Database, valkey: Redis, celery: Celery) -> None:
        self._database = database
        self._valkey = valkey
        self._celery = celery
        self._viewer = Viewer.system("subscriptions")

    def handlers(self) -> Mapping[str, Handler]:
        """Everything that is listened to."""
        return {CHANGED: self.tell_hubs, MESSAGE_QUEUED: self.hand_to_worker}

    async def tell_hubs(self, message: OutboxMessage) -> None:
        """A case changed: browsers that show it fetch again. A hint; losing it costs seconds."""
        case_id = str(message.payload["case_id"])
        async with self._database.session(self._viewer) as session:
            await session.execute(_NOTIFY, {"channel": CASE_CHANNEL, "payload": case_id})
        try:
            await self._valkey.publish(CASE_TOPIC, case_id)
        except (RedisError, OSError) as error:
            log.warning("subscriptions.valkey_unavailable", error=type(error).__name__)

    async def hand_to_worker(self, message: OutboxMessage) -> None:
        """A message leaves the house: by the worker or, with Valkey dead, by the sweep."""
        try:
            await asyncio.to_thread(
                self._celery.send_task,
                "duty.notify.deliver",
                args=[message.payload["message_id"]],
                retry=False,
                ignore_result=True,
            )
        except Exception as error:
            # Whatever the broker's client raises: the row is still queued and the sweep finds it.
            log.warning("subscriptions.worker_unreachable", error=type(error).__name__)
