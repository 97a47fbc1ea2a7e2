"""Reads of drills, as far as the viewer may see their cases."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.drills.rules import Answer, Tally, tally
from duty.drills.schemas import DrillAnswer, DrillOut, DrillTally, LeagueRow, ScheduleOut
from kernel.errors import NotFound
from kernel.ids import PersonId
from registry.people import queries as people

_COLUMNS = """
    SELECT d.id, d.facility_id, f.short_name, g.name AS group_name, d.schedule_id,
           d.answer_within_s, d.started_at, d.ended_at, d.end_reason, d.page_id,
           app_drills(d.facility_id) AS may_excuse
      FROM paging_drill d JOIN facility f ON f.id = d.facility_id
      LEFT JOIN expert_group g ON g.id = d.group_id
"""
_ONE = text(_COLUMNS + " WHERE d.id = :id")
_NEWEST = text(
    _COLUMNS + " WHERE (CAST(:facility AS uuid) IS NULL OR d.facility_id = :facility)"
    " ORDER BY d.started_at DESC NULLS FIRST, d.id DESC LIMIT :limit"
)
# Somebody rung twice (two places) is one person: their first ring counts, their first answer too.
_ANSWERS = text(
    """
    SELECT DISTINCT ON (t.page_id, t.person_id) t.page_id, t.person_id, t.tier, t.specialty,
           t.state, t.route, t.decline_reason,
           extract(epoch FROM coalesce(least(t.acknowledged_at, t.declined_at),
                                       t.acknowledged_at, t.declined_at) - t.queued_at)
             ::double precision AS seconds,
           x.reason AS excuse,
           (SELECT array_agg(DISTINCT m.channel ORDER BY m.channel) FROM page_message m
             WHERE m.page_id = t.page_id AND m.person_id = t.person_id
               AND m.state IN ('sent', 'delivered')) AS channels
      FROM page_target t JOIN paging_drill d ON d.page_id = t.page_id
      LEFT JOIN drill_excuse x ON x.drill_id = d.id AND x.person_id = t.person_id
     WHERE t.page_id = ANY(:pages) ORDER BY t.page_id, t.person_id, t.step
    """
)
_MONTHS = text(
    """
    SELECT d.id, d.page_id, d.facility_id, f.short_name, g.name AS group_name,
           date_trunc('month', d.started_at AT TIME ZONE 'Asia/Shanghai')::date AS month
      FROM paging_drill d JOIN facility f ON f.id = d.facility_id
      LEFT JOIN expert_group g ON g.id = d.group_id
     WHERE d.ended_at IS NOT NULL AND d.end_reason IN ('answered', 'time')
       AND d.started_at >= :since
     ORDER BY month DESC, f.short_name, g.name NULLS FIRST
    """
)
_SCHEDULE = (
    "SELECT s.id, s.region_id, r.name, s.per_month, to_char(s.earliest, 'HH24:MI'),"
    " to_char(s.latest, 'HH24:MI'), s.weekends,"
    " s.answer_within_s, s.created_at FROM drill_schedule s JOIN region r ON r.id = s.region_id"
)
_SCHEDULES = text(_SCHEDULE + " WHERE s.ended_at IS NULL ORDER BY r.code")
_ONE_SCHEDULE = text(_SCHEDULE + " WHERE s.id = :id")


async def drill(session: AsyncSession, drill_id: UUID) -> DrillOut:
    """One drill with everybody's answer, or `NotFound`."""
    found = await _drills(session, _ONE, {"id": drill_id}, whole=True)
    if not found:
        raise NotFound()
    return found[0]


async def newest(
    session: AsyncSession, facility_id: UUID | None = None, limit: int = 50
) -> list[DrillOut]:
    """Drills that the viewer may see, newest first, with what they came to."""
    return await _drills(session, _NEWEST, {"facility": facility_id, "limit": limit}, whole=False)


async def league(session: AsyncSession, since: datetime) -> list[LeagueRow]:
    """Houses and groups by month. A drill broken off by an emergency says nothing: not counted."""
    rows = (await session.execute(_MONTHS, {"since": since})).all()
    answers = await _answers(session, rows)
    months: dict[tuple[Any, ...], list[UUID]] = {}
    for row in rows:
        key = (row.facility_id, row.short_name, row.group_name, row.month)
        months.setdefault(key, []).append(row.page_id)
    return [
        LeagueRow(
            facility_id=facility_id,
            facility=name,
            group=group,
            month=month,
            drills=len(pages),
            tally=_out(tally(_fact(a) for page in pages for a in answers.get(page, ()))),
        )
        for (facility_id, name, group, month), pages in months.items()
    ]


async def schedules(session: AsyncSession) -> list[ScheduleOut]:
    """Standing plans of all regions; when their drills fall is not in them."""
    return [ScheduleOut(*row) for row in await session.execute(_SCHEDULES)]


async def schedule(session: AsyncSession, schedule_id: UUID) -> ScheduleOut:
    """One standing plan."""
    return ScheduleOut(*(await session.execute(_ONE_SCHEDULE, {"id": schedule_id})).one())


async def _drills(
    session: AsyncSession, statement: TextClause, values: dict[str, object], *, whole: bool
) -> list[DrillOut]:
    rows = (await session.execute(statement, values)).all()
    answers = await _answers(session, rows)
    ids = {PersonId(one.person_id) for those in answers.values() for one in those}
    names = await people.get_many(session, ids) if whole and ids else {}
    return [
        DrillOut(
            id=row.id,
            facility_id=row.facility_id,
            facility=row.short_name,
            group=row.group_name,
            planned=row.schedule_id is not None,
            answer_within_s=row.answer_within_s,
            started_at=row.started_at,
            ended_at=row.ended_at,
            end_reason=row.end_reason,
            tally=_out(tally(_fact(one) for one in answers.get(row.page_id, ()))),
            may_excuse=row.may_excuse and row.ended_at is not None,
            answers=[_answer(one, names) for one in answers.get(row.page_id, ())] if whole else [],
        )
        for row in rows
    ]


async def _answers(session: AsyncSession, rows: Sequence[Row[Any]]) -> dict[UUID, list[Row[Any]]]:
    pages = [row.page_id for row in rows if row.page_id is not None]
    found: dict[UUID, list[Row[Any]]] = {}
    for one in await session.execute(_ANSWERS, {"pages": pages}) if pages else ():
        found.setdefault(one.page_id, []).append(one)
    for those in found.values():
        those.sort(key=lambda one: (one.seconds is None, one.seconds or 0))
    return found


def _fact(row: Row[Any]) -> Answer:
    return Answer(row.state, row.seconds, row.excuse is not None)


def _out(found: Tally) -> DrillTally:
    return DrillTally(
        people=found.people,
        answered=found.answered,
        excused=found.excused,
        timed=found.timed,
        prompt=found.prompt,
        median_s=found.median_s,
        few=found.few,
    )


def _answer(row: Row[Any], names: dict[PersonId, Any]) -> DrillAnswer:
    person = names.get(PersonId(row.person_id))
    return DrillAnswer(
        person_id=row.person_id,
        name="" if person is None else person.name,
        title="" if person is None else person.title,
        tier=row.tier,
        specialty=row.specialty,
        state=row.state,
        seconds=row.seconds,
        route=row.route,
        channels=list(row.channels or ()),
        decline_reason=row.decline_reason,
        excuse=row.excuse,
    )
