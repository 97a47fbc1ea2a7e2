"""Names of people and facilities for a set of ids; unknown ids (voided accounts) stay nameless."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.ids import FacilityId, PersonId
from quality.schemas import PersonOut, PlaceOut
from registry.facilities import queries as facilities
from registry.people import queries as people


@dataclass(frozen=True, slots=True)
class Names:
    """Looks names up in what was read at once."""

    people: dict[UUID, PersonOut]
    places: dict[UUID, PlaceOut]

    def person(self, id_: UUID | None) -> PersonOut | None:
        """The person, if known."""
        return None if id_ is None else self.people.get(id_)

    def place(self, id_: UUID | None) -> PlaceOut | None:
        """The facility, if known."""
        return None if id_ is None else self.places.get(id_)


async def read_names(
    session: AsyncSession,
    *,
    person_ids: Iterable[UUID | None] = (),
    facility_ids: Iterable[UUID | None] = (),
) -> Names:
    """A query for any number of people, and one for any number of facilities."""
    asked = {PersonId(id_) for id_ in person_ids if id_ is not None}
    persons = await people.get_many(session, asked) if asked else {}
    named = {FacilityId(id_) for id_ in facility_ids if id_ is not None}
    places = await facilities.get_many(session, named) if named else {}
    return Names(
        people={id_: PersonOut(ref.id, ref.name, ref.title) for id_, ref in persons.items()},
        places={id_: PlaceOut(ref.id, ref.short_name) for id_, ref in places.items()},
    )
