"""Regions' own rules: a commission enters, somebody else compares, the nearest region's counts."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from structlog.testing import capture_logs

from kernel.errors import BadInput, NotAllowed, NotFound
from kernel.ids import RegionId, new_id
from kernel.viewer import Role, Viewer
from quality.obligations import queries as obligations
from quality.returns import service as returns
from quality.returns.schemas import OpenReturn
from quality.rounds import planning, queries
from quality.rulebook import service, versions
from quality.rulebook.errors import RulesMoved
from quality.rulebook.kinds import KINDS
from quality.rulebook.queries import region_rules
from quality.rulebook.schemas import EnterRules, RegionRules, RuleVersionOut
from tests.fixtures.database import Clone
from tests.quality.cases import SYSTEM
from tests.quality.rounds.told import ON_SITE, REFERRALS, Told, plan_over, somebody, tell

TODAY = date(2026, 12, 1)
SOURCE = "云岚省实施方案（2026）"
PLAN = "alliance_plan"


@pytest.fixture
async def told(database: Clone) -> Told:
    return await tell(database)


def shipped(kind: str) -> dict[str, Any]:
    found: dict[str, Any] = versions.plain(KINDS[kind].shipped)
    return found


def order(kind: str, region: UUID, content: dict[str, Any], **said: Any) -> EnterRules:
    known: dict[str, Any] = {
        "kind": kind,
        "region_id": region,
        "replaces": KINDS[kind].shipped.version,
        "valid_from": date(2026, 12, 1),
        "source": SOURCE,
        "content": content,
    }
    return EnterRules(**known | said)


async def enter(told: Told, viewer: Viewer, wanted: EnterRules) -> UUID:
    async with told.database.app.session(viewer) as session:
        return (await service.enter(session, viewer, wanted)).id


async def verify(told: Told, viewer: Viewer, id_: UUID) -> None:
    async with told.database.app.session(viewer) as session:
        await service.verify(session, viewer, id_, "省卫健委文件第 3 条")


async def seen(told: Told, viewer: Viewer) -> RegionRules:
    async with told.database.app.session(viewer) as session:
        return await region_rules(session, viewer, TODAY)


async def version(told: Told, viewer: Viewer, id_: UUID) -> RuleVersionOut:
    found = await seen(told, viewer)
    return next(one for kind in found.kinds for one in kind.versions if one.id == id_)


def round_of_the_province() -> dict[str, Any]:
    """Deadlines, a weight with its baseline, one on-site item less and one reworded."""
    content = shipped("round")
    content["deadline"][0] |= {"month": 2, "day": 15}
    content["on_site"] = content["on_site"][:2]
    content["on_site"][0]["look"]["zh"] = "现场清点，市级 ≥6 张。"
    content["weight"] = [
        {"code": REFERRALS, "weight": 5, "source": SOURCE, "confidence": "V",
         "scoring": {"method": "band", "low": 1, "high": None}},
        {"code": ON_SITE, "weight": 6, "source": SOURCE, "confidence": "V", "scoring": None},
    ]  # fmt: skip
    return content


async def test_a_province_s_rules_count_once_somebody_else_compared_them(told: Told) -> None:
    world, province = told.world, told.province
    period = (await told.round(province)).round.period_id
    wanted = order("round", world.province, round_of_the_province())
    async with told.database.app.session(province) as session:
        preview = await service.preview(session, wanted)
    changed = {(one.part, one.code): one for one in preview.changes}
    assert preview.against == KINDS["round"].shipped.version
    assert changed["on_site", "site_green_channel"].how == "removed"
    assert changed["weight", REFERRALS].how == "added"
    (month, day) = changed["deadline", "self_check"].fields
    assert (month.field, month.before, month.after, day.after) == ("month", "1", "2", "15")
    (look,) = changed["on_site", ON_SITE].fields
    assert look.field == "look.zh"

    made = await enter(told, province, wanted)
    waiting = await version(told, province, made)
    assert (waiting.waits, waiting.counts) == (True, False)
    assert waiting.changes == preview.changes
    assert (waiting.may_verify, waiting.may_withdraw) == (False, True)
    async with told.database.app.session(province) as session:
        before = await queries.choices(session, told.clock, world.province, period)
    assert before.deadlines[0].day == date(2027, 1, 31)

    admin = await somebody(told.database, world, Role.SYSTEM_ADMIN, world.province_centre)
    await verify(told, admin, made)
    async with told.database.app.session(province) as session:
        found = await queries.choices(session, told.clock, world.province, period)
    offered = {one.code: one for one in found.items}
    assert found.deadlines[0].day == date(2027, 2, 15)
    assert found.rules == waiting.label != before.rules
    assert (offered[REFERRALS].weight, offered[REFERRALS].basis) == (5, SOURCE)
    assert offered[ON_SITE].weight == 6
    assert "site_green_channel" not in offered
    # What was planned before goes on by the rules of then.
    old = await told.round(province)
    assert old.round.rules == before.rules
    assert next(one for one in old.items if one.code == ON_SITE).look != offered[ON_SITE].look


async def test_a_round_keeps_the_version_that_it_was_planned_by(told: Told) -> None:
    province = told.province
    first = (await told.round(province)).round
    wanted = order("round", told.world.province, round_of_the_province())
    made = await enter(told, province, wanted)
    await verify(told, await second(told), made)
    label = (await version(told, province, made)).label
    step = planning.cancel, first.id, planning.RoundStep(version=first.version)
    await told.run(province, *step)
    plan = plan_over(told.world, first.period_id)
    round_id = await told.run(province, planning.plan, plan)
    again = order("round", told.world.province, shipped("round"), replaces=label, valid_from=TODAY)
    await verify(told, await second(told), await enter(told, province, again))
    async with told.database.app.session(province) as session:
        found = await queries.one_round(session, told.clock, round_id)
    look = next(one.look for one in found.items if one.code == ON_SITE)
    assert look is not None
    assert (found.round.rules, look.zh) == (label, "现场清点，市级 ≥6 张。")


async def second(told: Told) -> Viewer:
    """Another official of the province."""
    return await somebody(
        told.database, told.world, Role.COMMISSION, told.world.province_centre, told.world.province
    )


def calendar(day: int) -> dict[str, Any]:
    content = shipped("calendar")
    for one in content["obligation"]:
        if one["code"] == PLAN:
            one["due_day"] = day
    return content


async def due_days(told: Told, viewer: Viewer, house: UUID) -> dict[str, date]:
    async with told.database.app.session(viewer) as session:
        board = await obligations.board(session, told.clock, viewer)
    unit = next(one for one in board.units if one.facility_id == house)
    return {one.period: one.due_on for one in unit.owed if one.obligation == PLAN}


async def test_the_nearest_region_s_calendar_counts_from_its_first_day(told: Told) -> None:
    world = told.world
    city = order("calendar", world.city, calendar(20), valid_from=date(2026, 12, 5))
    await verify(told, told.province, await enter(told, told.city, city))
    county = order(
        "calendar", world.county, calendar(18), valid_from=date(2027, 1, 1),
        replaces=await label_at(told, "calendar", world.county, date(2027, 1, 1)),
    )  # fmt: skip
    await verify(told, told.city, await enter(told, told.county, county))
    days = await due_days(told, told.county, world.county_hospital)
    # December's plan fell due by the release's calendar; January's by the city's.
    assert days["2026-12"] == date(2026, 11, 25)
    assert days["2027-01"] == date(2026, 12, 20)
    async with told.database.app.session(told.county) as session:
        book = await versions.calendars(session)
    spans = book.spans(world.county, date(2026, 12, 1), date(2027, 1, 31))
    assert [(one.first, one.last) for one in spans] == [
        (date(2026, 12, 1), date(2026, 12, 4)),
        (date(2026, 12, 5), date(2026, 12, 31)),
        (date(2027, 1, 1), date(2027, 1, 31)),
    ]
    assert len({one.label for one in spans}) == 3


async def label_at(told: Told, kind: str, region: RegionId, day: date) -> str:
    async with told.database.app.session(told.province) as session:
        return (await versions.book(session, kind)).at(region, day).label


async def test_a_version_that_is_over_gives_way_to_the_region_above(told: Told) -> None:
    world = told.world
    wanted = order(
        "calendar", world.county, calendar(20), valid_from=TODAY, valid_to=date(2027, 3, 1)
    )
    await verify(told, told.city, await enter(told, told.county, wanted))
    own = await label_at(told, "calendar", world.county, TODAY)
    assert own != KINDS["calendar"].shipped.version
    assert await label_at(told, "calendar", world.county, date(2027, 2, 28)) == own
    after = await label_at(told, "calendar", world.county, date(2027, 3, 1))
    assert after == KINDS["calendar"].shipped.version
    assert await label_at(told, "calendar", world.city, TODAY) == after


async def test_a_form_is_that_of_the_last_day_of_its_period(told: Told) -> None:
    world = told.world
    content = shipped("form:county_quarterly")
    content["section"][0]["item"][0]["points"] = 12
    wanted = order("form:county_quarterly", world.county, content, valid_from=date(2026, 11, 1))
    made = await enter(told, told.county, wanted)
    await verify(told, told.city, made)
    doctor = await somebody(told.database, world, Role.COORDINATOR, world.county_hospital)
    found = {}
    for period in ("2026-Q3", "2026-Q4"):
        opening = OpenReturn(form="county_quarterly", period=period)
        id_ = await told.run(doctor, returns.open_return, opening)
        async with told.database.app.session(doctor) as session:
            row = await session.execute(
                text("SELECT form_version FROM quality_return WHERE id = :id"), {"id": id_}
            )
            name = row.scalar_one()
            found[period] = await versions.form_called(session, "county_quarterly", name)
    assert found["2026-Q3"] == KINDS["form:county_quarterly"].shipped
    assert found["2026-Q4"].most_points == (found["2026-Q3"].most_points or 0) + 4


async def test_what_is_taken_back_never_counts(told: Told) -> None:
    wanted = order("calendar", told.world.county, calendar(20))
    made = await enter(told, told.county, wanted)
    async with told.database.app.session(told.city) as session:
        with pytest.raises(NotAllowed):
            await service.withdraw(session, told.city, made)
    async with told.database.app.session(told.county) as session:
        await service.withdraw(session, told.county, made)
    with pytest.raises(NotAllowed):
        await verify(told, told.city, made)
    assert (await version(told, told.county, made)).withdrawn
    with pytest.raises(NotFound):
        await verify(told, told.city, new_id())


async def test_only_who_oversees_the_region_enters_and_nobody_alone(told: Told) -> None:
    wanted = order("calendar", told.world.city, calendar(20))
    with pytest.raises(NotAllowed):
        await enter(told, told.county, wanted)
    made = await enter(told, told.city, wanted)
    for viewer in (told.city, told.county, told.centre):
        with pytest.raises(NotAllowed):
            await verify(told, viewer, made)
    await verify(told, told.province, made)
    with pytest.raises(RulesMoved):
        await enter(told, told.city, wanted)


@pytest.mark.parametrize(
    ("kind", "spoil", "words"),
    [
        ("round", lambda c: c["deadline"][0].update(month=2, day=30), "日历"),
        ("round", lambda c: c["deadline"][0].update(month=7), "评估截止日"),
        ("round", lambda c: c["deadline"].pop(), "截止日"),
        ("round", lambda c: c["on_site"].append(c["on_site"][0]), "重复"),
        ("round", lambda c: c["on_site"][0].update(code="beds"), "site_"),
        ("round", lambda c: c["on_site"][0].update(source=""), "length"),
        ("calendar", lambda c: c["obligation"].append(c["obligation"][0]), "重复"),
        ("calendar", lambda c: c["obligation"][0].update({"with": "fire"}), "演练"),
        ("calendar", lambda c: c["obligation"][-1].update(cadence="year"), "周期"),
        ("calendar", lambda c: c["obligation"][0].update(due_day=32), "31"),
        ("calendar", lambda c: c["obligation"][0].update(tiers=[]), "length"),
        ("form:alliance_plan", lambda c: c.update(cadence="year"), "周期"),
        ("form:alliance_plan", lambda c: c.update(section=[]), "length"),
        ("form:alliance_plan", lambda c: c["section"][0]["item"][0].update(pulled="x:y"), "regex"),
        ("form:alliance_plan", lambda c: c.update(code="joint_meeting"), "另一张|周期"),
    ],
)
async def test_rules_that_make_no_sense_are_refused(
    told: Told, kind: str, spoil: Any, words: str
) -> None:
    content = shipped(kind)
    spoil(content)
    with pytest.raises(BadInput) as refused:
        await enter(told, told.province, order(kind, told.world.province, content))
    assert refused.match(words)


async def test_the_release_s_rules_are_kept_and_a_change_in_place_is_reported(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with told.database.system.session(SYSTEM) as session:
        await versions.install_shipped(session)
        await versions.install_shipped(session)
        held = {one.kind: one for one in await versions.every(session)}
    assert {code: one.content for code, one in held.items()} == {
        code: one.shipped for code, one in KINDS.items()
    }
    monkeypatch.setattr(versions, "digest_of", lambda _: bytes(32))
    async with told.database.system.session(SYSTEM) as session:
        with capture_logs() as logs:
            await versions.install_shipped(session)
    assert {line["event"] for line in logs} == {"rules.version_changed"}


async def test_the_database_refuses_what_the_service_would_not_do(told: Told) -> None:
    made = await enter(told, told.county, order("calendar", told.world.county, calendar(20)))
    for viewer, statement in (
        (told.county, "UPDATE rule_version SET label = 'x'"),
        (told.county, "DELETE FROM rule_version"),
        (
            told.county,
            "INSERT INTO rule_verification (version_id, person_id, document)"
            f" VALUES ('{made}', '{told.county.person_id}', 'mine')",
        ),
        (
            told.city,
            "INSERT INTO rule_withdrawal (version_id, person_id)"
            f" VALUES ('{made}', '{told.city.person_id}')",
        ),
        (
            told.county,
            "INSERT INTO rule_version (id, kind, label, region_id, valid_from, source, content,"
            " digest, added_by) SELECT gen_random_uuid(), kind, 'y', "
            f"'{told.world.city}', valid_from, source, content, digest, added_by FROM rule_version",
        ),
    ):
        with pytest.raises(DBAPIError):
            async with told.database.app.session(viewer) as session:
                await session.execute(text(statement))
