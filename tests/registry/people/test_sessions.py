"""Logging in, staying in, being put out."""

import asyncio
from collections import Counter
from datetime import timedelta
from hashlib import sha256

import asyncpg
import pytest
from sqlalchemy import text

from kernel.errors import Refusal
from kernel.ids import AccountId
from kernel.viewer import Role, Viewer
from registry.people import passwords, sessions
from registry.people.errors import AccountDisabled, LoginBlocked, LoginBusy, LoginFailed
from registry.people.service import Grant, disable_account, grant_role
from registry.people.sessions import ANONYMOUS, Known, Origin, SessionPolicy
from tests.fixtures.database import Clone
from tests.registry.world import PASSWORD, World, account

POLICY = SessionPolicy()
HERE = Origin("198.51.100.7", "browser")


async def _log_in(
    database: Clone, world: World, password: str = PASSWORD, login: str = "li", at: Origin = HERE
) -> str:
    return await sessions.log_in(
        database.app, world.clock, login=login, password=password, origin=at, policy=POLICY
    )


async def _find(database: Clone, world: World, token: str) -> Known | None:
    async with database.app.session(ANONYMOUS) as session:
        return await sessions.find(session, token, world.clock.now(), POLICY)


@pytest.fixture
async def li(database: Clone, world: World) -> AccountId:
    """A clinician who also coordinates the county."""
    _, account_id = await account(
        database.system,
        world.clock,
        "Li",
        world.county_hospital,
        Grant(Role.REFERRING_CLINICIAN),
        Grant(Role.COORDINATOR, region_id=world.county),
        Grant(Role.CREW, facility_id=world.city_centre),
    )
    return account_id


async def test_the_viewer_has_what_was_granted(
    database: Clone, world: World, li: AccountId
) -> None:
    token = await _log_in(database, world, login=" LI ")
    known = await _find(database, world, token)
    assert known is not None
    viewer = known.viewer
    assert viewer.account_id == li
    assert viewer.roles == {Role.REFERRING_CLINICIAN, Role.COORDINATOR, Role.CREW}
    assert viewer.facility_id == world.county_hospital
    # A crew sees the cases it carries, not all cases of a facility.
    assert viewer.facility_ids == {world.county_hospital}
    assert viewer.region_ids == {world.county}


async def test_only_the_hash_of_the_token_is_stored(
    database: Clone, world: World, li: AccountId
) -> None:
    token = await _log_in(database, world)
    assert len(token) >= 43
    async with database.system.session(ANONYMOUS) as session:
        stored = (await session.execute(text("SELECT token_hash FROM login_session"))).scalar_one()
        whole = (await session.execute(text("SELECT login_session::text FROM login_session"))).all()
    assert bytes(stored) == sha256(token.encode()).digest()
    assert token not in str(whole)
    assert await _find(database, world, token[:-1]) is None


async def test_every_login_is_a_new_session(database: Clone, world: World, li: AccountId) -> None:
    first, second = await _log_in(database, world), await _log_in(database, world)
    assert first != second
    one, two = await _find(database, world, first), await _find(database, world, second)
    assert one is not None
    assert two is not None
    assert one.viewer.session_id != two.viewer.session_id


async def test_unknown_login_and_wrong_password_read_the_same(
    database: Clone, world: World, li: AccountId
) -> None:
    with pytest.raises(LoginFailed) as wrong:
        await _log_in(database, world, "wrong")
    with pytest.raises(LoginFailed) as unknown:
        await _log_in(database, world, "wrong", login="nobody")
    assert (wrong.value.code, wrong.value.fields) == (unknown.value.code, unknown.value.fields)


