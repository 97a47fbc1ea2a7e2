"""Reads of people. Names and titles are open to colleagues; phones only through `phones`."""

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.errors import NotFound
from kernel.ids import FacilityId, PersonId
from kernel.sealing import Sealer
from kernel.viewer import Role, Viewer
from registry.people.models import Account, Person, RoleGrant
from registry.people.rules import PHONE_FIELD
from registry.people.schemas import PersonRef


async def get(session: AsyncSession, person_id: PersonId) -> PersonRef:
    """One person, or `NotFound`."""
    found = await get_many(session, [person_id])
    if person_id not in found:
        raise NotFound()
    return found[person_id]


async def get_many(session: AsyncSession, ids: Iterable[PersonId]) -> dict[PersonId, PersonRef]:
    """The named people; unknown ids are left out."""
    rows = (await session.execute(select(Person).where(Person.id.in_(set(ids))))).scalars()
    return {
        PersonId(row.id): PersonRef(row.id, row.name, row.title, row.specialty, row.facility_id)
        for row in rows
    }


async def holding(
    session: AsyncSession, at: datetime, facility_id: FacilityId | None, roles: Collection[Role]
) -> list[PersonRef]:
    """Whoever works at a facility (None: anywhere) and holds one of `roles` at `at`.

    The role may be for that facility or for a region.
    """
    granted = (
        select(RoleGrant.account_id)
        .where(
            RoleGrant.account_id == Account.id,
            RoleGrant.role.in_([str(role) for role in roles]),
            RoleGrant.during.contains(at),
        )
        .exists()
    )
    found = (
        select(Person)
        .join(Account, Account.person_id == Person.id)
        .where(Account.disabled_at.is_(None), granted)
        .order_by(Person.name, Person.id)
    )
    if facility_id is not None:
        found = found.where(Person.facility_id == facility_id)
    return [
        PersonRef(row.id, row.name, row.title, row.specialty, row.facility_id)
        for row in (await session.execute(found)).scalars()
    ]


async def gone(session: AsyncSession, ids: Iterable[PersonId]) -> set[PersonId]:
    """Those of the named people who have left: they had accounts, and none is in use."""
    rows = await session.execute(
        select(Account.person_id)
        .where(Account.person_id.in_(set(ids)))
        .group_by(Account.person_id)
        .having(func.bool_and(Account.disabled_at.is_not(None)))
    )
    return {PersonId(row.person_id) for row in rows}


async def account(session: AsyncSession, viewer: Viewer) -> Account:
    """The viewer's own account."""
    found = await session.get(Account, viewer.account_id)
    if found is None:
        raise NotFound()
    return found


async def phones(
    session: AsyncSession, sealer: Sealer, ids: Iterable[PersonId]
) -> dict[PersonId, str]:
    """Opened phones of the named people who have one, for those who may call them."""
    wanted = select(Person.id, Person.phone_sealed).where(
        Person.id.in_(set(ids)), Person.phone_sealed.is_not(None)
    )
    return {
        PersonId(id_): sealer.open(sealed, PHONE_FIELD)
        for id_, sealed in (await session.execute(wanted)).all()
        if sealed is not None
    }


def masked(phone: str) -> str:
    """`19900001234` as `199****1234`."""
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 8 else "****"
