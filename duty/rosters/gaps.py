"""Gaps of required places in the days to come, and the alarm about them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.notify import inbox
from duty.rosters import fitness, repository
from duty.rosters.coverage import present, uncovered
from duty.rosters.oncall import DutyTier
from duty.rosters.repository import SlotRow
from duty.rosters.rules import Period
from kernel.clock import Clock
from kernel.database import Database
from kernel.ids import FacilityId, PersonId
from kernel.viewer import Role, Viewer
from registry.people import queries as people

AHEAD = timedelta(days=14)
"""So far the alarm looks."""

AGAIN = timedelta(hours=24)
"""While there are gaps, those who must fill them are told again after this time."""

NOTICE = "roster.gaps"
"""The notice's code; its text is the reader's language."""

TOLD = (Role.COORDINATOR, Role.DUTY_DESK)
"""Who rosters is told, and whoever leads or holds 总值班 at the moment."""

LEADING = frozenset({DutyTier.LEAD, DutyTier.GENERAL_DUTY})

_FACILITIES = text("SELECT DISTINCT facility_id FROM expert_group ORDER BY facility_id")
_ALARM = text("SELECT digest, gaps, told_at FROM roster_alarm WHERE facility_id = :facility_id")
_TELL = text(
    "INSERT INTO roster_alarm (facility_id, digest, gaps, told_at)"
    " VALUES (:facility_id, :digest, :gaps, :now)"
    " ON CONFLICT (facility_id) DO UPDATE SET digest = EXCLUDED.digest, gaps = EXCLUDED.gaps,"
    "  told_at = EXCLUDED.told_at"
)
# One engine at a time tells of one facility's gaps.
_QUEUE = text("SELECT pg_try_advisory_xact_lock(hashtextextended('roster gaps:' || :facility, 0))")


@dataclass(frozen=True, slots=True)
class Gap:
    """A required place that nobody fills for a time, or only somebody who is away or has left."""

    row: SlotRow
    period: Period


async def coming(session: AsyncSession, facility_id: FacilityId, now: datetime) -> list[Gap]:
    """Gaps from now on, the first one first."""
    window = (now, now + AHEAD)
    rows = await repository.slots_between(session, facility_id, window)
    needed = [row for row in rows if row.slot.required]
    standing = [one.shift for one in await repository.shifts_between(session, needed, window)]
    absent = await fitness.absent(session, {shift.person_id for shift in standing}, window)
    held: dict[object, list[Period]] = {row.slot.id: [] for row in needed}
    for shift in standing:
        held[shift.slot_id] += present(shift, absent)
    found = [Gap(row, gap) for row in needed for gap in uncovered(window, held[row.slot.id])]
    return sorted(found, key=lambda one: (one.period[0], one.row.slot_no))


async def watch(database: Database, clock: Clock) -> bool:
    """One round over all facilities; False: there is nothing more to do now."""
    viewer = Viewer.system("engine")
    async with database.session(viewer) as session:
        ids = [FacilityId(row.facility_id) for row in await session.execute(_FACILITIES)]
    for facility_id in ids:
        async with database.session(viewer) as session:
            await alarm(session, clock, facility_id)
    return False


async def alarm(session: AsyncSession, clock: Clock, facility_id: FacilityId) -> bool:
    """Tell those who must know if the gaps are others than before, or a day has passed."""
    mine = (await session.execute(_QUEUE, {"facility": str(facility_id)})).scalar_one()
    if not mine:
        return False
    now = clock.now()
    found = await coming(session, facility_id, now)
    before = (await session.execute(_ALARM, {"facility_id": facility_id})).one_or_none()
    mark = _digest(found, now)
    if before is None and not found:
        return False
    if (
        before is not None
        and bytes(before.digest) == mark
        and (not found or now - before.told_at < AGAIN)
    ):
        return False
    await session.execute(
        _TELL, {"facility_id": facility_id, "digest": mark, "gaps": len(found), "now": now}
    )
    if not found:
        return False  # filled: the page says so, nobody need be woken for it
    data = {
        "code": NOTICE,
        "facility_id": str(facility_id),
        "gaps": len(found),
        "first": found[0].period[0].isoformat(),
        "group": found[0].row.group_name,
        "tier": str(found[0].row.slot.tier),
        "specialty": found[0].row.slot.specialty,
    }
    await inbox.post(session, await _told(session, facility_id, now), "notice", None, data)
    return True


async def _told(session: AsyncSession, facility_id: FacilityId, now: datetime) -> set[PersonId]:
    rostering = await people.holding(session, now, facility_id, TOLD)
    leading = {
        answer.person_id
        for answer in await repository.roster(session, facility_id, now)
        if answer.person_id is not None and answer.slot.tier in LEADING
    }
    return leading | {PersonId(one.id) for one in rostering}


def _digest(found: Sequence[Gap], now: datetime) -> bytes:
    """Which gaps there are; one that is running stays the same while its start moves with now.

    The far edge of the look ahead moves as well, so a gap that reaches it counts by its day.
    """
    said = [
        f"{one.row.slot_no} {'now' if one.period[0] <= now else one.period[0].isoformat()}"
        f" {'far' if one.period[1] >= now + AHEAD else one.period[1].isoformat()}"
        for one in found
    ]
    return sha256("\n".join(sorted(said)).encode()).digest()
