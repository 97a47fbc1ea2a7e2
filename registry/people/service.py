"""Commands on people and accounts. Logging in lives in `sessions`."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.database import Database
from kernel.errors import NotFound
from kernel.ids import AccountId, FacilityId, PersonId, RegionId, SessionId, new_id
from kernel.sealing import Sealer
from kernel.viewer import HELD_FOR_REGIONS, Role, Viewer
from registry.people import attempts, passwords, sessions, trail
from registry.people.errors import (
    LoginTaken,
    OwnAccount,
    PasswordWeak,
    PasswordWrong,
    RoleNeedsPlace,
    RolesConflict,
)
from registry.people.models import Account, Person, RoleGrant
from registry.people.rules import PHONE_FIELD, conflict, normal_login, strong_enough

STEP_UP = "step-up"
"""Stands for the address where passwords asked for once more are counted."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A role at a facility (default: the person's own) or for a region."""

    role: Role
    facility_id: FacilityId | None = None
    region_id: RegionId | None = None


async def create_person(
    session: AsyncSession,
    clock: Clock,
    sealer: Sealer,
    *,
    facility_id: FacilityId,
    name: str,
    title: str = "",
    specialty: str = "",
    phone: str | None = None,
    demo: bool = False,
    id: PersonId | None = None,
) -> PersonId:
    """Register somebody who works at a facility; the phone is sealed."""
    person_id = id or PersonId(new_id())
    session.add(
        Person(
            id=person_id,
            facility_id=facility_id,
            name=name,
            title=title,
            specialty=specialty,
            phone_sealed=None if phone is None else sealer.seal(phone, PHONE_FIELD),
            demo=demo,
            created_at=clock.now(),
        )
    )
    await session.flush()
    return person_id


async def create_person_with_account(
    session: AsyncSession,
    clock: Clock,
    sealer: Sealer,
    *,
    facility_id: FacilityId,
    name: str,
    login: str,
    password_hash: str,
    grants: Iterable[Grant],
    title: str = "",
    specialty: str = "",
    phone: str | None = None,
    demo: bool = False,
    must_change: bool = False,
) -> tuple[PersonId, AccountId]:
    """Register a person with a login and roles; `password_hash` from `passwords.hash_password`.

    Raises:
        LoginTaken: another account has the login.
        RolesConflict: two of the roles exclude each other.
    """
    person_id = await create_person(
        session,
        clock,
        sealer,
        facility_id=facility_id,
        name=name,
        title=title,
        specialty=specialty,
        phone=phone,
        demo=demo,
    )
    normal = normal_login(login)
    if await session.scalar(select(Account.id).where(Account.login == normal)) is not None:
        raise LoginTaken(login=normal)
    account_id = AccountId(new_id())
    session.add(
        Account(
            id=account_id,
            person_id=person_id,
            login=normal,
            password_hash=password_hash,
            must_change=must_change,
            created_at=clock.now(),
        )
    )
    await session.flush()
    for grant in grants:
        at_facility = None if grant.region_id else (grant.facility_id or facility_id)
        await grant_role(
            session,
            clock,
            account_id,
            grant.role,
            facility_id=at_facility,
            region_id=grant.region_id,
        )
    return person_id, account_id


