"""The engine's duty on points: the monthly test, and alarms about points that may not work."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.escalation import audience
from duty.notify import inbox
from duty.notify.contacts import repository
from duty.notify.contacts.checks import DATA, Proof, alarming, due_test, standing
from kernel.clock import Clock
from kernel.database import Database
from kernel.ids import FacilityId, PersonId
from kernel.viewer import Viewer
from registry.facilities.rules import CHINA

log = structlog.get_logger()

BATCH = 200
STALE = "duty.contact_stale"
UNVERIFIED = "duty.contact_unverified"
GONE = "duty.contact_gone"

# A month ago at the most: what was tested this month is looked at by the pure rule alone.
_TESTABLE = text(
    """
    SELECT c.id, c.verified_at FROM contact_point c
     WHERE c.disabled_at IS NULL AND c.verified_at IS NOT NULL AND c.person_id IS NOT NULL
       AND c.channel <> 'webhook'
       AND NOT EXISTS (SELECT 1 FROM contact_message m
                        WHERE m.contact_point_id = c.id AND m.due_key = :month)
    """
)
_DOUBTFUL = text(
    """
    SELECT c.id, c.person_id, c.channel, c.created_at, c.verified_at, c.last_ok_at,
           c.disabled_reason, p.facility_id
      FROM contact_point c JOIN person p ON p.id = c.person_id
     WHERE c.channel <> 'webhook'
       AND (c.alarmed_at IS NULL OR (c.disabled_at IS NULL AND c.alarmed_at < :remind))
       AND (c.disabled_reason = 'gone'
            OR (c.disabled_at IS NULL
                AND (c.verified_at IS NULL AND c.created_at < :unproved
                     OR greatest(c.verified_at, c.last_ok_at) < :stale)))
     ORDER BY c.id LIMIT :limit FOR UPDATE OF c SKIP LOCKED
    """
)
_ALARMED = text("UPDATE contact_point SET alarmed_at = :at WHERE id = ANY(:ids)")


async def run_due(database: Database, clock: Clock) -> bool:
    """Queue the tests that are due and say which points are doubtful. True if there may be more."""
    viewer = Viewer.system("engine")
    async with database.session(viewer) as session:
        tests = await _queue_tests(session, clock.now())
    async with database.session(viewer) as session:
        alarms = await _raise_alarms(session, clock.now())
    if tests or alarms:
        log.info("contacts.checked", tests=tests, alarms=alarms)
    return alarms == BATCH


async def _queue_tests(session: AsyncSession, at: datetime) -> int:
    local = at.astimezone(CHINA)
    count = 0
    for row in (await session.execute(_TESTABLE, {"month": f"{local:%Y-%m}"})).all():
        key = due_test(row.id, row.verified_at.astimezone(CHINA), local)
        if key is None:
            continue
        queued = await repository.queue_message(
            session,
            row.id,
            "test",
            by=Viewer.system("engine").person_id,
            at=at,
            lives=timedelta(days=1),
            due_key=key,
        )
        count += queued is not None
    return count


async def _raise_alarms(session: AsyncSession, at: datetime) -> int:
    """Each doubtful point once, and again every week while nobody mends it."""
    rule = DATA.test
    rows = (
        await session.execute(
            _DOUBTFUL,
            {
                "remind": at - timedelta(days=rule.remind_days),
                "unproved": at - timedelta(hours=rule.proof_hours),
                "stale": at - timedelta(days=rule.stale_days),
                "limit": BATCH,
            },
        )
    ).all()
    found = [row for row in rows if _code(row, at) is not None]
    for row in found:
        await _alarm(session, row, at)
    await session.execute(_ALARMED, {"ids": [row.id for row in found], "at": at})
    return len(found)


async def _alarm(session: AsyncSession, row: Row[Any], at: datetime) -> None:
    """The person and the desk of their house learn which channel of theirs may not work."""
    facility_id = FacilityId(row.facility_id)
    told = {PersonId(row.person_id)} | await audience.desk(session, facility_id, at)
    data: dict[str, object] = {
        "code": _code(row, at),
        "person_id": row.person_id,
        "point_id": row.id,
        "channel": row.channel,
        "facility_id": facility_id,
    }
    await inbox.post(session, told, "notice", None, data)


def _code(row: Row[Any], at: datetime) -> str | None:
    if row.disabled_reason == "gone":
        return GONE
    proof = Proof(row.created_at, row.verified_at, row.last_ok_at)
    if not alarming(proof, at):
        return None
    return UNVERIFIED if standing(proof, at) == "unverified" else STALE


NOTICES: Sequence[str] = (STALE, UNVERIFIED, GONE)
"""Codes of the notices, for the texts of the web application."""
