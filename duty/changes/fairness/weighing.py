"""Versions of the weights: immutable rows, a facility's own before the platform's."""

import json
import tomllib
from dataclasses import dataclass
from datetime import time
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.changes.fairness.points import KINDS, Weights
from kernel.ids import FacilityId, new_id

SHIPPED = Path(__file__).with_name("weights.toml")

_CHOOSE = text(
    "SELECT id, content::text AS content, source, confidence FROM fairness_weights"
    " WHERE facility_id = :facility_id OR facility_id IS NULL"
    " ORDER BY facility_id IS NOT NULL DESC, valid_from DESC, id DESC LIMIT 1"
)
_INSTALL = text(
    "INSERT INTO fairness_weights (id, facility_id, content, source, confidence, digest)"
    " VALUES (:id, :facility_id, CAST(:content AS jsonb), :source, :confidence, :digest)"
    " ON CONFLICT (digest) DO NOTHING"
)


@dataclass(frozen=True, slots=True)
class WeightsVersion:
    """The weights and the row that a report names."""

    id: UUID
    weights: Weights
    source: str
    confidence: str


async def choose(session: AsyncSession, facility_id: FacilityId) -> WeightsVersion:
    """The weights in force at a facility."""
    row = (await session.execute(_CHOOSE, {"facility_id": facility_id})).one()
    return WeightsVersion(row.id, parse(json.loads(row.content)), row.source, row.confidence)


async def install(
    session: AsyncSession, content: dict[str, Any], facility_id: FacilityId | None = None
) -> None:
    """Add a version; the same content twice is one version.

    Raises:
        ValueError: a kind of day has no weight.
    """
    parse(content)
    canonical = json.dumps(
        {"facility_id": None if facility_id is None else str(facility_id), **content},
        sort_keys=True,
        ensure_ascii=False,
    )
    await session.execute(
        _INSTALL,
        {
            "id": new_id(),
            "facility_id": facility_id,
            "content": json.dumps(content, ensure_ascii=False),
            "source": content["source"],
            "confidence": content["confidence"],
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
