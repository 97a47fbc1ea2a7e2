"""Windows are asked about together, and each keeps what its own login may see."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

from kernel.viewer import Viewer
from realtime.gateway.recheck import AT_ONCE, Recheck
from tests.realtime.conftest import viewer_at

HOUSE = uuid4()


class Window:
    """A viewer's connection, as far as it is asked."""

    def __init__(self, token: str, *shown: UUID) -> None:
        self.token = token
        self.shown = list(shown)
        self.told: list[tuple[Viewer, set[UUID]]] = []
        self.out = False

    def may_still(self, viewer: Viewer, shown: list[UUID], allowed: Collection[UUID]) -> None:
        self.told.append((viewer, set(shown) - set(allowed)))

    def log_out(self) -> None:
        self.out = True


class Access:
    """Everybody logged in sees what is `open_to` him; counts the questions."""

    def __init__(self, viewers: dict[str, Viewer], open_to: dict[UUID, set[Any]]) -> None:
        self._viewers = viewers
        self._open_to = open_to
        self.asked: list[str] = []

    async def again(self, tokens: Collection[str]) -> dict[str, Viewer]:
        self.asked.append("who")
        return {token: self._viewers[token] for token in tokens if token in self._viewers}

    async def visible(self, viewer: Viewer, recordings: Collection[UUID]) -> set[UUID]:
        self.asked.append("what")
        return {one for one in recordings if viewer.person_id in self._open_to[one]}


async def rechecked(windows: list[Window], access: Access) -> None:
    viewing: Any = SimpleNamespace(listeners=set(windows), access=access)
    recheck = asyncio.create_task(Recheck(viewing, period_s=0.001).run())
    async with asyncio.timeout(5):
        while not all(window.told or window.out for window in windows):
            await asyncio.sleep(0.001)
    recheck.cancel()


async def test_one_question_answers_for_all_windows_of_a_person_and_nobody_elses() -> None:
    one, other = viewer_at(HOUSE), viewer_at(HOUSE)
    hers, his = uuid4(), uuid4()
    access = Access(
        {"a": one, "b": one, "c": other}, {hers: {one.person_id}, his: {other.person_id}}
    )
    first, second = Window("a", hers, his), Window("b", his)
    third, gone = Window("c", hers, his), Window("d", hers)
    await rechecked([first, second, third, gone], access)
    assert first.told[0] == (one, {his})
    assert second.told[0] == (one, {his})
    assert third.told[0] == (other, {hers})
    assert gone.out
    assert access.asked[:3] == ["who", "what", "what"]


async def test_thousands_are_asked_about_in_parts_and_all_of_them() -> None:
    viewer, recording = viewer_at(HOUSE), uuid4()
    windows = [Window(f"{number:04}", recording) for number in range(2 * AT_ONCE + 1)]
    access = Access({one.token: viewer for one in windows}, {recording: {viewer.person_id}})
    await rechecked(windows, access)
    assert all(one.told[0] == (viewer, set()) for one in windows)
    assert access.asked[:6] == ["who", "what"] * 3
