"""Rows that were given up are a sign on the health page and a notice to the administrators."""

from datetime import timedelta

import msgspec
from sqlalchemy import text

from duty.notify import inbox
from duty.watch import given_up
from duty.watch.given_up import AGAIN, NOTICE
from kernel.clock import SimulatedClock
from kernel.given_up import Decision, decide, rows
from kernel.ids import PersonId
from kernel.outbox import enqueue
from kernel.viewer import Role
from registry.people.service import Grant, create_person_with_account
from server.heartbeat import beat
from tests.duty.region import SEEDER, Region
from tests.duty.watch.test_queries import health, said, vitals


async def lose(region: Region, topic: str) -> None:
    """A row of `topic` that its handler could not carry out."""
    async with region.clone.system.session(SEEDER) as session:
        await enqueue(session, topic, {})
        await session.execute(
            text("UPDATE outbox SET dead_at = clock_timestamp() WHERE topic = :topic"),
            {"topic": topic},
        )


async def settle(region: Region) -> None:
    async with region.clone.system.session(SEEDER) as session:
        ids = [one.id for one in await rows(session)]
        await decide(session, ids, Decision.SET_ASIDE, operator="root", reason="too late")


async def account(region: Region, login: str, role: Role) -> PersonId:
    async with region.clone.system.session(SEEDER) as session:
        person_id, _ = await create_person_with_account(
            session,
            region.clock,
            region.sealer,
            facility_id=region.centre,
            name="何静",
            login=login,
            password_hash="!",
            grants=[Grant(role, facility_id=region.centre)],
        )
    return person_id


async def notices(region: Region, person_id: PersonId) -> list[tuple[int, list[str]]]:
    async with region.clone.system.session(SEEDER) as session:
        items = await inbox.after(session, person_id, 0)
    found = [msgspec.json.decode(item.data) for item in items]
    return [(one["rows"], one["topics"]) for one in found if one["code"] == NOTICE]


async def test_they_are_counted_shown_and_not_a_reason_to_telephone(region: Region) -> None:
    await beat(region.clone.system, "engine")
    await lose(region, "case.changed")
    assert (await vitals(region.clone)).given_up == 1
    found = await health(region.clone)
    assert (found.status, said(found)) == ("ok", {"rows_given_up", "unwatched"})
    await settle(region)
    assert said(await health(region.clone)) == {"unwatched"}


async def test_administrators_hear_once_again_with_each_new_one_and_daily(region: Region) -> None:
    admin = await account(region, "admin", Role.SYSTEM_ADMIN)
    doctor = await account(region, "doctor", Role.EXPERT)
    clock = SimulatedClock(region.clock.now() + AGAIN)

    async def told() -> list[tuple[int, list[str]]]:
        await given_up.tell(region.clone.system, clock)
        return await notices(region, admin)

    assert await told() == []
    await lose(region, "b")
    assert await told() == [(1, ["b"])]
    clock.advance(AGAIN - timedelta(seconds=1))
    assert len(await told()) == 1
    await lose(region, "a")
    assert (await told())[1:] == [(2, ["a", "b"])]
    clock.advance(AGAIN)
    assert len(await told()) == 3
    await settle(region)
    clock.advance(AGAIN)
    assert len(await told()) == 3
    assert await notices(region, doctor) == []
