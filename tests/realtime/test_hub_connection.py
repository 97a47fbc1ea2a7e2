"""What one socket is told: inbox first and in order, hints bounded, nobody waited for."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from duty.notify.inbox import Item
from kernel.errors import Unavailable
from kernel.ids import CaseId, PregnancyId
from kernel.viewer import Viewer
from realtime import hub_connection
from realtime.hub_connection import BOARD, ENDED, MAX_HINTS, PONG, RESYNC, Closed, Connection

AT = datetime(2026, 11, 22, tzinfo=UTC)
PAGE = str(uuid4())


class Wire:
    """Collects frames; its inbox is a list of items."""

    def __init__(self, items: int = 0) -> None:
        self.frames: list[dict[str, Any]] = []
        self.items = [item(n) for n in range(1, items + 1)]
        self.fetches: list[tuple[int, int]] = []
        self.pushed: list[Connection] = []
        self.broken = 0

    async def send(self, frame: bytes) -> None:
        self.frames.append(json.loads(frame))

    async def fetch(self, viewer: Viewer, offset: int, limit: int) -> list[Item]:
        self.fetches.append((offset, limit))
        if self.broken:
            self.broken -= 1
            raise Unavailable()
        return [one for one in self.items if one.offset > offset][:limit]

    def connection(self, offset: int = 0) -> Connection:
        return Connection(Viewer.system("test"), offset=offset, device_id="d", send=self.send)

    async def run(self, connection: Connection, for_s: float = 0.05) -> None:
        """Pump until there is nothing to do for a moment."""
        try:
            async with asyncio.timeout(for_s):
                await connection.pump(self.fetch, self.pushed.append)
        except TimeoutError:
            return


def item(n: int, kind: str = "page") -> Item:
    return Item(n, kind, msgspec.Raw(json.dumps({"page_id": PAGE}).encode()), AT)


async def test_it_begins_at_the_offset_and_goes_on_in_order() -> None:
    wire = Wire(items=250)
    connection = wire.connection(offset=5)
    await wire.run(connection)
    assert [frame["offset"] for frame in wire.frames] == list(range(6, 251))
    assert wire.fetches == [(5, 100), (105, 100), (205, 100)]
    assert connection.offset == 250
    assert wire.pushed
    assert {str(page) for page in connection.pushed} == {PAGE}


async def test_inbox_items_go_before_hints() -> None:
    wire = Wire(items=1)
    connection = wire.connection()
    case_id = CaseId(uuid4())
    connection.board()
    connection.reply(PONG)
    connection.hint(case_id, 3)
    hers = PregnancyId(uuid4())
    connection.woman(hers)
    connection.woman(hers)
    await wire.run(connection)
    assert [frame["type"] for frame in wire.frames] == ["item", "pong", "case", "woman", "board"]
    assert wire.frames[2] == {"type": "case", "case_id": str(case_id), "version": 3}
    assert wire.frames[3] == {"type": "woman", "pregnancy_id": str(hers)}


async def test_hints_of_one_case_replace_each_other_by_the_newest() -> None:
    wire = Wire()
    connection = wire.connection()
    case_id = CaseId(uuid4())
    for version in (1, 5, 3):
        connection.hint(case_id, version)
    await wire.run(connection)
    assert [frame["version"] for frame in wire.frames] == [5]


async def test_a_head_it_has_already_sent_costs_no_query() -> None:
    wire = Wire(items=3)
    connection = wire.connection()
    await wire.run(connection)
    connection.look(3)
    await wire.run(connection)
    assert len(wire.fetches) == 1
    wire.items.append(item(4))
    connection.look(4)
    await wire.run(connection)
    assert wire.frames[-1]["offset"] == 4


async def test_a_database_that_is_away_loses_nothing() -> None:
    wire = Wire(items=2)
    wire.broken = 1
    connection = wire.connection()
    await wire.run(connection)
    assert wire.frames == []
    connection.look(2)
    await wire.run(connection)
    assert [frame["offset"] for frame in wire.frames] == [1, 2]


async def test_a_reader_that_takes_nothing_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_connection, "SEND_S", 0.05)
    wire = Wire(items=1)
    connection = wire.connection()

    async def stuck(frame: bytes) -> None:
        await asyncio.sleep(3600)

    connection._send = stuck
    with pytest.raises(Closed) as closed:
        await wire.run(connection, for_s=1)
    assert closed.value.code == RESYNC
    assert connection.offset == 0


async def test_too_many_hints_end_the_connection_but_alerts_are_never_dropped() -> None:
    wire = Wire(items=300)
    connection = wire.connection()
    for _ in range(MAX_HINTS + 1):
        connection.hint(CaseId(uuid4()), 1)
    with pytest.raises(Closed) as closed:
        await wire.run(connection, for_s=1)
    assert closed.value.code == RESYNC
    assert [frame["offset"] for frame in wire.frames] == list(range(1, 301))


async def test_too_many_unread_replies_end_it_too() -> None:
    wire = Wire()
    connection = wire.connection()
    for _ in range(MAX_HINTS + 1):
        connection.reply(BOARD)
    with pytest.raises(Closed):
        await wire.run(connection, for_s=1)


async def test_bye_is_the_last_word() -> None:
    wire = Wire(items=1)
    connection = wire.connection()
    connection.bye("session_ended")
    with pytest.raises(Closed) as closed:
        await wire.run(connection, for_s=1)
    assert closed.value.code == ENDED
    assert wire.frames == [{"type": "bye", "code": "session_ended"}]
