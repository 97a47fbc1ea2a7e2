"""Policy versions: immutable rows, chosen by facility, event and level."""

import json
import tomllib
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.escalation.ladder import Policy, Step
from duty.rosters.oncall import DutyTier
from kernel.ids import FacilityId, new_id

SHIPPED = Path(__file__).with_name("policies.toml")

_CHOOSE = text(
    """
    SELECT id, repeat_s, steps::text AS steps, clock_timestamp() AS database_now
      FROM policy_version
     WHERE (facility_id = :facility_id OR facility_id IS NULL)
       AND (event = :event OR event = '*') AND (level = :level OR level = '*')
     ORDER BY facility_id IS NOT NULL DESC, event <> '*' DESC, level <> '*' DESC,
              valid_from DESC, id DESC
     LIMIT 1
    """
)
_BY_ID = text(
    "SELECT id, repeat_s, steps::text AS steps, clock_timestamp() AS database_now"
    " FROM policy_version WHERE id = :id"
)
_INSTALL = text(
    "INSERT INTO policy_version"
    " (id, facility_id, event, level, repeat_s, steps, source, confidence, digest)"
    " VALUES (:id, :facility_id, :event, :level, :repeat_s, CAST(:steps AS jsonb), :source,"
    "         :confidence, :digest)"
    " ON CONFLICT (digest) DO NOTHING"
)


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """A policy and the row that a page refers to for ever."""

    id: UUID
    policy: Policy
    database_now: datetime


async def choose(
    session: AsyncSession, facility_id: FacilityId, event: str, level: str
) -> PolicyVersion:
    """The most specific policy: a facility's own first, then by event, level and age."""
    row = (
        await session.execute(_CHOOSE, {"facility_id": facility_id, "event": event, "level": level})
    ).one()
    return PolicyVersion(row.id, _policy(row.steps, row.repeat_s), row.database_now)


async def load(session: AsyncSession, policy_id: UUID) -> PolicyVersion:
    """The version that a page was sent under."""
    row = (await session.execute(_BY_ID, {"id": policy_id})).one()
    return PolicyVersion(row.id, _policy(row.steps, row.repeat_s), row.database_now)


async def install(
    session: AsyncSession,
    *,
    event: str,
    level: str,
    steps: list[dict[str, object]],
    repeat_s: int,
    source: str,
    confidence: str,
    facility_id: FacilityId | None = None,
) -> None:
    """Add a version; the same content twice is one version.

    Raises:
        ValueError: a step names an unknown tier, or there is no step.
    """
    if not steps:
        raise ValueError("a policy needs a step")
    _policy(json.dumps(steps), repeat_s)
    content: dict[str, object] = {
        "event": event,
        "level": level,
        "repeat_s": repeat_s,
        "source": source,
        "confidence": confidence,
        "steps": steps,
    }
    if facility_id is not None:
        content["facility_id"] = str(facility_id)
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    await session.execute(
        _INSTALL,
        {
            **content,
            "id": new_id(),
            "facility_id": facility_id,
            "steps": json.dumps(steps),
            "digest": sha256(canonical.encode()).digest(),
        },
    )


async def install_shipped(session: AsyncSession) -> None:
    """Install the defaults of this release; versions already there stay as they are."""
    for entry in tomllib.loads(SHIPPED.read_text("utf-8"))["policies"]:
        for level in entry["levels"]:
            await install(
                session,
                event=entry["event"],
                level=level,
                steps=entry["steps"],
                repeat_s=entry["repeat_s"],
                source=entry["source"],
                confidence=entry["confidence"],
            )


def _policy(steps: str, repeat_s: int) -> Policy:
    return Policy(
        tuple(
            Step(
                float(step["delay_s"]),
                frozenset(DutyTier(tier) for tier in step["tiers"]),
                frozenset(step["specialties"]),
            )
            for step in json.loads(steps)
        ),
        float(repeat_s),
    )
