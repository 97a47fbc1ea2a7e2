"""What is kept of past months changes no number, for anybody, whenever facts change."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from kernel.ids import FacilityId, new_id
from kernel.parties import PartyRole, add_facility, add_person
from kernel.viewer import Role, Viewer
from quality import cell_keeping, cells, facts, indicators
from quality.repository import Scope
from quality.schemas import IntervalValue
from quality.stretches import Span, begin_of, month_of, remaining, weeks_of, within
from registry.facilities.rules import CHINA
from tests.fixtures.database import Clone
from tests.quality.cases import SYSTEM, Place, county_of, far_county_of, region, write_case
from tests.quality.rounds.told import somebody
from tests.quality.test_facts import bring
from tests.registry.world import World

CODES = ("request_to_accept", "referrals_accepted", "ob_caesarean_rate")
FIRST = datetime(2026, 6, 20, tzinfo=UTC)


@pytest.fixture
async def world(database: Clone) -> World:
    return await region(database)


async def happen(database: Clone, world: World, dice: Random, count: int) -> None:
    """Cases and deliveries of any day from 20 June to 20 October."""
    houses = (county_of(world), far_county_of(world), Place(world.city_centre, world.city))
    async with database.system.session(SYSTEM) as session:
        for _ in range(count):
            centre = {"facility_id": str(dice.choice([world.city_centre, world.province_centre]))}
            steps = (
                ("page.acknowledged", dice.uniform(1, 9)),
                ("offer.accepted", dice.uniform(2, 90), centre),
                ("leg.departed", dice.uniform(5, 60), {"late_reason": "断网"}),
                ("milestone.decision_for_cs", 60 * 24 * dice.uniform(0, 40), {"urgency_class": 1}),
                ("milestone.birth", 60 * 24 * 41),
                ("referral.voided", 60 * 24 * 42),
            )
            said: dict[str, object] = dice.choice([{}, {}, {"drill": True}, {"direction": "back"}])
            await write_case(
                session,
                dice.choice(houses),
                *steps[: dice.randrange(7)],
                at=FIRST + timedelta(days=dice.uniform(0, 120)),
                request=said,
            )
    days = [date(2026, 6, 20) + timedelta(days=dice.randrange(120)) for _ in range(count)]
    modes = [dice.choice(("剖宫产", "阴道")) for _ in range(count)]
    numbers = [dice.randrange(40) for _ in range(count)]
    await bring(
        database,
        world,
        "".join(
            f"{n},{day},39+1,{mode},是\n" for n, day, mode in zip(numbers, days, modes, strict=True)
        ),
    )
    while await facts.keep_up(database.system):
        pass


async def kept(database: Clone) -> int:
    """Let the engine keep all that is over; how many cells there are."""
    while await cell_keeping.keep_up(database.system):
        pass
    async with database.system.session(SYSTEM) as session:
        return int((await session.execute(text("SELECT count(*) FROM fact_cell"))).scalar_one())


async def told(database: Clone, viewer: Viewer, scopes: Sequence[Scope]) -> list[object]:
    """Everything that pages say."""
    pool = database.system if viewer is SYSTEM else database.app
    found: list[object] = []
    async with pool.session(viewer) as session:
        for scope in scopes:
            found.append(await indicators.overview(session, scope, "with"))
            found += [await indicators.detail(session, scope, "with", code) for code in CODES]
    return found


async def same(
    database: Clone, monkeypatch: pytest.MonkeyPatch, viewers: Sequence[Viewer], world: World
) -> list[list[object]]:
    """Compare with and without cells; what was told."""
    whole = Scope(FIRST, datetime(2026, 10, 20, tzinfo=UTC))
    scopes = [
        whole,
        replace(whole, region_id=world.city),
        replace(whole, facility_id=world.county_hospital),
        Scope(datetime(2026, 7, 31, 16, tzinfo=UTC), datetime(2026, 8, 31, 16, tzinfo=UTC)),
    ]
    found = []
    for viewer in viewers:
        with_cells = await told(database, viewer, scopes)
        with monkeypatch.context() as patch:
            patch.setattr(cells, "KEPT", frozenset())
            assert with_cells == await told(database, viewer, scopes), viewer.roles
        found.append(with_cells)
    return found


async def test_numbers_are_the_same_with_and_without_cells(
    database: Clone, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice = Random(20261127)
    viewers = [
        SYSTEM,
        world.viewer(Role.COMMISSION, FacilityId(new_id()), world.province),
        world.viewer(Role.COMMISSION, FacilityId(new_id()), world.city),
        world.viewer(Role.COORDINATOR, world.stranger, world.city),
        world.viewer(Role.EXPERT, world.city_centre),
        world.doctor,
        await somebody(database, world, Role.MEDICAL_AFFAIRS, world.city_centre),
    ]
    await happen(database, world, dice, 25)
    assert await kept(database) > 20
    before = await same(database, monkeypatch, viewers[:2], world)
    # Late facts: nothing is counted anew yet, then all of it is.
    await happen(database, world, dice, 10)
    behind = await same(database, monkeypatch, viewers[:2], world)
    assert behind[0] != before[0]
    await kept(database)
    assert await same(database, monkeypatch, viewers[:2], world) == behind
    # A case that moved belongs to two regions; somebody of neither was invited to another.
    async with database.system.session(SYSTEM) as session:
        moved = await write_case(session, county_of(world), at=FIRST + timedelta(days=30))
        await add_facility(session, moved, world.stranger, PartyRole.ORIGIN, world.far_county)
        invited = await write_case(session, far_county_of(world), at=FIRST + timedelta(days=31))
        await add_person(session, invited, viewers[2].person_id, PartyRole.EXPERT)
    while await facts.keep_up(database.system):
        pass
    await kept(database)
    await same(database, monkeypatch, viewers, world)
    async with database.system.session(SYSTEM) as session:
        await facts.rebuild(session)
    while await facts.keep_up(database.system):
        pass
    await same(database, monkeypatch, viewers[:1], world)


async def test_what_pages_ask_is_read_from_cells(database: Clone, world: World) -> None:
    """Whoever looks into the cells finds what she is told."""
    await happen(database, world, Random(1), 12)
    await kept(database)
    async with database.system.session(SYSTEM) as session:
        await session.execute(text("DELETE FROM fact_cell"))
    whole = Scope(FIRST, datetime(2026, 10, 20, tzinfo=UTC))
    async with database.system.session(SYSTEM) as session:
        overview = await indicators.overview(session, whole, "with")
        members = [await indicators.behind(session, whole, "with", code) for code in CODES]
    inside = china(6, 22), china(10, 15)
    by_code = {one.definition.code: one.value for one in overview.indicators}
    for behind in members:
        outside = [
            one
            for one in behind.cases
            if one.state == "counted" and not inside[0] <= one.opened_at < inside[1]
        ]
        value = by_code[behind.definition.code]
        n = value.distribution.n if isinstance(value, IntervalValue) else value.of  # type: ignore[union-attr]
        assert n == len(outside), "the weeks and months in between have no cells any more"


async def test_cells_of_questions_that_nobody_asks_any_more_go(
    database: Clone, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await happen(database, world, Random(2), 6)
    before = await kept(database)

    async def nothing(*_: object) -> list[cell_keeping.Question]:
        return []

    monkeypatch.setattr(cell_keeping, "questions", nothing)
    assert before > 0
    assert await kept(database) == 0


def china(month: int, day: int = 1, year: int = 2026) -> datetime:
    return datetime(year, month, day, tzinfo=CHINA)


@pytest.mark.parametrize(
    ("start", "end", "found"),
    [
        (china(6), china(8), ["06-01 07-01", "07-01 08-01"]),
        (china(6).astimezone(UTC), china(7).astimezone(UTC), ["06-01 07-01"]),
        (china(12), china(1, 1, 2027), ["12-01 01-01"]),
        (china(6, 2), china(6, 30), ["06-08 06-15", "06-15 06-22", "06-22 06-29"]),
        (china(6, 2), china(6, 8), []),
        (china(6, 29), china(8, 8), ["06-29 07-01", "07-01 08-01", "08-01 08-08"]),
        (china(2, 22), china(3, 2), ["02-22 03-01"]),
    ],
)
def test_whole_months_of_china_and_weeks_at_the_ends(
    start: datetime, end: datetime, found: list[str]
) -> None:
    assert [f"{one.first:%m-%d} {one.until:%m-%d}" for one in within(start, end)] == found


@given(st.floats(0, 800), st.floats(0, 800))
def test_stretches_and_what_remains_are_the_whole_period(at: float, days: float) -> None:
    start = china(1) + timedelta(days=at)
    end = start + timedelta(days=days)
    found = within(start, end)
    parts = [(one.start, one.end) for one in found]
    parts += [(one.start, one.end) for one in remaining(start, end, dict.fromkeys(found, ()))]
    parts.sort()
    edges = [start, *(until for _, until in parts)]
    assert [begun for begun, _ in parts] == edges[:-1]
    assert edges[-1] == end
    assert sum(((b - a) for a, b in parts if b - a < timedelta(days=7)), timedelta()) < (
        timedelta(days=28)
    )


async def test_the_database_knows_the_same_weeks(module_database: Clone) -> None:
    days = [date(2027, 12, 1) + timedelta(days=n) for n in range(130)]
    query = text("SELECT fact_week(:at), fact_week(:last)")
    async with module_database.system.session(SYSTEM) as session:
        for day in days:
            last = begin_of(day + timedelta(days=1)) - timedelta(microseconds=1)
            told = (await session.execute(query, {"at": begin_of(day), "last": last})).one()
            (week,) = [one for one in weeks_of(month_of(day)) if one.first <= day < one.until]
            assert told == (week.first, week.first)


def test_what_is_not_kept_is_read_from_facts() -> None:
    june, august = month_of(date(2026, 6, 1)), month_of(date(2026, 8, 1))
    start, end = china(5, 20), china(9, 5)
    assert list(remaining(start, end, {})) == [Span(start, end)]
    assert list(remaining(start, end, {august: [HOUSE], june: []})) == [
        Span(start, china(6)),
        Span(china(7), china(8)),
        Span(china(8), china(9), [HOUSE]),
        Span(china(9), end),
    ]
    assert list(remaining(china(6), china(7), {june: []})) == []


HOUSE = UUID(int=7)
