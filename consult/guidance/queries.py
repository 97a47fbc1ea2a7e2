"""Reads of guidance sessions, as the viewer: row-level security cuts what is not theirs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from consult.guidance import presence, rights, store
from consult.guidance.rules import RULES
from consult.guidance.schemas import (
    GuidanceDetail,
    GuidanceKind,
    GuidanceOut,
    GuidanceRules,
    NotCounted,
    RecordOut,
    StayOut,
)
from consult.guidance.states import End, GuidanceState
from consult.names import Names, names
from consult.staying import seconds
from kernel.clock import Clock
from kernel.viewer import Viewer

Which = Literal["open", "to_confirm", "done"]
MOST: Final = 200

_LISTS: Final = {
    "open": text(
        "SELECT * FROM guidance_session WHERE state IN ('arranged', 'underway')"
        " ORDER BY coalesce(planned_at, arranged_at), id LIMIT :most"
    ),
    "to_confirm": text(
        "SELECT * FROM guidance_session WHERE state IN ('ended', 'disputed')"
        " AND institution_id = ANY(:houses) ORDER BY ended_at, id LIMIT :most"
    ),
    "done": text(
        "SELECT * FROM guidance_session WHERE state NOT IN ('arranged', 'underway')"
        " ORDER BY coalesce(ended_at, arranged_at) DESC, id LIMIT :most"
    ),
}
_UPPER: Final = ("province", "city")
"""Tiers whose centres indicator 15 counts; the view `fact_guidance_now` says the same."""


def rules() -> GuidanceRules:
    """Kinds, and from when on a session counts."""
    return GuidanceRules(
        RULES.version,
        RULES.source,
        RULES.confidence,
        RULES.together_s,
        [GuidanceKind(one.code, one.zh, one.en) for one in RULES.kinds],
    )


async def sessions(session: AsyncSession, viewer: Viewer, which: Which) -> list[GuidanceOut]:
    """Sessions open to the viewer: to come and under way by time, others the newest first."""
    values: dict[str, Any] = {"most": MOST}
    if which == "to_confirm":
        values["houses"] = list(viewer.facility_ids)
    rows = (await session.execute(_LISTS[which], values)).all()
    known = await names(session, [one.arranged_by for one in rows], _houses(rows))
    return [_out(viewer, one, known) for one in rows]


async def one(
    session: AsyncSession, clock: Clock, viewer: Viewer, guidance_id: UUID
) -> GuidanceDetail:
    """One session with everything that belongs to it, or `NotFound`."""
    row, at = await store.seen(session, guidance_id), clock.now()
    stays = await store.stays(session, row.id)
    records = await store.records(session, row.id)
    people = [row.arranged_by, *(one.person_id for one in (*stays, *records))]
    known = await names(session, people, _houses([row]))
    so_far = row.together_s
    if so_far is None:
        so_far = seconds(presence.together(await store.presence(session, row, at)))
    return GuidanceDetail(
        _out(viewer, row, known),
        so_far,
        [_stay(one, known, at) for one in stays],
        [RecordOut(one.n, known.person(one.person_id), one.at, one.words) for one in records],
        row.note,
        await store.consult_of(session, row.of_case_id),
    )


def not_counted(row: Row[Any]) -> list[NotCounted]:
    """Why indicator 15 does not count an ended session; none if it does."""
    found: list[NotCounted] = []
    if row.together_s < RULES.together_s:
        found.append("too_short")
    if row.area_region_id is None:
        found.append("outside_area")
    if row.centre_tier not in _UPPER:
        found.append("county_centre")
    if row.drill:
        found.append("drill")
    if row.state == GuidanceState.DISPUTED:
        found.append("disputed")
    return found


def _houses(rows: Sequence[Row[Any]]) -> list[UUID]:
    return [id_ for one in rows for id_ in (one.centre_id, one.institution_id)]


def _stay(one: Row[Any], known: Names, at: datetime) -> StayOut:
    return StayOut(
        known.person(one.person_id),
        known.house(one.facility_id),
        one.side,
        one.since,
        one.left_at or one.heard_at,
        store.is_here(one, at),
    )


def _out(viewer: Viewer, row: Row[Any], known: Names) -> GuidanceOut:
    why = None if row.ended_at is None else not_counted(row)
    mine: End | None = rights.end_of(viewer, row)
    return GuidanceOut(
        id=row.id,
        kind=row.kind,
        topic=row.topic,
        state=row.state,
        centre=known.house(row.centre_id),
        institution=known.house(row.institution_id),
        arranged_by=known.person(row.arranged_by),
        arranged_at=row.arranged_at,
        planned_at=row.planned_at,
        minutes=row.minutes,
        begun_at=row.begun_at,
        ended_at=row.ended_at,
        of_case_id=row.of_case_id,
        in_area=None if row.begun_at is None else row.area_region_id is not None,
        together_s=row.together_s,
        counted=None if why is None else not why,
        not_counted=why or [],
        version=row.version,
        mine=None if mine is None else str(mine),  # type: ignore[arg-type]
        allowed=rights.allowed(viewer, row),
    )
