"""Keeps house in the store: journal into chunks, chunks into segments.

A process of its own beside the gateway, because sorting a minute of all monitors holds the
interpreter for longer than a strip may wait. Several keepers take turns by a lock; none is needed
for a sample to be safe.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from typing import Final

from realtime.gateway.archiver import Archiver
from realtime.gateway.folder import Folder
from realtime.gateway.store import Store

NICENESS: Final = 5


async def keep(database_url: str) -> None:
    """Keep house until cancelled, behind whatever serves people."""
    with suppress(OSError):
        os.nice(NICENESS)
    store = Store(database_url, size=2, name="yunshang gateway keeper")
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(Folder(store).run())
            group.create_task(Archiver(store).run())
    finally:
        await store.close()
