"""Versions of alarm limits, never changed: a unit's own, else its house's, else the platform's."""

import json
from collections.abc import Collection, Mapping
from datetime import datetime
from hashlib import sha256
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel import outbox
from kernel.ids import FacilityId, PersonId, new_id
from realtime.alarms.limits import Limits, LimitsText, shipped

WAKE_CHANNEL = "yunshang_ctg_limits"
"""NOTIFY channel of the gateways: limits have changed, or whose limits count for a monitor."""

Ward = tuple[UUID, str]
"""A facility and one of its units ("" where the device names none)."""

_INSTALL = text(
    """
    INSERT INTO ctg_alarm_limits
      (id, facility_id, unit, valid_from, content, source, confidence, digest, supersedes_id,
       recorded_by)
    VALUES (:id, :facility_id, :unit, coalesce(CAST(:valid_from AS timestamptz), clock_timestamp()),
       CAST(:content AS jsonb), :source, :confidence, :digest, :supersedes_id, :recorded_by)
    ON CONFLICT (digest) DO NOTHING RETURNING id
    """
)
_OF_WARDS = text(
    """
    SELECT w.facility_id, w.unit, l.id, l.content::text AS content
      FROM unnest(CAST(:houses AS uuid[]), CAST(:units AS text[])) AS w(facility_id, unit)
      JOIN ctg_alarm_limits l ON l.id = ctg_alarm_limits_of(w.facility_id, w.unit)
    """
)
_BY_ID = text("SELECT content::text FROM ctg_alarm_limits WHERE id = :id")


async def install(
    session: AsyncSession,
    limits: LimitsText,
    *,
    facility_id: FacilityId | None = None,
    unit: str = "",
    valid_from: datetime | None = None,
    supersedes_id: UUID | None = None,
    recorded_by: PersonId | None = None,
) -> UUID | None:
    """Add a version; the same content in the same place of history is one version.

    Returns:
        Its id, or None if it was there already.
    """
    content = json.dumps(plain(limits), sort_keys=True)
    owner = {
        "facility_id": facility_id,
        "unit": unit,
        "valid_from": valid_from,
        "source": limits.source,
        "confidence": limits.confidence,
        "supersedes_id": supersedes_id,
        "recorded_by": recorded_by,
    }
    mark = json.dumps({"content": content, **owner}, sort_keys=True, default=str)
    values = owner | {
        "id": new_id(),
        "content": content,
        "digest": sha256(mark.encode()).digest(),
    }
    found: UUID | None = (await session.execute(_INSTALL, values)).scalar_one_or_none()
    if found is not None:
        await outbox.notify(session, WAKE_CHANNEL)
    return found


async def install_shipped(session: AsyncSession) -> None:
    """Install this release's default; versions already there stay as they are."""
    await install(session, shipped())


async def of_wards(
    session: AsyncSession, wards: Collection[Ward]
) -> Mapping[Ward, tuple[UUID, Limits]]:
    """The version in force now at each ward, with its id."""
    asked = list(wards)
    values = {"houses": [house for house, _ in asked], "units": [unit for _, unit in asked]}
    return {
        (row.facility_id, row.unit): (row.id, parse(row.content))
        for row in await session.execute(_OF_WARDS, values)
    }


async def load(session: AsyncSession, limits_id: UUID) -> Limits:
    """The version under which an alarm was raised."""
    return parse((await session.execute(_BY_ID, {"id": limits_id})).scalar_one())


def parse(content: str) -> Limits:
    """The limits that a row holds."""
    return msgspec.json.decode(content, type=Limits)


def plain(limits: Limits) -> dict[str, int]:
    """Only the limits, without where they come from."""
    return {name: getattr(limits, name) for name in Limits.__struct_fields__}
