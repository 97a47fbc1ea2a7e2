"""Commands on people and accounts."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from kernel.errors import NotFound
from kernel.ids import AccountId, PersonId, SessionId, new_id
from kernel.viewer import Role, Viewer
from registry.people import accounts, queries, service, sessions
from registry.people.errors import (
    LoginBlocked,
    LoginFailed,
    LoginTaken,
    OwnAccount,
    PasswordWeak,
    PasswordWrong,
    RoleNeedsPlace,
    RolesConflict,
)
from registry.people.service import Grant
from registry.people.sessions import ANONYMOUS, Origin, SessionPolicy
from tests.fixtures.database import Clone
from tests.registry.world import PASSWORD, SEALER, World, account

POLICY = SessionPolicy()
STRONG = "Another-Horse-8"


async def _viewer(database: Clone, world: World, login: str, password: str = PASSWORD) -> Viewer:
    token = await sessions.log_in(
        database.app,
        world.clock,
        login=login,
        password=password,
        origin=Origin("198.51.100.7"),
        policy=POLICY,
    )
    async with database.app.session(ANONYMOUS) as session:
        known = await sessions.find(session, token, world.clock.now(), POLICY)
    assert known is not None
    return known.viewer


async def test_a_login_belongs_to_one_account(database: Clone, world: World) -> None:
    await account(database.system, world.clock, "wang", world.stranger)
    with pytest.raises(LoginTaken):
        await account(database.system, world.clock, "WANG", world.stranger)


async def test_conflicting_roles_are_refused_whole(database: Clone, world: World) -> None:
    with pytest.raises(RolesConflict) as refused:
        await account(
            database.system,
            world.clock,
            "both",
            world.stranger,
            Grant(Role.AUDITOR),
            Grant(Role.EXPERT),
        )
    assert refused.value.fields == {"role": "expert", "held": "auditor"}
    async with database.system.session(ANONYMOUS) as session:
        assert await session.scalar(text("SELECT count(*) FROM person")) == 0


@pytest.mark.parametrize(
    ("role", "facility", "region"),
    [
        (Role.COMMISSION, True, False),
        (Role.EXPERT, False, True),
        (Role.COORDINATOR, True, True),
        (Role.COORDINATOR, False, False),
    ],
)
async def test_a_role_is_held_at_its_kind_of_place(
    database: Clone, world: World, role: Role, facility: bool, region: bool
) -> None:
    _, someone = await account(database.system, world.clock, "someone", world.stranger)
    with pytest.raises(RoleNeedsPlace):
        async with database.system.session(ANONYMOUS) as session:
            await service.grant_role(
                session,
                world.clock,
                someone,
                role,
                facility_id=world.stranger if facility else None,
                region_id=world.county if region else None,
            )


async def test_phones_are_sealed_and_opened_on_purpose(database: Clone, world: World) -> None:
    person_id, _ = await account(
        database.system, world.clock, "wang", world.stranger, phone="19900001234"
    )
    async with database.app.session(world.outsider) as session:
        person = await queries.get(session, person_id)
        opened = await queries.phones(session, SEALER, [person_id])
        raw = await session.scalar(text("SELECT phone_sealed FROM person"))
        with pytest.raises(NotFound):
            await queries.get(session, PersonId(new_id()))
    assert person.name == "测试wang"
    assert opened == {person_id: "19900001234"}
    assert b"19900001234" not in bytes(raw or b"")
    assert queries.masked("19900001234") == "199****1234"
    assert queries.masked("120") == "****"


async def test_a_changed_password_ends_the_other_sessions(database: Clone, world: World) -> None:
    await account(database.system, world.clock, "wang", world.stranger, Grant(Role.EXPERT))
    other, viewer = await _viewer(database, world, "wang"), await _viewer(database, world, "wang")
    change = service.change_password
    with pytest.raises(PasswordWrong):
        await change(database.app, world.clock, viewer, old="no", new=STRONG)
    for weak in ("short", PASSWORD):
        with pytest.raises(PasswordWeak):
            await change(database.app, world.clock, viewer, old=PASSWORD, new=weak)
    await change(database.app, world.clock, viewer, old=PASSWORD, new=STRONG)
    async with database.app.session(viewer) as session:
        open_now = await accounts.open_sessions(session, world.clock.now(), viewer, POLICY)
    assert [found.id for found in open_now] == [viewer.session_id]
    assert open_now[0].current
    assert other.session_id != viewer.session_id
    with pytest.raises(LoginFailed):
        await _viewer(database, world, "wang")
    assert await _viewer(database, world, "wang", STRONG)


async def test_step_up_guesses_are_counted(database: Clone, world: World) -> None:
    await account(database.system, world.clock, "wang", world.stranger, Grant(Role.EXPERT))
    viewer = await _viewer(database, world, "wang")
    for _ in range(5):
        with pytest.raises(PasswordWrong):
            await service.confirm_password(database.app, world.clock, viewer, "guess")
    with pytest.raises(LoginBlocked):
        await service.confirm_password(database.app, world.clock, viewer, PASSWORD)
    world.clock.advance(timedelta(minutes=15))
    confirmed = await service.confirm_password(database.app, world.clock, viewer, PASSWORD)
    assert confirmed.login == "wang"


async def test_disable_enable_and_revoke(database: Clone, world: World) -> None:
    _, wang = await account(database.system, world.clock, "wang", world.stranger)
    admin = world.viewer(Role.SECURITY_ADMIN, world.city_centre)
    await _viewer(database, world, "wang")
    async with database.app.session(admin) as session:
        assert await service.revoke_sessions(session, world.clock, admin, wang) == 1
        await service.disable_account(session, world.clock, admin, wang)
        listed = await accounts.accounts(session, world.clock.now(), POLICY)
        assert [(row.login, row.open_sessions, row.disabled_at) for row in listed] == [
            ("wang", 0, world.clock.now())
        ]
        await service.enable_account(session, world.clock, admin, wang)
        trail = await accounts.security_events(session)
    assert [line.kind for line in trail] == [
        "account_enabled",
        "account_disabled",
        "sessions_revoked",
        "login",
    ]
    assert {line.actor_id for line in trail[:3]} == {admin.account_id}
    assert await _viewer(database, world, "wang")


async def test_nobody_disables_themselves_or_nobody(database: Clone, world: World) -> None:
    admin = world.viewer(Role.SECURITY_ADMIN, world.city_centre)
    unknown = AccountId(new_id())
    async with database.app.session(admin) as session:
        with pytest.raises(OwnAccount):
            await service.disable_account(session, world.clock, admin, admin.account_id)
        for command in (
            service.disable_account,
            service.enable_account,
            service.revoke_sessions,
        ):
            with pytest.raises(NotFound):
                await command(session, world.clock, admin, unknown)


async def test_one_ends_only_ones_own_logins(database: Clone, world: World) -> None:
    await account(database.system, world.clock, "wang", world.stranger)
    await account(database.system, world.clock, "zhao", world.stranger)
    wang, zhao = await _viewer(database, world, "wang"), await _viewer(database, world, "zhao")
    assert wang.session_id is not None
    async with database.app.session(zhao) as session:
        with pytest.raises(NotFound):
            await service.end_own_session(session, world.clock, zhao, SessionId(wang.session_id))
    async with database.app.session(wang) as session:
        await service.end_own_session(session, world.clock, wang, wang.session_id)
        assert (
            await accounts.open_sessions(session, world.clock.now(), wang, POLICY, wang.account_id)
            == []
        )
