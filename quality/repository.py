"""The one place that reads the indicator views."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True, slots=True)
class Scope:
    """Which cases are asked for, within what row-level security opens to the viewer."""

    start: datetime
    end: datetime
    region_id: UUID | None = None
    facility_id: UUID | None = None

    def values(self) -> dict[str, object]:
        """As parameters of the queries below."""
        return {
            "start": self.start,
            "end": self.end,
            "region": self.region_id,
            "facility": self.facility_id,
        }


@dataclass(frozen=True, slots=True)
class Reached:
    """One milestone of one case, as the view shows it."""

    at: datetime
    late: bool
    payload: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A counted case with its milestones."""

    case_id: UUID
    number: str | None
    opened_at: datetime
    origin: UUID | None
    demo: bool
    milestones: Mapping[str, Reached]


@dataclass(frozen=True, slots=True)
class Session15:
    """One remote guidance session."""

    case_id: UUID
    at: datetime
    late: bool
    demo: bool
    centre: UUID
    institution: UUID | None
    upper_tier: bool
    in_area: bool

    @property
    def counts(self) -> bool:
        """Whether indicator 15 counts it."""
        return self.upper_tier and self.in_area


@dataclass(frozen=True, slots=True)
class Left:
    """How many cases of the scope are not counted, and why."""

    drills: int
    voided: int
    back_referrals: int


# A facility's cases are those that it sent or accepted; a region's, those that began in it.
# ruff: noqa: S608  (the queries below are put together from constants)
_WITHIN = """
    c.opened_at >= :start AND c.opened_at < :end
    AND (CAST(:facility AS uuid) IS NULL OR c.origin = :facility OR EXISTS (
          SELECT 1 FROM quality_event a
           WHERE a.case_id = c.case_id AND a.kind = 'offer.accepted'
             AND a.payload ->> 'facility_id' = CAST(:facility AS text)))
    AND (CAST(:region AS uuid) IS NULL OR EXISTS (
          SELECT 1 FROM facility f JOIN region_closure r ON r.descendant_id = f.region_id
           WHERE f.id = c.origin AND r.ancestor_id = :region))
"""
_CASES = text(
    "SELECT c.case_id, c.number, c.opened_at, c.origin, c.demo FROM quality_case c"
    f" WHERE NOT (c.drill OR c.voided OR c.back) AND {_WITHIN}"
    " ORDER BY c.opened_at, c.case_id"
)
_MILESTONES = text(
    "SELECT m.case_id, m.milestone, m.at, m.late, m.payload FROM quality_milestone m"
    " WHERE m.case_id = ANY(:cases)"
).columns(payload=JSONB)
_LEFT = text(
    "SELECT count(*) FILTER (WHERE c.drill) AS drills,"
    "       count(*) FILTER (WHERE c.voided AND NOT c.drill) AS voided,"
    "       count(*) FILTER (WHERE c.back AND NOT (c.voided OR c.drill)) AS back_referrals"
    f" FROM quality_case c WHERE {_WITHIN}"
)
_GUIDANCE = text(
    "SELECT g.case_id, g.at, g.late, g.demo, g.centre, g.institution,"
    "       coalesce(g.upper_tier, false) AS upper_tier, g.in_area"
    "  FROM quality_guidance g"
    " WHERE NOT g.drill AND NOT g.voided AND g.at >= :start AND g.at < :end"
    "   AND (CAST(:facility AS uuid) IS NULL OR :facility IN (g.centre, g.institution))"
    "   AND (CAST(:region AS uuid) IS NULL OR EXISTS ("
    "         SELECT 1 FROM facility f JOIN region_closure r ON r.descendant_id = f.region_id"
    "          WHERE f.id = g.centre AND r.ancestor_id = :region))"
    " ORDER BY g.at, g.case_id, g.seq"
)


async def cases(session: AsyncSession, scope: Scope) -> list[CaseRow]:
    """Counted cases of the scope with all their milestones, by opening time."""
    rows = (await session.execute(_CASES, scope.values())).all()
    milestones: dict[UUID, dict[str, Reached]] = {row.case_id: {} for row in rows}
    for reached in await session.execute(_MILESTONES, {"cases": list(milestones)}):
        milestones[reached.case_id][reached.milestone] = Reached(
            reached.at, reached.late, reached.payload
        )
    return [
        CaseRow(
            case_id=row.case_id,
            number=row.number,
            opened_at=row.opened_at,
            origin=row.origin,
            demo=row.demo,
            milestones=milestones[row.case_id],
        )
        for row in rows
    ]


async def left_out(session: AsyncSession, scope: Scope) -> Left:
    """Drills, voided cases and back-referrals of the scope, which no indicator counts."""
    row = (await session.execute(_LEFT, scope.values())).one()
    return Left(row.drills, row.voided, row.back_referrals)


async def guidance(session: AsyncSession, scope: Scope) -> list[Session15]:
    """Remote guidance sessions held in the scope's period."""
    rows = await session.execute(_GUIDANCE, scope.values())
    return [Session15(*row) for row in rows]
