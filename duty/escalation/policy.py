"""Policy versions: immutable rows, chosen by event, owner, condition, colour and level.

Which version counts, in this order: one that names the event before one for any; the facility's own
before its region's (the nearest first) before the platform's; one that names the condition, then
the colour, then the level; then the newest. The event comes first so that a house's general ladder
cannot turn a special call of the platform (the MDT, a birth on the road) into an ordinary one.

A version that was taken back counts no more, and the one before it counts again. The platform's
own cannot be taken back: whatever houses and regions withdraw, an event keeps a ladder.
"""

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.escalation.ladder import ANY, JOIN_WITHIN_S, At, Mode, Policy, Step
from duty.rosters.oncall import DutyTier
from kernel.ids import FacilityId, PersonId, RegionId, new_id

SHIPPED = Path(__file__).with_name("policies.toml")

CONTENT = (
    "v.id, v.repeat_s, v.steps::text AS steps, v.mode, v.quorum::text AS quorum, v.join_within_s"
)
ORDER = (
    "v.event <> '*' DESC, v.facility_id IS NOT NULL DESC, c.depth NULLS LAST,"
    " v.condition <> '*' DESC, v.colour <> '*' DESC, v.level <> '*' DESC,"
    " v.valid_from DESC, v.id DESC"
)
"""The tie rules; `c.depth`: how far above the facility the version's region lies."""

OWNED = """
      FROM policy_version v
      LEFT JOIN region_closure c ON c.ancestor_id = v.region_id
       AND c.descendant_id = (SELECT f.region_id FROM facility f WHERE f.id = :facility_id)
     WHERE (v.facility_id = :facility_id OR c.depth IS NOT NULL
            OR (v.facility_id IS NULL AND v.region_id IS NULL))
       AND v.withdraws_id IS NULL
       AND NOT EXISTS (SELECT 1 FROM policy_version w WHERE w.withdraws_id = v.id)
"""
"""Versions that may count for a facility: its own, those of regions around it, the platform's; no
withdrawals, and nothing that was withdrawn."""

_CHOOSE = text(
    f"SELECT {CONTENT}, clock_timestamp() AS database_now"
    f"{OWNED}"
    "   AND v.event IN (:event, '*') AND v.level IN (:level, '*')"
    "   AND v.colour IN (:colour, '*') AND v.condition IN (:condition, '*')"
    f" ORDER BY {ORDER} LIMIT 1"
)
_BY_ID = text(
    f"SELECT {CONTENT}, clock_timestamp() AS database_now"  # noqa: S608
    " FROM policy_version v WHERE v.id = :id"
)
_INSTALL = text(
    "INSERT INTO policy_version"
    " (id, facility_id, region_id, event, level, colour, condition, mode, quorum, join_within_s,"
    "  repeat_s, steps, source, confidence, digest, supersedes_id, recorded_by, withdraws_id,"
    "  reason)"
    " VALUES (:id, :facility_id, :region_id, :event, :level, :colour, :condition, :mode,"
    "         CAST(:quorum AS jsonb), :join_within_s, :repeat_s, CAST(:steps AS jsonb), :source,"
    "         :confidence, :digest, :supersedes_id, :recorded_by, :withdraws_id, :reason)"
    " ON CONFLICT (digest) DO NOTHING RETURNING id"
)


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """A policy and the row that a page refers to for ever."""

    id: UUID
    policy: Policy
    database_now: datetime


async def choose(
    session: AsyncSession,
    facility_id: FacilityId,
    event: str,
    level: str,
    *,
    colour: str | None = None,
    condition: str | None = None,
) -> PolicyVersion:
    """The version that counts; an unknown colour or condition finds those for any."""
    values = {
        "facility_id": facility_id,
        "event": event,
        "level": level,
        "colour": colour or ANY,
        "condition": condition or ANY,
    }
    return _version((await session.execute(_CHOOSE, values)).one())


async def load(session: AsyncSession, policy_id: UUID) -> PolicyVersion:
    """The version that a page was sent under."""
    return _version((await session.execute(_BY_ID, {"id": policy_id})).one())