async def grant_role(
    session: AsyncSession,
    clock: Clock,
    account_id: AccountId,
    role: Role,
    *,
    facility_id: FacilityId | None = None,
    region_id: RegionId | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> None:
    """Give an account a role at a facility or for a region.

    Raises:
        RolesConflict: the account holds a role that excludes this one.
        RoleNeedsPlace: exactly one of facility and region is needed, the one the role is held at.
    """
    regional = region_id is not None
    if (facility_id is None) is not regional or (regional and role not in HELD_FOR_REGIONS):
        raise RoleNeedsPlace(role=str(role))
    if role is Role.COMMISSION and not regional:
        raise RoleNeedsPlace(role=str(role))
    start = since or clock.now()
    period = Range(start, until, bounds="[)")
    rows = await session.scalars(
        select(RoleGrant.role).where(
            RoleGrant.account_id == account_id, RoleGrant.during.overlaps(period)
        )
    )
    if (held := conflict(role, frozenset(Role(name) for name in rows))) is not None:
        raise RolesConflict(role=str(role), held=str(held))
    session.add(
        RoleGrant(
            id=new_id(),
            account_id=account_id,
            role=role,
            facility_id=facility_id,
            region_id=region_id,
            during=period,
        )
    )
    await session.flush()


async def change_password(
    database: Database, clock: Clock, viewer: Viewer, *, old: str, new: str
) -> None:
    """Replace the viewer's password; every other session of the account ends.

    Raises:
        PasswordWrong: `old` is not the present password.
        PasswordWeak: `new` breaks the rules.
        LoginBlocked: too many wrong passwords.
    """
    account = await confirm_password(database, clock, viewer, old)
    if new == old or not strong_enough(new, account.login):
        raise PasswordWeak()
    stored = await passwords.hash_off_loop(new)
    at = clock.now()
    async with database.session(viewer) as session:
        changed = {"password_hash": stored, "must_change": False}
        await session.execute(update(Account).where(Account.id == account.id).values(changed))
        await sessions.revoke(session, at, account_id=viewer.account_id, keep=viewer.session_id)
        await _trace(session, at, viewer, "password_changed", viewer.account_id)


async def confirm_password(
    database: Database, clock: Clock, viewer: Viewer, password: str
) -> Account:
    """Step-up: the viewer proves once more who is sitting there (signing, changing a password).

    Runs in transactions of its own, so that a wrong password stays counted; call it before the
    work's own writes.

    Raises:
        PasswordWrong: it does not fit.
        LoginBlocked: five wrong ones within 15 minutes.
    """
    at = clock.now()
    async with database.session(viewer) as session:
        account = await session.scalar(select(Account).where(Account.id == viewer.account_id))
        if account is None:
            raise NotFound()
        blocked = await attempts.begin(session, at, account.login, STEP_UP)
    if blocked is not None:
        raise blocked
    fits = await passwords.verify(account.password_hash, password)
    async with database.session(viewer) as session:
        if fits:
            await attempts.forgive(session, account.login, STEP_UP)
        else:
            await _trace(session, at, viewer, "step_up", viewer.account_id, ok=False)
    if not fits:
        raise PasswordWrong()
    return account


async def disable_account(
    session: AsyncSession, clock: Clock, viewer: Viewer, account_id: AccountId
) -> None:
    """Close an account and end its sessions.

    Raises:
        OwnAccount: it is the viewer's own.
        NotFound: there is no such account.
    """
    if account_id == viewer.account_id:
        raise OwnAccount()
    at = clock.now()
    await _set_disabled(session, account_id, at)
    await sessions.revoke(session, at, account_id=account_id)
    await _trace(session, at, viewer, "account_disabled", account_id)


async def enable_account(
    session: AsyncSession, clock: Clock, viewer: Viewer, account_id: AccountId
) -> None:
    """Open a disabled account again. `NotFound` if there is none."""
    await _set_disabled(session, account_id, None)
    await _trace(session, clock.now(), viewer, "account_enabled", account_id)


async def revoke_sessions(
    session: AsyncSession, clock: Clock, viewer: Viewer, account_id: AccountId
) -> int:
    """End all sessions of an account; returns how many. `NotFound` if there is no account."""
    if await session.get(Account, account_id) is None:
        raise NotFound()
    at = clock.now()
    ended = await sessions.revoke(session, at, account_id=account_id)
    await _trace(session, at, viewer, "sessions_revoked", account_id)
    return ended


async def log_out(session: AsyncSession, clock: Clock, viewer: Viewer) -> None:
    """End the viewer's session."""
    at = clock.now()
    if viewer.session_id is not None:
        await sessions.revoke(session, at, session_id=viewer.session_id)
    await _trace(session, at, viewer, "logout", viewer.account_id)


async def end_own_session(
    session: AsyncSession, clock: Clock, viewer: Viewer, session_id: SessionId
) -> None:
    """End one of the viewer's own logins. `NotFound` for anybody else's."""
    at = clock.now()
    ended = await sessions.revoke(session, at, session_id=session_id, account_id=viewer.account_id)
    if not ended:
        raise NotFound()
    await _trace(session, at, viewer, "session_ended", viewer.account_id)


async def _set_disabled(session: AsyncSession, account_id: AccountId, at: datetime | None) -> None:
    account = await session.get(Account, account_id)
    if account is None:
        raise NotFound()
    account.disabled_at = at
    await session.flush()  # the trail's line follows the change it tells of


async def _trace(
    session: AsyncSession,
    at: datetime,
    viewer: Viewer,
    kind: str,
    account_id: AccountId,
    *,
    ok: bool = True,
) -> None:
    await trail.record(
        session,
        at,
        kind,
        ok=ok,
        actor_id=viewer.account_id,
        account_id=account_id,
        session_id=viewer.session_id,
    )
