"""Versions of the weights: immutable rows, a facility's own before the platform's."""

import json
import tomllib
from dataclasses import dataclass
from datetime import datetime, time
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.changes.fairness.points import KINDS, Weights
from kernel.ids import FacilityId, PersonId, new_id

SHIPPED = Path(__file__).with_name("weights.toml")

_COLUMNS = (
    "SELECT id, facility_id, content::text AS content, source, confidence, added_by, valid_from"
    "  FROM fairness_weights"
)
_OF_FACILITY = text(
    _COLUMNS + " WHERE facility_id = :facility_id ORDER BY valid_from DESC, id DESC LIMIT 50"
)
_CHOOSE = text(
    _COLUMNS + " WHERE facility_id = :facility_id OR facility_id IS NULL"
    " ORDER BY facility_id IS NOT NULL DESC, valid_from DESC, id DESC LIMIT 1"
)
_INSTALL = text(
    "INSERT INTO fairness_weights (id, facility_id, content, source, confidence, digest, added_by)"
    " VALUES (:id, :facility_id, CAST(:content AS jsonb), :source, :confidence, :digest, :added_by)"
    " ON CONFLICT (digest) DO NOTHING"
)


@dataclass(frozen=True, slots=True)
class WeightsVersion:
    """The weights and the row that a report names."""

    id: UUID
    weights: Weights
    source: str
    confidence: str
    facility_id: FacilityId | None
    added_by: PersonId | None
    valid_from: datetime


async def choose(session: AsyncSession, facility_id: FacilityId) -> WeightsVersion:
    """The weights in force at a facility."""
    return _version((await session.execute(_CHOOSE, {"facility_id": facility_id})).one())


async def of_facility(session: AsyncSession, facility_id: FacilityId) -> list[WeightsVersion]:
    """The facility's own versions, the newest first."""
    return [
        _version(row) for row in await session.execute(_OF_FACILITY, {"facility_id": facility_id})
    ]


async def install(
    session: AsyncSession,
    content: dict[str, Any],
    facility_id: FacilityId | None = None,
    *,
    added_by: PersonId | None = None,
    replaces: UUID | None = None,
) -> None:
    """Add a version; the same content twice, instead of the same version, is one version.

    Raises:
        ValueError: a kind of day has no weight.
    """
    parse(content)
    said = {"facility_id": None if facility_id is None else str(facility_id), **content}
    if replaces is not None:
        said["replaces"] = str(replaces)
    canonical = json.dumps(said, sort_keys=True, ensure_ascii=False)
    await session.execute(
        _INSTALL,
        {
            "id": new_id(),
            "facility_id": facility_id,
            "content": json.dumps(content, ensure_ascii=False),
            "source": content["source"],
            "confidence": content["confidence"],
            "added_by": added_by,
            "digest": sha256(canonical.encode()).digest(),
        },
    )


def shipped() -> dict[str, Any]:
    """The platform's default of this release."""
    content: dict[str, Any] = tomllib.loads(SHIPPED.read_text("utf-8"))["default"]
    return content


async def install_shipped(session: AsyncSession) -> None:
    """Install this release's default; versions already there stay as they are."""
    await install(session, shipped())


def parse(content: dict[str, Any]) -> Weights:
    """Weights as a file says them.

    Raises:
        ValueError: a kind of day has no weight.
    """
    for part in ("day", "night"):
        if set(content[part]) != set(KINDS):
            raise ValueError(f"{part}: one weight for each of {KINDS}")
    return Weights(
        time.fromisoformat(content["night_from"]),
        time.fromisoformat(content["night_to"]),
        content["day"],
        content["night"],
        content["tiers"],
        float(content["night_counts_from_h"]),
    )


def _version(row: Row[Any]) -> WeightsVersion:
    return WeightsVersion(
        row.id,
        parse(json.loads(row.content)),
        row.source,
        row.confidence,
        row.facility_id,
        row.added_by,
        row.valid_from,
    )