async def install(
    session: AsyncSession,
    *,
    event: str,
    level: str,
    steps: Sequence[Mapping[str, object]],
    repeat_s: int,
    source: str,
    confidence: str,
    facility_id: FacilityId | None = None,
    region_id: RegionId | None = None,
    colour: str = ANY,
    condition: str = ANY,
    mode: str = Mode.FIRST,
    quorum: Mapping[str, int] | None = None,
    join_within_s: int = JOIN_WITHIN_S,
    supersedes_id: UUID | None = None,
    recorded_by: PersonId | None = None,
    withdraws_id: UUID | None = None,
    reason: str | None = None,
) -> UUID | None:
    """Add a version; the same content in the same place of history is one version.

    With `withdraws_id` and a `reason` it is the record that takes that version back.

    Returns:
        Its id, or None if it was there already.

    Raises:
        ValueError: there is no step, or one names an unknown tier or place.
    """
    if not steps:
        raise ValueError("a policy needs a step")
    values: dict[str, Any] = {
        "event": event,
        "level": level,
        "colour": colour,
        "condition": condition,
        "mode": str(mode),
        "quorum": json.dumps(dict(quorum or {}), sort_keys=True),
        "join_within_s": join_within_s,
        "repeat_s": repeat_s,
        "steps": json.dumps(list(steps)),
        "source": source,
        "confidence": confidence,
        "facility_id": facility_id,
        "region_id": region_id,
        "supersedes_id": supersedes_id,
        "recorded_by": recorded_by,
        "withdraws_id": withdraws_id,
        "reason": reason,
    }
    parse(values["steps"], repeat_s, values["mode"], values["quorum"], join_within_s)
    values |= {"id": new_id(), "digest": _digest(values)}
    found: UUID | None = (await session.execute(_INSTALL, values)).scalar_one_or_none()
    return found


async def install_shipped(session: AsyncSession) -> None:
    """Install the defaults of this release; versions already there stay as they are."""
    shipped = tomllib.loads(SHIPPED.read_text("utf-8"))
    for entry in (*shipped["policies"], *shipped["later"]):
        for level in entry["levels"]:
            await install(
                session,
                event=entry["event"],
                level=level,
                steps=entry["steps"],
                repeat_s=entry["repeat_s"],
                source=entry["source"],
                confidence=entry["confidence"],
                mode=entry.get("mode", Mode.FIRST),
                quorum=entry.get("quorum"),
                join_within_s=entry.get("join_within_s", JOIN_WITHIN_S),
            )


def parse(steps: str, repeat_s: int, mode: str, quorum: str, join_within_s: int) -> Policy:
    """The policy that a row describes."""
    return Policy(
        tuple(
            Step(
                float(step["delay_s"]),
                frozenset(DutyTier(tier) for tier in step["tiers"]),
                frozenset(step["specialties"]),
                At(step.get("at", At.OWN)),
            )
            for step in json.loads(steps)
        ),
        float(repeat_s),
        Mode(mode),
        json.loads(quorum),
        float(join_within_s),
    )


_LATER = {
    "facility_id": None,
    "region_id": None,
    "colour": ANY,
    "condition": ANY,
    "mode": str(Mode.FIRST),
    "quorum": "{}",
    "join_within_s": JOIN_WITHIN_S,
    "supersedes_id": None,
    "recorded_by": None,
    "withdraws_id": None,
    "reason": None,
}
"""Fields that revisions 0021 and 0027 added, and what their absence means: versions from before
keep their digests."""


def _digest(values: Mapping[str, Any]) -> bytes:
    content = {
        name: str(value) if isinstance(value, UUID) else value
        for name, value in values.items()
        if name not in _LATER or value != _LATER[name]
    }
    content["steps"] = json.loads(values["steps"])
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return sha256(canonical.encode()).digest()


def _version(row: Row[Any]) -> PolicyVersion:
    policy = parse(row.steps, row.repeat_s, row.mode, row.quorum, row.join_within_s)
    return PolicyVersion(row.id, policy, row.database_now)
