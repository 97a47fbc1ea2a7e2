"""What may be opened by hand: deaths and near-misses of the viewer's houses without a review."""

from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.viewer import Viewer
from quality.reviews import proposing, rights
from quality.reviews.rules import RULES
from quality.reviews.schemas import OpenableOut

MOST: Final = 50
# What the viewer convenes no review of is asked for case by case, so the list stays short.
_CASES = text("""
WITH told AS (
  SELECT d.case_id, d.id AS death,
    CASE d.who WHEN 'mother' THEN 'maternal_death' ELSE 'newborn_death' END AS kind, d.died_at AS at
  FROM death_review d WHERE d.who IN ('mother', 'newborn')
  UNION ALL
  SELECT v.case_id, NULL, 'near_miss', min(v.at) FROM near_miss_verdict v
  WHERE v.verdict = 'confirmed' AND NOT EXISTS (
    SELECT 1 FROM death_review d WHERE d.case_id = v.case_id AND d.who = 'mother')
  GROUP BY v.case_id
)
SELECT r.id, r.number, max(t.at) AS newest FROM told t
JOIN referral r ON r.id = t.case_id AND NOT r.drill AND r.state <> 'voided'
CROSS JOIN unnest(CAST(:levels AS text[])) AS l(level)
WHERE (l.level = 'county' OR coalesce(r.receiver_id, r.origin_id) = ANY(:houses))
  AND NOT EXISTS (
    SELECT 1 FROM case_review c WHERE c.of_case_id = r.id AND c.kind = t.kind
      AND c.level = l.level AND c.death_review_id IS NOT DISTINCT FROM t.death
      AND c.state <> 'dismissed')
GROUP BY r.id, r.number ORDER BY newest DESC, r.id LIMIT :most
""")
_STANDING = text(
    "SELECT kind, level, death_review_id FROM case_review WHERE of_case_id = :id"
    " AND state <> 'dismissed'"
)


async def openable(session: AsyncSession, clock: Clock, viewer: Viewer) -> list[OpenableOut]:
    """Reviews that the viewer may open by hand, the newest first: what events proposed stands in
    the list of reviews already."""
    houses = {*viewer.facility_ids, viewer.facility_id} - {None}
    values = {"levels": [one.code for one in RULES.levels], "houses": list(houses), "most": MOST}
    found: list[OpenableOut] = []
    for case in (await session.execute(_CASES, values)).all():
        standing = await _standing(session, case.id)
        found += [
            OpenableOut(case.id, case.number, one.kind, one.level, one.happened_at, one.due_at)  # type: ignore[arg-type]
            for one in await proposing.wanted(session, clock, case.id)
            if rights.convenes(viewer, one.facility_id)
            and (one.kind, one.level, one.death_review_id) not in standing
        ]
    return found


async def _standing(session: AsyncSession, case_id: UUID) -> set[tuple[str, str, UUID | None]]:
    rows = await session.execute(_STANDING, {"id": case_id})
    return {(row.kind, row.level, row.death_review_id) for row in rows}
