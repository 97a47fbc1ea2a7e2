"""Deaths, reviews, measures, a year's figures and licences: SQL and plain Python agree.

What is written is chance; every definition of this release that counts any of it is asked, and
measures that are chance as well, as the platform, as whoever convenes and as whoever oversees.
"""

import itertools
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.ids import CaseId, FacilityId, RegionId, new_id
from kernel.parties import PartyRole, add_facility
from kernel.viewer import Role, Viewer
from quality import indicators, repository
from quality.areas import areas
from quality.compiling import compiled
from quality.definitions import shipped
from quality.imports.store import key_hash
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
from registry.facilities.rules import CHINA
from tests.fixtures.database import Clone
from tests.quality.cases import SYSTEM, region
from tests.quality.naive import Known, add_up
from tests.registry.world import World, account

Counts = CountMeasure | ShareMeasure | RateMeasure
NEW: Sequence[Population] = (
    "death_steps",
    "reviews",
    "review_measures",
    "annual_returns",
    "practice_cards",
)
SHIPPED = [
    one.measure for one in shipped() if isinstance(one.measure, Counts) and one.measure.of in NEW
]
WORDS: dict[str, list[Any]] = {
    "who": ["mother", "newborn"],
    "step": ["report_county_mch", "hospital_review", "county_review"],
    "kind": ["maternal_death", "newborn_death", "near_miss"],
    "level": ["facility", "county"],
    "conclusion": ["avoidable", "avoidable_if", "unavoidable", "well_managed", "improvable"],
    "covers": ["house", "area"],
    "residence": ["registered", "other", "all"],
    "profession": ["obstetrician", "midwife"],
    "service": ["midwifery", "screening"],
}
YEAR = Scope(
    datetime(2025, 12, 31, 16, tzinfo=UTC),
    datetime(2026, 12, 31, 16, tzinfo=UTC),
    as_of=datetime(2026, 7, 1, tzinfo=UTC),
)


def at(chance: Random) -> datetime:
    """Some moment around the year, now and then exactly at its ends."""
    ends = [YEAR.start, YEAR.end, YEAR.start - timedelta(microseconds=1)]
    return chance.choice([*ends, *[YEAR.start + timedelta(hours=chance.randrange(9_000))] * 9])


def criterion(of: Population, chance: Random) -> Criterion:
    name = chance.choice(sorted(FIELDS[of]))
    values = WORDS.get(name, [True, False])
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


class Stories:
    """What a test writes, and what it knows of it without asking."""

    def __init__(self, world: World, chance: Random) -> None:
        self.world, self.chance = world, chance
        near = frozenset({world.county, world.city, world.province})
        self.around: dict[FacilityId, frozenset[UUID]] = {
            world.county_hospital: near,
            world.city_centre: frozenset({world.city, world.province}),
            world.stranger: frozenset({world.far_county, world.province}),
        }
        self.known: dict[Population, list[Known]] = {of: [] for of in NEW}
        self.counties = {world.county_hospital, world.stranger}

    def house(self) -> FacilityId:
        return self.chance.choice(sorted(self.around))

    def add(self, of: Population, house: FacilityId, when: datetime, said: dict[str, Any]) -> None:
        self.known[of].append(Known(house, self.around[house], when, said))


async def put(session: AsyncSession, table: str, **row: Any) -> None:
    """One row; what is not said is the table's default."""
    names = ", ".join(row)
    await session.execute(
        text(
            f"INSERT INTO {table} ({names}) SELECT {names}"
            f" FROM jsonb_populate_record(NULL::{table}, CAST(:row AS jsonb))"
        ),
        {"row": msgspec.json.encode(row).decode()},
    )


async def region_of(session: AsyncSession, house: UUID) -> RegionId:
    query = text("SELECT region_id FROM facility WHERE id = :h")
    return RegionId((await session.execute(query, {"h": house})).scalar_one())


