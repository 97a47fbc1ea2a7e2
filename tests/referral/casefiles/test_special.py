"""The special-population list: one permission, versions, every reading on record."""

import csv
from dataclasses import dataclass

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from kernel.errors import IllegalTransition, NotFound, VersionStale
from kernel.ids import AccountId, FacilityId, PersonId, RegionId, new_id
from kernel.viewer import Role, Viewer
from referral.casefiles.commands import (
    AddSpecial,
    ChangeSpecial,
    RemoveSpecial,
    ReopenSpecial,
    SpecialCell,
    SpecialChosen,
    SubmitSpecial,
)
from referral.casefiles.errors import FieldUnknown, MonthInvalid
from referral.casefiles.queries.special import SpecialMonth, special_month, special_versions
from referral.casefiles.queries.special_export import special_export
from referral.casefiles.service import special
from registry.people.service import Grant, create_person_with_account
from tests.referral.network import SEALER, SEEDER, Network
from tests.registry.world import password_hash

MONTH = "2026-11"


@dataclass(slots=True)
class Keeping:
    """The county's keeper, the city's overseer, and the months as they see them."""

    net: Network
    keeper: Viewer
    overseer: Viewer

    async def see(self, viewer: Viewer, month: str = MONTH) -> SpecialMonth:
        """The month as somebody sees it."""
        async with self.net.clone.app.session(viewer) as session:
            return await special_month(session, self.net.clock, viewer, SEALER, month)

    async def add(self, viewer: Viewer | None = None, **changes: object) -> None:
        """One woman more on the list."""
        who = viewer or self.keeper
        pregnancy = changes.pop("pregnancy_id", None) or await self.net.pregnancy(self.keeper)
        fields = {
            "month": MONTH,
            "categories": [SpecialChosen(code="minor")],
            "cells": [SpecialCell(code="residence", value="柳湾镇")],
        }
        order = AddSpecial(pregnancy_id=pregnancy, **{**fields, **changes})  # type: ignore[arg-type]
        async with self.net.clone.app.session(who) as session:
            await special.add_special(session, self.net.clock, who, SEALER, order)

    async def do(self, command, target, order, viewer: Viewer | None = None) -> None:  # type: ignore[no-untyped-def]
        """One command as somebody."""
        who = viewer or self.keeper
        async with self.net.clone.app.session(who) as session:
            await command(session, self.net.clock, who, SEALER, target, order)

    async def count(self, query: str, viewer: Viewer | None = None) -> int:
        """One number, as somebody or as the platform."""
        database = self.net.clone.system if viewer is None else self.net.clone.app
        async with database.session(viewer or SEEDER) as session:
            return int((await session.execute(text(query))).scalar_one())


async def _employ(
    net: Network, login: str, facility: FacilityId, *grants: Grant, clinical: bool
) -> Viewer:
    async with net.clone.system.session(SEEDER) as session:
        person, account = await create_person_with_account(
            session,
            net.clock,
            SEALER,
            facility_id=facility,
            name=f"测试{login}",
            login=login,
            password_hash=password_hash(),
            grants=grants,
        )
    return Viewer(
        account_id=AccountId(account),
        person_id=PersonId(person),
        session_id=None,
        facility_id=facility,
        facility_ids=frozenset({facility} if clinical else ()),
        region_ids=frozenset[RegionId](),
        roles=frozenset(grant.role for grant in grants),
    )


@pytest.fixture
async def keeping(fresh_net: Network) -> Keeping:
    """Permissions as the security administrator gives them."""
    net, wanted = fresh_net, Role.SPECIAL_POPULATION
    clinician = Grant(Role.REFERRING_CLINICIAN)
    county, institute = net.places["county"], net.places["institute"]
    keeper = await _employ(net, "keeper", county, clinician, Grant(wanted), clinical=True)
    over = Grant(wanted, region_id=net.regions["city"])
    overseer = await _employ(net, "overseer", institute, over, clinical=False)
    return Keeping(net, keeper, overseer)


