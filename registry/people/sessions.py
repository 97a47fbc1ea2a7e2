"""Server-side logins: an opaque 256-bit token in the browser, its SHA-256 in the database.

A login takes several short transactions, because a refused login must leave its failure counted
(a refusal rolls its transaction back) and because no connection is held while Argon2 works.
"""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.database import Database
from kernel.ids import AccountId, FacilityId, PersonId, RegionId, SessionId, new_id
from kernel.outbox import notify
from kernel.tokens import token_hash
from kernel.viewer import CLINICAL_ROLES, REGIONAL_ROLES, Role, Viewer
from registry.people import attempts, passwords, trail
from registry.people.errors import AccountDisabled, LoginBusy, LoginFailed
from registry.people.models import Account, LoginSession
from registry.people.rules import normal_login

REVOKED_CHANNEL = "yunshang_session"
"""NOTIFY with a session's id when it ends, so that its open sockets close at once."""

ANONYMOUS = Viewer.system("anonymous")


@dataclass(frozen=True, slots=True)
class SessionPolicy:
    """How long a login lasts (GB/T 22239-2019 §8.1.4.1 b: idle logins end)."""

    idle: timedelta = timedelta(minutes=15)
    longest: timedelta = timedelta(hours=24)
    touch_every: timedelta = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Origin:
    """From where a login comes, for the session list and the trail."""

    address: str
    user_agent: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """A live session's viewer; `touch` when its last sign of life is due to be written."""

    viewer: Viewer
    touch: bool


_LIVE = text(
    "SELECT s.token_hash, s.id, s.account_id, s.last_seen_at, a.person_id, p.facility_id, p.demo,"
    "  (SELECT coalesce(jsonb_agg(jsonb_build_array(g.role, g.facility_id, g.region_id)), '[]')"
    "     FROM role_grant g WHERE g.account_id = a.id"
    "      AND g.during @> CAST(:at AS timestamptz)) AS grants"
    " FROM login_session s"
    " JOIN account a ON a.id = s.account_id JOIN person p ON p.id = a.person_id"
    " WHERE s.token_hash = ANY(:tokens) AND s.revoked_at IS NULL AND a.disabled_at IS NULL"
    "  AND s.expires_at > :at AND s.last_seen_at > :idle_since"
)

_TOUCH = text(
    "UPDATE login_session SET last_seen_at = :at WHERE id IN (SELECT id FROM login_session"
    " WHERE id = ANY(:ids) AND last_seen_at < :at FOR UPDATE SKIP LOCKED)"
)


async def log_in(
    database: Database,
    clock: Clock,
    *,
    login: str,
    password: str,
    origin: Origin,
    policy: SessionPolicy,
) -> str:
    """Check the password and open a new session; returns its token, known to nobody else.

    Raises:
        LoginFailed: unknown login or wrong password; the failure stays counted.
        LoginBlocked: five failures within 15 minutes from this address; the password is not tried.
        AccountDisabled: the password is right, the account is disabled.
        LoginBusy: too many logins at once; not counted.
    """
    normal = normal_login(login)
    at = clock.now()
    async with database.session(ANONYMOUS) as session:
        blocked = await attempts.begin(session, at, normal, origin.address)
        account = None if blocked else await _account(session, normal)
    if blocked is not None:
        await _note(database, at, "login_blocked", account, origin)
        raise blocked
    try:
        fits = await passwords.verify(account.password_hash if account else None, password)
    except LoginBusy:
        async with database.session(ANONYMOUS) as session:
            await attempts.give_back(session, normal, origin.address)
        raise
    if account is None or not fits:
        await _note(database, at, "login", account, origin)
        raise LoginFailed()
    if account.disabled_at is not None:
        await _note(database, at, "login_disabled", account, origin)
        raise AccountDisabled()
    async with database.session(ANONYMOUS) as session:
        await attempts.forgive(session, normal, origin.address)
        return await _open(session, clock, account, origin, policy)


async def _account(session: AsyncSession, login: str) -> Account | None:
    account: Account | None = await session.scalar(select(Account).where(Account.login == login))
    return account


async def _note(
    database: Database, at: datetime, kind: str, account: Account | None, origin: Origin
) -> None:
    """A refusal, recorded in a transaction of its own."""
    async with database.session(ANONYMOUS) as session:
        await trail.record(
            session,
            at,
            kind,
            ok=False,
            account_id=None if account is None else AccountId(account.id),
            address=origin.address,
        )


