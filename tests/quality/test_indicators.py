"""Indicators over real cases: what counts, what does not, and that it is said."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.chain import amend, append
from kernel.clock import SystemClock
from kernel.ids import FacilityId, PersonId, new_id
from kernel.viewer import Role, Viewer
from quality import indicators
from quality.errors import IndicatorUnknown, PeriodInvalid
from quality.repository import LateEntries, Scope
from quality.schemas import CountValue, IntervalValue
from registry.facilities.rules import AreaKind
from registry.facilities.service import set_responsible_area
from tests.fixtures.database import Clone
from tests.quality.cases import (
    MORNING,
    SYSTEM,
    Step,
    county_of,
    far_county_of,
    region,
    write_case,
    write_steps,
)
from tests.registry.world import World

PERIOD = Scope(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 22, tzinfo=UTC))


@pytest.fixture
async def world(database: Clone) -> World:
    return await region(database)


def journey(accepted: float, departed: float = 40, arrived: float = 100) -> tuple[Step, ...]:
    """The main path with the given minutes."""
    return (
        ("page.acknowledged", accepted / 2),
        ("offer.accepted", accepted),
        ("leg.departed", departed),
        ("leg.arrived", arrived),
    )


async def value_of(
    session: AsyncSession, code: str, scope: Scope = PERIOD, late: LateEntries = "with"
) -> IntervalValue:
    found = await indicators.detail(session, scope, late, code)
    assert isinstance(found.indicator.value, IntervalValue)
    return found.indicator.value


async def test_the_main_intervals_are_distributions(database: Clone, world: World) -> None:
    async with database.system.session(SYSTEM) as session:
        for minutes in (4, 6, 8, 12, 20):
            await write_case(session, county_of(world), *journey(minutes))
        found = await indicators.overview(session, PERIOD, "with")
    values = {entry.definition.code: entry.value for entry in found.indicators}
    accept = values["request_to_accept"]
    assert isinstance(accept, IntervalValue)
    told = accept.distribution
    assert (told.n, told.p50_s, told.min_s, told.max_s) == (5, 480, 240, 1200)
    assert told.p90_s == pytest.approx((12 + 0.6 * 8) * 60)
    assert told.within_target is not None
    assert (told.within_target.n, told.within_target.of) == (3, 5)
    assert (accept.open, accept.inconsistent, accept.late, accept.demo) == (0, 0, 0, 5)
    acknowledged = values["request_to_first_acknowledgement"]
    assert isinstance(acknowledged, IntervalValue)
    assert acknowledged.distribution.p50_s == 240
    arrival = values["departure_to_arrival"]
    assert isinstance(arrival, IntervalValue)
    assert arrival.distribution.within_target is None
    definitions = {entry.definition.code: entry.definition for entry in found.indicators}
    assert definitions["request_to_accept"].version == 1
    assert definitions["request_to_accept"].to_be_verified
    assert found.scope.cases == 5


async def test_drills_voided_cases_and_back_referrals_are_left_out_and_said(
    database: Clone, world: World
) -> None:
    async with database.system.session(SYSTEM) as session:
        await write_case(session, county_of(world), *journey(5))
        await write_case(session, county_of(world), *journey(50), request={"drill": True})
        await write_case(session, county_of(world), *journey(70), ("referral.voided", 80))
        await write_case(session, county_of(world), *journey(90), request={"direction": "back"})
        assert (await value_of(session, "request_to_accept")).distribution.max_s == 300
        overview = await indicators.overview(session, PERIOD, "with")
        behind = await indicators.behind(session, PERIOD, "with", "request_to_accept")
    scope = overview.scope
    assert (scope.cases, scope.drills_left_out, scope.voided_left_out) == (1, 1, 1)
    assert scope.back_referrals_left_out == 1
    assert len(behind.cases) == 1


async def test_open_inconsistent_and_late_are_counted_apart(database: Clone, world: World) -> None:
    late = {"late_reason": "断网补录"}
    async with database.system.session(SYSTEM) as session:
        await write_case(session, county_of(world), ("offer.accepted", 5))
        await write_case(session, county_of(world), ("offer.accepted", 9, late))
        await write_case(session, county_of(world), ("offer.accepted", -3))
        await write_case(session, county_of(world))
        with_late = await value_of(session, "request_to_accept")
        without = await value_of(session, "request_to_accept", late="without")
        behind = await indicators.behind(session, PERIOD, "without", "request_to_accept")
    assert (with_late.distribution.n, with_late.distribution.max_s) == (2, 540)
    assert (without.distribution.n, without.distribution.max_s) == (1, 300)
    for value in (with_late, without):
        assert (value.open, value.inconsistent, value.late) == (1, 1, 1)
    assert sorted(case.state for case in behind.cases) == [
        "counted",
        "inconsistent",
        "late_left_out",
        "open",
    ]


async def test_ddi_is_split_by_urgency_and_follows_corrections(
    database: Clone, world: World
) -> None:
    def caesarean(urgency: int, minutes: float) -> tuple[Step, ...]:
        return (
            ("milestone.decision_for_cs", 10, {"urgency_class": urgency}),
            ("milestone.birth", 10 + minutes),
        )

    viewer = world.doctor
    async with database.system.session(SYSTEM) as session:
        await write_case(session, county_of(world), *caesarean(1, 21))
        await write_case(session, county_of(world), *caesarean(1, 44))
        await write_case(session, county_of(world), *caesarean(2, 70))
        wrong = await write_case(session, county_of(world), *caesarean(2, 29))
        await write_case(session, county_of(world), *caesarean(3, 200))
        first = await value_of(session, "ddi_category_1")
        second = await value_of(session, "ddi_category_2")
    assert (first.distribution.n, first.distribution.max_s) == (2, 44 * 60)
    assert first.distribution.within_target is not None
    assert (first.distribution.within_target.n, first.distribution.within_target.of) == (1, 2)
    assert (second.distribution.n, second.distribution.min_s) == (2, 29 * 60)
    async with database.app.session(viewer) as session:
        await amend(
            session,
            SystemClock(),
            wrong,
            2,
            viewer=viewer,
            reason="分类登记有误",
            second_person=PersonId(new_id()),
            changes={"urgency_class": 1},
        )
    async with database.system.session(SYSTEM) as session:
        assert (await value_of(session, "ddi_category_1")).distribution.n == 3
        assert (await value_of(session, "ddi_category_2")).distribution.n == 1


async def test_numbers_and_cases_end_where_the_viewer_does(database: Clone, world: World) -> None:
    async with database.system.session(SYSTEM) as session:
        near = await write_case(session, county_of(world), *journey(5))
        far = await write_case(session, far_county_of(world), *journey(25))

    async def seen(viewer: Viewer, scope: Scope = PERIOD) -> set[UUID]:
        async with database.app.session(viewer) as session:
            behind = await indicators.behind(session, scope, "with", "request_to_accept")
            overview = await indicators.overview(session, scope, "with")
        assert overview.scope.cases == len(behind.cases)
        return {case.case_id for case in behind.cases}

    province = world.viewer(Role.COMMISSION, world.province_centre, world.province)
    assert await seen(province) == {near, far}
    assert await seen(world.viewer(Role.COMMISSION, world.city_centre, world.city)) == {near}
    assert await seen(world.doctor) == {near}
    assert await seen(world.expert) == set()
    assert await seen(world.viewer(Role.AUDITOR, world.county_hospital)) == set()
    narrowed = Scope(PERIOD.start, PERIOD.end, region_id=world.county)
    assert await seen(province, narrowed) == {near}
    by_facility = Scope(PERIOD.start, PERIOD.end, facility_id=world.stranger)
    assert await seen(province, by_facility) == {far}


async def test_a_receiver_s_cases_are_those_it_accepted(database: Clone, world: World) -> None:
    centre = str(world.city_centre)
    scope = Scope(PERIOD.start, PERIOD.end, facility_id=world.city_centre)
    async with database.system.session(SYSTEM) as session:
        taken = await write_case(
            session, county_of(world), ("offer.accepted", 6, {"facility_id": centre})
        )
        await write_case(session, county_of(world), ("offer.accepted", 6, {"facility_id": "x"}))
        behind = await indicators.behind(session, scope, "with", "request_to_accept")
    assert [case.case_id for case in behind.cases] == [taken]


async def test_a_period_takes_the_cases_requested_in_it(database: Clone, world: World) -> None:
    edge = datetime(2026, 11, 10, tzinfo=UTC)
    async with database.system.session(SYSTEM) as session:
        for at in (edge - timedelta(seconds=1), edge, edge + timedelta(days=3)):
            await write_case(session, county_of(world), *journey(5), at=at)
        before = await value_of(session, "request_to_accept", Scope(PERIOD.start, edge))
        after = await value_of(session, "request_to_accept", Scope(edge, PERIOD.end))
    assert (before.distribution.n, after.distribution.n) == (1, 2)


async def test_points_and_months_for_plots(
    database: Clone, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with database.system.session(SYSTEM) as session:
        for day, minutes in ((1, 5), (2, 9), (40, 20)):
            at = datetime(2026, 10, 1, tzinfo=UTC) + timedelta(days=day)
            await write_case(session, county_of(world), *journey(minutes), at=at)
        scope = Scope(datetime(2026, 9, 1, tzinfo=UTC), PERIOD.end)
        found = await indicators.detail(session, scope, "with", "request_to_accept")
        # The newest are shown, whether or not the last month holds as many.
        for most, seconds in ((1, [1200]), (2, [540, 1200])):
            monkeypatch.setattr(indicators, "MOST_POINTS", most)
            few = await indicators.detail(session, scope, "with", "request_to_accept")
            assert [point.seconds for point in few.points] == seconds
    assert [point.seconds for point in found.points] == [300, 540, 1200]
    assert [(month.month, month.n, month.p50_s) for month in found.months] == [
        ("2026-10", 2, 420),
        ("2026-11", 1, 1200),
    ]


async def test_indicator_15_counts_upper_centres_in_their_own_area(
    database: Clone, world: World
) -> None:
    def session_of(centre: UUID, institution: UUID) -> Step:
        payload = {"centre_facility": str(centre), "institution_facility": str(institution)}
        return ("guidance.session", 15, payload)

    city, county = world.city_centre, world.county_hospital
    async with database.system.session(SYSTEM) as session:
        case = await write_case(
            session,
            county_of(world),
            session_of(city, county),
            session_of(city, county),  # the same case again
            session_of(world.province_centre, county),
            session_of(county, county),  # a county centre, and its own house
        )
        await write_case(session, county_of(world), session_of(city, world.stranger))
        await write_steps(session, case, session_of(city, county), at=MORNING + timedelta(days=40))
        await write_case(
            session, county_of(world), session_of(city, county), request={"drill": True}
        )
        found = await indicators.detail(session, PERIOD, "with", "responsible_area_guidance")
        behind = await indicators.behind(session, PERIOD, "with", "responsible_area_guidance")
    value = found.indicator.value
    assert isinstance(value, CountValue)
    assert value.n == 2
    assert {(entry.key, entry.n) for entry in value.outside} == {("in_area", 1), ("upper_tier", 1)}
    assert {(entry.centre.id, entry.n) for entry in value.by_centre} == {
        (city, 1),
        (world.province_centre, 1),
    }
    assert found.indicator.definition.national_no == 15
    assert [entry.state for entry in behind.cases].count("counted") == 2


async def test_a_session_counts_by_the_area_of_its_own_day(database: Clone, world: World) -> None:
    """The city's centre answers for the other county from the 10th to the 14th, both included."""
    guided = {
        "centre_facility": str(world.city_centre),
        "institution_facility": str(world.stranger),
    }
    first = datetime(2026, 11, 9, 15, 59, tzinfo=UTC)  # 23:59 of the 9th in China
    async with database.system.session(SYSTEM) as session:
        await set_responsible_area(
            session,
            centre_id=FacilityId(world.city_centre),
            region_id=world.far_county,
            kind=AreaKind.MATERNAL,
            since=date(2026, 11, 10),
            until=date(2026, 11, 15),
        )
        for minutes in (0, 1, 5 * 24 * 60, 5 * 24 * 60 + 1):
            at = first + timedelta(minutes=minutes)
            await write_case(session, far_county_of(world), ("guidance.session", 0, guided), at=at)
        found = await indicators.detail(session, PERIOD, "with", "responsible_area_guidance")
        behind = await indicators.behind(session, PERIOD, "with", "responsible_area_guidance")
    value = found.indicator.value
    assert isinstance(value, CountValue)
    assert (value.n, [(one.key, one.n) for one in value.outside]) == (2, [("in_area", 2)])
    days = sorted(one.from_at for one in behind.cases if one.state == "counted")
    assert days == [first + timedelta(minutes=1), first + timedelta(days=5)]