async def test_what_is_known_is_filled_in(keeping: Keeping) -> None:
    await keeping.add()
    month = await keeping.see(keeping.keeper)
    assert (month.to_be_verified, month.writes) == (True, True)
    (line,) = month.lists[0].lines
    assert line.fields == {
        "name": "林测试",
        "age": "30",
        "gestation": "38+2",
        "responsible": "测试keeper",
        "residence": "柳湾镇",
    }
    assert (line.version, line.categories) == (1, ["minor"])


async def test_nothing_of_it_is_stored_readable(keeping: Keeping) -> None:
    await keeping.add()
    leaked = (
        "SELECT count(*) FROM special_row WHERE position(convert_to('林', 'UTF8') IN sealed) > 0"
    )
    assert await keeping.count(leaked) == 0


async def test_a_sheet_says_who_took_it_out_and_is_on_record(keeping: Keeping) -> None:
    await keeping.add(cells=[SpecialCell(code="residence", value="=HYPERLINK(1)")])
    clock, keeper = keeping.net.clock, keeping.keeper
    async with keeping.net.clone.app.session(keeper) as session:
        content = await special_export(session, clock, keeper, SEALER, MONTH, "zh")
    rows = list(csv.reader(content.decode("utf-8-sig").splitlines()))
    assert rows[0] == ["重点人群月度名册（保密）", MONTH]
    assert rows[1][2] == "测试keeper"
    assert rows[2][2] == "待核实"
    line = dict(zip(rows[3], rows[4], strict=True))
    assert (line["姓名"], line["人群类别"], line["状态"]) == ("林测试", "未成年孕产妇", "填报中")
    assert line["居住地"] == "'=HYPERLINK(1)", "a spreadsheet runs no cell"
    logged = "SELECT count(*) FROM access_log WHERE purpose = 'special_export'"
    assert await keeping.count(logged) == 1
    other = keeping.net.staff["county_doctor"]
    with pytest.raises(NotFound):
        async with keeping.net.clone.app.session(other) as session:
            await special_export(session, clock, other, SEALER, MONTH, "en")


async def test_every_reading_is_on_record(keeping: Keeping) -> None:
    await keeping.add()
    logged = "SELECT count(*) FROM access_log WHERE purpose = 'special_population'"
    before = await keeping.count(logged)
    month = await keeping.see(keeping.keeper)
    assert await keeping.count(logged) == before + 1
    row_id = month.lists[0].lines[0].row_id
    async with keeping.net.clone.app.session(keeping.keeper) as session:
        await special_versions(session, keeping.net.clock, keeping.keeper, SEALER, row_id)
    assert await keeping.count(logged) == before + 2


@pytest.mark.parametrize(
    "who",
    [
        "county_doctor",
        "county_expert",
        "city_expert",
        "city_desk",
        "coordinator",
        "commission",
        "admin",
        "crew",
        "outsider",
    ],
)
async def test_without_the_permission_there_is_no_such_thing(keeping: Keeping, who: str) -> None:
    await keeping.add()
    row_id = (await keeping.see(keeping.keeper)).lists[0].lines[0].row_id
    viewer, clock = keeping.net.staff[who], keeping.net.clock
    with pytest.raises(NotFound):
        await keeping.see(viewer)
    with pytest.raises(NotFound):
        await keeping.add(viewer)
    async with keeping.net.clone.app.session(viewer) as session:
        with pytest.raises(NotFound):
            await special_versions(session, clock, viewer, SEALER, row_id)
    for table in ("special_list", "special_row", "special_act"):
        assert await keeping.count(f"SELECT count(*) FROM {table}", viewer) == 0


async def test_the_role_in_a_token_is_not_enough(keeping: Keeping) -> None:
    """The permission is the grant in force, whatever a session says."""
    await keeping.add()
    doctor = keeping.net.staff["county_doctor"]
    pretender = Viewer(
        account_id=doctor.account_id,
        person_id=doctor.person_id,
        session_id=None,
        facility_id=doctor.facility_id,
        facility_ids=doctor.facility_ids,
        region_ids=frozenset(),
        roles=frozenset({*doctor.roles, Role.SPECIAL_POPULATION}),
    )
    assert (await keeping.see(pretender)).lists == []
    with pytest.raises(NotFound):
        await keeping.add(pretender)


