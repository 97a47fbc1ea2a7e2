"""Commands on people and accounts. Logging in and out lives in `sessions`."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.ids import AccountId, FacilityId, PersonId, RegionId, new_id
from kernel.sealing import Sealer
from kernel.viewer import REGIONAL_ROLES, Role
from registry.people.errors import LoginTaken, RoleNeedsPlace, RolesConflict
from registry.people.models import Account, Person, RoleGrant
from registry.people.rules import PHONE_FIELD, conflict, normal_login


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
    if (facility_id is None) is not regional or (regional and role not in REGIONAL_ROLES):
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