async def test_real_events_are_not_marked_as_demo(database: Clone, world: World) -> None:
    viewer, place = world.doctor, county_of(world)
    async with database.system.session(SYSTEM) as session:
        await write_case(session, place, *journey(5), at=datetime.now(UTC))  # noqa: TID251
    async with database.app.session(viewer) as session:
        from tests.kernel.chain.story import open_case

        case_id = await open_case(session, viewer)
        await append(session, SystemClock(), case_id, "offer.accepted", viewer=viewer, payload={})
        now = SystemClock().now()
        scope = Scope(now - timedelta(days=1), now + timedelta(days=1))
        value = await value_of(session, "request_to_accept", scope)
    assert (value.distribution.n, value.demo) == (2, 1)
    assert value.distribution.min_s is not None
    assert 0 <= value.distribution.min_s < 60


@pytest.mark.parametrize("days", [0, -1, 801])
async def test_impossible_periods_are_refused(database: Clone, days: int) -> None:
    scope = Scope(PERIOD.start, PERIOD.start + timedelta(days=days))
    async with database.system.session(SYSTEM) as session:
        with pytest.raises(PeriodInvalid):
            await indicators.overview(session, scope, "with")


async def test_unknown_and_not_yet_valid_indicators_are_refused(database: Clone) -> None:
    early = Scope(datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 2, 1, tzinfo=UTC))
    async with database.system.session(SYSTEM) as session:
        for scope, code in ((PERIOD, "nonsense"), (early, "request_to_accept")):
            with pytest.raises(IndicatorUnknown):
                await indicators.detail(session, scope, "with", code)
        assert (await indicators.overview(session, early, "with")).indicators == []