async def test_a_region_reads_what_was_submitted_and_changes_nothing(keeping: Keeping) -> None:
    await keeping.add()
    assert (await keeping.see(keeping.overseer)).lists == []
    mine = (await keeping.see(keeping.keeper)).lists[0]
    await keeping.do(special.submit_special, mine.id, SubmitSpecial(version=1))
    seen = await keeping.see(keeping.overseer)
    assert [one.facility and one.facility.short_name for one in seen.lists] == ["石桥县医院"]
    assert (seen.writes, seen.lists[0].mine) == (False, False)
    order = ReopenSpecial(version=2, reason="?")
    with pytest.raises(NotFound):
        await keeping.do(special.reopen_special, mine.id, order, keeping.overseer)


async def test_submitted_is_closed_until_taken_back(keeping: Keeping) -> None:
    await keeping.add()
    mine = (await keeping.see(keeping.keeper)).lists[0]
    line = mine.lines[0]
    await keeping.do(special.submit_special, mine.id, SubmitSpecial(version=1))
    change = ChangeSpecial(
        version=1,
        categories=[SpecialChosen(code="other")],
        cells=[SpecialCell(code="name", value="林测试")],
    )
    with pytest.raises(IllegalTransition):
        await keeping.do(special.change_special, line.row_id, change)
    with pytest.raises(IllegalTransition):
        await keeping.add()
    with pytest.raises(VersionStale):
        order = ReopenSpecial(version=1, reason="漏报一人")
        await keeping.do(special.reopen_special, mine.id, order)
    await keeping.do(special.reopen_special, mine.id, ReopenSpecial(version=2, reason="漏报一人"))
    await keeping.do(special.change_special, line.row_id, change)
    assert (await keeping.see(keeping.keeper)).lists[0].lines[0].version == 2
    assert await keeping.count("SELECT count(*) FROM special_act") == 2


async def test_versions_stay_and_a_removed_line_is_gone(keeping: Keeping) -> None:
    await keeping.add()
    line = (await keeping.see(keeping.keeper)).lists[0].lines[0]
    order = RemoveSpecial(version=1, reason="误列")
    await keeping.do(special.remove_special, line.row_id, order)
    assert (await keeping.see(keeping.keeper)).lists[0].lines == []
    async with keeping.net.clone.app.session(keeping.keeper) as session:
        found = await special_versions(
            session, keeping.net.clock, keeping.keeper, SEALER, line.row_id
        )
    assert [(one.version, one.removed, one.reason) for one in found] == [
        (1, False, None),
        (2, True, "误列"),
    ]
    with pytest.raises(NotFound):
        await keeping.do(special.remove_special, line.row_id, RemoveSpecial(version=2, reason="?"))


async def test_what_the_form_does_not_know_is_refused(keeping: Keeping) -> None:
    with pytest.raises(FieldUnknown):
        await keeping.add(categories=[SpecialChosen(code="famous")])
    with pytest.raises(FieldUnknown):
        await keeping.add(cells=[SpecialCell(code="password", value="x")])
    for month in ("2026-13", "2026-1", "2026-12", "1999-01", "x"):
        with pytest.raises(MonthInvalid):
            await keeping.add(month=month)
    with pytest.raises(NotFound):
        await keeping.add(pregnancy_id=new_id())


async def test_history_is_only_added_to(keeping: Keeping) -> None:
    await keeping.add()
    for statement in (
        "UPDATE special_row SET removed = true",
        "DELETE FROM special_row",
        "UPDATE special_list SET facility_id = gen_random_uuid()",
        "DELETE FROM special_act",
    ):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with keeping.net.clone.app.session(keeping.keeper) as session:
                await session.execute(text(statement))
