"""The handbook: releases add, administrators enter, others verify; nothing is rewritten."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from structlog.testing import capture_logs

from kernel.errors import BadInput, NotAllowed, NotFound
from kernel.ids import new_id
from kernel.viewer import Role, Viewer
from quality.definitions import shipped
from quality.errors import DefinitionMoved
from quality.handbook import queries, service, versions
from quality.handbook.schemas import DefinitionIn, DefinitionVersion
from registry.people.service import Grant
from tests.fixtures.database import Clone
from tests.quality.cases import SYSTEM, as_version, region
from tests.registry.world import World, account

TODAY = date(2026, 11, 27)
SAID: dict[str, Any] = {
    "code": "annual_deliveries",
    "valid_from": "2026-11-01",
    "standing": "national",
    "aspect": "centres",
    "levels": ["centre"],
    "unit": "cases",
    "direction": "higher",
    "source": "省卫生健康委附件 1",
    "data_source": "出生医学信息报告卡",
    "name": {"zh": "年分娩量"},
    "definition": {"zh": "本年分娩产妇数。"},
    "population": {"zh": "救治中心"},
    "measure": {"kind": "elsewhere", "awaits": {"zh": "报告卡导入", "en": ""}},
    "national_no": 18,
    "baseline": {"low": 2000, "high": None, "confidence": "S", "source": "省实施方案"},
    "weight": 4,
}


@pytest.fixture(scope="module")
async def world(module_database: Clone) -> World:
    return await region(module_database)


@pytest.fixture
def database(module_database: Clone) -> Clone:
    return module_database


async def person(database: Clone, world: World, role: Role) -> Viewer:
    """Somebody who exists, with one role."""
    regional = world.province if role is Role.COMMISSION else None
    grant = Grant(role, facility_id=None if regional else world.city_centre, region_id=regional)
    login = f"{role.value[:8]}{new_id().hex[-8:]}"
    who, _ = await account(database.system, world.clock, login, world.city_centre, grant)
    viewer = world.viewer(role, world.city_centre, *([regional] if regional else []))
    return Viewer(
        account_id=viewer.account_id,
        person_id=who,
        session_id=None,
        facility_id=viewer.facility_id,
        facility_ids=viewer.facility_ids,
        region_ids=viewer.region_ids,
        roles=viewer.roles,
    )


def given(**changes: Any) -> DefinitionIn:
    return msgspec.convert({**SAID, **changes}, DefinitionIn)


async def enter(database: Clone, viewer: Viewer, said: DefinitionIn) -> UUID:
    async with database.app.session(viewer) as session:
        return (await service.enter(session, viewer, said, TODAY)).id


async def shown(database: Clone, viewer: Viewer, code: str) -> list[DefinitionVersion]:
    async with database.app.session(viewer) as session:
        found = await queries.handbook(session, viewer, TODAY)
    return [one for one in found.versions if one.definition.code == code]


def new_code() -> str:
    return f"annex_{new_id().hex}"


async def test_a_release_s_definitions_are_installed_once(database: Clone, world: World) -> None:
    async with database.system.session(SYSTEM) as session:
        await versions.install_shipped(session)
        held = [one for one in await versions.every(session) if one.origin == "shipped"]
    assert [one.definition for one in held] == list(shipped())
    assert all(one.to_be_verified == one.definition.to_be_verified for one in held)


async def test_a_version_changed_in_place_keeps_its_meaning_and_is_reported(
    database: Clone, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = shipped()[0]
    changed = msgspec.structs.replace(first, source="something else")
    monkeypatch.setattr(versions, "shipped", lambda: (changed,))
    async with database.system.session(SYSTEM) as session:
        with capture_logs() as logs:
            await versions.install_shipped(session)
        held = await versions.every(session)
    assert first in [one.definition for one in held]
    assert changed not in [one.definition for one in held]
    assert [(line["event"], line["code"]) for line in logs] == [
        ("indicator.version_changed", first.code)
    ]


async def test_the_official_annex_replaces_what_was_shipped_without_a_release(
    database: Clone, world: World
) -> None:
    admin = await person(database, world, Role.SYSTEM_ADMIN)
    (before,) = [one for one in await shown(database, admin, "annual_deliveries") if one.counts]
    made = await enter(database, admin, given(replaces=before.id))
    # Nobody alone changes a figure.
    (same,) = [one for one in await shown(database, admin, "annual_deliveries") if one.counts]
    assert same.id == before.id
    (waiting,) = [one for one in await shown(database, admin, "annual_deliveries") if one.waits]
    assert (waiting.id, waiting.definition.to_be_verified) == (made, True)
    other = await person(database, world, Role.COMMISSION)
    async with database.app.session(other) as session:
        await service.verify(session, other, made, "附件 1 第 18 项")
    (new,) = [one for one in await shown(database, admin, "annual_deliveries") if one.counts]
    assert new.id == made
    assert (new.definition.version, new.origin) == (before.definition.version + 1, "entered")
    assert not new.definition.to_be_verified
    assert (new.definition.weight, new.definition.name.zh) == (4, "年分娩量")
    assert new.definition.baseline is not None
    assert new.added_by is not None
    with pytest.raises(DefinitionMoved):
        await enter(database, admin, given(replaces=before.id))
    with pytest.raises(DefinitionMoved):
        await enter(database, admin, given())


async def test_another_person_verifies_and_says_by_which_document(
    database: Clone, world: World
) -> None:
    admin = await person(database, world, Role.SYSTEM_ADMIN)
    other = await person(database, world, Role.COMMISSION)
    code = new_code()
    made = await enter(database, admin, given(code=code))
    async with database.app.session(admin) as session:
        with pytest.raises(NotAllowed):
            await service.verify(session, admin, made, "附件 1")
    (mine,) = await shown(database, admin, code)
    (theirs,) = await shown(database, other, code)
    assert (mine.may_verify, theirs.may_verify) == (False, True)
    async with database.app.session(other) as session:
        await service.verify(session, other, made, "国卫办妇幼函附件 1，第 18 项")
        with pytest.raises(NotFound):
            await service.verify(session, other, new_id(), "x")
    (found,) = await shown(database, admin, code)
    assert not found.definition.to_be_verified
    assert found.verification is not None
    assert found.verification.person is not None
    assert found.verification.person.id == other.person_id
    async with database.app.session(other) as session:
        with pytest.raises(NotAllowed):
            await service.verify(session, other, made, "again")


async def test_a_version_with_a_last_day_ends_the_indicator(database: Clone, world: World) -> None:
    admin = await person(database, world, Role.SYSTEM_ADMIN)
    other = await person(database, world, Role.COMMISSION)
    code = new_code()
    first = await enter(database, admin, given(code=code))
    last = given(code=code, replaces=first, valid_from="2026-11-20", valid_to="2026-11-27")
    for made in (first, await enter(database, admin, last)):
        async with database.app.session(other) as session:
            await service.verify(session, other, made, "附件 1")
    assert [one.counts for one in await shown(database, admin, code)] == [False, False]


async def test_what_its_author_takes_back_never_counts(database: Clone, world: World) -> None:
    admin = await person(database, world, Role.SYSTEM_ADMIN)
    other = await person(database, world, Role.SYSTEM_ADMIN)
    code = new_code()
    made = await enter(database, admin, given(code=code))
    async with database.app.session(other) as session:
        with pytest.raises(NotAllowed):
            await service.withdraw(session, other, made)
    async with database.app.session(admin) as session:
        await service.withdraw(session, admin, made)
        with pytest.raises(NotAllowed):
            await service.withdraw(session, admin, made)
    async with database.app.session(other) as session:
        with pytest.raises(NotAllowed):
            await service.verify(session, other, made, "附件 1")
    (found,) = await shown(database, other, code)
    assert (found.counts, found.waits, found.withdrawn) == (False, False, True)
    assert not found.may_verify
    # The code is free again: the next version replaces nothing.
    again = await enter(database, admin, given(code=code))
    assert {one.id for one in await shown(database, other, code)} == {made, again}


@pytest.mark.parametrize(
    "changes",
    [
        {"valid_to": "2026-11-01"},
        {"unit": "s"},
        {
            "unit": "percent",
            "measure": {"kind": "share", "of": "cases", "met": [{"reached": "birth"}]},
        },
    ],
)
async def test_a_definition_that_makes_no_sense_is_refused(
    database: Clone, world: World, changes: dict[str, Any]
) -> None:
    admin = await person(database, world, Role.SYSTEM_ADMIN)
    with pytest.raises(BadInput):
        await enter(database, admin, given(code=new_code(), **changes))


@pytest.mark.parametrize("role", [Role.COMMISSION, Role.COORDINATOR, Role.AUDITOR])
async def test_only_an_administrator_enters(database: Clone, world: World, role: Role) -> None:
    viewer = await person(database, world, role)
    with pytest.raises(NotAllowed):
        await enter(database, viewer, given(code=new_code()))


async def test_the_database_refuses_what_the_service_would_not_do(
    database: Clone, world: World
) -> None:
    admin = await person(database, world, Role.SYSTEM_ADMIN)
    expert = await person(database, world, Role.EXPERT)
    made = await enter(database, admin, given(code=new_code()))
    for viewer, statement in (
        (admin, "UPDATE indicator_version SET version = 9"),
        (admin, "DELETE FROM indicator_version"),
        (
            admin,
            "INSERT INTO indicator_verification (version_id, person_id, document)"
            f" VALUES ('{made}', '{admin.person_id}', 'mine')",
        ),
        (
            expert,
            "INSERT INTO indicator_version"
            " (id, origin, code, version, valid_from, content, digest, added_by)"
            " SELECT gen_random_uuid(), 'entered', code, 99, valid_from, content, digest,"
            f" '{expert.person_id}' FROM indicator_version LIMIT 1",
        ),
    ):
        with pytest.raises(DBAPIError):
            async with database.app.session(viewer) as session:
                await session.execute(text(statement))
    async with database.system.session(SYSTEM) as session:
        with pytest.raises(DBAPIError):
            await session.execute(text("TRUNCATE indicator_version CASCADE"))


def test_the_newest_version_in_force_counts() -> None:
    first = shipped()[0]
    made = [
        as_version(msgspec.structs.replace(first, version=number, valid_from=day))
        for number, day in ((1, date(2026, 1, 1)), (3, date(2027, 1, 1)), (2, date(2026, 7, 1)))
    ]
    for day, number in ((date(2026, 6, 30), 1), (date(2026, 7, 1), 2), (date(2027, 5, 1), 3)):
        (found,) = versions.in_force(made, day).values()
        assert found.definition.version == number
    assert versions.in_force(made, date(2025, 12, 31)) == {}
    ended = msgspec.structs.replace(
        first, version=4, valid_from=date(2027, 2, 1), valid_to=date(2027, 3, 1)
    )
    made.append(as_version(ended))
    assert versions.in_force(made, ended.valid_from + timedelta(days=40)) == {}
