"""A closed period keeps its figures for ever; what is entered later shows beside them."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.chain import amend, append
from kernel.clock import SimulatedClock, SystemClock
from kernel.errors import NotAllowed, NotFound
from kernel.ids import CaseId, PersonId, RegionId, new_id
from kernel.viewer import Role, Viewer
from quality import cell_keeping, facts, indicators
from quality.errors import NothingInForce, PeriodFrozen, PeriodInvalid, PeriodNotOver
from quality.frozen import queries, rows, service
from quality.frozen.schemas import FreezePeriod, PeriodDifference
from quality.parameters import asked
from quality.repository import LateEntries, Scope
from quality.schemas import Indicators, IntervalValue
from quality.workbook import comma_separated, workbook
from registry.facilities.rules import FacilityRole
from registry.people.service import Grant
from tests.fixtures.database import Clone
from tests.quality.cases import (
    MORNING,
    SYSTEM,
    county_of,
    far_county_of,
    region,
    write_case,
    write_steps,
)
from tests.quality.test_facts import bring
from tests.registry.world import World, account

DAY = date(2026, 11, 2)
NEXT_MONTH = SimulatedClock(datetime(2026, 12, 1, tzinfo=UTC))
CODE = "request_to_accept"


@pytest.fixture
async def world(database: Clone) -> World:
    return await region(database)


@pytest.fixture(scope="module")
async def closed(module_database: Clone) -> tuple[Viewer, UUID, UUID]:
    """Who closed a day of the city, the period, and a region that she does not oversee."""
    world = await region(module_database)
    viewer = await commission(module_database, world, world.city)
    return viewer, await freeze(module_database, viewer, world.city), world.province


async def commission(database: Clone, world: World, *regions: RegionId) -> Viewer:
    """Somebody of the health commission who exists."""
    login = f"commission{new_id().hex[-8:]}"
    grants = [Grant(Role.COMMISSION, region_id=one) for one in regions]
    who, _ = await account(database.system, world.clock, login, world.city_centre, *grants)
    viewer = world.viewer(Role.COMMISSION, world.city_centre, *regions)
    return Viewer(
        account_id=viewer.account_id,
        person_id=who,
        session_id=None,
        facility_id=viewer.facility_id,
        facility_ids=viewer.facility_ids,
        region_ids=viewer.region_ids,
        roles=viewer.roles,
    )


async def freeze(database: Clone, viewer: Viewer, region_id: UUID, **days: date) -> UUID:
    wanted = FreezePeriod(region_id, days.get("first", DAY), days.get("last", DAY), "一月一关")
    async with database.app.session(viewer) as session:
        return (await service.freeze(session, NEXT_MONTH, viewer, wanted)).id


async def frozen_overview(
    database: Clone, viewer: Viewer, id_: UUID, late: LateEntries = "with", **where: Any
) -> Indicators:
    async with database.app.session(viewer) as session:
        scope = replace(await scope_of(session, id_), **where)
        return await indicators.overview(session, scope, late)


async def scope_of(session: AsyncSession, id_: UUID) -> Scope:
    """As every page asks for a closed period: its own days, whatever else is said."""
    return await asked(session, Scope(NEXT_MONTH.now(), NEXT_MONTH.now()), id_)


async def difference(database: Clone, viewer: Viewer, id_: UUID) -> PeriodDifference:
    async with database.app.session(viewer) as session:
        return await queries.difference(session, id_, "with")


def spread(found: Indicators, code: str = CODE) -> tuple[int, float | None]:
    value = next(one.value for one in found.indicators if one.definition.code == code)
    assert isinstance(value, IntervalValue)
    return value.distribution.n, value.distribution.p50_s


async def test_what_is_entered_later_shows_as_a_difference_and_changes_no_frozen_figure(
    database: Clone, world: World
) -> None:
    viewer = await commission(database, world, world.province)
    async with database.system.session(SYSTEM) as session:
        one = await write_case(session, county_of(world), ("offer.accepted", 5))
        open_ = await write_case(session, county_of(world))
        gone = await write_case(session, county_of(world), ("offer.accepted", 30))
    id_ = await freeze(database, viewer, world.province)
    before = await frozen_overview(database, viewer, id_)
    assert spread(before) == (2, 1050)
    assert (await difference(database, viewer, id_)).indicators == []

    late = {"late_reason": "断网补录"}
    doctor = world.doctor
    async with database.system.session(SYSTEM) as session:
        await write_steps(session, open_, ("offer.accepted", 9, late))
        await write_steps(session, gone, ("referral.voided", 600))
        new = await write_case(session, county_of(world), ("offer.accepted", 3))
    async with database.app.session(doctor) as session:
        await amend(
            session,
            SystemClock(),
            one,
            2,
            viewer=doctor,
            reason="时间登记有误",
            second_person=PersonId(new_id()),
            changes={},
            occurred_at=datetime(2026, 11, 2, 0, 37, tzinfo=UTC),
        )

    after = await frozen_overview(database, viewer, id_)
    assert after == before
    told = await difference(database, viewer, id_)
    accept = next(one for one in told.indicators if one.definition.code == CODE)
    assert isinstance(accept.now, IntervalValue)
    assert accept.now.distribution.n == 3
    assert accept.now.late == 1
    assert accept.intact is True
    sides = {
        change.case_id: (
            change.before and (change.before.state, change.before.seconds),
            change.after and (change.after.state, change.after.seconds, change.after.late),
        )
        for change in accept.changes
    }
    assert sides == {
        one: (("counted", 300), ("counted", 420, False)),
        open_: (("open", None), ("counted", 540, True)),
        gone: (("counted", 1800), None),
        new: (None, ("counted", 180, False)),
    }
    assert told.unchanged + len(told.indicators) == len(before.indicators)
    assert (told.period.first_day, told.period.last_day) == (DAY, DAY)


async def test_frozen_figures_say_both_with_and_without_late_entries(
    database: Clone, world: World
) -> None:
    viewer = await commission(database, world, world.province)
    late = {"late_reason": "断网补录"}
    async with database.system.session(SYSTEM) as session:
        await write_case(session, county_of(world), ("offer.accepted", 5))
        await write_case(session, county_of(world), ("offer.accepted", 9, late))
    id_ = await freeze(database, viewer, world.province)
    assert spread(await frozen_overview(database, viewer, id_)) == (2, 420)
    without = await frozen_overview(database, viewer, id_, "without")
    assert spread(without) == (1, 300)
    assert without.scope.frozen is not None
    assert without.scope.frozen.by is not None


async def test_every_indicator_reads_frozen_as_it_read_live(database: Clone, world: World) -> None:
    viewer = await commission(database, world, world.province)
    centre = str(world.city_centre)
    guided = {"centre_facility": centre, "institution_facility": str(world.county_hospital)}
    async with database.system.session(SYSTEM) as session:
        await write_case(
            session,
            county_of(world),
            ("offer.accepted", 5, {"facility_id": centre}),
            ("guidance.session", 20, guided),
            ("leg.departed", 30),
        )
        await write_case(session, county_of(world), request={"drill": True})
        await write_case(session, far_county_of(world), ("referral.voided", 9))
        await write_case(session, far_county_of(world), request={"direction": "back"})
        await write_case(session, far_county_of(world), ("offer.accepted", 7))
    id_ = await freeze(database, viewer, world.province)
    start = datetime(2026, 11, 1, 16, tzinfo=UTC)
    for where in (
        {},
        {"region_id": world.county},
        {"facility_id": world.city_centre},
        {"facility_id": world.stranger, "region_id": world.far_county},
    ):
        live = Scope(start, start + timedelta(days=1), **where)
        async with database.app.session(viewer) as session:
            now = await indicators.overview(session, live, "with")
            behind = await indicators.behind(session, live, "with", CODE)
            kept = await indicators.behind(
                session, Scope(live.start, live.end, frozen=id_, **where), "with", CODE
            )
        frozen = await frozen_overview(database, viewer, id_, **where)
        assert [one.definition for one in frozen.indicators] == [
            one.definition for one in now.indicators
        ]
        for old, new in zip(frozen.indicators, now.indicators, strict=True):
            assert old.value == new.value
        assert kept.cases == behind.cases
        assert frozen.scope.frozen is not None
        assert (frozen.scope.cases, frozen.scope.drills_left_out) == (
            now.scope.cases,
            now.scope.drills_left_out,
        )
        assert (frozen.scope.voided_left_out, frozen.scope.back_referrals_left_out) == (
            now.scope.voided_left_out,
            now.scope.back_referrals_left_out,
        )


async def test_a_later_version_of_a_definition_does_not_reach_back(
    database: Clone, world: World
) -> None:
    viewer = await commission(database, world, world.province)
    id_ = await freeze(database, viewer, world.province)
    async with database.system.session(SYSTEM) as session:
        await session.execute(
            text(
                "INSERT INTO indicator_version"
                " (id, origin, code, version, valid_from, content, digest)"
                " SELECT gen_random_uuid(), 'shipped', code, 2, valid_from,"
                "  jsonb_set(content, '{version}', '2'), digest"
                "  FROM indicator_version WHERE code = :code"
            ),
            {"code": CODE},
        )
    found = await frozen_overview(database, viewer, id_)
    version = next(
        one.definition.version for one in found.indicators if one.definition.code == CODE
    )
    assert version == 1


async def test_a_viewer_sees_of_a_frozen_period_what_her_cases_are(
    database: Clone, world: World
) -> None:
    province = await commission(database, world, world.province)
    async with database.system.session(SYSTEM) as session:
        near = await write_case(session, county_of(world), ("offer.accepted", 5))
        await write_case(session, far_county_of(world), ("offer.accepted", 9))
    id_ = await freeze(database, province, world.province)

    async def seen(viewer: Viewer) -> tuple[int, set[UUID | None], bool]:
        scope = Scope(world.clock.now(), world.clock.now() + timedelta(days=1), frozen=id_)
        async with database.app.session(viewer) as session:
            found = await indicators.behind(session, scope, "with", CODE)
            figures = await rows.figures(session, id_)
        assert (await difference(database, viewer, id_)).indicators == []
        return found.scope.cases, {one.case_id for one in found.cases}, len(figures) > 0

    assert (await seen(province))[0] == 2
    assert (await seen(province))[2]
    county = world.viewer(Role.COMMISSION, world.city_centre, world.county)
    for viewer in (county, world.doctor):
        assert await seen(viewer) == (1, {near}, False)
    assert (await seen(world.expert))[:2] == (0, set())


async def test_who_may_close_which_days(database: Clone, world: World) -> None:
    city = await commission(database, world, world.city)
    id_ = await freeze(database, city, world.county)
    with pytest.raises(PeriodFrozen):
        await freeze(database, city, world.county)
    await freeze(database, city, world.city)
    for viewer, region_id in (
        (city, world.province),
        (city, world.far_county),
        (world.doctor, world.county),
    ):
        with pytest.raises(NotAllowed):
            await freeze(database, viewer, region_id)
    with pytest.raises(PeriodNotOver):
        await freeze(database, city, world.county, last=date(2026, 12, 1))
    with pytest.raises(PeriodInvalid):
        await freeze(database, city, world.county, first=date(2026, 11, 3))
    with pytest.raises(NothingInForce):
        await freeze(database, city, world.county, first=date(2025, 1, 1), last=date(2025, 1, 31))
    async with database.app.session(city) as session:
        found = await queries.closed(session)
        with pytest.raises(NotFound):
            await queries.difference(session, new_id(), "with")
    assert id_ in {one.id for one in found.periods}
    assert {one.id for one in found.overseen} == {world.city, world.county}


@pytest.mark.parametrize(
    "wrong",
    [
        "UPDATE indicator_frozen_member SET seconds = 1",
        "DELETE FROM indicator_frozen_figure",
        "DELETE FROM indicator_freeze",
        "INSERT INTO indicator_frozen_case (freeze_id, case_id) VALUES ('{id}', '{id}')",
        "INSERT INTO indicator_frozen_figure SELECT freeze_id, version_id, 'with', ''"
        " FROM indicator_frozen_version",
        "INSERT INTO indicator_freeze (id, region_id, starts_at, ends_at, frozen_by, note)"
        " SELECT gen_random_uuid(), '{other}', '2026-01-01Z', '2026-01-02Z', frozen_by, ''"
        " FROM indicator_freeze LIMIT 1",
    ],
)
async def test_nothing_is_added_to_a_closed_period_and_nothing_taken_away(
    module_database: Clone, closed: tuple[Viewer, UUID, UUID], wrong: str
) -> None:
    viewer, id_, other = closed
    async with module_database.app.session(viewer) as session:
        with pytest.raises(DBAPIError):
            await session.execute(text(wrong.format(id=id_, other=other)))
        await session.rollback()


async def test_a_centre_that_came_later_is_not_in_a_frozen_mean(
    database: Clone, world: World
) -> None:
    viewer = await commission(database, world, world.province)
    id_ = await freeze(database, viewer, world.province)
    async with database.system.session(SYSTEM) as session:
        await session.execute(
            text(
                "INSERT INTO facility_role (id, facility_id, role, during)"
                " VALUES (gen_random_uuid(), :house, :role, daterange('2020-01-01', NULL))"
            ),
            {"house": world.stranger, "role": FacilityRole.MATERNAL_CENTRE.value},
        )
        await append(session, NEXT_MONTH, CaseId(new_id()), "note.added", viewer=SYSTEM, payload={})
    told = await difference(database, viewer, id_)
    coverage = next(
        one for one in told.indicators if one.definition.code == "rescue_centre_coverage"
    )
    assert len(coverage.changes) == 1
    assert coverage.changes[0].number is not None


async def everything_told(database: Clone, viewer: Viewer, id_: UUID) -> dict[str, bytes]:
    """All that pages, the API and both files say of a frozen period, as bytes."""
    told: dict[str, bytes] = {}
    for late in service.LATE:
        async with database.app.session(viewer) as session:
            scope = await scope_of(session, id_)
            found = await indicators.overview(session, scope, late)
            told[f"overview {late}"] = msgspec.json.encode(found)
            for code in (one.definition.code for one in found.indicators):
                page = await indicators.detail(session, scope, late, code)
                members = await indicators.behind(session, scope, late, code)
                told[f"{code} {late}"] = msgspec.json.encode(page)
                told[f"{code} behind {late}"] = msgspec.json.encode(members)
        for hide in (False, True):
            at = NEXT_MONTH.now()
            book = workbook(found, {}, hide=hide, language="zh", at=at)
            told[f"workbook {late} {hide}"] = book
            lines = comma_separated(found, hide=hide, language="zh", at=at)
            told[f"comma_separated {late} {hide}"] = lines
    async with database.app.session(viewer) as session:
        for (version, late), figures in (await rows.figures(session, id_)).items():
            told[f"figures {version} {late}"] = figures
    return told


async def test_a_frozen_period_is_told_byte_for_byte_as_before(
    database: Clone, world: World
) -> None:
    """Late entries, corrected files, new centres, cells counted anew: nothing of it shows."""
    viewer = await commission(database, world, world.province)
    late = {"late_reason": "断网补录"}
    async with database.system.session(SYSTEM) as session:
        open_ = await write_case(session, county_of(world))
        for minutes in (4, 9, 31):
            await write_case(session, county_of(world), ("offer.accepted", minutes))
            await write_case(session, far_county_of(world), ("offer.accepted", minutes, late))
    await bring(database, world, f"1,{DAY},39+1,剖宫产,是\n2,{DAY},36,阴道,否\n")
    id_ = await freeze(database, viewer, world.province)
    before = await everything_told(database, viewer, id_)
    assert sum("behind" in name for name in before) > 50

    async with database.system.session(SYSTEM) as session:
        await write_steps(session, open_, ("offer.accepted", 2, late))
        await write_case(session, county_of(world), ("offer.accepted", 1))
        role = FacilityRole.MATERNAL_CENTRE.value
        await session.execute(
            text(
                "INSERT INTO facility_role (id, facility_id, role, during)"
                " VALUES (gen_random_uuid(), :house, :role, daterange('2020-01-01', NULL))"
            ),
            {"house": world.stranger, "role": role},
        )
    await bring(database, world, f"1,{DAY},27,阴道,是\n3,{DAY},40,剖宫产,否\n")
    while await facts.keep_up(database.system):
        pass
    while await cell_keeping.keep_up(database.system):
        pass
    after = await everything_told(database, viewer, id_)
    assert [name for name, said in before.items() if after[name] != said] == []
    assert after.keys() == before.keys()
    told = await difference(database, viewer, id_)
    assert all(one.intact for one in told.indicators)
    changed = {one.definition.code for one in told.indicators}
    assert {CODE, "ob_caesarean_rate", "rescue_centre_coverage"} <= changed


async def test_figures_are_kept_in_the_words_of_every_release(
    database: Clone, world: World
) -> None:
    """A period that an earlier release closed must compare equal: what is kept has one spelling."""
    viewer = await commission(database, world, world.province)
    async with database.system.session(SYSTEM) as session:
        await write_case(session, county_of(world), ("offer.accepted", 5))
        await write_case(session, county_of(world), ("offer.accepted", 9, {"late_reason": "断网"}))
    id_ = await freeze(database, viewer, world.province)
    async with database.app.session(viewer) as session:
        kept = await rows.figures(session, id_)
        (version,) = [
            one.id
            for one in await indicators.in_force(session, Scope(MORNING, MORNING, frozen=id_))
            if one.definition.code == CODE
        ]
    group = (
        '"demo":2,"inconsistent":0,"key":{key},"late":1,"max_s":540.0,"met":0,"min_s":300.0,'
        '"n":2,"open":0,"p50_s":420.0,"p90_s":516.0,"within":2'
    )
    whole, place, month = (
        "{" + group.replace("{key}", key) + "}"
        for key in ("null", f'"{world.county_hospital}"', '"2026-11"')
    )
    assert kept[version, "with"].decode() == (
        f'{{"all":{whole},"bins":{{"20":1,"36":1}},"months":[{month}],"outside":{{}},'
        f'"places":[{place}]}}'
    )