async def a_death(session: AsyncSession, told: Stories, by: Sequence[UUID]) -> None:
    """A death with its steps, and what became of its reviews; or a near-miss with its review."""
    chance, case_id, died = told.chance, new_id(), at(told.chance)
    origin, receiver = told.house(), chance.choice([None, told.house()])
    drill, state = chance.random() < 0.1, chance.choice(["died"] * 9 + ["voided"])
    home = await region_of(session, origin)
    await put(
        session, "referral", id=case_id, number=str(case_id), state=state, version=1,
        direction="up", patient_id=case_id, pregnancy_id=case_id, subject="mother",
        condition="x", acuity="stable", purple=False, needs_neonatal=False, drill=drill,
        demo=False, simulated=False, origin_id=origin, origin_region_id=home,
        receiver_id=receiver, created_by=case_id, created_at=died, sent_at=died,
    )  # fmt: skip
    await add_facility(session, CaseId(case_id), origin, PartyRole.ORIGIN, home)
    kind = chance.choice(WORDS["kind"])
    death = None
    if kind != "near_miss":
        death, who = new_id(), "mother" if kind == "maternal_death" else "newborn"
        await put(
            session, "death_review", id=death, case_id=case_id, who=who, died_at=died,
            opened_at=died, ruleset="test",
        )  # fmt: skip
        for step in WORDS["step"]:
            due = at(chance)
            done = chance.choice([None, due, due + timedelta(seconds=1), due - timedelta(days=2)])
            await put(
                session, "death_review_step", review_id=death, step=step, case_id=case_id,
                rule="test", due_at=due, reported_at=done, reported_by=done and death,
            )  # fmt: skip
            house = origin if step == "county_review" else receiver or origin
            said = {"who": who, "step": step, "done": done is not None}
            said["in_time"] = done is not None and done <= due
            if not drill and state != "voided" and (done or due <= YEAR.as_of):  # type: ignore[operator]
                told.add("death_steps", house, due, said)
    await reviews_of(session, told, case_id, death, kind, by)


async def reviews_of(
    session: AsyncSession,
    told: Stories,
    case_id: UUID,
    death: UUID | None,
    kind: str,
    by: Sequence[UUID],
) -> None:
    """At each level perhaps a review, and what follows from it."""
    chance = told.chance
    held = {level: chance.random() < 0.7 for level in WORDS["level"]}
    for level in WORDS["level"]:
        review, house, due, concluded = new_id(), told.house(), at(chance), at(chance)
        met = chance.choice([due, due + timedelta(seconds=1)])
        conclusion = chance.choice(WORDS["conclusion"])
        done = held[level]
        await put(
            session, "case_review", id=review, of_case_id=case_id, death_review_id=death,
            kind=kind, level=level, facility_id=house,
            region_id=await region_of(session, house), happened_at=due,
            state="concluded" if done else "open", proposed_at=due, due_at=due, rules="test",
            opened_by=by[0], opened_at=due, held_at=met if done else None,
            conclusion=conclusion if done else None, cause="x" if done else None,
            summary="x" if done else None, concluded_at=concluded if done else None,
            concluded_by=by[0] if done else None, simulated=False, demo=False,
        )  # fmt: skip
        decisive = death is None or level == "county" or not held["county"]
        said = {"kind": kind, "level": level, "conclusion": conclusion, "decisive": decisive}
        if done:
            told.add("reviews", house, concluded, said | {"in_time": met <= due})
        for _ in range(chance.randint(0, 2)):
            await a_measure(session, told, review, house, kind, by)


