"""Asks every minute whether who looks may still look, and at what; many windows at once.

A question for each window would be a transaction for each, twenty a second of a region's walls.
Logins are asked about together; what may be seen is asked as the viewer, for all windows of one
person together.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from kernel.database import viewer_settings
from kernel.errors import Unavailable
from kernel.viewer import Viewer
from realtime.gateway.store import UNAVAILABLE
from realtime.gateway.viewing import Viewing, WatchListener

AT_ONCE: Final = 64
"""Windows that are asked about together."""


class Recheck:
    """Looks again at logins and recordings of all viewers.

    Args:
        period_s: how often; what a viewer may see no more is taken away so late.
    """

    def __init__(self, viewing: Viewing, *, period_s: float) -> None:
        self._viewing = viewing
        self._period_s = period_s

    async def run(self) -> None:
        """Look until cancelled; until the database can be asked, what was allowed stays."""
        while True:
            await asyncio.sleep(self._period_s)
            windows = sorted(self._viewing.listeners, key=lambda window: window.token)
            for at in range(0, len(windows), AT_ONCE):
                try:
                    await self._look(windows[at : at + AT_ONCE])
                except (*UNAVAILABLE, Unavailable):
                    continue

    async def _look(self, windows: Sequence[WatchListener]) -> None:
        access = self._viewing.access
        viewers = await access.again({window.token for window in windows})
        alike: dict[tuple[str, ...], tuple[Viewer, list[WatchListener]]] = {}
        for window in windows:
            viewer = viewers.get(window.token)
            if viewer is None:
                window.log_out()
            else:
                sight = tuple(viewer_settings(viewer).values())
                alike.setdefault(sight, (viewer, []))[1].append(window)
        for viewer, theirs in alike.values():
            shown = {window: window.shown for window in theirs}
            allowed = await access.visible(viewer, set().union(*shown.values()))
            for window, recordings in shown.items():
                window.may_still(viewers[window.token], recordings, allowed)
