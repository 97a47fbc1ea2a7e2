"""Where raw samples can be listened to inside the gateway: the alarms' way in.

A tap is called in the gateway's event loop, so what it does per call must be vectorised and short;
whatever waits (SQL, messages) belongs in its own `run`, which the gateway starts, starts again when
it fails, and cancels at the end. A recording is tapped only at the gateway that it comes in by.

    class Alarms:
        async def run(self) -> None: ...             # writes what was found, for ever
        def opened(self, recording) -> None: ...     # a row in the structure of arrays
        def flushed(self, flush) -> None: ...        # keep flush.frames, grouped by recording
        def gone(self, recording, *, closed) -> None: ...

Taps are given to `Gateway(…, taps=[…])`; `main.run` names those of a real gateway. A tap tells the
recording's viewers with `recording.tell("alarm", …)`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt
import structlog

from realtime.gateway.live import Recording
from realtime.marks import Places

log = structlog.get_logger()

RESTART_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Flush:
    """What came in during one flush (20-50 ms): each accepted second exactly once.

    Attributes:
        frames: dtype `frames.FRAME`, read only, checked for form but not for range. Frames of one
            recording lie together, in the order of their arrival, which after a cut is not always
            that of `seq`.
        places: whose they are, each recording once, by `Recording.place`; another's as soon as the
            recording has been forgotten, so they are to be looked up at once.
        counts: how many of `frames` belong to each of `places`.
        at_ns: when the flush was sealed, ns since 1970 by the gateway's clock; not yet durable.
    """

    frames: npt.NDArray[Any]
    places: Places
    counts: npt.NDArray[np.int64]
    at_ns: int


class Tap(Protocol):
    """Listens to every recording that comes in by this gateway."""

    async def run(self) -> None:
        """Do what waits, until cancelled."""

    def opened(self, recording: Recording) -> None:
        """A sender has opened, or opened again after a cut, this recording."""

    def flushed(self, flush: Flush) -> None:
        """New seconds of any number of recordings."""

    def gone(self, recording: Recording, *, closed: bool) -> None:
        """Its sender ended it (`closed`), or its connection was cut."""


class Taps:
    """All taps of a gateway; one that fails never stops samples."""

    def __init__(self, taps: Sequence[Tap] = ()) -> None:
        self._taps = tuple(taps)

    def __bool__(self) -> bool:
        return bool(self._taps)

    def opened(self, recording: Recording) -> None:
        """Tell all taps."""
        self._each(lambda tap: tap.opened(recording))

    def flushed(self, flush: Flush) -> None:
        """Tell all taps."""
        self._each(lambda tap: tap.flushed(flush))

    def gone(self, recording: Recording, *, closed: bool) -> None:
        """Tell all taps."""
        self._each(lambda tap: tap.gone(recording, closed=closed))

    async def run(self) -> None:
        """Run all taps until cancelled, each again after a failure."""
        await asyncio.gather(*(_keep(tap) for tap in self._taps), asyncio.Event().wait())

    def _each(self, call: Callable[[Tap], None]) -> None:
        for tap in self._taps:
            try:
                call(tap)
            except Exception as error:
                log.error("gateway.tap_failed", tap=type(tap).__name__, exc_info=error)


async def _keep(tap: Tap) -> None:
    while True:
        try:
            await tap.run()
        except Exception as error:
            log.error("gateway.tap_stopped", tap=type(tap).__name__, exc_info=error)
        await asyncio.sleep(RESTART_S)
