"""Asks every minute whether who sends may still send; who may not is hung up on.

Nothing is lost by it: what was not acknowledged stays with the sender, and a centre of which one
monitor was revoked opens the others again at once.
"""

from __future__ import annotations

import asyncio

import structlog

from realtime.gateway.ingest import Ingest
from realtime.gateway.store import UNAVAILABLE, Store

log = structlog.get_logger()

_GONE = """
SELECT h.hash FROM unnest($1::bytea[]) AS h(hash)
 WHERE NOT EXISTS (SELECT 1 FROM ctg_device_of_token(h.hash))
"""
_REVOKED = "SELECT serial FROM ctg_device WHERE serial = ANY($1) AND revoked_at IS NOT NULL"


class Admission:
    """Looks again at tokens and monitors of all senders.

    Args:
        period_s: how often; a token that was rotated or revoked is found out so late.
    """

    def __init__(self, store: Store, ingest: Ingest, *, period_s: float) -> None:
        self._store = store
        self._ingest = ingest
        self._period_s = period_s

    async def run(self) -> None:
        """Look until cancelled; while the database is away, who is in stays in."""
        while True:
            await asyncio.sleep(self._period_s)
            try:
                await self._look()
            except UNAVAILABLE:
                continue

    async def _look(self) -> None:
        senders = {listener: listener.device.token_hash for listener in self._ingest.listeners}
        serials = {listener: listener.serials() for listener in senders}
        if not senders:
            return
        pool = await self._store.pool()
        gone = {row["hash"] for row in await pool.fetch(_GONE, list(set(senders.values())))}
        named = list(set().union(*serials.values()))
        revoked = {row["serial"] for row in await pool.fetch(_REVOKED, named)}
        for listener, token_hash in senders.items():
            if token_hash in gone or serials[listener] & revoked:
                log.warning("gateway.sender_revoked", device=listener.device.serial)
                listener.hang_up(1008, "ctg.device_revoked")
