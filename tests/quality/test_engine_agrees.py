"""Whatever was written and whatever is asked, SQL and plain Python come to the same numbers.

Events of several cases come mingled, and facts are caught up at moments of nobody's choosing.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import TypeAlias
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.chain import append
from kernel.clock import SimulatedClock
from kernel.ids import CaseId, FacilityId, RegionId, new_id
from kernel.parties import PartyRole, add_facility
from quality import facts, repository
from quality.compiling import compiled
from quality.definitions import shipped
from quality.passes import Asked
from quality.repository import LateEntries
from quality.vocabulary import CountMeasure, Criterion, IntervalMeasure, ShareMeasure
from tests.fixtures.database import Clone
from tests.quality import naive
from tests.quality.cases import SYSTEM, day_of_its_own, region
from tests.quality.kept import differences
from tests.quality.naive import KINDS, Happening, Told
from tests.registry.world import World

MEASURES = [one.measure for one in shipped() if isinstance(one.measure, IntervalMeasure)]
COUNTED = [
    one.measure
    for one in shipped()
    if isinstance(one.measure, CountMeasure | ShareMeasure) and one.measure.of == "cases"
]
SHIPPED = [*MEASURES, *COUNTED]
"""Asked in every example; `test_rows_agree` says which others there are."""
ACUITIES = ["stable", "critical", "resuscitation"]
COLOURS = ["orange", "red"]
STEPS = [kind for kind in KINDS if not kind.startswith("referral.")]

ENDS = {name: kind for kind, name in KINDS.items() if kind in STEPS}
PAIRS = sorted(
    (ENDS[one.interval.start], ENDS[one.interval.end])
    for one in MEASURES
    if one.interval.start in ENDS
)
"""Both ends of every interval that begins after the request."""

Step: TypeAlias = tuple[str, int, int, bool, int]
"""Kind, minutes after the opening, whose house, whether it was entered late, urgency."""

minutes = st.sampled_from([-7, 0, 12, 30, 31, 400])
alone = st.tuples(
    st.sampled_from(STEPS), minutes, st.integers(0, 2), st.booleans(), st.integers(1, 2)
)


@st.composite
def pairs(draw: st.DrawFn) -> list[Step]:
    """An interval's beginning and end, as two steps."""
    both = draw(st.sampled_from(PAIRS))
    house, urgency = draw(st.integers(0, 2)), draw(st.integers(1, 2))
    return [(kind, draw(minutes), house, draw(st.booleans()), urgency) for kind in both]


steps = st.lists(st.one_of(alone.map(lambda one: [one]), pairs()), min_size=1, max_size=4).map(
    lambda some: [one for few in some for one in few]
)
stories = st.fixed_dictionaries(
    {
        "house": st.integers(0, 2),
        "kind": st.sampled_from(["referral.requested"] * 4 + ["referral.self_arrival"]),
        "hour": st.integers(0, 30),
        "acuity": st.sampled_from(ACUITIES),
        "colour": st.sampled_from([*COLOURS, None]),
        "drill": st.sampled_from([False] * 5 + [True]),
        "back": st.sampled_from([False] * 5 + [True]),
        "voided": st.sampled_from([False] * 5 + [True]),
        "steps": steps,
    }
)
names = st.sampled_from(sorted({*KINDS.values()}))
criteria = st.one_of(
    st.builds(
        Criterion,
        field=st.just("acuity"),
        one_of=st.lists(st.sampled_from(ACUITIES), min_size=1, max_size=2),
        negate=st.booleans(),
    ),
    st.builds(
        Criterion,
        field=st.just("colour"),
        one_of=st.lists(st.sampled_from(COLOURS), min_size=1, max_size=2),
        negate=st.booleans(),
    ),
    st.builds(
        Criterion,
        field=st.just("self_arrived"),
        one_of=st.lists(st.booleans(), min_size=1, max_size=1),
        negate=st.booleans(),
    ),
    st.builds(Criterion, reached=names, negate=st.booleans()),
    # Both ends of a limit of time are met exactly, often.
    st.builds(
        Criterion,
        reached=st.sampled_from(["accepted", "birth"]),
        after=st.sampled_from(["request", "decision_for_cs"]),
        within_s=st.sampled_from([0, 720, 1800]),
        negate=st.booleans(),
    ),
)
wheres, places = st.lists(criteria, max_size=3), st.sampled_from(["origin", "receiver"])
measures = st.one_of(
    st.builds(
        IntervalMeasure, clock=st.sampled_from([one.clock for one in MEASURES]), place=places
    ),
    st.builds(CountMeasure, of=st.just("cases"), where=wheres, place=places),
    st.builds(
        ShareMeasure,
        of=st.just("cases"),
        met=st.lists(criteria, min_size=1, max_size=2),
        where=wheres,
        place=places,
    ),
)


def test_every_milestone_that_an_indicator_measures_is_told() -> None:
    measured = {name for one in MEASURES for name in (one.interval.start, one.interval.end)}
    assert measured <= {*KINDS.values()}


@pytest.fixture(scope="module")
async def world(module_database: Clone) -> World:
    return await region(module_database)


