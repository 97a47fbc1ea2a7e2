"""What the people of each house attended, for whoever oversees them."""

from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from consult.names import names
from consult.training.queries import rules
from consult.training.schemas import TrainingStatistics, UnitCount
from kernel.errors import BadInput

_UNITS: Final = text(
    """
    SELECT f.id, coalesce(a.people, 0) AS people, coalesce(a.attendances, 0) AS attendances,
           coalesce(a.verified, 0) AS verified, coalesce(g.certificates, 0) AS certificates
      FROM facility f
      LEFT JOIN (
        SELECT b.facility_id, count(DISTINCT b.person_id) AS people, count(*) AS attendances,
               count(*) FILTER (WHERE b.verified) AS verified
          FROM training_attendee b JOIN training_class k ON k.id = b.class_id
         WHERE k.state = 'over' AND k.ended_at >= :start AND k.ended_at < :end
         GROUP BY 1) a ON a.facility_id = f.id
      LEFT JOIN (
        SELECT c.facility_id, count(*) AS certificates FROM training_certificate c
         WHERE c.issued_at >= :start AND c.issued_at < :end GROUP BY 1) g ON g.facility_id = f.id
     WHERE app_oversees_training(f.id) AND NOT f.outside AND f.closed_at IS NULL
     ORDER BY 4 DESC, f.code
    """
)
_CLASSES: Final = text(
    "SELECT count(*) FROM training_class WHERE state = 'over' AND ended_at >= :start"
    " AND ended_at < :end"
)


async def of_units(session: AsyncSession, start: datetime, end: datetime) -> TrainingStatistics:
    """Every house that the viewer oversees, with nothing too, between two moments (half-open).

    Raises:
        BadInput: the period ends before it begins.
    """
    if end <= start:
        raise BadInput(field="end", reason="order")
    values = {"start": start, "end": end}
    rows = (await session.execute(_UNITS, values)).all()
    classes = (await session.execute(_CLASSES, values)).scalar_one()
    known = await names(session, [], [one.id for one in rows])
    units = [
        UnitCount(known.house(one.id), one.people, one.attendances, one.verified, one.certificates)
        for one in rows
    ]
    return TrainingStatistics(start, end, classes, units, rules())
