"""A house decides who approves, how much rest lies between duties, and what duty counts."""

import asyncio
from dataclasses import replace
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from duty.changes import rulebook
from duty.changes.errors import RestTooShort, TermsMoved
from duty.changes.fairness import queries as fairness
from duty.changes.fairness.queries import Wanted
from duty.changes.terms import queries, service
from duty.changes.terms.schemas import DutyTerms, HouseTerms
from kernel.errors import BadInput, NotAllowed
from kernel.ids import RegionId
from kernel.viewer import Role, Viewer
from tests.duty.changes.ward import DAY, FIRST, THIRD, Ward

HOUR_S = 3600


async def read(ward: Ward, who: Viewer | None = None) -> HouseTerms:
    viewer = who or ward.coordinator
    async with ward.region.clone.app.session(viewer) as session:
        return await queries.house_terms(session, viewer, ward.region.centre)


async def decide(
    ward: Ward,
    *,
    who: Viewer | None = None,
    replaces: UUID | None = None,
    region_id: RegionId | None = None,
    **over: object,
) -> UUID:
    viewer, now = who or ward.coordinator, await read(ward)
    terms = msgspec.structs.replace(now.terms.terms, **over)
    async with ward.region.clone.app.session(viewer) as session:
        return await service.decide_terms(
            session,
            viewer,
            replaces=replaces or now.terms.id,
            terms=terms,
            source="本院值班制度（演示）",
            confidence="待核实",
            region_id=region_id,
        )


async def city_of(ward: Ward) -> RegionId:
    """The region of the ward's house."""
    async with ward.region.clone.app.session(ward.coordinator) as session:
        found = await session.execute(
            text("SELECT region_id FROM facility WHERE id = :id"), {"id": ward.region.centre}
        )
        return RegionId(found.scalar_one())


async def weigh(ward: Ward, third: float) -> None:
    now = (await read(ward)).weights
    tiers = msgspec.structs.replace(now.weights.tiers, third=third)
    viewer = ward.coordinator
    async with ward.region.clone.app.session(viewer) as session:
        await service.decide_weights(
            session,
            viewer,
            replaces=now.id,
            weights=msgspec.structs.replace(now.weights, tiers=tiers),
            source="本院",
            confidence="已核实",
        )


async def test_a_version_is_appended_and_an_open_request_keeps_its_own(ward: Ward) -> None:
    before = await read(ward)
    assert (before.terms.scope, before.terms.confidence) == ("platform", "待核实")
    change = await ward.ask()
    await ward.accept(change)
    office = await ward.region.staff(ward.region.centre, Role.MEDICAL_AFFAIRS)
    await decide(ward, approvers=["medical_affairs"])
    later = await ward.ask(
        who=ward.coordinator,
        kind="substitute",
        shift_id=await ward.region.shift(THIRD, ward.ann, ward.monday + 5 * DAY),
        asked=[(ward.bea.person_id, None)],
    )
    await ward.approve(change)
    await ward.accept(later)
    with pytest.raises(NotAllowed) as refused:
        await ward.approve(later)
    assert refused.value.fields["reason"] == "approver_role_needed"
    await ward.approve(later, office)
    after = await read(ward)
    assert (after.terms.scope, after.terms.source) == ("facility", "本院值班制度（演示）")
    assert after.terms.added_by is not None
    assert after.terms.added_by.id == ward.coordinator.person_id
    assert after.earlier_terms == []


async def test_back_to_what_was_before_is_a_version_of_its_own(ward: Ward) -> None:
    for hours in (8, 0, 8):
        await decide(ward, rest_s=hours * HOUR_S)
        assert (await read(ward)).terms.terms.rest_s == hours * HOUR_S
    assert [one.terms.rest_s for one in (await read(ward)).earlier_terms] == [0, 8 * HOUR_S]


async def test_whoever_read_an_older_version_decides_nothing(ward: Ward) -> None:
    seen = (await read(ward)).terms.id
    answers = await asyncio.gather(
        *(decide(ward, replaces=seen, rest_s=hours * HOUR_S) for hours in (8, 12)),
        return_exceptions=True,
    )
    assert sorted(type(one) for one in answers if isinstance(one, Exception)) == [TermsMoved]
    assert len((await read(ward)).earlier_terms) == 0


async def test_rest_between_duties_is_demanded_of_whoever_swaps(ward: Ward) -> None:
    begin = ward.monday + 4 * DAY
    anns = await ward.region.shift(FIRST, ward.ann, begin, 12)
    await ward.region.shift(FIRST, ward.bea, begin + DAY / 2, 12)
    await decide(ward, rest_s=8 * HOUR_S)
    asked = {"kind": "substitute", "shift_id": anns, "asked": [(ward.bea.person_id, None)]}
    with pytest.raises(RestTooShort) as refused:
        await ward.ask(**asked)  # type: ignore[arg-type]
    assert refused.value.fields["hours"] == "8"
    await decide(ward, rest_s=0)
    change = await ward.ask(**asked)  # type: ignore[arg-type]
    await ward.accept(change)
    await ward.approve(change)
    assert await ward.holder(begin, FIRST) == ward.bea.person_id


