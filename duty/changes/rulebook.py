"""Versions of the change rules: immutable rows; a facility's own before its region's."""

import json
import tomllib
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.changes.rules import ChangeRule
from kernel.ids import FacilityId, PersonId, RegionId, new_id

SHIPPED = Path(__file__).with_name("rules.toml")

OFFICES = ("coordinator", "medical_affairs")
"""Who may approve where a house has not said which of the two."""

_COLUMNS = (
    "r.id, r.preauthorised, r.closes_before_s, r.approve_within_s, r.remind_after_s,"
    " r.handover_needed, r.handover_opens_s, r.handover_remind_s, r.handover_alarm_s,"
    " r.source, r.confidence, r.rest_s, r.approvers, r.facility_id, r.region_id, r.added_by,"
    " r.valid_from"
)
_CHOOSE = text(
    f"""
    SELECT {_COLUMNS}
      FROM change_rule r JOIN facility f ON f.id = :facility_id
      LEFT JOIN region_closure c ON c.ancestor_id = r.region_id AND c.descendant_id = f.region_id
     WHERE r.facility_id = f.id OR c.descendant_id IS NOT NULL
        OR (r.facility_id IS NULL AND r.region_id IS NULL)
     ORDER BY r.facility_id IS NOT NULL DESC, c.depth NULLS LAST, r.valid_from DESC, r.id DESC
     LIMIT 1
    """  # noqa: S608
)
_CHOOSE_FOR_REGION = text(
    f"""
    SELECT {_COLUMNS}
      FROM change_rule r
      LEFT JOIN region_closure c ON c.ancestor_id = r.region_id AND c.descendant_id = :region_id
     WHERE c.descendant_id IS NOT NULL OR (r.facility_id IS NULL AND r.region_id IS NULL)
     ORDER BY c.depth NULLS LAST, r.valid_from DESC, r.id DESC
     LIMIT 1
    """  # noqa: S608
)
_OF_REGION = text(
    f"SELECT {_COLUMNS} FROM change_rule r WHERE r.region_id = :region_id"  # noqa: S608
    " ORDER BY r.valid_from DESC, r.id DESC LIMIT 50"
)
_OF_FACILITY = text(
    f"SELECT {_COLUMNS} FROM change_rule r WHERE r.facility_id = :facility_id"  # noqa: S608
    " ORDER BY r.valid_from DESC, r.id DESC LIMIT 50"
)
_BY_ID = text(f"SELECT {_COLUMNS} FROM change_rule r WHERE r.id = :id")  # noqa: S608
_INSTALL = text(
    """
    INSERT INTO change_rule
      (id, region_id, facility_id, preauthorised, closes_before_s, approve_within_s,
       remind_after_s, handover_needed, handover_opens_s, handover_remind_s, handover_alarm_s,
       source, confidence, rest_s, approvers, digest, added_by)
    VALUES (:id, :region_id, :facility_id, :preauthorised, :closes_before_s, :approve_within_s,
       :remind_after_s, :handover_needed, :handover_opens_s, :handover_remind_s,
       :handover_alarm_s, :source, :confidence, :rest_s, :approvers, :digest, :added_by)
    ON CONFLICT (digest) DO NOTHING
    """
)


class RuleText(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A version as a file or an office writes it.

    `rest_s`: between two duties of whoever swaps or stands in; 0 demands none. `approvers`: which
    offices may approve.
    """

    preauthorised: list[str]
    closes_before_s: int
    approve_within_s: int
    remind_after_s: int
    handover_needed: bool
    handover_opens_s: int
    handover_remind_s: int
    handover_alarm_s: int
    source: str
    confidence: str
    rest_s: int = 0
    approvers: list[str] = msgspec.field(default_factory=lambda: list(OFFICES))


class RuleVersion(msgspec.Struct, frozen=True):
    """A version as it was written: whose it is (both null: the platform's), by whom and when."""

    id: UUID
    text: RuleText
    facility_id: UUID | None
    region_id: UUID | None
    added_by: UUID | None
    valid_from: datetime


async def choose(session: AsyncSession, facility_id: FacilityId) -> ChangeRule:
    """The rule in force at a facility: its own, its nearest region's, or the platform's."""
    return _rule((await session.execute(_CHOOSE, {"facility_id": facility_id})).one())


async def in_force(session: AsyncSession, facility_id: FacilityId) -> RuleVersion:
    """The same as `choose`, as it was written."""
    return _version((await session.execute(_CHOOSE, {"facility_id": facility_id})).one())


async def of_facility(session: AsyncSession, facility_id: FacilityId) -> list[RuleVersion]:
    """The facility's own versions, the newest first."""
    return [
        _version(row) for row in await session.execute(_OF_FACILITY, {"facility_id": facility_id})
    ]


async def in_region(session: AsyncSession, region_id: RegionId) -> RuleVersion:
    """What counts in a region where no facility has its own: its own, the nearest above it, or the
    platform's."""
    values = {"region_id": region_id}
    return _version((await session.execute(_CHOOSE_FOR_REGION, values)).one())


async def of_region(session: AsyncSession, region_id: RegionId) -> list[RuleVersion]:
    """The region's own versions, the newest first."""
    return [_version(row) for row in await session.execute(_OF_REGION, {"region_id": region_id})]


async def load(session: AsyncSession, rule_id: UUID) -> ChangeRule:
    """The version under which something was asked."""
    return _rule((await session.execute(_BY_ID, {"id": rule_id})).one())


async def install(
    session: AsyncSession,
    rule: RuleText,
    *,
    region_id: RegionId | None = None,
    facility_id: FacilityId | None = None,
    added_by: PersonId | None = None,
    replaces: UUID | None = None,
) -> None:
    """Add a version; the same content twice, instead of the same version, is one version."""
    owner = {"region_id": region_id, "facility_id": facility_id}
    said = {**msgspec.to_builtins(rule), **owner}
    if replaces is not None:
        said["replaces"] = replaces
    canonical = json.dumps(said, sort_keys=True, ensure_ascii=False, default=str)
    values = {**msgspec.structs.asdict(rule), **owner}
    await session.execute(
        _INSTALL,
        {
            **values,
            "id": new_id(),
            "added_by": added_by,
            "digest": sha256(canonical.encode()).digest(),
        },
    )


def shipped() -> RuleText:
    """The platform's default of this release."""
    return msgspec.convert(tomllib.loads(SHIPPED.read_text("utf-8"))["default"], RuleText)


async def install_shipped(session: AsyncSession) -> None:
    """Install this release's default; versions already there stay as they are."""
    await install(session, shipped())


def _rule(row: Row[Any]) -> ChangeRule:
    return ChangeRule(
        row.id,
        frozenset(row.preauthorised),
        timedelta(seconds=row.closes_before_s),
        timedelta(seconds=row.approve_within_s),
        timedelta(seconds=row.remind_after_s),
        row.handover_needed,
        timedelta(seconds=row.handover_opens_s),
        timedelta(seconds=row.handover_remind_s),
        timedelta(seconds=row.handover_alarm_s),
        row.source,
        row.confidence,
        timedelta(seconds=row.rest_s),
        frozenset(row.approvers),
    )


def _version(row: Row[Any]) -> RuleVersion:
    said = RuleText(**{name: getattr(row, name) for name in RuleText.__struct_fields__})
    return RuleVersion(row.id, said, row.facility_id, row.region_id, row.added_by, row.valid_from)
