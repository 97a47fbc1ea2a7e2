"""What the API says about people, accounts and logins."""

from uuid import UUID

import msgspec


class PersonRef(msgspec.Struct, frozen=True):
    """A person as others see them: no phone."""

    id: UUID
    name: str
    title: str
    specialty: str
    facility_id: UUID
