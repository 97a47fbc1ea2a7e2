"""Names of the people and houses that an answer mentions, read in two round trips."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.ids import FacilityId, PersonId
from registry.facilities import queries as facilities
from registry.facilities.schemas import FacilityRef
from registry.people import queries as people
from registry.people.schemas import PersonRef


@dataclass(frozen=True, slots=True)
class Names:
    """Who and where, by id."""

    who: dict[PersonId, PersonRef]
    where: dict[FacilityId, FacilityRef]

    def person(self, id_: UUID | None) -> PersonRef | None:
        """Whoever that is, if anybody."""
        return None if id_ is None else self.who.get(PersonId(id_))

    def house(self, id_: UUID) -> FacilityRef | None:
        """That house."""
        return self.where.get(FacilityId(id_))


async def names(
    session: AsyncSession, people_ids: Iterable[UUID | None], houses: Iterable[UUID]
) -> Names:
    """Names of these people and houses; who is nobody is passed over."""
    wanted = {PersonId(id_) for id_ in people_ids if id_ is not None}
    return Names(
        await people.get_many(session, wanted),
        await facilities.get_many(session, {FacilityId(id_) for id_ in houses}),
    )
