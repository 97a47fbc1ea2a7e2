"""Which version counts: the tie rules, one after the other, asked of the database."""

import itertools
from uuid import UUID

import pytest
from sqlalchemy import text

from duty.escalation import policy
from duty.escalation.ladder import ANY, Mode
from kernel.ids import FacilityId, RegionId
from kernel.viewer import Viewer
from tests.duty.region import SEEDER, Region

STEP = {"delay_s": 0, "tiers": ["first"], "specialties": ["obstetrics"]}
ASKED = {"event": "leg.deteriorated", "condition": "pph", "colour": "red", "level": "critical"}


async def version(
    region: Region,
    *,
    facility: FacilityId | None = None,
    area: RegionId | None = None,
    repeat_s: int = 60,
    **named: str,
) -> UUID:
    """A version that names only these of event, condition, colour and level."""
    words = {name: named.get(name, ANY) for name in ("event", "condition", "colour", "level")}
    async with region.clone.system.session(SEEDER) as session:
        found = await policy.install(
            session,
            **words,  # type: ignore[arg-type]
            steps=[STEP],
            repeat_s=repeat_s,
            source="test",
            confidence="test",
            facility_id=facility,
            region_id=area,
        )
    assert found is not None
    return found


async def chosen(region: Region, facility: FacilityId, **asked: str | None) -> UUID:
    words = {**ASKED, **asked}
    async with region.clone.app.session(region.doctor) as session:
        found = await policy.choose(
            session,
            facility,
            words["event"] or "",
            words["level"] or "",
            colour=words["colour"],
            condition=words["condition"],
        )
    return found.id


async def above(region: Region) -> RegionId:
    """The region around the county."""
    async with region.clone.system.session(SEEDER) as session:
        found = await session.execute(
            text("SELECT parent_id FROM region WHERE id = :id"), {"id": region.county_region}
        )
        return RegionId(found.scalar_one())


async def test_each_rule_beats_all_below_it(region: Region) -> None:
    """Event, owner, condition, colour, level: installed from the weakest to the strongest, each
    takes over; the strongest stays in place whatever weaker comes after it."""
    city = await above(region)
    names = ("level", "colour", "condition")
    owners: list[dict[str, object]] = [{"area": city}, {"area": region.county_region}]
    owners.append({"facility": region.county})
    ranked: list[dict[str, object]] = []
    for event, owner in itertools.product((False, True), owners):
        for flags in itertools.product((False, True), repeat=3):
            # product varies the last fastest: level is the weakest, condition the strongest.
            words = {n: ASKED[n] for n, on in zip(reversed(names), flags, strict=True) if on}
            ranked.append({**owner, **words, **({"event": ASKED["event"]} if event else {})})
    for entry in ranked[len(ranked) // 2 :]:
        assert await chosen(region, region.county) != (
            newest := await version(region, **entry)  # type: ignore[arg-type]
        )
        assert await chosen(region, region.county) == newest, entry
    for entry in ranked[: len(ranked) // 2]:
        await version(region, **entry)  # type: ignore[arg-type]
    assert await chosen(region, region.county) == newest


async def test_a_houses_general_ladder_leaves_special_calls_alone(region: Region) -> None:
    own = await version(region, facility=region.centre)
    assert await chosen(region, region.centre, event="referral.offered") == own
    assert await chosen(region, region.centre, event="leg.deteriorated") != own


async def test_the_newest_of_equals_counts(region: Region) -> None:
    first = await version(region, facility=region.centre, event="x.y")
    assert await chosen(region, region.centre, event="x.y") == first
    second = await version(region, facility=region.centre, event="x.y", repeat_s=61)
    assert await chosen(region, region.centre, event="x.y") == second


async def test_what_is_not_known_of_her_finds_the_ladders_for_anybody(region: Region) -> None:
    anybody = await version(region, facility=region.centre, event="x.y")
    red = await version(region, facility=region.centre, event="x.y", colour="red")
    assert await chosen(region, region.centre, event="x.y", colour=None) == anybody
    assert await chosen(region, region.centre, event="x.y") == red
    assert await chosen(region, region.centre, event="x.y", colour="green") == anybody


async def test_another_houses_ladder_is_nobody_elses(region: Region) -> None:
    own = await version(region, facility=region.county, **ASKED)  # type: ignore[arg-type]
    assert await chosen(region, region.centre) != own
    in_county = await version(region, area=region.county_region, **ASKED)  # type: ignore[arg-type]
    assert await chosen(region, region.centre) != in_county


async def test_a_version_is_never_changed_and_its_page_keeps_it(region: Region) -> None:
    first = await version(region, facility=region.centre, event="referral.offered")
    page_id = await region.page()
    await version(region, facility=region.centre, event="referral.offered", repeat_s=61)
    async with region.clone.system.session(SEEDER) as session:
        kept = await session.execute(
            text("SELECT policy_id FROM page WHERE id = :id"), {"id": page_id}
        )
        assert kept.scalar_one() == first
        loaded = await policy.load(session, first)
    assert loaded.policy.repeat_s == 60
    for statement in ("UPDATE policy_version SET repeat_s = 1", "DELETE FROM policy_version"):
        with pytest.raises(Exception, match=r"refused|permission denied"):
            async with region.clone.system.session(SEEDER) as session:
                await session.execute(text(statement))


@pytest.mark.parametrize(
    "wrong",
    [
        {"steps": []},
        {"steps": [{**STEP, "tiers": ["chief"]}]},
        {"steps": [{**STEP, "at": "moon"}]},
        {"steps": [STEP], "mode": "some"},
    ],
)
async def test_a_ladder_that_makes_no_sense_is_not_installed(
    region: Region, wrong: dict[str, object]
) -> None:
    async with region.clone.system.session(Viewer.system("test")) as session:
        with pytest.raises(ValueError, match=r"needs a step|is not a valid"):
            await policy.install(
                session,
                event="x",
                level="*",
                repeat_s=60,
                source="t",
                confidence="t",
                **wrong,  # type: ignore[arg-type]
            )


async def test_shipped_ladders_are_kept_as_they_are_written(region: Region) -> None:
    async with region.clone.system.session(SEEDER) as session:
        await policy.install_shipped(session)
        mdt = (await policy.choose(session, region.centre, "consult.mdt", "urgent")).policy
    assert mdt.mode is Mode.QUORUM
    assert mdt.quorum == {"obstetrics": 1, "neonatology": 1, "anaesthesia": 1}
    assert [step.at.value for step in mdt.steps] == ["own", "own", "upper", "own"]
