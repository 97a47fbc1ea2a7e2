"""Weights are versions; the report names the one it was computed with."""

from datetime import timedelta

import pytest

from duty.changes.fairness import queries, weighing
from duty.changes.fairness.queries import Wanted
from kernel.errors import BadInput, NotFound
from tests.duty.changes.ward import DAY, THIRD, Ward
from tests.duty.region import SEEDER


async def test_a_facilitys_own_weights_come_first_and_the_same_twice_is_one(ward: Ward) -> None:
    region = ward.region
    own = weighing.shipped() | {"tiers": {"third": 1.0}, "source": "本院"}
    async with region.clone.system.session(SEEDER) as session:
        await weighing.install_shipped(session)
        for _ in range(2):
            await weighing.install(session, own, region.centre)
        first = await weighing.choose(session, region.centre)
        other = await weighing.choose(session, region.county)
    assert (first.source, first.weights.tiers) == ("本院", {"third": 1.0})
    assert other.confidence == "待核实"
    with pytest.raises(ValueError, match="one weight for each"):
        weighing.parse(own | {"day": {"workday": 1}})


async def test_the_report_counts_the_roster_as_it_stands(ward: Ward) -> None:
    region = ward.region
    wanted = Wanted(region.centre, ward.monday, ward.monday + 2 * DAY, person_id=ward.ann.person_id)
    async with region.clone.app.session(ward.ann) as session:
        said = await queries.report(session, ward.ann, wanted)
    rows = {row.person.name: row for row in said.rows}
    assert rows["安然"].hours == rows["白芷"].hours == 24
    assert sum(row.share for row in said.rows) == pytest.approx(len(said.rows), abs=0.1)
    assert [shift.tier for shift in said.shifts] == [str(THIRD)]
    assert [group.name for group in said.groups] == ["产科急救"]
    table = queries.as_csv(said)
    assert table.startswith("\ufeff姓名,职称,班次")
    assert "安然" in table
    assert str(said.weights_version) in table


async def test_no_other_hospitals_and_no_endless_period(ward: Ward) -> None:
    region = ward.region
    async with region.clone.app.session(ward.ann) as session:
        with pytest.raises(NotFound):
            await queries.report(
                session, ward.ann, Wanted(region.county, ward.monday, ward.tuesday)
            )
        for length in (timedelta(0), timedelta(days=401)):
            wanted = Wanted(region.centre, ward.monday, ward.monday + length)
            with pytest.raises(BadInput):
                await queries.report(session, ward.ann, wanted)
