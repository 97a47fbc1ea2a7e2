"""上岗 and whether a device is there: what the sender sees before pressing the button."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.ids import FacilityId, PersonId
from kernel.viewer import Viewer

ONLINE_FOR = timedelta(seconds=20)
"""A device heard of within this time is online: three heartbeats and a little."""

SIGNED_ON_FOR = timedelta(hours=26)
"""A sign-on that nobody ended stops counting after a 24-hour duty and its handover."""

_SIGN_ON = text(
    """
    INSERT INTO duty_presence
      (person_id, device_id, facility_id, signed_on_at, signed_off_at, last_seen_at)
    VALUES (:person_id, :device_id, :facility_id, clock_timestamp(), NULL, clock_timestamp())
    ON CONFLICT (person_id, device_id) DO UPDATE
      SET facility_id = EXCLUDED.facility_id, signed_on_at = EXCLUDED.signed_on_at,
          signed_off_at = NULL, last_seen_at = EXCLUDED.last_seen_at
    """
)
_SIGN_OFF = text(
    "UPDATE duty_presence SET signed_off_at = clock_timestamp()"
    " WHERE person_id = :person_id AND (device_id = :device_id OR CAST(:device_id AS text) IS NULL)"
    "  AND signed_on_at IS NOT NULL AND signed_off_at IS NULL"
)
_SEEN = text(
    """
    INSERT INTO duty_presence (person_id, device_id, last_seen_at)
    SELECT DISTINCT n.person_id, n.device_id, clock_timestamp()
      FROM unnest(CAST(:people AS uuid[]), CAST(:devices AS text[])) AS n (person_id, device_id)
     ORDER BY n.person_id, n.device_id
    ON CONFLICT (person_id, device_id) DO UPDATE SET last_seen_at = EXCLUDED.last_seen_at
    """
)
_SIGNED_ON = text(
    "SELECT DISTINCT person_id FROM duty_presence WHERE facility_id = ANY(:houses)"
    " AND signed_off_at IS NULL AND signed_on_at > clock_timestamp() - CAST(:for AS interval)"
)
_REACH = text(
    """
    SELECT person_id, max(last_seen_at) AS last_seen_at,
           coalesce(max(last_seen_at) > clock_timestamp() - CAST(:online AS interval), false)
             AS online,
           bool_or(signed_on_at IS NOT NULL AND signed_off_at IS NULL
                   AND signed_on_at > clock_timestamp() - CAST(:for AS interval)) AS signed_on
      FROM duty_presence WHERE person_id = ANY(:people) GROUP BY person_id
    """
)


@dataclass(frozen=True, slots=True)
class Presence:
    """Whether a person's devices are there."""

    online: bool
    signed_on: bool
    last_seen_at: datetime | None


async def sign_on(session: AsyncSession, viewer: Viewer, device_id: str) -> None:
    """The viewer takes up duty at their facility with this device (上岗)."""
    await session.execute(
        _SIGN_ON,
        {
            "person_id": viewer.person_id,
            "device_id": device_id,
            "facility_id": viewer.facility_id,
        },
    )


async def sign_off(session: AsyncSession, viewer: Viewer, device_id: str | None) -> None:
    """The viewer leaves duty with this device, or with all (下岗)."""
    await session.execute(_SIGN_OFF, {"person_id": viewer.person_id, "device_id": device_id})


async def seen(session: AsyncSession, devices: Sequence[tuple[PersonId, str]]) -> None:
    """These people's devices are connected right now."""
    if devices:
        await session.execute(
            _SEEN,
            {"people": [one[0] for one in devices], "devices": [one[1] for one in devices]},
        )


async def signed_on(session: AsyncSession, facility_ids: Collection[FacilityId]) -> set[PersonId]:
    """Who is on duty at any of these facilities by their own word."""
    values = {"houses": list(facility_ids), "for": SIGNED_ON_FOR}
    rows = await session.execute(_SIGNED_ON, values)
    return {PersonId(row.person_id) for row in rows}


async def reach(session: AsyncSession, people: Collection[PersonId]) -> dict[PersonId, Presence]:
    """Presence of those of `people` who ever connected."""
    rows = await session.execute(
        _REACH, {"people": list(people), "online": ONLINE_FOR, "for": SIGNED_ON_FOR}
    )
    return {
        PersonId(row.person_id): Presence(row.online, row.signed_on, row.last_seen_at)
        for row in rows
    }
