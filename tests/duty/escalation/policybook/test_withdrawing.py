"""A version is taken back with a reason; what came before counts again, something always does."""

import asyncio
from dataclasses import replace
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import text

from duty.escalation import policy
from duty.escalation.errors import PolicyNotInForce, PolicyShipped
from duty.escalation.policybook import queries, service
from kernel.errors import Conflict, NotAllowed, NotFound
from kernel.ids import RegionId, new_id
from kernel.viewer import Role, Viewer
from tests.duty.escalation.policybook.test_service import ORDER, write
from tests.duty.region import EVENT, LEVEL, SEEDER, Region

WHY = "与院感分区冲突，暂停执行"


async def withdraw(region: Region, who: Viewer, policy_id: UUID) -> UUID:
    async with region.clone.app.session(who) as session:
        return await service.withdraw(session, who, policy_id, f" {WHY} ")


async def counts(region: Region, event: str = EVENT) -> UUID:
    async with region.clone.app.session(region.doctor) as session:
        return (await policy.choose(session, region.centre, event, LEVEL)).id


async def city(region: Region) -> RegionId:
    """The region in which the centre lies."""
    async with region.clone.system.session(SEEDER) as session:
        found = await session.execute(
            text("SELECT region_id FROM facility WHERE id = :id"), {"id": region.centre}
        )
        return RegionId(found.scalar_one())


async def over_the_city(region: Region, *roles: Role) -> Viewer:
    """Somebody of the county who answers for the whole city."""
    who = await region.staff(region.county, *(roles or (Role.COORDINATOR,)))
    return replace(who, region_ids=frozenset({await city(region)}))


async def test_what_came_before_counts_again_down_to_what_is_shipped(region: Region) -> None:
    coordinator = await region.staff(region.centre, Role.COORDINATOR)
    shipped = await counts(region)
    first = await write(region, coordinator)
    second = await write(region, coordinator, msgspec.structs.replace(ORDER, repeat_s=90))
    taken_back = await withdraw(region, coordinator, second)
    assert await counts(region) == first
    await withdraw(region, coordinator, first)
    assert await counts(region) == shipped
    async with region.clone.app.session(coordinator) as session:
        told = await queries.history(session, second)
        book = await queries.book(session, coordinator, region.centre)
    assert [one.id for one in told][1:] == [taken_back, second, first]
    assert not any(one.in_force for one in told)
    assert (told[1].withdraws_id, told[1].reason) == (second, WHY)
    assert told[1].recorded_by is not None
    assert told[1].recorded_by.id == coordinator.person_id
    assert {one.owner for one in book.policies} == {"platform"}
    again = await write(region, coordinator)
    assert await counts(region) == again, "the same content may be written again"


async def test_a_page_keeps_the_version_it_was_sent_under(region: Region) -> None:
    coordinator = await region.staff(region.centre, Role.COORDINATOR)
    written = await write(region, coordinator)
    page_id = await region.page()
    await withdraw(region, coordinator, written)
    async with region.clone.system.session(SEEDER) as session:
        kept = await session.execute(
            text("SELECT policy_id FROM page WHERE id = :id"), {"id": page_id}
        )
        rules = (await policy.load(session, kept.scalar_one())).policy
    assert rules.repeat_s == ORDER.repeat_s


async def test_only_the_version_in_force_and_only_once(region: Region) -> None:
    coordinator = await region.staff(region.centre, Role.COORDINATOR)
    first = await write(region, coordinator)
    second = await write(region, coordinator, msgspec.structs.replace(ORDER, repeat_s=90))
    with pytest.raises(PolicyNotInForce):
        await withdraw(region, coordinator, first)
    marker = await withdraw(region, coordinator, second)
    for over in (second, marker):
        with pytest.raises(PolicyNotInForce):
            await withdraw(region, coordinator, over)
    assert await counts(region) == first
    with pytest.raises(NotFound):
        await withdraw(region, coordinator, new_id())


async def test_two_who_withdraw_at_once_take_back_one(region: Region) -> None:
    coordinator = await region.staff(region.centre, Role.COORDINATOR)
    first = await write(region, coordinator)
    second = await write(region, coordinator, msgspec.structs.replace(ORDER, repeat_s=90))
    ends = await asyncio.gather(
        *(withdraw(region, coordinator, second) for _ in range(4)), return_exceptions=True
    )
    refused = [one for one in ends if isinstance(one, BaseException)]
    assert len(refused) == 3
    assert {type(one) for one in refused} <= {Conflict, PolicyNotInForce}
    assert await counts(region) == first


async def test_what_is_shipped_stays(region: Region) -> None:
    coordinator = await over_the_city(region)
    with pytest.raises(PolicyShipped):
        await withdraw(region, coordinator, await counts(region))
    # The database keeps it too, whoever asks.
    for owner in (None, region.centre):
        with pytest.raises(Conflict):
            async with region.clone.system.session(SEEDER) as session:
                await policy.install(
                    session,
                    event="*",
                    level="*",
                    facility_id=owner,
                    steps=[{"delay_s": 0, "tiers": ["first"], "specialties": ["*"]}],
                    repeat_s=60,
                    source="s",
                    confidence="c",
                    withdraws_id=await counts(region),
                    reason=WHY,
                )


async def test_a_region_writes_for_its_houses_and_each_house_stands_before_it(
    region: Region,
) -> None:
    over, own = await over_the_city(region), await region.staff(region.centre, Role.COORDINATOR)
    shipped, area = await counts(region), await city(region)
    wide = await write(region, over, msgspec.structs.replace(ORDER, region_id=area))
    narrow = msgspec.structs.replace(ORDER, region_id=region.county_region)
    await write(region, over, narrow)
    assert await counts(region) == wide, "the county's ladder is not the city's"
    house = await write(region, own)
    assert await counts(region) == house
    async with region.clone.app.session(over) as session:
        book = await queries.book(session, over, region.centre)
    assert (book.may_write, [one.name for one in book.regions]) == (False, ["云江市"])
    top = [(one.owner, one.owner_id, one.owner_name) for one in book.policies[:2]]
    assert top == [("facility", region.centre, "云江市妇幼"), ("region", area, "云江市")]
    await withdraw(region, own, house)
    assert await counts(region) == wide
    await withdraw(region, over, wide)
    assert await counts(region) == shipped


async def test_nobody_writes_or_withdraws_for_somebody_else(region: Region) -> None:
    over, own = await over_the_city(region), await region.staff(region.centre, Role.COORDINATOR)
    area = await city(region)
    for_all = msgspec.structs.replace(ORDER, region_id=area)
    wide, house = await write(region, over, for_all), await write(region, own)
    office = await over_the_city(region, Role.MEDICAL_AFFAIRS)
    inside = replace(over, region_ids=frozenset({region.county_region}))
    for who in (own, office, inside, region.doctor):
        with pytest.raises(NotAllowed):
            await write(region, who, for_all)
        with pytest.raises(NotAllowed):
            await withdraw(region, who, wide)
    for who in (over, region.doctor):
        with pytest.raises(NotAllowed):
            await withdraw(region, who, house)
    # The second net: the database refuses a ladder for a region that is not theirs.
    with pytest.raises(Exception, match="row-level security"):
        async with region.clone.app.session(inside) as session:
            await policy.install(
                session,
                event="x",
                level="*",
                region_id=area,
                steps=[{"delay_s": 0, "tiers": ["first"], "specialties": ["*"]}],
                repeat_s=60,
                source="s",
                confidence="c",
                recorded_by=inside.person_id,
            )
