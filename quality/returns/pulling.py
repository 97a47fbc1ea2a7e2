"""Figures that forms ask of the system, each with the records it rests on.

Every figure is of one house and one period, read as the viewer: row-level security shows what is
theirs. Drills, voided cases and back-referrals are in no figure of care.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.errors import NotFound
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from quality import indicators, repository
from quality.distributions import Distribution
from quality.facts import current
from quality.obligations.calendar import Period
from quality.repository import Scope
from quality.returns.schemas import EvidenceRef, FigurePart, Pulled
from quality.schemas import CountValue, IntervalValue, ShareValue, Value
from referral.casefiles.queries.special import special_month

MOST_REFS: Final = 40

_CASE_SIDES: Final = {
    "sent": "c.origin = :facility AND NOT c.back",
    "received": ":facility = ANY(c.receivers) AND NOT c.back",
    "back": "c.origin = :facility AND c.back",
}
_CASES: Final = """
SELECT c.case_id AS id, c.number AS label, c.demo FROM fact_case c
 WHERE c.opened_at >= :start AND c.opened_at < :end AND NOT c.drill AND NOT c.voided AND {side}
 ORDER BY c.opened_at, c.case_id"""
_GUIDANCE_SIDES: Final = {"given": "u.centre", "received": "u.institution"}
_GUIDANCE: Final = """
SELECT g.id, to_char(u.at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD') AS label, u.demo
  FROM fact_guidance u
  LEFT JOIN LATERAL (SELECT s.id FROM guidance_session s
                      WHERE (s.id = u.case_id OR s.of_case_id = u.case_id)
                        AND s.centre_id = u.centre AND s.institution_id = u.institution
                        AND s.ended_at IS NOT NULL ORDER BY s.ended_at LIMIT 1) g ON true
 WHERE u.at >= :start AND u.at < :end AND NOT u.drill AND NOT u.voided AND {side} = :facility
 ORDER BY u.at, g.id"""
_RETURNS: Final = """
SELECT id, period AS label, false AS demo FROM quality_return
 WHERE form = :what AND facility_id = :facility AND state = 'submitted'
   AND period_first <= :last_day AND period_last >= :first_day ORDER BY period_first, id"""
_EXERCISES: Final = """
SELECT id, title AS label, false AS demo FROM quality_exercise
 WHERE CAST(:what AS text) IN ('any', kind) AND facility_id = :facility AND state = 'debriefed'
   AND ended_at >= :start AND ended_at < :end ORDER BY ended_at, id"""


@dataclass(frozen=True, slots=True)
class Puller:
    """Reads figures as somebody."""

    clock: Clock
    viewer: Viewer
    sealer: Sealer

    async def pull(
        self, session: AsyncSession, source: str, facility_id: UUID, period: Period
    ) -> Pulled:
        """The figure `source` of a house in a period; see the forms' `pulled`.

        Raises:
            KeyError: no such source: a form is wrong.
            FactsBehind: not everything is counted yet.
        """
        name, _, what = source.partition(":")
        if name == "special":
            return await self._special(session, facility_id, period)
        return await _SOURCES[name](session, what, facility_id, period)

    async def _special(self, session: AsyncSession, facility_id: UUID, period: Period) -> Pulled:
        """Women on the month's list, by category; every one shown is logged. Closed to others."""
        month = f"{period.first:%Y-%m}"
        try:
            found = await special_month(session, self.clock, self.viewer, self.sealer, month)
        except NotFound:
            return Pulled(kind="closed")
        lines = [
            line
            for one in found.lists
            if one.facility is not None and one.facility.id == facility_id
            for line in one.lines
        ]
        parts = [
            FigurePart(one.zh, one.en, sum(one.code in line.categories for line in lines))
            for one in found.categories
        ]
        path = f"/special-population?month={month}"
        refs = [EvidenceRef(path, month)]
        return Pulled(kind="parts", n=len(lines), parts=parts, refs=refs)


async def _cases(session: AsyncSession, what: str, facility_id: UUID, period: Period) -> Pulled:
    await current(session)
    query = _CASES.format(side=_CASE_SIDES[what])
    return await _records(session, query, what, facility_id, period, "/cases/")


async def _guidance(session: AsyncSession, what: str, facility_id: UUID, period: Period) -> Pulled:
    await current(session)
    query = _GUIDANCE.format(side=_GUIDANCE_SIDES[what])
    return await _records(session, query, what, facility_id, period, "/guidance/")


async def _returns(session: AsyncSession, what: str, facility_id: UUID, period: Period) -> Pulled:
    return await _records(session, _RETURNS, what, facility_id, period, "/quality/returns/")


async def _exercises(session: AsyncSession, what: str, facility_id: UUID, period: Period) -> Pulled:
    return await _records(session, _EXERCISES, what, facility_id, period, "/quality/exercises/")


async def _records(
    session: AsyncSession,
    query: str,
    what: str,
    facility_id: UUID,
    period: Period,
    path: str,
) -> Pulled:
    known: dict[str, Any] = {
        "what": what,
        "facility": facility_id,
        "start": period.start,
        "end": period.end,
        "first_day": period.first,
        "last_day": period.last,
    }
    rows = (await session.execute(text(query), known)).all()
    shown = [row for row in rows if row.id is not None][:MOST_REFS]
    return Pulled(
        kind="count",
        n=len(rows),
        refs=[EvidenceRef(f"{path}{row.id}", row.label or "–") for row in shown],
        more=len(rows) - len(shown),
        demo=sum(bool(row.demo) for row in rows),
    )


async def _indicator(session: AsyncSession, code: str, facility_id: UUID, period: Period) -> Pulled:
    """An indicator of the handbook over the house's cases, by its definition in force then."""
    await current(session)
    scope = Scope(period.start, period.end, facility_id=facility_id)
    defined = await indicators.in_force(session, scope)
    version = next((one for one in defined if one.definition.code == code), None)
    if version is None:
        return Pulled(kind="closed")
    (totals,) = await indicators.measured(session, scope, "with", [version])
    names = await indicators.names_of(session, [totals], [])
    value = indicators.value_of(version.definition, totals, scope, [], names)
    counted = indicators.rows_of(scope, version)
    members = (
        []
        if counted is None
        else await repository.members(session, scope, "with", counted, MOST_REFS)
    )
    refs = [
        EvidenceRef(f"/cases/{one.case_id}", one.number or "–")
        for one in members
        if one.case_id is not None and one.number is not None and one.state == "counted"
    ]
    path = f"/quality/{code}?facility={facility_id}&span={period.first}..{period.last}"
    page = EvidenceRef(path, version.definition.name.zh)
    return _figure(value, str(version.definition.unit), [page, *refs])


def _figure(value: Value, unit: str, refs: list[EvidenceRef]) -> Pulled:
    if isinstance(value, IntervalValue):
        spread: Distribution = value.distribution
        return Pulled(
            kind="interval",
            n=spread.n,
            of=spread.n + value.open,
            p50_s=spread.p50_s,
            p90_s=spread.p90_s,
            refs=refs,
            demo=value.demo,
        )
    if isinstance(value, ShareValue):
        return Pulled(
            kind="share",
            n=value.n,
            of=value.of,
            value=value.value,
            unit=unit,
            refs=refs,
            demo=value.demo,
        )
    if isinstance(value, CountValue):
        return Pulled(kind="count", n=value.n, unit=unit, refs=refs, demo=value.demo)
    return Pulled(kind="closed", refs=refs)


_SOURCES: Final[Mapping[str, Callable[[AsyncSession, str, UUID, Period], Awaitable[Pulled]]]] = {
    "cases": _cases,
    "guidance": _guidance,
    "returns": _returns,
    "exercises": _exercises,
    "indicator": _indicator,
}
