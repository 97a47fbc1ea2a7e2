"""Who plays in the synthetic region: logins as viewers, facilities by code."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.ids import AccountId, FacilityId, PersonId, RegionId
from kernel.viewer import CLINICAL_ROLES, REGIONAL_ROLES, Role, Viewer

_PEOPLE = text(
    """
    SELECT a.login, a.id AS account_id, p.id AS person_id, p.facility_id, p.name,
           (SELECT jsonb_agg(jsonb_build_array(g.role, g.facility_id, g.region_id))
              FROM role_grant g WHERE g.account_id = a.id) AS grants
      FROM account a JOIN person p ON p.id = a.person_id WHERE p.demo
    """
)
_FACILITIES = text("SELECT code, id FROM facility WHERE demo")


@dataclass(frozen=True, slots=True)
class Cast:
    """The region's people and places."""

    viewers: dict[str, Viewer]
    names: dict[str, str]
    facilities: dict[str, FacilityId]

    @classmethod
    async def load(cls, session: AsyncSession) -> "Cast":
        """Read them from the database; empty where the region was not seeded."""
        rows = (await session.execute(_PEOPLE)).all()
        places = (await session.execute(_FACILITIES)).all()
        return cls(
            {row.login: _viewer(row) for row in rows},
            {row.login: row.name for row in rows},
            {row.code: FacilityId(row.id) for row in places},
        )

    def at(self, code: str, key: str) -> Viewer:
        """The person on the post `key` of the facility `code`."""
        return self.viewers[f"{code.lower()}.{key}"]


def _viewer(row: Row[Any]) -> Viewer:
    grants = [(Role(role), house, region) for role, house, region in row.grants]
    return Viewer(
        account_id=AccountId(row.account_id),
        person_id=PersonId(row.person_id),
        session_id=None,
        facility_id=FacilityId(row.facility_id),
        facility_ids=frozenset(
            FacilityId(UUID(house)) for role, house, _ in grants if house and role in CLINICAL_ROLES
        ),
        region_ids=frozenset(
            RegionId(UUID(area)) for role, _, area in grants if area and role in REGIONAL_ROLES
        ),
        roles=frozenset(role for role, _, _ in grants),
        demo=True,
    )
