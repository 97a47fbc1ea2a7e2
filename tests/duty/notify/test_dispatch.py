"""The direct road: many at a time, a room per channel, nothing lost and nobody held up."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from duty.escalation import service
from duty.notify import claims
from duty.notify.channels.channel import Failed, InDoubt, Sent
from duty.notify.delivery import LEASE, Delivery
from duty.notify.dispatch import Dispatcher, Overflow
from duty.notify.outgoing import WAKE_CHANNEL
from kernel.wake import Listener
from tests.duty.notify.test_delivery import Scripted, endpoint, messages, reach, set_due
from tests.duty.region import SEEDER, Region


def dispatcher(
    region: Region,
    channel: Scripted,
    *others: Scripted,
    room: int = 8,
    over: Overflow | None = None,
) -> Dispatcher:
    channels = {one.name: one for one in (channel, *others)}
    delivery = Delivery(region.clone.system, region.sealer, channels)
    return Dispatcher(region.clone.system, region.sealer, delivery, room=room, overflow=over)


async def settled(region: Region, sending: Dispatcher) -> list[str]:
    """Look once, wait until nothing is on its way, and say where the messages stand."""
    while await sending.run_once():
        pass
    for _ in range(200):
        states = [message[1] for message in await messages(region)]
        if "sending" not in states:
            return states
        await asyncio.sleep(0.01)
    return states


async def test_everything_due_goes_out_and_is_recorded(region: Region) -> None:
    await endpoint(region)
    pages = [await region.page() for _ in range(20)]
    channel = Scripted(Sent())
    sending = dispatcher(region, channel, room=32)
    assert await settled(region, sending) == ["sent"] * 20
    assert {message.page_id for message in channel.got} == set(pages)
    assert {await reach(region, page_id) for page_id in pages} == {"sent"}
    assert await sending.run_once() is False
    assert len(channel.got) == 20
    await sending.close()


async def test_a_page_wakes_the_senders_when_it_commits(region: Region) -> None:
    await endpoint(region)
    woken = asyncio.Queue[str]()
    listener = Listener(
        region.clone.system_url, (WAKE_CHANNEL,), lambda channel, _: woken.put_nowait(channel)
    )
    listening = asyncio.create_task(listener.run())
    async with asyncio.timeout(10):
        assert await woken.get() == WAKE_CHANNEL, "once for what may have been missed"
        await region.page()
        assert await woken.get() == WAKE_CHANNEL
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


async def test_two_senders_share_the_work(region: Region) -> None:
    await endpoint(region)
    for _ in range(12):
        await region.page()
    channel = Scripted(Sent())
    both = [dispatcher(region, channel, room=6) for _ in range(2)]
    await asyncio.gather(*(one.run_once() for one in both))
    for one in both:
        await settled(region, one)
    assert sorted({message.id for message in channel.got}) == sorted(
        message.id for message in channel.got
    )
    assert [message[1] for message in await messages(region)] == ["sent"] * 12
    for one in both:
        await one.close()


async def test_what_one_sender_has_claimed_another_passes_over(region: Region) -> None:
    """Before the first has committed: the second neither waits for it nor takes the same."""
    await endpoint(region)
    for _ in range(3):
        await region.page()
    name, system = Scripted(Sent()).name, region.clone.system
    async with system.session(SEEDER) as one, system.session(SEEDER) as other, asyncio.timeout(5):
        first = await claims.claim_due(one, region.sealer, {name: 2}, LEASE)
        second = await claims.claim_due(other, region.sealer, {name: 8}, LEASE)
    assert (len(first), len(second)) == (2, 1)
    assert not {one.id for one in first} & {one.id for one in second}


async def test_failure_and_doubt_go_their_own_ways(region: Region) -> None:
    await endpoint(region)
    await region.page()
    channel = Scripted(Failed("http_503", again=True), InDoubt("ReadTimeout"), Sent())
    sending = dispatcher(region, channel)
    assert await settled(region, sending) == ["failed", "queued"]
    await set_due(region)
    assert await settled(region, sending) == ["failed", "in_doubt"]
    await set_due(region)
    assert await settled(region, sending) == ["failed", "sent"]
    assert channel.got[1].id == channel.got[2].id
    await sending.close()


async def test_an_ended_page_is_not_sent(region: Region) -> None:
    await endpoint(region)
    case_id = await region.open_case()
    await region.page(case_id)
    channel = Scripted(InDoubt("ReadTimeout"))
    sending = dispatcher(region, channel)
    assert await settled(region, sending) == ["in_doubt"]
    async with region.clone.app.session(region.doctor) as session:
        await service.stop(session, region.clock, case_id, None, "withdrawn")
    await set_due(region)
    await sending.run_once()
    assert [message[1] for message in await messages(region)] == ["dropped"]
    assert len(channel.got) == 1
    await sending.close()


async def test_a_hung_channel_fills_its_own_room_and_no_other(region: Region) -> None:
    """What no longer fits is offered to the workers; the other channel goes on."""
    await endpoint(region)
    hung, other = Scripted(Sent()), Scripted(Sent())
    hung.hold, other.name = asyncio.Event(), "voice"
    offered: list[UUID] = []

    async def over(ids: Sequence[UUID]) -> None:
        offered.extend(ids)

    for _ in range(3):
        await region.page()
    sending = dispatcher(region, hung, other, room=2, over=over)
    await set_due(region)
    assert await sending.run_once() is True
    await sending.run_once()
    await sending.run_once()
    waiting = [message[0] for message in await messages(region) if message[1] == "queued"]
    async with asyncio.timeout(10):
        while not offered:
            await asyncio.sleep(0.01)
    assert offered == waiting
    assert len(waiting) == 1
    await as_channel(region, "voice")
    assert await sending.run_once() is False
    await asyncio.wait_for(other.called.wait(), 10)
    assert len(hung.got) == 2
    hung.hold.set()
    await settled(region, sending)
    await sending.close()


async def test_a_channel_that_asks_for_time_holds_up_no_other(region: Region) -> None:
    await endpoint(region)
    for _ in range(2):
        await region.page()
    put_off, other = Scripted(Failed("http_429", again=True, after_s=40)), Scripted(Sent())
    other.name = "voice"
    sending = dispatcher(region, put_off, other, room=1)
    await sending.run_once()
    await asyncio.wait_for(put_off.called.wait(), 10)
    await as_channel(region, "voice")
    await sending.run_once()
    await asyncio.wait_for(other.called.wait(), 10)
    waits = await asyncio.wait_for(put_off_for(region), 10)
    await sending.close()
    assert timedelta(seconds=30) < waits <= timedelta(seconds=40)
    assert len(put_off.got) == len(other.got) == 1


async def put_off_for(region: Region) -> timedelta:
    """How long the second try of a message waits, once it is written down."""
    while True:
        async with region.clone.system.session(SEEDER) as session:
            waits = await session.scalar(
                text("SELECT available_at - clock_timestamp() FROM page_message WHERE try = 2")
            )
        if isinstance(waits, timedelta):
            return waits
        await asyncio.sleep(0.05)


async def as_channel(region: Region, channel: str) -> None:
    """The waiting message is one of another channel."""
    async with region.clone.system.session(SEEDER) as session:
        await session.execute(
            text("UPDATE page_message SET channel = :c WHERE state = 'queued' AND channel = :w"),
            {"c": channel, "w": "webhook"},
        )


@pytest.mark.parametrize("table", ["page_target", "page_message"])
async def test_what_somebody_else_is_writing_is_recorded_afterwards(
    region: Region, table: str
) -> None:
    """The batch waits for nobody, or two of them might wait for each other."""
    await endpoint(region)
    page_id = await region.page()
    channel = Scripted(Sent())
    channel.hold = asyncio.Event()
    sending = dispatcher(region, channel)
    await sending.run_once()
    await asyncio.wait_for(channel.called.wait(), 10)
    async with region.clone.system.session(SEEDER) as session:
        held = text(f"SELECT 1 FROM {table} WHERE page_id = :p FOR UPDATE")
        await session.execute(held, {"p": page_id})
        channel.hold.set()
        await asyncio.sleep(0.05)
        assert [message[1] for message in await messages(region)] == ["sending"]
    assert await settled(region, sending) == ["sent"]
    assert await reach(region, page_id) == "sent"
    await sending.close()


async def test_a_message_of_a_channel_that_is_gone_ends(region: Region) -> None:
    await endpoint(region)
    await region.page()
    other = Scripted(Sent())
    other.name = "voice"
    sending = dispatcher(region, other)
    await sending.give_up_stranded()
    assert [message[1] for message in await messages(region)] == ["queued"], "not at once"
    await set_due(region)
    async with region.clone.system.session(SEEDER) as session:
        await session.execute(
            text("UPDATE page_message SET available_at = available_at - interval '5 minutes'")
        )
    await sending.give_up_stranded()
    assert [message[1] for message in await messages(region)] == ["unreachable"]
    await sending.close()


async def test_a_lost_database_is_survived(region: Region) -> None:
    from kernel.database import Database

    nowhere = Database("postgresql://yunshang_system@/x?host=/nonexistent")
    channel = Scripted(Sent())
    delivery = Delivery(nowhere, region.sealer, {channel.name: channel})
    sending = Dispatcher(nowhere, region.sealer, delivery)
    assert await sending.run_once() is False
    assert await sending.give_up_stranded() is False
    await sending.close()
    await nowhere.close()
