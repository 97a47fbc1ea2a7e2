"""The inbox: numbers without gaps, whatever happens around them."""

import asyncio
import random
from datetime import UTC, datetime

import asyncpg
import pytest
from sqlalchemy import text

from duty.notify import inbox
from kernel.ids import CaseId, PersonId
from tests.duty.region import SEEDER, Region


async def offsets(region: Region, person_id: PersonId) -> list[int]:
    async with region.clone.system.session(SEEDER) as session:
        rows = await session.execute(
            text("SELECT seq FROM inbox_item WHERE person_id = :p ORDER BY seq"), {"p": person_id}
        )
        return [row.seq for row in rows]


async def post(region: Region, case_id: CaseId, *people: PersonId, fail: bool = False) -> None:
    async with region.clone.system.session(SEEDER) as session:
        for person_id in people:
            await inbox.post(session, [person_id], "notice", case_id, {"code": "x"})
        if fail:
            raise RuntimeError


async def test_numbers_have_no_gaps_under_concurrency_failures_and_any_order(
    region: Region,
) -> None:
    """Writers post to several people in random orders, a third of them roll back: no deadlock,
    and what a reader may see is always 1..n."""
    case_id = await region.open_case()
    people = [expert.person_id for expert in region.experts.values()]
    dice = random.Random(7)
    seen: list[list[int]] = []

    async def writer() -> None:
        for _ in range(15):
            chosen = dice.sample(people, dice.randint(1, len(people)))
            fail = dice.random() < 0.3
            if fail:
                with pytest.raises(RuntimeError):
                    await post(region, case_id, *chosen, fail=True)
            else:
                await post(region, case_id, *chosen)

    async def reader() -> None:
        for _ in range(20):
            seen.append(await offsets(region, people[0]))
            await asyncio.sleep(0.02)

    await asyncio.gather(*(writer() for _ in range(8)), reader())
    for found in [*seen, *[await offsets(region, person_id) for person_id in people]]:
        assert found == list(range(1, len(found) + 1))
    assert len(await offsets(region, people[0])) > 20


async def test_a_number_once_seen_is_never_followed_by_a_smaller_one(region: Region) -> None:
    """The slow writer began first and commits last; its item still comes after."""
    case_id = await region.open_case()
    person_id = region.doctor.person_id
    async with region.clone.system.session(SEEDER) as slow:
        await inbox.post(slow, [person_id], "notice", case_id, {"code": "slow"})
        await post(region, case_id, person_id)
        assert await offsets(region, person_id) == [1]
    async with region.clone.app.session(region.doctor) as session:
        items = await inbox.after(session, person_id, 1)
        assert [(one.offset, b"slow" in bytes(one.data)) for one in items] == [(2, True)]
        assert await inbox.latest(session, person_id) == 2
        assert await inbox.heads(session, [person_id]) == {person_id: 2}


async def test_items_of_one_transaction_keep_their_order(region: Region) -> None:
    case_id = await region.open_case()
    async with region.clone.system.session(SEEDER) as session:
        for n in range(20):
            await inbox.post(session, [region.doctor.person_id], "notice", case_id, {"n": n})
    async with region.clone.app.session(region.doctor) as session:
        items = await inbox.after(session, region.doctor.person_id, 0)
    assert [
        int(bytes(one.data).split(b'"n": ')[1].split(b"}")[0].split(b",")[0]) for one in items
    ] == (list(range(20)))


async def test_nobody_reads_another_persons_inbox(region: Region) -> None:
    case_id = await region.open_case()
    await post(region, case_id, region.doctor.person_id)
    expert = next(iter(region.experts.values()))
    async with region.clone.app.session(expert) as session:
        assert await inbox.after(session, region.doctor.person_id, 0) == []


async def test_listeners_are_woken_once_it_is_readable(region: Region) -> None:
    case_id = await region.open_case()
    heard: asyncio.Queue[str] = asyncio.Queue()
    connection = await asyncpg.connect(region.clone.system_url)
    try:
        await connection.add_listener(inbox.CHANNEL, lambda *a: heard.put_nowait(a[3]))
        await post(region, case_id, region.doctor.person_id)
        assert await asyncio.wait_for(heard.get(), 2) == str(region.doctor.person_id)
        assert await offsets(region, region.doctor.person_id) == [1]
    finally:
        await connection.close()


async def test_an_item_is_ids_and_codes_not_a_document(region: Region) -> None:
    case_id = await region.open_case()
    async with region.clone.system.session(SEEDER) as session:
        with pytest.raises(ValueError, match="ids and codes"):
            await inbox.post(
                session, [region.doctor.person_id], "notice", case_id, {"text": "x" * 5000}
            )


async def test_items_carry_the_moment_of_their_commit(region: Region) -> None:
    case_id = await region.open_case()
    async with region.clone.system.session(SEEDER) as session:
        await inbox.post(session, [region.doctor.person_id], "notice", case_id, {"code": "x"})
        await asyncio.sleep(0.2)
        before = datetime.now(UTC)  # noqa: TID251
    async with region.clone.app.session(region.doctor) as session:
        (item,) = await inbox.after(session, region.doctor.person_id, 0)
    assert item.created_at >= before
