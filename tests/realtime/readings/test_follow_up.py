"""A time to look again, as it was signed, reaches the bedside and stays until she was seen."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from kernel.viewer import Viewer
from realtime.readings import queries, service
from realtime.readings.errors import AskersOnly, ReadingMoved
from realtime.readings.queries import Which
from tests.realtime.readings.room import Room
from tests.registry.world import SEALER


async def signed(room: Room, again: datetime | None) -> UUID:
    """A reading signed with, or without, a time to look again."""
    reading = await room.ask()
    await room.move(service.claim, reading, room.expert)
    view = await room.see(reading, room.expert)
    await room.sign(reading, room.expert, view, again=again)
    return reading


async def listed(room: Room, viewer: Viewer, which: Which) -> list[UUID]:
    async with room.ward.clone.app.session(viewer) as session:
        found = await queries.readings(session, room.ward.clock, viewer, SEALER, which)
    return [one.id for one in found]


async def notices(room: Room) -> int:
    return await room.ward.count(
        "SELECT count(*) FROM inbox_item WHERE data ->> 'code' = 'ctg.reading_follow_up'"
    )


async def test_it_comes_back_to_the_bedside_and_stays_until_she_was_seen(room: Room) -> None:
    again = room.ward.clock.now() + timedelta(hours=2)
    reading = await signed(room, again)
    await room.move(service.receive, reading, room.asker)
    found = (await room.look(reading)).reading
    assert (found.follow_up_at, found.followed_at) == (again, None)
    assert found.allowed == ["follow_up"]
    assert await listed(room, room.asker, "asked") == [reading]
    assert await listed(room, room.expert, "to_read") == []
    assert (await room.look(reading, room.expert)).reading.allowed == ["add"]

    await room.minded(3600)
    assert await notices(room) == 0
    await room.minded(3601)
    told = await notices(room)
    assert told >= 1
    await room.minded(3600)
    assert await notices(room) == told
    assert await listed(room, room.asker, "asked") == [reading]

    await room.move(service.follow_up, reading, room.asker)
    done = await room.look(reading)
    assert done.reading.followed_by is not None
    assert done.reading.allowed == []
    assert [one.action for one in done.history][-3:] == ["receive", "remind", "follow_up"]
    assert await listed(room, room.asker, "asked") == []
    assert await listed(room, room.asker, "done") == [reading]


async def test_seen_in_time_nobody_is_told(room: Room) -> None:
    reading = await signed(room, room.ward.clock.now() + timedelta(hours=2))
    await room.move(service.receive, reading, room.asker)
    with pytest.raises(AskersOnly):
        await room.move(service.follow_up, reading, room.expert)
    await room.move(service.follow_up, reading, room.asker)
    with pytest.raises(ReadingMoved):
        await room.move(service.follow_up, reading, room.asker)
    await room.minded(3 * 3600)
    assert await notices(room) == 0


async def test_an_addendum_names_another_time_and_without_one_there_is_nothing(room: Room) -> None:
    reading = await signed(room, None)
    await room.move(service.receive, reading, room.asker)
    assert (await room.look(reading)).reading.allowed == []
    with pytest.raises(ReadingMoved):
        await room.move(service.follow_up, reading, room.asker)
    again = room.ward.clock.now() + timedelta(hours=1)
    await room.add(reading, room.expert, await room.see(reading, room.expert), again)
    await room.move(service.receive, reading, room.asker)
    assert (await room.look(reading)).reading.follow_up_at == again
    await room.minded(3601)
    assert await notices(room) >= 1
