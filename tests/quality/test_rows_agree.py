"""Deliveries, newborns, consultations, guidance, files, districts: SQL and plain Python agree.

Together with `test_engine_agrees` and `test_more_agrees` every indicator that computes is compared,
at random.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias
from uuid import UUID

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.chain import append
from kernel.clock import SimulatedClock
from kernel.ids import CaseId, RegionId, new_id
from kernel.parties import PartyRole, add_facility
from kernel.viewer import Role
from quality import facts, repository
from quality.compiling import compiled
from quality.definitions import shipped
from quality.passes import Asked
from quality.repository import LateEntries
from quality.vocabulary import (
    FIELDS,
    CountMeasure,
    Criterion,
    ElsewhereMeasure,
    Population,
    ShareMeasure,
)
from tests.fixtures.database import Clone
from tests.quality import naive_rows, test_engine_agrees, test_more_agrees
from tests.quality.cases import (
    SYSTEM,
    Place,
    county_of,
    day_of_its_own,
    far_county_of,
    region,
    write_case,
)
from tests.quality.kept import differences
from tests.quality.naive_rows import PLAIN, Member
from tests.quality.test_engine import FILE, REPORT, owner_of
from tests.registry.world import World

MEASURES = [
    one.measure
    for one in shipped()
    if isinstance(one.measure, CountMeasure | ShareMeasure) and one.measure.of in PLAIN
]

yes_no, maybe = st.booleans(), st.sampled_from([True, False, None])
DAYS = [195, 196, 237, 238, 258, 259, 280]
ROWS: dict[Population, st.SearchStrategy[dict[str, Any]]] = {
    "deliveries": st.fixed_dictionaries(
        {
            "gestation_days": st.sampled_from(DAYS),
            "mode": st.sampled_from(["vaginal", "caesarean", "converted"]),
            "primiparous": yes_no,
            "neuraxial": maybe,
            "blood_loss_24h_ml": st.sampled_from([None, 0, 999, 1000, 2500]),
            "red_cells_u": st.sampled_from([None, 0, 0.5, 1, 4]),
            "hysterectomy": maybe,
            "reoperation": maybe,
            "died": maybe,
            "admission": st.sampled_from([None, "emergency", "transferred"]),
        }
    ),
    "newborns": st.fixed_dictionaries(
        {
            "gestation_days": st.sampled_from(DAYS),
            "weight_g": st.sampled_from([999, 1000, 3999, 4000]),
            "live_born": yes_no,
            "apgar5": st.sampled_from([None, 0, 6, 7, 10]),
        }
    ),
    "consults": st.fixed_dictionaries(
        {
            "urgency": st.sampled_from(["urgent", "routine"]),
            "outcome": st.sampled_from([None, "advised", "not_held"]),
        }
    ),
    "guidance": st.fixed_dictionaries(
        {"to": st.integers(0, 2), "late": yes_no, "drill": yes_no, "voided": yes_no}
    ),
    "case_files": st.fixed_dictionaries(
        {
            "colour": st.sampled_from(["yellow", "orange", "red"]),
            "plan": st.sampled_from([None, 1]),
            "state": st.sampled_from(["opened", "opened", "voided"]),
            "report": yes_no,
            "took": st.sampled_from([None, 5, 24, 30]),
        }
    ),
}
"""What may be written of each population; districts are those of the region."""

# Some of every population in each example, most of them at the county's hospital on the day asked.
rows = st.fixed_dictionaries(
    {
        of: st.lists(
            st.tuples(st.sampled_from([0, 0, 1, 2]), st.sampled_from([0, 9, 9, 30]), said),
            min_size=4,
            max_size=8,
        )
        for of, said in ROWS.items()
    }
)


def _values(kind: type) -> st.SearchStrategy[Any]:
    return yes_no if kind is bool else st.sampled_from(["orange", "red", "urgent"])


def criteria(of: Population) -> st.SearchStrategy[Criterion]:
    return st.sampled_from(sorted(FIELDS[of])).flatmap(
        lambda name: st.builds(
            Criterion,
            field=st.just(name),
            one_of=st.lists(_values(FIELDS[of][name]), min_size=1, max_size=2),
            negate=yes_no,
        )
    )


measures = st.sampled_from(sorted(PLAIN)).flatmap(
    lambda of: st.builds(
        ShareMeasure,
        of=st.just(of),
        met=st.lists(criteria(of), min_size=1, max_size=2),
        where=st.lists(criteria(of), max_size=3),
    )
)


def test_every_indicator_that_computes_is_compared() -> None:
    asked = [*MEASURES, *test_engine_agrees.SHIPPED, *test_more_agrees.SHIPPED]
    left = [one.code for one in shipped() if one.measure not in asked]
    elsewhere = [one.code for one in shipped() if isinstance(one.measure, ElsewhereMeasure)]
    assert left == elsewhere, "a measure that no comparison asks for"
    assert {"cases", *PLAIN, *test_more_agrees.NEW} == FIELDS.keys()
    assert {of: set(said) for of, said in PLAIN.items()} == {of: {*FIELDS[of]} for of in PLAIN}
    assert ROWS.keys() == PLAIN.keys() - {"districts"}


@pytest.fixture(scope="module")
async def world(module_database: Clone) -> World:
    world = await region(module_database)
    async with module_database.system.session(SYSTEM) as session:
        group = (
            "INSERT INTO expert_group (id, facility_id, code, name) VALUES (:id, :house, 'a', 'a')"
        )
        await session.execute(text(group), {"id": new_id(), "house": world.county_hospital})
    return world


@pytest.fixture(scope="module")
async def owner(module_database: Clone, world: World) -> UUID:
    return await owner_of(module_database, world, world.county_hospital)


def around(world: World, home: RegionId) -> frozenset[UUID]:
    """A region and those that it lies in."""
    inside = {world.county: {world.city}, world.city: set(), world.far_county: set()}
    return frozenset({home, *inside[home], world.province})


class Writer:
    """Puts rows where the platform has them, and tells what it wrote."""

    def __init__(self, session: AsyncSession, world: World, owner: UUID) -> None:
        self._session, self._world, self._owner = session, world, owner
        centre = Place(world.city_centre, world.city)
        self._places = (county_of(world), far_county_of(world), centre)

    async def write(self, of: Population, house: int, at: datetime, said: dict[str, Any]) -> Member:
        """One row."""
        place = self._places[house]
        told = Member(of, at, (place.facility,), around(self._world, place.region), said)
        if of in ("deliveries", "newborns"):
            return await self._imported(place, told)
        write = {"consults": self._consult, "guidance": self._guidance, "case_files": self._file}
        return await write[of](place, told)

    async def _imported(self, place: Place, told: Member) -> Member:
        batch, day = new_id(), (told.at + timedelta(hours=8)).date()
        sheet = "front_pages" if told.of == "deliveries" else "birth_cards"
        said = {name: one for name, one in told.said.items() if one is not None}
        await self._session.execute(
            text(
                "INSERT INTO import_batch (id, sheet, sheet_no, facility_id, file_name, digest,"
                " added_by, rows, taken, warnings)"
                " VALUES (:id, :sheet, 1, :house, 'x.csv', sha256('x'), :by, 1, 1, 0)"
            ),
            {"id": batch, "sheet": sheet, "house": place.facility, "by": self._owner},
        )
        await self._session.execute(
            text(
                "INSERT INTO imported_row"
                " (batch_id, row_no, sheet, facility_id, key_hash, day, content)"
                " VALUES (:batch, 1, :sheet, :house, sha256(:key), :day, CAST(:said AS jsonb))"
            ),
            {
                "batch": batch,
                "sheet": sheet,
                "house": place.facility,
                "key": batch.bytes,
                "day": day,
                "said": msgspec.json.encode(said).decode(),
            },
        )
        midnight = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=8)
        return replace(told, at=midnight)

    async def _consult(self, place: Place, told: Member) -> Member:
        case_id, clock, viewer = CaseId(new_id()), SimulatedClock(told.at), self._world.viewer
        who = viewer(Role.REFERRING_CLINICIAN, place.facility)
        await add_facility(self._session, case_id, place.facility, PartyRole.ORIGIN, place.region)
        asked = {"urgency": told.said["urgency"]}
        await append(self._session, clock, case_id, "consult.asked", viewer=who, payload=asked)
        if told.said["outcome"]:
            done = {"outcome": told.said["outcome"]}
            await append(
                self._session, clock, case_id, "consult.concluded", viewer=who, payload=done
            )
        return told

    async def _guidance(self, place: Place, told: Member) -> Member:
        world, said = self._world, told.said
        to = self._places[said["to"]].facility
        session_ = {"centre_facility": str(place.facility), "institution_facility": str(to)}
        late = {"late_reason": "断网"} if said["late"] else {}
        steps = [("guidance.session", 0, {**session_, **late})]
        steps += [("referral.voided", 600, {})] if said["voided"] else []
        request: dict[str, object] = {"drill": True} if said["drill"] else {}
        await write_case(self._session, place, *steps, at=told.at, request=request)
        near = to in (world.county_hospital, world.city_centre)
        answers = {world.county_hospital: to == world.county_hospital, world.city_centre: near}
        fields = {
            "upper_tier": place.facility == world.city_centre,
            "in_area": to != place.facility and answers.get(place.facility, False),
        }
        counts = not (said["drill"] or said["voided"])
        houses = (place.facility, to)
        return replace(told, said=fields, houses=houses, counts=counts, late=said["late"])

    async def _file(self, place: Place, told: Member) -> Member:
        id_, said = new_id(), told.said
        values = {
            "id": id_,
            "number": f"F{id_.hex}",
            "state": said["state"],
            "colour": said["colour"],
            "facility": place.facility,
            "region": place.region,
            "owner": self._owner,
            "at": told.at,
            "plan": said["plan"],
        }
        await self._session.execute(FILE, values)
        if said["report"]:
            took = None if said["took"] is None else timedelta(hours=said["took"])
            await self._session.execute(REPORT, {"id": id_, "at": told.at, "took": took})
        took_h = said["took"] if said["report"] else None
        fields = {**said, "purple": False, "took_h": took_h}
        return replace(told, said=fields, counts=said["state"] != "voided")


Seen: TypeAlias = tuple[str, str | None, bool]


def districts(world: World, at: datetime) -> list[Member]:
    """Both counties; one has a rescue centre that answers for it, and experts on a roster.

    For the other only the province's centre answers, as for everybody.
    """
    return [
        Member(
            "districts",
            at,
            (house,),
            around(world, home),
            dict.fromkeys(FIELDS["districts"], house == world.county_hospital),
        )
        for house, home in (
            (world.county_hospital, world.county),
            (world.stranger, world.far_county),
        )
    ]


def assert_same(
    totals: repository.Totals,
    members: Sequence[Member],
    seen: Sequence[Seen],
) -> None:
    states = Counter(state for state, _, _ in seen)
    whole = totals.all
    assert (whole.n, whole.open, whole.inconsistent) == (states["counted"], 0, 0)
    assert whole.met == sum(met for state, _, met in seen if state == "counted")
    assert whole.late == sum(one.late for one in members)
    assert totals.outside == Counter(reason for _, reason, _ in seen if reason)
    by_place: Counter[str] = Counter()
    for one, (state, _, _) in zip(members, seen, strict=True):
        if state == "counted" and one.of != "districts":
            by_place[str(one.houses[0])] += 1
    assert {str(one.key): one.n for one in totals.places if one.n} == by_place


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    told=rows,
    more=st.lists(measures, min_size=4, max_size=4),
    late=st.sampled_from(["with", "without"]),
    within=st.sampled_from(["all", "region", "facility"]),
)
async def test_sql_and_plain_python_agree(
    module_database: Clone,
    world: World,
    owner: UUID,
    told: dict[Population, list[tuple[int, int, dict[str, Any]]]],
    more: list[ShareMeasure],
    late: LateEntries,
    within: str,
) -> None:
    scope = day_of_its_own(world, within, world.county_hospital)
    day = scope.start
    async with module_database.system.session(SYSTEM) as session:
        writer = Writer(session, world, owner)
        written = [
            await writer.write(of, house, day + timedelta(hours=hour), dict(said))
            for of, some in told.items()
            for house, hour, said in some
        ]
        await facts.current(session)
        assert await differences(session) == []
        everything = [*written, *districts(world, day)]
        here = [
            one
            for one in everything
            if naive_rows.inside(one, scope.start, scope.end, scope.region_id, scope.facility_id)
        ]
        measures = [*MEASURES, *more]
        together = await repository.totals(session, scope, late, [Asked(one) for one in measures])
        for measure, found in zip(measures, together, strict=True):
            (alone,) = await repository.totals(session, scope, late, [Asked(measure)], months=True)
            assert replace(alone, months=[]) == found
            members = [one for one in here if one.of == measure.of]
            seen = [naive_rows.look(one, measure, late) for one in members]
            assert_same(alone, members, seen)
            rows = compiled(measure)
            assert rows is not None
            listed = await repository.members(session, scope, late, rows, 100)
            assert Counter((one.state, one.reason, one.met) for one in listed) == Counter(seen)
