"""One row per point, planned ring and try, written with the page itself."""

from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from duty.escalation import service
from duty.escalation.engine import EscalationEngine
from duty.notify.states import MessageState
from duty.rosters.oncall import DutyTier
from kernel.viewer import Viewer
from tests.duty.region import SEEDER, Region

FIRST = DutyTier.FIRST


async def point(
    region: Region,
    channel: str,
    *,
    person: Viewer | None = None,
    facility: bool = False,
    rank: int = 1,
    verified: bool = True,
) -> UUID:
    """A contact point as it stands in the table."""
    id_ = uuid4()
    owner = person or region.experts[FIRST]
    async with region.clone.system.session(SEEDER) as session:
        await session.execute(
            text(
                "INSERT INTO contact_point (id, channel, person_id, facility_id, label, rank,"
                "  address_sealed, created_by, created_at, verified_at)"
                " VALUES (:id, :channel, :person, :facility, 'x', :rank, :address, :by, now(),"
                "  CASE WHEN :verified THEN now() END)"
            ),
            {
                "id": id_,
                "channel": channel,
                "person": None if facility else owner.person_id,
                "facility": region.centre if facility else None,
                "rank": rank,
                "address": region.sealer.seal("19900001234", "contact_point.address"),
                "by": owner.person_id,
                "verified": verified,
            },
        )
    return id_


async def rows(region: Region, point_id: UUID) -> list[tuple[int, int, float]]:
    """Ring, try and seconds after the page of what is queued for a point."""
    async with region.clone.system.session(SEEDER) as session:
        found = await session.execute(
            text(
                "SELECT m.ring, m.try, m.available_at - min(m.available_at) OVER () AS after"
                " FROM page_message m WHERE contact_point_id = :id ORDER BY m.available_at"
            ),
            {"id": point_id},
        )
        return [(row[0], row[1], row[2].total_seconds()) for row in found]


async def test_a_telephone_is_queued_for_its_four_rings(region: Region) -> None:
    mobile = await point(region, "voice")
    await region.page()
    assert [(ring, after) for ring, _, after in await rows(region, mobile)] == [
        (1, 0),
        (2, 65),
        (3, 130),
        (4, 195),
    ]


async def test_two_numbers_of_one_channel_both_have_their_row(region: Region) -> None:
    first, second = await point(region, "sms"), await point(region, "sms", rank=2)
    await region.page()
    assert len(await rows(region, first)) == len(await rows(region, second)) == 1


async def test_a_number_that_nobody_verified_does_not_ring(region: Region) -> None:
    unknown = await point(region, "sms", verified=False)
    await region.page()
    assert await rows(region, unknown) == []


async def test_the_houses_telephone_rings_for_those_who_have_none(region: Region) -> None:
    landline = await point(region, "voice", facility=True)
    mobile = await point(region, "voice")
    await region.page()
    # First and second line are rung together: the one by her own number, the other by the house's.
    assert len(await rows(region, landline)) == len(await rows(region, mobile)) == 4


@pytest.mark.parametrize("channel", ["wecom_robot", "dingtalk_robot"])
async def test_a_group_chat_is_told_once_of_each_step(region: Region, channel: str) -> None:
    chat = await point(region, channel, facility=True)
    page_id = await region.page()
    # First and second line are rung together; the chat is one.
    assert len(await rows(region, chat)) == 1
    async with region.clone.system.session(SEEDER) as session:
        await session.execute(
            text("UPDATE escalation SET next_due_at = clock_timestamp() WHERE page_id = :p"),
            {"p": page_id},
        )
    await EscalationEngine(region.clone.system, region.clock).run_once()
    assert len(await rows(region, chat)) == 2


async def test_whoever_has_declined_is_not_rung_again(region: Region) -> None:
    mobile = await point(region, "voice")
    first = region.experts[FIRST]
    page_id = await region.page()
    async with region.clone.app.session(first) as session:
        await service.decline(session, region.clock, first, page_id, reason="in_surgery")
    async with region.clone.system.session(SEEDER) as session:
        found = await session.execute(
            text("SELECT DISTINCT state FROM page_message WHERE contact_point_id = :id"),
            {"id": mobile},
        )
        assert [row.state for row in found] == [MessageState.DROPPED]


async def test_points_are_private_to_their_person(region: Region) -> None:
    await point(region, "sms")
    count = text("SELECT count(*) FROM contact_point")
    seen = {}
    for name, viewer in (("doctor", region.doctor), ("first", region.experts[FIRST])):
        async with region.clone.app.session(viewer) as session:
            seen[name] = (await session.execute(count)).scalar_one()
    assert seen == {"doctor": 0, "first": 1}