async def test_an_unknown_login_costs_a_hash_too(
    database: Clone, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []

    def fits(stored: str, password: str) -> bool:
        checked.append(stored)
        return True

    monkeypatch.setattr(passwords, "_fits", fits)
    with pytest.raises(LoginFailed):
        await _log_in(database, world, login="nobody")
    assert checked[0].startswith("$argon2id$")


@pytest.mark.parametrize("login", ["li", "nobody"])
async def test_five_failures_pause_logins_and_the_pause_passes(
    database: Clone, world: World, li: AccountId, login: str
) -> None:
    for _ in range(5):
        with pytest.raises(LoginFailed):
            await _log_in(database, world, "wrong", login)
    with pytest.raises(LoginBlocked) as blocked:
        await _log_in(database, world, PASSWORD, login)
    assert blocked.value.fields == {"minutes": 15}
    world.clock.advance(timedelta(minutes=14, seconds=59))
    with pytest.raises(LoginBlocked) as still:
        await _log_in(database, world, PASSWORD, login)
    assert still.value.fields == {"minutes": 1}
    world.clock.advance(timedelta(seconds=1))
    if login == "li":
        assert await _log_in(database, world, PASSWORD, login)
    else:
        with pytest.raises(LoginFailed):
            await _log_in(database, world, PASSWORD, login)


async def test_the_pause_binds_one_address_only(
    database: Clone, world: World, li: AccountId
) -> None:
    for _ in range(5):
        with pytest.raises(LoginFailed):
            await _log_in(database, world, "wrong")
    with pytest.raises(LoginBlocked):
        await _log_in(database, world)
    assert await _log_in(database, world, at=Origin("203.0.113.9"))


async def test_a_burst_of_guesses_gets_no_more_tries(
    database: Clone, world: World, li: AccountId
) -> None:
    guesses = [_log_in(database, world, f"wrong {number}") for number in range(12)]
    answers = await asyncio.gather(*guesses, return_exceptions=True)
    assert Counter(type(answer) for answer in answers) == {LoginFailed: 5, LoginBlocked: 7}


async def test_success_forgives_earlier_failures(
    database: Clone, world: World, li: AccountId
) -> None:
    for _ in range(3):
        for _ in range(4):
            with pytest.raises(LoginFailed):
                await _log_in(database, world, "wrong")
        assert await _log_in(database, world)


async def test_a_crowd_is_turned_away_uncounted(
    database: Clone, world: World, li: AccountId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "MAX_WAITING", 0)
    for _ in range(7):
        with pytest.raises(LoginBusy):
            await _log_in(database, world)
    monkeypatch.undo()
    assert await _log_in(database, world)


async def test_an_idle_session_ends_and_a_used_one_stays(
    database: Clone, world: World, li: AccountId
) -> None:
    token = await _log_in(database, world)
    world.clock.advance(timedelta(minutes=14))
    known = await _find(database, world, token)
    assert known is not None
    assert known.touch
    assert known.viewer.session_id is not None
    async with database.app.session(ANONYMOUS) as session:
        await sessions.touch(session, known.viewer.session_id, world.clock.now())
    world.clock.advance(timedelta(minutes=14))
    assert await _find(database, world, token) is not None
    world.clock.advance(timedelta(minutes=1))
    assert await _find(database, world, token) is None


async def test_many_are_found_and_touched_together_but_nobody_is_waited_for(
    database: Clone, world: World, li: AccountId
) -> None:
    held, free, over = [await _log_in(database, world) for _ in range(3)]
    known = await _find(database, world, over)
    assert known is not None
    async with database.app.session(ANONYMOUS) as session:
        await sessions.revoke(session, world.clock.now(), session_id=known.viewer.session_id)
    world.clock.advance(timedelta(minutes=2))
    async with database.app.session(ANONYMOUS) as session:
        found = await sessions.find_all(
            session, [held, free, over, "unknown"], world.clock.now(), POLICY
        )
    assert found.keys() == {held, free}
    assert all(one.touch for one in found.values())
    ids = {token: one.viewer.session_id for token, one in found.items()}
    assert ids[held] is not None
    assert ids[free] is not None
    async with database.app.session(ANONYMOUS) as other:
        await sessions.touch(other, ids[held], world.clock.now() - timedelta(seconds=30))
        async with database.app.session(ANONYMOUS) as session:
            await sessions.touch_all(session, [ids[held], ids[free]], world.clock.now())
    async with database.app.session(ANONYMOUS) as session:
        again = await sessions.find_all(session, [held, free], world.clock.now(), POLICY)
    assert not again[free].touch
    world.clock.advance(timedelta(seconds=30))
    late = await _find(database, world, held)
    assert late is not None
    assert late.touch


async def test_a_sign_of_life_is_written_once_a_minute(
    database: Clone, world: World, li: AccountId
) -> None:
    token = await _log_in(database, world)
    world.clock.advance(timedelta(seconds=59))
    soon = await _find(database, world, token)
    world.clock.advance(timedelta(seconds=1))
    later = await _find(database, world, token)
    assert soon is not None
    assert later is not None
    assert (soon.touch, later.touch) == (False, True)


async def test_an_open_socket_keeps_the_login_until_its_longest(
    database: Clone, world: World, li: AccountId
) -> None:
    token = await _log_in(database, world)
    known = await _find(database, world, token)
    assert known is not None
    session_id = known.viewer.session_id
    assert session_id is not None

    async def valid() -> bool:
        async with database.app.session(known.viewer) as session:
            return await sessions.still_valid(session, session_id, world.clock.now(), POLICY)

    for _ in range(12):
        world.clock.advance(timedelta(minutes=10))
        assert await valid()
    world.clock.advance(timedelta(minutes=15))
    assert not await valid()
    fresh = await _log_in(database, world)
    renewed = await _find(database, world, fresh)
    assert renewed is not None
    assert renewed.viewer.session_id is not None
    session_id, known = renewed.viewer.session_id, renewed
    for _ in range(23 * 6 + 5):
        world.clock.advance(timedelta(minutes=10))
        assert await valid()
    world.clock.advance(timedelta(minutes=10))
    assert not await valid()


async def test_disabling_ends_all_sessions_at_once(
    database: Clone, world: World, li: AccountId
) -> None:
    token = await _log_in(database, world)
    admin = world.viewer(Role.SECURITY_ADMIN, world.city_centre)
    async with database.app.session(admin) as session:
        await disable_account(session, world.clock, admin, li)
    assert await _find(database, world, token) is None
    with pytest.raises(AccountDisabled):
        await _log_in(database, world)
    with pytest.raises(LoginFailed):
        await _log_in(database, world, "wrong")


async def test_a_revoked_session_is_announced_to_its_sockets(
    database: Clone, world: World, li: AccountId
) -> None:
    token = await _log_in(database, world)
    known = await _find(database, world, token)
    assert known is not None
    heard: list[str] = []
    listener = await asyncpg.connect(database.system_url)
    try:
        await listener.add_listener(
            sessions.REVOKED_CHANNEL, lambda *said: heard.append(str(said[-1]))
        )
        async with database.app.session(ANONYMOUS) as session:
            assert await sessions.revoke(session, world.clock.now(), account_id=li) == 1
        await listener.execute("SELECT 1")
    finally:
        await listener.close()
    assert heard == [str(known.viewer.session_id)]
    assert await _find(database, world, token) is None


async def test_revoking_needs_a_target(database: Clone, world: World) -> None:
    with pytest.raises(ValueError, match="name a session"):
        async with database.app.session(ANONYMOUS) as session:
            await sessions.revoke(session, world.clock.now())


async def test_roles_hold_for_their_period_only(database: Clone, world: World) -> None:
    _, zhao = await account(database.system, world.clock, "zhao", world.stranger)
    now = world.clock.now()
    async with database.system.session(Viewer.system("test")) as session:
        await grant_role(
            session,
            world.clock,
            zhao,
            Role.EXPERT,
            facility_id=world.stranger,
            since=now + timedelta(minutes=5),
            until=now + timedelta(minutes=10),
        )
    token = await _log_in(database, world, login="zhao")
    seen = []
    for _ in range(3):
        known = await _find(database, world, token)
        assert known is not None
        seen.append(known.viewer.roles)
        world.clock.advance(timedelta(minutes=5))
    assert seen == [frozenset(), frozenset({Role.EXPERT}), frozenset()]


async def test_the_trail_tells_logins_failures_and_pauses(
    database: Clone, world: World, li: AccountId
) -> None:
    await _log_in(database, world)
    for _ in range(6):
        with pytest.raises(Refusal):
            await _log_in(database, world, "wrong")
    async with database.system.session(ANONYMOUS) as session:
        rows = (
            await session.execute(
                text("SELECT kind, ok, account_id, address FROM security_event ORDER BY id")
            )
        ).all()
    assert [(row.kind, row.ok) for row in rows] == [
        ("login", True),
        *[("login", False)] * 5,
        ("login_blocked", False),
    ]
    assert {row.address for row in rows} == {"198.51.100.7"}
    assert {row.account_id for row in rows[:-1]} == {li}
