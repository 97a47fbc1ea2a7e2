"""Two at once, a thousand times: one winner, and the roster has one person per place."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta

from sqlalchemy import text

from duty.changes import service
from duty.changes.errors import ChangeTaken
from kernel.errors import IllegalTransition, VersionStale
from kernel.ids import ChangeId
from kernel.viewer import Role, Viewer
from tests.duty.changes.ward import THIRD, Ward
from tests.duty.region import SEEDER

TRIALS = 1000
AT_ONCE = 6

# Ann and bea take turns, an hour each; every request offers one of ann's hours.
SHIFTS = text(
    """
    INSERT INTO shift (id, slot_id, slot_no, person_id, during, origin, recorded_at)
    SELECT gen_random_uuid(), s.id, s.slot_no,
           CASE n % 2 WHEN 0 THEN CAST(:ann AS uuid) ELSE :bea END,
           tstzrange(CAST(:start AS timestamptz) + n * interval '1 hour',
                     CAST(:start AS timestamptz) + (n + 1) * interval '1 hour'),
           'plan', :start
      FROM slot s, generate_series(0, 2 * CAST(:trials AS int) - 1) n WHERE s.id = :slot_id
    """
)
REQUESTS = text(
    """
    WITH given AS (
      SELECT gen_random_uuid() AS request_id, h.* FROM shift h
       WHERE h.slot_id = :slot_id AND h.person_id = :ann AND lower(h.during) >= :start),
    asked AS (
      INSERT INTO change_request (id, kind, state, facility_id, rule_id, requested_by,
        requested_at, reason, shift_id, slot_id, holder_id, during, party_ids, expires_at)
      SELECT g.request_id, 'swap', 'proposed', :facility_id, (SELECT id FROM change_rule),
             :ann, :start, 'family', g.id, g.slot_id, g.person_id, g.during,
             ARRAY[CAST(:ann AS uuid), :bea, :cleo], lower(g.during)
        FROM given g RETURNING id)
    INSERT INTO change_option (request_id, no, person_id, shift_id, slot_id, during)
    SELECT g.request_id, no, CASE no WHEN 1 THEN CAST(:bea AS uuid) ELSE :cleo END,
           b.id, b.slot_id, b.during
      FROM given g JOIN shift b ON b.slot_id = g.slot_id AND lower(b.during) = upper(g.during),
           generate_series(1, 2) no
    """
)
ALL = text("SELECT id FROM change_request ORDER BY lower(during)")
AGREED = text("UPDATE change_request SET state = 'agreed', taken_option = 1")
OVERLAPS = text(
    "SELECT count(*) FROM shift a JOIN shift b ON b.slot_no = a.slot_no AND b.id > a.id"
    " AND b.during && a.during AND a.slot_id = :slot_id"
    " WHERE a.status = 'active' AND b.status = 'active'"
)
HELD = text(
    "SELECT r.state, h.person_id FROM change_request r JOIN shift h ON h.slot_id = r.slot_id"
    "  AND h.status = 'active' AND h.during = r.during"
)


async def requests(ward: Ward, cleo: Viewer) -> list[ChangeId]:
    """A thousand open requests."""
    values = {
        "ann": ward.ann.person_id,
        "bea": ward.bea.person_id,
        "cleo": cleo.person_id,
        "slot_id": ward.region.slots[THIRD],
        "facility_id": ward.region.centre,
        "start": ward.monday + timedelta(days=7),
        "trials": TRIALS,
    }
    async with ward.region.clone.system.session(SEEDER) as session:
        await session.execute(SHIFTS, values)
        await session.execute(REQUESTS, values)
        return [ChangeId(row.id) for row in await session.execute(ALL)]


async def race(
    changes: list[ChangeId], *runners: Callable[[ChangeId], Awaitable[None]]
) -> list[tuple[object, ...]]:
    """Every change is fought over by all runners at once; what each of them got."""
    places = asyncio.Semaphore(AT_ONCE)

    async def trial(change: ChangeId) -> tuple[object, ...]:
        async with places:
            results = await asyncio.gather(
                *(run(change) for run in runners), return_exceptions=True
            )
            return tuple("won" if one is None else type(one) for one in results)

    return list(await asyncio.gather(*(trial(change) for change in changes)))


async def overlaps(ward: Ward) -> int:
    async with ward.region.clone.system.session(SEEDER) as session:
        found = await session.execute(OVERLAPS, {"slot_id": ward.region.slots[THIRD]})
        return int(found.scalar_one())


async def test_two_accept_one_swap(ward: Ward) -> None:
    cleo = await ward.region.staff(ward.region.centre, Role.EXPERT)
    changes = await requests(ward, cleo)
    results = await race(
        changes,
        lambda change: ward.accept(change, ward.bea, no=1),
        lambda change: ward.accept(change, cleo, no=2),
    )
    assert len(results) == TRIALS
    assert set(results) <= {("won", ChangeTaken), (ChangeTaken, "won")}
    async with ward.region.clone.system.session(SEEDER) as session:
        said = await session.execute(
            text("SELECT count(*) FROM change_option WHERE answer = 'accepted'")
        )
        assert said.scalar_one() == TRIALS


async def test_approval_races_withdrawal(ward: Ward) -> None:
    cleo = await ward.region.staff(ward.region.centre, Role.EXPERT)
    changes = await requests(ward, cleo)
    async with ward.region.clone.system.session(SEEDER) as session:
        await session.execute(AGREED)
    results = await race(
        changes,
        lambda change: ward.approve(change, rev=1),
        lambda change: ward.withdraw(change, rev=1),
    )
    outcomes = Counter(results)
    assert sum(outcomes.values()) == TRIALS
    lost = {IllegalTransition, VersionStale}
    assert all(pair.count("won") == 1 and set(pair) - {"won"} <= lost for pair in outcomes), (
        outcomes
    )
    assert await overlaps(ward) == 0
    async with ward.region.clone.system.session(SEEDER) as session:
        held = Counter(tuple(row) for row in await session.execute(HELD))
    approved = sum(n for pair, n in outcomes.items() if pair[0] == "won")
    assert held == {
        key: n
        for key, n in {
            ("applied", ward.bea.person_id): approved,
            ("withdrawn", ward.ann.person_id): TRIALS - approved,
        }.items()
        if n
    }


async def test_an_accept_may_not_follow_a_withdrawal(ward: Ward) -> None:
    change = await ward.ask()

    async def back(change: ChangeId) -> None:
        async with ward.region.clone.app.session(ward.ann) as session:
            await service.withdraw(session, ward.region.clock, ward.ann, change, rev=1)

    (outcome,) = await race([change], ward.accept, back)
    assert outcome.count("won") == 1