async def a_measure(
    session: AsyncSession,
    told: Stories,
    review: UUID,
    house: FacilityId,
    kind: str,
    by: Sequence[UUID],
) -> None:
    chance = told.chance
    due = chance.choice([date(2026, 1, 1), date(2026, 12, 31), date(2027, 1, 1), date(2026, 6, 30)])
    midnight = datetime(due.year, due.month, due.day, tzinfo=CHINA)
    end = midnight + timedelta(days=1)
    done = chance.choice([end, end - timedelta(seconds=1)])
    state = chance.choice(["open", "done", "verified", "verified", "dropped"])
    told_done = state in ("done", "verified")
    ended = end if state in ("verified", "dropped") else None
    await put(
        session, "review_measure", id=new_id(), review_id=review, words="培训", owner_id=by[0],
        due_on=due, state=state, added_by=by[0], added_at=midnight,
        evidence="照片" if told_done else None, done_at=done if told_done else None,
        ended_at=ended, ended_by=ended and by[1],
    )  # fmt: skip
    verified = state == "verified"
    said = {"kind": kind, "dropped": state == "dropped", "verified": verified}
    if verified or end <= YEAR.as_of:  # type: ignore[operator]
        told.add("review_measures", house, midnight, said | {"in_time": verified and done < end})


async def rows_of_files(session: AsyncSession, told: Stories, by: UUID) -> None:
    """A year's figures and licences; some come a second time, and the later row counts."""
    chance = told.chance
    held: dict[tuple[str, FacilityId, str], tuple[date, dict[str, Any]]] = {}
    for _ in range(60):
        sheet, house = chance.choice(["annual_returns", "practice_cards"]), told.house()
        key = f"K{chance.randrange(6)}"
        if sheet == "annual_returns":
            day = chance.choice([date(2026, 12, 31)] * 4 + [date(2026, 9, 30), date(2025, 12, 31)])
            said: dict[str, Any] = {"residence": chance.choice(WORDS["residence"])}
            said |= {} if chance.random() < 0.2 else {"covers": chance.choice(WORDS["covers"])}
            said |= {
                name: chance.choice([chance.randrange(5_000)] * 9 + [2_000_000_000])
                for name in AMOUNTS["annual_returns"]
                if chance.random() < 0.8
            }
        else:
            day = chance.choice([date(2026, 12, 31), date(2027, 1, 1), date(2020, 5, 1)])
            said = {"active": chance.random() < 0.7}
            said |= {name: chance.choice(WORDS[name]) for name in ("profession", "service")}
        held[sheet, house, key] = day, said
        batch = new_id()
        await put(
            session, "import_batch", id=batch, sheet=sheet, sheet_no=2, facility_id=house,
            file_name="x", digest="\\x" + "00" * 32, added_by=by, rows=1, taken=1, warnings=0,
        )  # fmt: skip
        await put(
            session, "imported_row", batch_id=batch, row_no=1, sheet=sheet, facility_id=house,
            key_hash="\\x" + key_hash(house, sheet, key).hex(), day=day, content=said,
        )  # fmt: skip
    for (sheet, house, _), (day, said) in held.items():
        if sheet == "annual_returns":
            told.add(
                "annual_returns", house, datetime(day.year, day.month, day.day, tzinfo=CHINA),
                said | returned(told, held, house, day, said),
            )  # fmt: skip
        elif day <= YEAR.last_day:
            told.add("practice_cards", house, YEAR.end - timedelta(seconds=1), said)


def returned(
    told: Stories,
    held: dict[tuple[str, FacilityId, str], tuple[date, dict[str, Any]]],
    house: FacilityId,
    day: date,
    said: dict[str, Any],
) -> dict[str, Any]:
    """What follows from the other rows of the house, and from where it lies."""
    beside = [
        one
        for (sheet, at_, _), (on, one) in held.items()
        if (sheet, at_, on) == ("annual_returns", house, day)
        and one.get("covers") == said.get("covers")
    ]
    whole = said["residence"] == "all" or not any(one["residence"] == "all" for one in beside)
    covers = said.get("covers")
    return {
        "overall": whole,
        "this_year": day == YEAR.last_day,
        "adds_up": house in told.counties and (None if covers is None else covers == "area"),
    }


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
        await rows_of_files(session, told, by[0])
    return told


async def asked(database: Clone, viewer: Viewer, scope: Scope, measure: Counts) -> Any:
    app = database.system if viewer is SYSTEM else database.app
    async with app.session(viewer) as session:
        (found,) = await repository.totals(session, scope, "with", [Asked(measure)])
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
        assert said["infant_mortality"] == ElsewhereValue("no_data")
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
