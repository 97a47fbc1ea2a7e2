"""Carries outbox rows to their handlers: at least once, in parallel, with leases.

A row is claimed (lease, attempt number) and committed *before* its handler runs, so a handler may
do slow things without a transaction around it. A relay that dies leaves a lease that expires; the
next one repeats the row. Handlers are therefore idempotent by message id.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

import msgspec
import structlog
from sqlalchemy import text

from kernel.database import Database
from kernel.errors import Unavailable
from kernel.outbox import OutboxMessage
from kernel.viewer import Viewer

log = structlog.get_logger()

Handler = Callable[[OutboxMessage], Awaitable[None]]

RETRY_S = (0.5, 1, 2, 5, 10, 30, 60)
MAX_ATTEMPTS = 20
GATHER_S = 0.002
"""Rows that are done this close together are noted by one commit."""

_CLAIM = text(
    """
    UPDATE outbox SET attempts = attempts + 1,
                      lease_until = clock_timestamp() + make_interval(secs => :lease_s)
     WHERE id IN (SELECT id FROM outbox
                   WHERE done_at IS NULL AND dead_at IS NULL
                     AND available_at <= clock_timestamp()
                     AND (lease_until IS NULL OR lease_until < clock_timestamp())
                     AND topic = ANY(:topics)
                   ORDER BY available_at, id
                   FOR UPDATE SKIP LOCKED LIMIT :limit)
    RETURNING id, topic, payload::text, attempts, created_at
    """
)
_DONE = text(
    "UPDATE outbox o SET done_at = clock_timestamp(), lease_until = NULL"
    "  FROM unnest(CAST(:ids AS uuid[]), CAST(:attempts AS int[])) AS n (id, attempts)"
    " WHERE o.id = n.id AND o.attempts = n.attempts"
)
_AGAIN = text(
    "UPDATE outbox SET available_at = clock_timestamp() + make_interval(secs => :pause_s),"
    " lease_until = NULL, last_error = :error"
    " WHERE id = :id AND attempts = :attempt"
)
_DEAD = text(
    "UPDATE outbox SET dead_at = clock_timestamp(), lease_until = NULL, last_error = :error"
    " WHERE id = :id AND attempts = :attempt"
)


class Relay:
    """Claims rows of the topics it has handlers for."""

    def __init__(
        self,
        database: Database,
        handlers: Mapping[str, Handler],
        *,
        lease: timedelta = timedelta(seconds=10),
        batch: int = 50,
    ) -> None:
        self._database = database
        self._handlers = dict(handlers)
        self._lease = lease
        self._batch = batch
        self._viewer = Viewer.system("relay")
        self._done: list[OutboxMessage] = []
        self._noting: asyncio.Task[None] | None = None

    async def run_once(self) -> bool:
        """Claim and handle one batch. True if there was anything to do."""
        try:
            claimed = await self._claim()
        except Unavailable:
            log.warning("relay.database_unavailable")
            await asyncio.sleep(0.5)
            return False
        if claimed:
            async with asyncio.TaskGroup() as group:
                for message in claimed:
                    group.create_task(self._handle(message))
            if self._noting is not None:
                await self._noting
        return bool(claimed)

    async def _claim(self) -> list[OutboxMessage]:
        async with self._database.session(self._viewer) as session:
            rows = await session.execute(
                _CLAIM,
                {
                    "lease_s": self._lease.total_seconds(),
                    "topics": list(self._handlers),
                    "limit": self._batch,
                },
            )
            return [
                OutboxMessage(row[0], row[1], msgspec.json.decode(row[2]), row[3], row[4])
                for row in rows
            ]

    async def _handle(self, message: OutboxMessage) -> None:
        try:
            async with asyncio.timeout(self._lease.total_seconds()):
                await self._handlers[message.topic](message)
        except Exception as error:
            # A handler's failure must not take its neighbours along; the row keeps the reason.
            await self._failed(message, error)
        else:
            self._done.append(message)
            if self._noting is None or self._noting.done():
                self._noting = asyncio.create_task(self._note_done())

    async def _note_done(self) -> None:
        """Note what is done, all that has gathered by one commit, until nothing is left."""
        while self._done:
            await asyncio.sleep(GATHER_S)
            done, self._done = self._done, []
            try:
                async with self._database.session(self._viewer) as session:
                    await session.execute(
                        _DONE,
                        {
                            "ids": [message.id for message in done],
                            "attempts": [message.attempt for message in done],
                        },
                    )
            except Unavailable:
                # The leases expire and the rows are repeated: handlers are idempotent.
                log.warning("relay.settle_unavailable", rows=len(done))

    async def _failed(self, message: OutboxMessage, error: Exception) -> None:
        name = type(error).__name__
        # A database that is away is nobody's fault: what is due then is due when it is back.
        if message.attempt >= MAX_ATTEMPTS and not isinstance(error, Unavailable):
            log.error("outbox.dead", outbox_id=str(message.id), topic=message.topic, error=name)
            await self._settle(_DEAD, message, error=name)
            return
        pause = RETRY_S[min(message.attempt, len(RETRY_S)) - 1]
        log.warning(
            "outbox.retry",
            outbox_id=str(message.id),
            topic=message.topic,
            error=name,
            attempt=message.attempt,
            exc_info=error,
        )
        await self._settle(_AGAIN, message, error=name, pause_s=pause)

    async def _settle(self, statement: object, message: OutboxMessage, **extra: object) -> None:
        try:
            async with self._database.session(self._viewer) as session:
                await session.execute(
                    statement,  # type: ignore[call-overload]
                    {"id": message.id, "attempt": message.attempt, **extra},
                )
        except Unavailable:
            # The lease expires and the row is repeated: the handler is idempotent.
            log.warning("relay.settle_unavailable", outbox_id=str(message.id))
