"""Reads for administrators and for one's own logins."""

from collections import defaultdict
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.ids import AccountId, FacilityId
from kernel.viewer import Viewer
from registry.facilities import queries as facilities
from registry.people.models import Account, LoginSession, Person, RoleGrant, SecurityEvent
from registry.people.schemas import AccountOut, GrantOut, SecurityEventOut, SessionOut
from registry.people.sessions import SessionPolicy


async def accounts(session: AsyncSession, at: datetime, policy: SessionPolicy) -> list[AccountOut]:
    """All accounts with their present roles, by login."""
    rows = (
        await session.execute(
            select(Account, Person)
            .join(Person, Person.id == Account.person_id)
            .order_by(Account.login)
        )
    ).all()
    places = await facilities.get_many(session, {FacilityId(row[1].facility_id) for row in rows})
    roles = await _roles(session, at)
    sessions = await _open_sessions(session, at, policy)
    return [
        AccountOut(
            id=account.id,
            login=account.login,
            name=person.name,
            title=person.title,
            facility=places[FacilityId(person.facility_id)],
            roles=roles[account.id],
            disabled_at=account.disabled_at,
            open_sessions=sessions.get(account.id, 0),
            demo=person.demo,
        )
        for account, person in rows
    ]


async def _roles(session: AsyncSession, at: datetime) -> dict[UUID, list[GrantOut]]:
    held = select(RoleGrant).where(RoleGrant.during.contains(at)).order_by(RoleGrant.role)
    found: dict[UUID, list[GrantOut]] = defaultdict(list)
    for row in (await session.execute(held)).scalars():
        found[row.account_id].append(GrantOut(row.role, row.facility_id, row.region_id))
    return found


async def _open_sessions(
    session: AsyncSession, at: datetime, policy: SessionPolicy
) -> dict[UUID, int]:
    counted = (
        select(LoginSession.account_id, func.count())
        .where(*_alive(at, policy))
        .group_by(LoginSession.account_id)
    )
    rows = (await session.execute(counted)).tuples()
    return dict(rows.all())


def _alive(at: datetime, policy: SessionPolicy) -> tuple[ColumnElement[bool], ...]:
    return (
        LoginSession.revoked_at.is_(None),
        LoginSession.expires_at > at,
        LoginSession.last_seen_at > at - policy.idle,
    )


async def open_sessions(
    session: AsyncSession,
    at: datetime,
    viewer: Viewer,
    policy: SessionPolicy,
    account_id: AccountId | None = None,
) -> list[SessionOut]:
    """Open logins, newest first: all, or those of one account."""
    wanted = (
        select(LoginSession, Account.login, Person.name)
        .join(Account, Account.id == LoginSession.account_id)
        .join(Person, Person.id == Account.person_id)
        .where(*_alive(at, policy))
        .order_by(LoginSession.last_seen_at.desc())
        .limit(500)
    )
    if account_id is not None:
        wanted = wanted.where(LoginSession.account_id == account_id)
    return [
        SessionOut(
            id=row.id,
            account_id=row.account_id,
            login=login,
            name=name,
            created_at=row.created_at,
            last_seen_at=row.last_seen_at,
            address=row.address,
            user_agent=row.user_agent,
            current=row.id == viewer.session_id,
        )
        for row, login, name in (await session.execute(wanted)).all()
    ]


async def security_events(
    session: AsyncSession, *, before: int | None = None, limit: int = 100
) -> list[SecurityEventOut]:
    """The trail, newest first; `before` pages backwards by id."""
    wanted = select(SecurityEvent).order_by(SecurityEvent.id.desc()).limit(limit)
    if before is not None:
        wanted = wanted.where(SecurityEvent.id < before)
    return [
        SecurityEventOut(
            row.id,
            row.at,
            row.kind,
            row.ok,
            row.actor_id,
            row.account_id,
            row.session_id,
            row.address,
        )
        for row in (await session.execute(wanted)).scalars()
    ]
