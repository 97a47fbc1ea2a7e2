"""The book of versions: rows that are only added; which of them counts is PostgreSQL's to say."""

from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.ids import FacilityId, PersonId, RegionId, new_id
from realtime.readings.limits.rules import ReadingLimits, ReadingLimitsText, shipped

FIELDS = ReadingLimits.__struct_fields__

_NUMBERS = ", ".join(FIELDS)
_INSERT = text(
    f"""
    INSERT INTO ctg_reading_limits
      (id, facility_id, region_id, valid_from, {_NUMBERS}, source, confidence, supersedes_id,
       recorded_by)
    VALUES (:id, :facility_id, :region_id,
       coalesce(CAST(:valid_from AS timestamptz), clock_timestamp()),
       {", ".join(f":{name}" for name in FIELDS)}, :source, :confidence, :supersedes_id,
       :recorded_by)
    """  # noqa: S608
)
_NEWEST = text(
    f"""
    SELECT id, {_NUMBERS}, source, confidence FROM ctg_reading_limits
     WHERE facility_id IS NOT DISTINCT FROM :facility_id
       AND region_id IS NOT DISTINCT FROM :region_id
     ORDER BY valid_from DESC, id DESC LIMIT 1
    """  # noqa: S608
)
_QUEUE = text("SELECT pg_advisory_xact_lock(hashtextextended('ctg reading limits', 0))")
_OF_HOUSE = text(
    f"SELECT id, {_NUMBERS} FROM ctg_reading_limits"  # noqa: S608
    " WHERE id = ctg_reading_limits_of(:house)"
)
_BY_ID = text(f"SELECT {_NUMBERS} FROM ctg_reading_limits WHERE id = :id")  # noqa: S608


async def add(
    session: AsyncSession,
    limits: ReadingLimitsText,
    *,
    facility_id: FacilityId | None = None,
    region_id: RegionId | None = None,
    valid_from: datetime | None = None,
    recorded_by: PersonId | None = None,
) -> UUID:
    """Add a version of a house, a region or, with neither, the platform; without `valid_from` it
    counts at once. It names the version that it follows."""
    await session.execute(_QUEUE)
    owner = {"facility_id": facility_id, "region_id": region_id}
    before = (await session.execute(_NEWEST, owner)).one_or_none()
    values = {
        **owner,
        **msgspec.structs.asdict(limits),
        "id": (id_ := new_id()),
        "valid_from": valid_from,
        "supersedes_id": before and before.id,
        "recorded_by": recorded_by,
    }
    await session.execute(_INSERT, values)
    return id_


async def install_shipped(session: AsyncSession) -> None:
    """Install this release's default, unless it is the platform's newest already."""
    ours, platform = shipped(), {"facility_id": None, "region_id": None}
    row = (await session.execute(_NEWEST, platform)).one_or_none()
    if row is None or any(
        getattr(row, name) != value for name, value in msgspec.structs.asdict(ours).items()
    ):
        await add(session, ours)


async def of_house(session: AsyncSession, house: FacilityId) -> tuple[UUID, ReadingLimits]:
    """The version that a house which reads is held to now."""
    row = (await session.execute(_OF_HOUSE, {"house": house})).one()
    return row.id, msgspec.convert(row, ReadingLimits, from_attributes=True)


async def load(session: AsyncSession, limits_id: UUID) -> ReadingLimits:
    """The version under which a reading was asked."""
    row = (await session.execute(_BY_ID, {"id": limits_id})).one()
    return msgspec.convert(row, ReadingLimits, from_attributes=True)