async def test_only_the_house_itself_decides_and_within_reason(ward: Ward) -> None:
    desk = await ward.region.staff(ward.region.centre, Role.DUTY_DESK)
    for who in (desk, ward.ann, replace(ward.coordinator, roles=frozenset())):
        with pytest.raises(NotAllowed):
            await decide(ward, who=who, rest_s=HOUR_S)
    assert not (await read(ward, ward.ann)).may_decide
    for over in ({"remind_after_s": 2_000_000}, {"handover_remind_s": 14_400}):
        with pytest.raises(BadInput):
            await decide(ward, **over)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(
            msgspec.to_builtins((await read(ward)).terms.terms) | {"approvers": []}, DutyTerms
        )


async def test_weights_are_versions_and_the_report_names_its_own(ward: Ward) -> None:
    wanted = Wanted(ward.region.centre, ward.monday, ward.monday + 2 * DAY)
    seen = []
    for third in (1.0, 0.5, 1.0):
        await weigh(ward, third)
        async with ward.region.clone.app.session(ward.ann) as session:
            said = await fairness.report(session, ward.ann, wanted)
        assert (said.source, said.confidence) == ("本院", "已核实")
        seen.append((said.weights_version, sum(row.points for row in said.rows)))
    assert len({version for version, _ in seen}) == 3
    assert seen[0][1] == seen[2][1] == pytest.approx(2 * seen[1][1], rel=0.02)
    assert len((await read(ward)).earlier_weights) == 2


async def test_a_regions_rule_counts_where_a_house_has_none_of_its_own(ward: Ward) -> None:
    city = await city_of(ward)
    over = replace(ward.coordinator, region_ids=frozenset({city}))
    (seen,) = (await read(ward, over)).regions
    assert (seen.id, seen.may_decide, seen.terms.scope, seen.earlier) == (
        city,
        True,
        "platform",
        [],
    )
    made = await decide(ward, who=over, region_id=city, replaces=seen.terms.id, rest_s=8 * HOUR_S)
    now = await read(ward)
    assert (now.terms.id, now.terms.scope, now.terms.region) == (made, "region", "云江市")
    (told,) = now.regions
    assert not told.may_decide, "read by whoever it binds, decided by its coordinator"
    await decide(ward, rest_s=12 * HOUR_S)
    assert (await read(ward)).terms.scope == "facility"
    with pytest.raises(TermsMoved):
        await decide(ward, who=over, region_id=city, replaces=seen.terms.id)


async def test_only_a_regions_coordinator_decides_for_it_and_for_what_lies_in_it(
    ward: Ward,
) -> None:
    city, county = await city_of(ward), ward.region.county_region
    inside = replace(ward.coordinator, region_ids=frozenset({county}))
    office = await ward.region.staff(ward.region.centre, Role.MEDICAL_AFFAIRS)
    for who in (ward.coordinator, inside, replace(office, region_ids=frozenset({city}))):
        with pytest.raises(NotAllowed):
            await decide(ward, who=who, region_id=city)
    over = replace(ward.coordinator, region_ids=frozenset({city}))
    await decide(ward, who=over, region_id=county)
    with pytest.raises(DBAPIError):
        async with ward.region.clone.app.session(inside) as session:
            await rulebook.install(
                session, rulebook.shipped(), region_id=city, added_by=inside.person_id
            )


@pytest.mark.parametrize("table", ["change_rule", "fairness_weights"])
async def test_another_houses_version_and_an_old_one_are_out_of_reach(
    ward: Ward, table: str
) -> None:
    copied = {
        "change_rule": "preauthorised, closes_before_s, approve_within_s, remind_after_s,"
        " handover_needed, handover_opens_s, handover_remind_s, handover_alarm_s",
        "fairness_weights": "content",
    }[table]
    steal = (
        f"INSERT INTO {table} (id, facility_id, source, confidence, digest, {copied})"
        f" SELECT gen_random_uuid(), :house, source, confidence, 'x', {copied} FROM {table} LIMIT 1"
    )
    desk = await ward.region.staff(ward.region.centre, Role.DUTY_DESK)
    change = f"UPDATE {table} SET source = 'x'"
    for who, statement, house in (
        (ward.coordinator, steal, ward.region.county),
        (desk, steal, ward.region.centre),
        (ward.coordinator, change, ward.region.centre),
    ):
        with pytest.raises(DBAPIError):
            async with ward.region.clone.app.session(who) as session:
                await session.execute(text(statement), {"house": house})