async def _open(
    session: AsyncSession, clock: Clock, account: Account, origin: Origin, policy: SessionPolicy
) -> str:
    token = secrets.token_urlsafe(32)
    at = clock.now()
    session_id = SessionId(new_id())
    session.add(
        LoginSession(
            id=session_id,
            token_hash=token_hash(token),
            account_id=account.id,
            created_at=at,
            last_seen_at=at,
            expires_at=at + policy.longest,
            address=origin.address,
            user_agent=origin.user_agent[:120],
        )
    )
    await trail.record(
        session,
        at,
        "login",
        ok=True,
        account_id=AccountId(account.id),
        session_id=session_id,
        address=origin.address,
    )
    return token


async def find(
    session: AsyncSession, token: str, at: datetime, policy: SessionPolicy, *, demo: bool = False
) -> Known | None:
    """The viewer behind a token, by one query; None when the session is over."""
    return (await find_all(session, [token], at, policy, demo=demo)).get(token)


async def find_all(
    session: AsyncSession,
    tokens: Collection[str],
    at: datetime,
    policy: SessionPolicy,
    *,
    demo: bool = False,
) -> dict[str, Known]:
    """The viewers behind tokens, by one query; those whose session is over are not among them."""
    hashes = {token_hash(token): token for token in tokens}
    asked = {"tokens": list(hashes), "at": at, "idle_since": at - policy.idle}
    return {
        hashes[row.token_hash]: Known(
            _viewer(row, demo=demo), touch=at - row.last_seen_at >= policy.touch_every
        )
        for row in await session.execute(_LIVE, asked)
    }


def _viewer(row: Any, *, demo: bool) -> Viewer:
    grants = [(Role(role), facility, region) for role, facility, region in row.grants]
    return Viewer(
        account_id=AccountId(row.account_id),
        person_id=PersonId(row.person_id),
        session_id=SessionId(row.id),
        facility_id=FacilityId(row.facility_id),
        facility_ids=frozenset(
            FacilityId(UUID(facility))
            for role, facility, _ in grants
            if facility and role in CLINICAL_ROLES
        ),
        region_ids=frozenset(
            RegionId(UUID(region))
            for role, _, region in grants
            if region and role in REGIONAL_ROLES
        ),
        roles=frozenset(role for role, _, _ in grants),
        demo=demo or row.demo,
    )


async def still_valid(
    session: AsyncSession, session_id: SessionId, at: datetime, policy: SessionPolicy
) -> bool:
    """True while a session lives; open sockets ask this every minute.

    An open socket counts as activity and keeps the login alive: a page that rings must not fall
    silent because nobody touched the screen for a quarter of an hour. `longest` still ends it.
    """
    touched = await session.execute(
        update(LoginSession)
        .where(
            LoginSession.id == session_id,
            LoginSession.revoked_at.is_(None),
            LoginSession.expires_at > at,
            LoginSession.last_seen_at > at - policy.idle,
            LoginSession.account_id == Account.id,
            Account.disabled_at.is_(None),
        )
        .values(last_seen_at=at)
        .execution_options(synchronize_session=False)
    )
    return bool(touched.rowcount)  # type: ignore[attr-defined]


async def touch(session: AsyncSession, session_id: SessionId, at: datetime) -> None:
    """Write a sign of life."""
    await session.execute(
        update(LoginSession)
        .where(LoginSession.id == session_id, LoginSession.last_seen_at < at)
        .values(last_seen_at=at)
        .execution_options(synchronize_session=False)
    )


async def touch_all(session: AsyncSession, ids: Collection[SessionId], at: datetime) -> None:
    """Write signs of life of many; who is being written by somebody else just now waits a minute.

    So two processes that touch the same logins never wait for each other.
    """
    await session.execute(_TOUCH, {"ids": list(ids), "at": at})


async def revoke(
    session: AsyncSession,
    at: datetime,
    *,
    session_id: SessionId | None = None,
    account_id: AccountId | None = None,
    keep: SessionId | None = None,
) -> int:
    """End one session, or all of an account except `keep`; returns how many ended."""
    ended = update(LoginSession).where(LoginSession.revoked_at.is_(None))
    if session_id is not None:
        ended = ended.where(LoginSession.id == session_id)
    if account_id is not None:
        ended = ended.where(LoginSession.account_id == account_id)
    if session_id is None and account_id is None:
        raise ValueError("name a session or an account")
    if keep is not None:
        ended = ended.where(LoginSession.id != keep)
    rows = await session.execute(
        ended.values(revoked_at=at)
        .returning(LoginSession.id)
        .execution_options(synchronize_session=False)
    )
    ids = rows.scalars().all()
    for id_ in ids:
        await notify(session, REVOKED_CHANNEL, str(id_))
    return len(ids)


async def end_token(session: AsyncSession, at: datetime, token: str) -> None:
    """End the session behind a token, if there is one: a new login replaces it."""
    found = await session.scalar(
        select(LoginSession.id).where(LoginSession.token_hash == token_hash(token))
    )
    if found is not None:
        await revoke(session, at, session_id=SessionId(found))
