"""Opens recordings, many at a time: after an outage every monitor of a region reopens at once.

What PostgreSQL does not take of one of them is that one's matter: then each is asked for alone.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

import structlog

from realtime.gateway.live import Recording, Recordings
from realtime.gateway.store import UNAVAILABLE, Opened, OpenRequest, Store
from realtime.resume import Progress

log = structlog.get_logger()

MAX_AT_ONCE: Final = 256
UNAVAILABLE_CODE: Final = "ctg.storage_unavailable"
FAILED_CODE: Final = "ctg.opening_failed"


class Opener:
    """Collects what arrives while one round is being asked."""

    def __init__(self, store: Store, recordings: Recordings) -> None:
        self._store = store
        self._recordings = recordings
        self._asked: list[tuple[OpenRequest, asyncio.Future[Recording | str]]] = []
        self._wake = asyncio.Event()

    async def open(self, request: OpenRequest) -> Recording | str:
        """The recording, ready to be fed, or the code of a refusal."""
        answer: asyncio.Future[Recording | str] = asyncio.get_running_loop().create_future()
        self._asked.append((request, answer))
        self._wake.set()
        return await answer

    async def run(self) -> None:
        """Answer until cancelled."""
        while True:
            await self._wake.wait()
            asked, self._asked = self._asked[:MAX_AT_ONCE], self._asked[MAX_AT_ONCE:]
            if not self._asked:
                self._wake.clear()
            # The same recording twice in one round: the later one waits for the next.
            now: dict[object, tuple[OpenRequest, asyncio.Future[Recording | str]]] = {}
            for pair in asked:
                if now.setdefault(pair[0].recording, pair) is not pair:
                    self._asked.append(pair)
                    self._wake.set()
            await self._answer(list(now.values()))

    async def _answer(
        self, asked: list[tuple[OpenRequest, asyncio.Future[Recording | str]]]
    ) -> None:
        known = await self._known([request for request, _ in asked])
        for request, answer in asked:
            if not answer.done():
                with contextlib.suppress(asyncio.InvalidStateError):
                    answer.set_result(self._ready(request, known[request.recording]))

    async def _known(self, requests: Sequence[OpenRequest]) -> Mapping[UUID, Opened | str]:
        try:
            return await self._store.open_recordings(requests)
        except Exception as error:
            # The driver calls a value that it cannot send an `InterfaceError` besides.
            if isinstance(error, UNAVAILABLE) and not isinstance(error, ValueError):
                return {request.recording: UNAVAILABLE_CODE for request in requests}
            if len(requests) == 1:
                log.error("gateway.opening_failed", exc_info=error)
                return {requests[0].recording: FAILED_CODE}
        found: dict[UUID, Opened | str] = {}
        for request in requests:
            found |= await self._known([request])
        return found

    def _ready(self, request: OpenRequest, known: Opened | str) -> Recording | str:
        if isinstance(known, str):
            return known
        progress = Progress(request.recording, known.received, known.lost)
        progress.durable = durable = progress.next_seq - 1
        inside = self._recordings.keep(request.recording, known.no, progress)
        if inside.progress is not progress:
            # In memory is all that is durable here and more; another gateway may have added.
            inside.progress.join(progress)
            inside.durable = max(inside.durable, durable)
        # Not idle before its sender has heard of it.
        inside.columns.pulse_due[inside.place] = True
        return inside