def _houses(world: World) -> list[tuple[FacilityId, RegionId, frozenset[UUID]]]:
    near, far = world.county_hospital, world.stranger
    return [
        (near, world.county, frozenset({world.county, world.city, world.province})),
        (far, world.far_county, frozenset({world.far_county, world.province})),
        (world.city_centre, world.city, frozenset({world.city, world.province})),
    ]


def tell(world: World, story: dict[str, object], day: datetime) -> tuple[Told, RegionId]:
    """A case as it will be written, and the region that it begins in."""
    houses = _houses(world)
    house, home, around = houses[int(str(story["house"]))]
    opened = day + timedelta(hours=int(str(story["hour"])))
    said = {"origin_facility": str(house), "acuity": story["acuity"]}
    said |= {"risk_colour": story["colour"]} if story["colour"] else {}
    said |= {"drill": True} if story["drill"] else {}
    said |= {"direction": "back"} if story["back"] else {}
    happenings = [Happening(str(story["kind"]), opened, said)]
    for kind, after, receiver, late, urgency in story["steps"]:  # type: ignore[attr-defined]
        payload: dict[str, object] = {"urgency_class": urgency}
        payload |= {"facility_id": str(houses[receiver][0])} if kind == "offer.accepted" else {}
        payload |= {"late_reason": "断网"} if late else {}
        happenings.append(Happening(kind, opened + timedelta(minutes=after), payload))
    if story["voided"]:
        happenings.append(Happening("referral.voided", opened + timedelta(hours=9)))
    return Told(CaseId(new_id()), house, around, happenings), home


async def write(
    session: AsyncSession,
    world: World,
    stories: Sequence[dict[str, object]],
    day: datetime,
    order: Random,
) -> list[Told]:
    """The stories on the chain, their events mingled, the facts caught up now and then."""
    told = [tell(world, story, day) for story in stories]
    waiting = []
    for one, home in told:
        await add_facility(session, one.case_id, one.origin, PartyRole.ORIGIN, home)
        waiting.append(list(one.happenings))
    while any(waiting):
        number = order.choice([n for n, left in enumerate(waiting) if left])
        next_ = waiting[number].pop(0)
        clock, case_id = SimulatedClock(next_.at), told[number][0].case_id
        await append(session, clock, case_id, next_.kind, viewer=SYSTEM, payload=next_.payload)
        if order.random() < 0.2:
            await facts.catch_up(session, most=order.choice([1, 2, 50]))
    return [one for one, _ in told]


def assert_same(totals: repository.Totals, seen: Sequence[naive.Seen], *, target: bool) -> None:
    """What SQL counted is what plain Python sees."""
    states = Counter(one.state for one in seen)
    whole = totals.all
    assert (whole.n, whole.open, whole.inconsistent) == (
        states["counted"],
        states["open"],
        states["inconsistent"],
    )
    assert whole.met == sum(one.met for one in seen if one.state == "counted")
    assert whole.late == sum(one.late for one in seen)
    assert totals.outside == Counter(one.reason for one in seen if one.reason)
    assert {str(one.key): (one.n, one.met) for one in totals.places if one.n} == naive.by(
        seen, "place"
    )
    assert {str(one.key): (one.n, one.met) for one in totals.months} == naive.by(seen, "month")
    took = [one.seconds for one in seen if one.seconds is not None]
    assert whole.p50_s == pytest.approx(naive.quantile(took, 0.5))
    assert whole.p90_s == pytest.approx(naive.quantile(took, 0.9))
    assert (whole.min_s, whole.max_s) == (min(took, default=None), max(took, default=None))
    assert sum(totals.bins.values()) == len(took)
    assert whole.within == sum(one <= 1800 for one in took if target)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    told=st.lists(stories, min_size=1, max_size=5),
    more=st.lists(measures, min_size=6, max_size=6),
    late=st.sampled_from(["with", "without"]),
    within=st.sampled_from(["all", "region", "facility"]),
    order=st.randoms(use_true_random=False),
)
async def test_sql_and_plain_python_agree(
    module_database: Clone,
    world: World,
    told: list[dict[str, object]],
    more: Sequence[IntervalMeasure | CountMeasure | ShareMeasure],
    late: LateEntries,
    within: str,
    order: Random,
) -> None:
    scope = day_of_its_own(world, within, world.city_centre)
    day = scope.start
    async with module_database.system.session(SYSTEM) as session:
        cases = await write(session, world, told, day, order)
        await facts.current(session)
        assert await differences(session) == []
        inside = [
            one
            for one in cases
            if naive.inside(one, scope.start, scope.end, scope.region_id, scope.facility_id)
        ]
        asked = [*SHIPPED, *more]
        everything = [
            Asked(one, 1800 if isinstance(one, IntervalMeasure) else None) for one in asked
        ]
        for at, measure in enumerate(asked):
            rows = compiled(measure)
            assert rows is not None
            target = 1800 if isinstance(measure, IntervalMeasure) else None
            question = [Asked(measure, target)]
            (totals,) = await repository.totals(session, scope, late, question, months=True)
            together = (await repository.totals(session, scope, late, everything))[at]
            assert together == replace(totals, months=[])
            members = await repository.members(session, scope, late, rows, 100)
            seen = [found for one in inside if (found := naive.look(one, measure, late))]
            assert_same(totals, seen, target=target is not None)
            assert {(one.case_id, one.state, one.reason) for one in members} == {
                (one.case_id, one.state, one.reason) for one in seen
            }
