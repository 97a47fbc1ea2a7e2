"""Deaths, near-misses, reviews, measures, a year's figures, licences: SQL and plain Python agree.

What is written is chance; every definition of this release that counts any of it is asked, and
measures that are chance as well, as the platform, as whoever convenes and as whoever oversees.
"""

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import text

from kernel.viewer import Role, Viewer
from quality import cell_keeping, facts, indicators, repository
from quality.areas import areas
from quality.closed_numbers import guarded
from quality.compiling import compiled
from quality.definitions import shipped
from quality.handbook import versions
from quality.passes import Asked
from quality.repository import Scope
from quality.schemas import CountValue, ElsewhereValue, ShareValue
from quality.small_numbers import small, small_share
from quality.untold import Untold
from quality.vocabulary import (
    AMOUNTS,
    FIELDS,
    CountMeasure,
    Criterion,
    Population,
    RateMeasure,
    ShareMeasure,
)
from tests.fixtures.database import Clone
from tests.quality.cases import SYSTEM, region
from tests.quality.kept import differences
from tests.quality.more import KINDS, NEW, WORDS, YEAR, Stories
from tests.quality.more_cases import a_course, a_death
from tests.quality.more_files import rows_of_files
from tests.quality.more_held import a_registration, beds, what_was_held
from tests.quality.naive import add_up
from tests.registry.world import World, account

Counts = CountMeasure | ShareMeasure | RateMeasure
SHIPPED = [
    one.measure for one in shipped() if isinstance(one.measure, Counts) and one.measure.of in NEW
]


def criterion(of: Population, chance: Random) -> Criterion:
    name = chance.choice(sorted(FIELDS[of]))
    values = KINDS.get(of, WORDS["kind"]) if name == "kind" else WORDS.get(name, [True, False])
    said = chance.sample(values, k=chance.randint(1, 2))
    return Criterion(field=name, one_of=said, negate=chance.random() < 0.3)


def measures(chance: Random, n: int) -> Iterator[Counts]:
    """Measures of chance over the new populations."""
    for _ in range(n):
        of = chance.choice(NEW)
        where = [criterion(of, chance) for _ in range(chance.randint(0, 3))]
        if of in AMOUNTS and chance.random() < 0.8:
            top, bottom = chance.sample(sorted(AMOUNTS[of]), k=2)
            yield RateMeasure(of=of, top=top, bottom=bottom, where=where)
        elif chance.random() < 0.5:
            yield CountMeasure(of=of, where=where)
        else:
            yield ShareMeasure(of=of, where=where, met=[criterion(of, chance)])


async def written(database: Clone, seed: int) -> Stories:
    """Everything that chance says."""
    world, chance = await region(database), Random(seed)
    told = Stories(world, chance)
    by = [
        (await account(database.system, world.clock, f"p{n}", world.city_centre))[0]
        for n in range(2)
    ]
    async with database.system.session(SYSTEM) as session:
        for _ in range(40):
            await a_death(session, told, by)
            await a_course(session, told)
            await a_registration(session, told, by[0])
            await what_was_held(session, told, by[0])
        await beds(session, told, by[0])
        while await facts.catch_up(session):
            pass
        await rows_of_files(session, told, by[0])
    return told


async def asked(database: Clone, viewer: Viewer, scope: Scope, measure: Counts) -> Any:
    app = database.system if viewer is SYSTEM else database.app
    async with app.session(viewer) as session:
        (whole,) = await repository.totals(session, scope, "with", [Asked(measure)])
        every = await versions.counting(session, scope.last_day)
        (found,) = await guarded(session, scope, "with", [(measure, whole)], every)
        rows = compiled(measure)
        assert rows is not None
        return found, await repository.members(session, scope, "with", rows, 1_000)


@pytest.mark.parametrize("seed", [1, 2])
async def test_sql_and_plain_python_agree_on_what_is_not_a_transfer(
    database: Clone, seed: int
) -> None:
    told = await written(database, seed)
    world = told.world
    for of in NEW:
        said = {name for one in told.known[of] for name in one.said}
        assert said - AMOUNTS.get(of, frozenset()) == FIELDS[of].keys(), of
    everything = [*SHIPPED, *measures(told.chance, 60)]
    scopes = [
        YEAR,
        Scope(YEAR.start, YEAR.end, region_id=world.city, as_of=YEAR.as_of),
        Scope(YEAR.start, YEAR.end, facility_id=world.county_hospital, as_of=YEAR.as_of),
    ]
    seen = 0
    for measure, scope in itertools.product(everything, scopes):
        members = [
            one
            for one in told.known[measure.of]
            if one.inside(scope.start, scope.end, scope.region_id, scope.facility_id)
        ]
        wanted = add_up(members, measure)
        found, rows = await asked(database, SYSTEM, scope, measure)
        assert (found.all.n, found.all.met) == (wanted.n, wanted.met), measure
        assert found.outside == wanted.outside, measure
        assert {str(one.key): (one.n, one.met) for one in found.places if one.n or one.met} == {
            key: value for key, value in wanted.places.items() if any(value)
        }, measure
        assert sum(one.whole for one in rows if one.state == "counted") == wanted.n
        assert sum(one.part for one in rows if one.state == "counted") == wanted.met
        assert len(rows) == len(members)
        seen += wanted.n
    assert seen > 1_000, "chance wrote too little to compare"


