"""A closed year keeps reviews, measures, returns, licences and steps after deaths as they were."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import pytest
from msgspec.structs import replace
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.chain import append
from kernel.clock import SystemClock
from kernel.ids import CaseId, FacilityId
from kernel.viewer import Role, Viewer
from quality import indicators, repository
from quality.frozen import rows as kept_rows
from quality.frozen.queries import difference
from quality.frozen.schemas import PeriodDifference
from quality.imports.store import key_hash
from quality.repository import LateEntries, Scope
from quality.schemas import CountValue, ElsewhereValue, Indicators, ShareValue
from quality.vocabulary import CountMeasure, RateMeasure, ShareMeasure
from tests.fixtures.database import Clone
from tests.quality.cases import SYSTEM
from tests.quality.frozen.test_frozen import commission, everything_told, freeze, scope_of
from tests.quality.more import NEW, Stories, put
from tests.quality.more_cases import a_death
from tests.quality.naive import add_up
from tests.quality.test_more_agrees import written
from tests.registry.world import World

FIRST, LAST = date(2025, 10, 1), date(2026, 9, 30)
"""A year of returns that is over; its quarters are whole."""

# Whoever has written a test's world: somebody who convenes in the county's hospital.
NOW = {
    "reviews": "UPDATE case_review SET conclusion = CASE kind WHEN 'near_miss' THEN 'improvable'"
    " ELSE 'unavoidable' END WHERE concluded_at IS NOT NULL",
    "measures": "UPDATE review_measure SET state = 'verified', evidence = '照片',"
    " done_at = added_at, ended_at = added_at,"
    " ended_by = (SELECT max(p.id::text)::uuid FROM person p WHERE p.id <> owner_id)"
    " WHERE state <> 'verified'",
}


async def close(database: Clone, world: World, viewer: Viewer) -> UUID:
    return await freeze(database, viewer, world.city, first=FIRST, last=LAST)


def office(world: World) -> Viewer:
    return world.viewer(Role.COORDINATOR, world.county_hospital)


async def overview(
    database: Clone, viewer: Viewer, scope: Scope, late: LateEntries = "with"
) -> Indicators:
    async with database.app.session(viewer) as session:
        return await indicators.overview(session, scope, late)


async def differs(database: Clone, viewer: Viewer, id_: UUID) -> PeriodDifference:
    async with database.app.session(viewer) as session:
        return await difference(session, id_, "with")


async def period_of(database: Clone, viewer: Viewer, id_: UUID) -> Scope:
    async with database.app.session(viewer) as session:
        return await scope_of(session, id_)


def of_new(found: Indicators) -> dict[str, object]:
    """What the populations of this file come to, by code."""
    return {
        one.definition.code: one.value
        for one in found.indicators
        if getattr(one.definition.measure, "of", "") in NEW
    }


def in_order(value: object) -> object:
    """A value whose lists stand in one order."""
    if not isinstance(value, CountValue | ShareValue):
        return value
    outside = sorted(value.outside, key=lambda one: one.key)
    centres = sorted(value.by_centre, key=lambda one: str(one.centre.id))
    return replace(value, outside=outside, by_centre=centres)


@pytest.mark.parametrize("seed", [11, 12])
async def test_a_closed_year_counts_as_it_was_written(database: Clone, seed: int) -> None:
    """Against plain Python, of all that chance wrote, whoever may read it."""
    told = await written(database, seed)
    world = told.world
    city = await commission(database, world, world.city)
    frozen = await period_of(database, city, await close(database, world, city))
    inside = {
        of: [one for one in some if frozen.start <= one.at < frozen.end]
        for of, some in told.known.items()
    }
    async with database.system.session(SYSTEM) as session:
        compared = 0
        for version in await indicators.in_force(session, frozen):
            measure = version.definition.measure
            if not isinstance(measure, CountMeasure | ShareMeasure | RateMeasure):
                continue
            if measure.of != "reviews":
                continue  # what else counts depends on the day on which it is asked
            known = [one for one in inside[measure.of] if world.city in one.around]
            wanted = add_up(known, measure)
            found = await indicators.kept_totals(session, frozen, "with", version)
            assert found is not None
            assert (found.all.n, found.all.met) == (wanted.n, wanted.met), version.definition.code
            assert found.outside == wanted.outside
            rows = indicators.rows_of(frozen, version)
            assert rows is not None
            members = await repository.members(session, frozen, "with", rows, 1_000)
            assert len(members) == len(known)
            compared += wanted.n
    assert compared > 10


async def test_what_is_kept_reads_as_it_read_live(database: Clone) -> None:
    told = await written(database, 13)
    world = told.world
    city = await commission(database, world, world.city)
    id_ = await close(database, world, city)
    frozen = await period_of(database, city, id_)
    viewers = [city, office(world), world.doctor, await commission(database, world, world.county)]
    counted = 0
    for viewer in viewers:
        for where in ({}, {"region_id": world.county}, {"facility_id": world.county_hospital}):
            live = Scope(frozen.start, frozen.end, **{"region_id": world.city, **where})  # type: ignore[arg-type]
            kept = Scope(frozen.start, frozen.end, frozen=id_, **where)  # type: ignore[arg-type]
            now, then = [of_new(await overview(database, viewer, one)) for one in (live, kept)]
            for code, one in now.items():
                # Live, neighbouring quarters may hide what the closed period tells by itself.
                if one != ElsewhereValue("follows"):
                    assert in_order(then[code]) == in_order(one), code
            counted += sum(getattr(one, "n", 0) > 0 for one in then.values())
            async with database.app.session(viewer) as session:
                for code in then:
                    rows = [
                        (await indicators.behind(session, one, "with", code)).cases
                        for one in (live, kept)
                    ]
                    live_rows, kept_rows_ = (sorted(map(str, some)) for some in rows)
                    assert live_rows == kept_rows_, code
    assert counted > 20
    assert (await differs(database, city, id_)).indicators == []


async def correct(database: Clone, told: Stories) -> None:
    """Reviews and measures amended, deaths and reviews entered, returns brought anew."""
    world = told.world
    async with database.system.session(SYSTEM) as session:
        for change in NOW.values():
            await session.execute(text(change))
        by = list((await session.execute(text("SELECT id FROM person ORDER BY id"))).scalars())
        for key in range(6):
            await bring_return(session, world.county_hospital, f"K{key}", by[0])
        for _ in range(10):
            await a_death(session, told, by)


async def bring_return(session: AsyncSession, house: FacilityId, key: str, by: UUID) -> None:
    """Another file of the same year: its row takes the place of the one of the same key."""
    batch = key_hash(house, "annual_returns", f"batch {key}").hex()[:32]
    batch_id = str(UUID(batch))
    await put(
        session, "import_batch", id=batch_id, sheet="annual_returns", sheet_no=2,
        facility_id=house, file_name="x", digest="\\x" + "01" * 32, added_by=by, rows=1, taken=1,
        warnings=0,
    )  # fmt: skip
    await put(
        session, "imported_row", batch_id=batch_id, row_no=1, sheet="annual_returns",
        facility_id=house, key_hash="\\x" + key_hash(house, "annual_returns", key).hex(),
        day=LAST, content={
            "covers": "area", "residence": "registered", "live_births": 7, "deaths": 6,
            "booked_early": 5,
        },
    )  # fmt: skip


async def test_nothing_of_a_closed_year_moves_when_reviews_are_amended_and_returns_corrected(
    database: Clone,
) -> None:
    told = await written(database, 14)
    world = told.world
    city = await commission(database, world, world.city)
    id_ = await close(database, world, city)
    viewers = [city, office(world)]
    before = [await everything_told(database, viewer, id_) for viewer in viewers]
    await correct(database, told)
    after = [await everything_told(database, viewer, id_) for viewer in viewers]
    for was, now in zip(before, after, strict=True):
        assert was.keys() == now.keys()
        assert [name for name, said in was.items() if now[name] != said] == []

    # Live, all of it moved; the commission hears that of reviews in sums, the office by name.
    changed = {one.definition.code: one for one in (await differs(database, city, id_)).indicators}
    assert {"death_reports_in_time", "return_early_booking_rate"} <= changed.keys()
    assert all(one.intact for one in changed.values())
    confidential = {"review_measures_in_time", "near_miss_reviews", "avoidable_deaths_share"}
    for code in confidential & changed.keys():
        assert changed[code].changes == []
        assert changed[code].frozen != changed[code].now
    by_office = {
        one.definition.code: one for one in (await differs(database, viewers[1], id_)).indicators
    }
    for code in ("review_measures_in_time", "avoidable_deaths_share"):
        assert by_office[code].intact is None
        assert {one.page for one in by_office[code].changes} == {"review"}


async def test_a_meeting_that_was_entered_on_a_later_day_is_a_late_entry(database: Clone) -> None:
    told = await written(database, 15)
    world = told.world
    city = await commission(database, world, world.city)
    async with database.system.session(SYSTEM) as session:
        await session.execute(
            text("UPDATE case_review SET held_at = concluded_at WHERE held_at > concluded_at")
        )
        rows = await session.execute(
            text(
                "SELECT id FROM case_review WHERE facility_id = :house AND kind = 'near_miss'"
                " AND concluded_at >= '2025-09-30T16:00Z' AND concluded_at < '2026-09-30T16:00Z'"
                " ORDER BY held_at, id"
            ),
            {"house": world.county_hospital},
        )
        every = list(rows.scalars())
        await held(session, every[:1])
    id_ = await close(database, world, city)
    frozen = await period_of(database, city, id_)
    said = [
        of_new(await overview(database, office(world), frozen, late))["near_miss_reviews"]
        for late in ("with", "without")
    ]
    assert all(isinstance(one, CountValue) for one in said)
    assert [one.n for one in said] == [len(every), len(every) - 1]  # type: ignore[attr-defined]
    # The difference would be that one review: to whom it is closed, it is not told.
    hushed = of_new(await overview(database, city, frozen, "without"))["near_miss_reviews"]
    assert isinstance(hushed, ElsewhereValue)
    async with database.app.session(city) as session:
        figures = await kept_rows.figures(session, id_)
    assert len({late for _, late in figures}) == 2


async def held(session: AsyncSession, reviews: Sequence[UUID]) -> None:
    """The chain says only now that they met."""
    for one in reviews:
        await append(
            session, SystemClock(), CaseId(one), "case_review.held", viewer=SYSTEM, payload={}
        )


async def test_which_review_a_kept_row_is_of_shows_to_who_reads_the_review_alone(
    database: Clone,
) -> None:
    told = await written(database, 16)
    world = told.world
    city = await commission(database, world, world.city)
    id_ = await close(database, world, city)
    direct = text("SELECT count(*) FROM indicator_frozen_review")
    counted = text(
        "SELECT count(*), count(f.case_id) FROM indicator_frozen_version v"
        " CROSS JOIN LATERAL quality_frozen_reviews(v.freeze_id, v.version_id) f"
    )
    live = text("SELECT count(*), count(kept_as) FROM quality_reviews('-infinity', 'infinity')")
    seen = {}
    for name, viewer in {"city": city, "office": office(world), "doctor": world.doctor}.items():
        async with database.app.session(viewer) as session:
            seen[name] = (
                (await session.execute(direct)).scalar_one(),
                tuple((await session.execute(counted)).one()),
                tuple((await session.execute(live)).one()),
            )
    assert seen["doctor"] == (0, (0, 0), (0, 0))
    rows, (known, named), (now, told_as) = seen["city"]
    assert (rows, named, told_as) == (0, 0, 0)
    assert known > 0
    assert now > 0
    rows, (known, named), (now, told_as) = seen["office"]
    assert rows == known == named > 0
    assert now == told_as > 0
    for wrong in (
        "UPDATE indicator_frozen_review SET met = true",
        "DELETE FROM indicator_frozen_review",
        f"INSERT INTO indicator_frozen_review (freeze_id, version_id, case_id, opened_at, from_at,"
        f" late, demo, state, met) SELECT '{id_}', version_id, '{id_}', now(), now(), false, false,"
        f" 'counted', true FROM indicator_frozen_version LIMIT 1",
    ):
        async with database.app.session(city) as session:
            with pytest.raises(DBAPIError):
                await session.execute(text(wrong))
            await session.rollback()


async def test_a_period_closed_before_reviews_were_kept_says_so(database: Clone) -> None:
    told = await written(database, 17)
    world = told.world
    city = await commission(database, world, world.city)
    id_ = await close(database, world, city)
    earlier = UUID(int=71)
    async with database.system.session(SYSTEM) as session:
        await session.execute(
            text(
                "INSERT INTO indicator_freeze (id, region_id, starts_at, ends_at, frozen_by, note,"
                " reviews_kept) SELECT :new, region_id, starts_at + interval '1 day', ends_at,"
                " frozen_by, '', false FROM indicator_freeze WHERE id = :id"
            ),
            {"new": earlier, "id": id_},
        )
        await session.execute(
            text(
                "INSERT INTO indicator_frozen_version SELECT :new, version_id"
                " FROM indicator_frozen_version WHERE freeze_id = :id"
            ),
            {"new": earlier, "id": id_},
        )
    frozen = await period_of(database, city, earlier)
    assert not frozen.reviews_kept
    said = of_new(await overview(database, city, frozen))
    assert said["near_miss_reviews"] == ElsewhereValue("not_kept")
    assert "near_miss_reviews" not in {
        one.definition.code for one in (await differs(database, city, earlier)).indicators
    }