async def test_registrations_read_the_same_from_what_is_kept_of_past_weeks(
    database: Clone,
) -> None:
    told = await written(database, 5)
    registered = [one for one in SHIPPED if one.of == "pregnancies"]
    city = told.world.viewer(Role.COMMISSION, told.world.city_centre, told.world.city)

    async def numbers() -> list[Any]:
        return [
            (await asked(database, viewer, YEAR, one))[0]
            for viewer in (SYSTEM, city)
            for one in registered
        ]

    before = await numbers()
    while await cell_keeping.keep_up(database.system):
        pass
    count = text("SELECT count(*) FROM fact_cell WHERE population = 'pregnancies'")
    async with database.system.session(SYSTEM) as session:
        assert (await session.execute(count)).scalar_one() > 10
    assert await numbers() == before
    async with database.system.session(SYSTEM) as session:
        # Whoever is graded anew changes a week that is over.
        await session.execute(
            text(
                "INSERT INTO risk_grade (id, pregnancy_id, facility_id, kind, status, variant,"
                " version, facts, fired, unknown, not_done, outcome, colour, purple, at, person_id)"
                " SELECT gen_random_uuid(), p.id, p.facility_id, 'assessment', 'confirmed',"
                " 'national', '1', '{}', '{}', '{}', '{}', 'graded', 'red', false,"
                " p.created_at + interval '90 days', p.created_by FROM pregnancy p"
            )
        )
        assert await differences(session) == []
    changed = await numbers()
    registrations = [one for one in told.known["pregnancies"] if YEAR.start <= one.at < YEAR.end]
    assert [(one.all.met, one.all.n) for one in changed[:2]] == [
        (len(registrations), len(registrations)),
        (sum(one.said["has_file"] is True for one in registrations), len(registrations)),
    ]
    while await cell_keeping.keep_up(database.system):
        pass
    assert await numbers() == changed


async def test_who_may_not_read_reviews_hears_sums_of_regions_and_no_small_ones(
    database: Clone,
) -> None:
    told = await written(database, 3)
    world = told.world
    office = world.viewer(Role.COORDINATOR, world.county_hospital)
    city = world.viewer(Role.COMMISSION, world.city_centre, world.city)
    doctor = world.doctor
    reviews = [one for one in told.known["reviews"] if YEAR.start <= one.at < YEAR.end]
    for measure in [one for one in SHIPPED if one.of in ("reviews", "review_measures")]:
        members = [one for one in told.known[measure.of] if YEAR.start <= one.at < YEAR.end]
        own = add_up([one for one in members if one.place == world.county_hospital], measure)
        found, rows = await asked(database, office, YEAR, measure)
        assert (found.all.n, found.all.met, found.untold) == (own.n, own.met, None)
        assert len(rows) == sum(one.place == world.county_hospital for one in members)
        whole = add_up([one for one in members if world.city in one.around], measure)
        met = whole.met if isinstance(measure, ShareMeasure) else None
        few = small(whole.n) if met is None else small_share(met, whole.n)
        found, rows = await asked(database, city, YEAR, measure)
        assert found.untold == ("few" if few else None)
        if not few:
            assert (found.all.n, found.all.met) == (whole.n, whole.met)
        assert (rows, found.places, found.months, found.outside) == ([], [], [], {})
        for scope, why in hushed(world):
            assert (await asked(database, city, scope, measure))[0].untold == why
        found, rows = await asked(database, doctor, YEAR, measure)
        assert (found.all.n, rows) == (0, []), "who neither convenes nor oversees counts none"
    assert len(reviews) > 20


def hushed(world: World) -> list[tuple[Scope, Untold]]:
    """What would give a single review away."""
    january = datetime(2026, 1, 31, 16, tzinfo=UTC)
    return [
        (Scope(YEAR.start, YEAR.end, facility_id=world.county_hospital, as_of=YEAR.as_of),
         "not_by_house"),
        (Scope(january, YEAR.end, as_of=YEAR.as_of), "whole_quarters"),
        (Scope(YEAR.start, YEAR.end - timedelta(hours=1), as_of=YEAR.as_of), "whole_quarters"),
    ]  # fmt: skip


async def test_pages_say_why_they_say_nothing(database: Clone) -> None:
    told = await written(database, 4)
    world = told.world
    city = world.viewer(Role.COMMISSION, world.city_centre, world.city)
    office = world.viewer(Role.COORDINATOR, world.county_hospital)
    month = Scope(YEAR.start, datetime(2026, 1, 31, 16, tzinfo=UTC), as_of=YEAR.as_of)
    async with database.app.session(city) as session:
        found = await indicators.overview(session, month, "with")
        said = {one.definition.code: one.value for one in found.indicators}
        assert said["near_miss_reviews"] == ElsewhereValue("whole_quarters")
        assert said["maternal_mortality"] == ElsewhereValue("whole_year")
        assert said["infant_mortality"] == ElsewhereValue("whole_year")
        assert said["rescue_centre_support"] == ElsewhereValue("no_data")
        assert isinstance(said["death_reviews_done"], ShareValue)
        one = await indicators.detail(session, YEAR, "with", "near_miss_reviews")
        assert isinstance(one.indicator.value, CountValue)
        assert (one.indicator.value.by_centre, one.indicator.value.mean) == ([], None)
        assert (one.points, one.months, one.control, one.funnel) == ([], [], None, None)
        rows = await indicators.behind(session, YEAR, "with", "near_miss_reviews")
        assert rows.cases == []
        for code, scope, why in (
            ("near_miss_reviews", YEAR, "not_by_house"),
            ("maternal_mortality", month, "whole_year"),
        ):
            parts = await areas(session, YEAR.end, scope, "with", code)
            assert (parts.untold, parts.here, parts.parts) == (why, None, [])
    async with database.app.session(office) as session:
        parts = await areas(session, YEAR.end, YEAR, "with", "near_miss_reviews")
        assert parts.untold is None
        rows = await indicators.behind(session, YEAR, "with", "near_miss_reviews")
        assert {one.page for one in rows.cases} == {"review"}
        assert {one.origin.id for one in rows.cases if one.origin} == {world.county_hospital}
