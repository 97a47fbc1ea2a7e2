"""Commands on observations: record readings, mark one as entered in error."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kernel import outbox
from kernel.clock import Clock
from kernel.errors import NotFound
from kernel.ids import CaseId, NewbornId, PregnancyId, new_id
from kernel.viewer import Viewer
from registry.observations.catalogue import Subject
from registry.observations.derived import Sample
from registry.observations.errors import AlreadyVoid, NotYours
from registry.observations.models import ObservationRow, VoidRow
from registry.observations.moments import checked_moments
from registry.observations.policies import may_void
from registry.observations.repository import ObservationRepository
from registry.observations.rules import Reading, fact_of
from registry.observations.schemas import Entry, NewVoid, Source
from registry.observations.warning import queries as warning
from registry.observations.warning.evaluate import alarms, newly
from registry.observations.warning.rulesets import RULESETS
from registry.pregnancies.repository import PregnancyRepository

RECORDED = "observations.recorded"
"""Outbox topic: readings were recorded. Payload: ids and codes only."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was recorded, and the early-warning tools that newly fired by it."""

    rows: list[ObservationRow]
    newly: tuple[str, ...] = ()


async def record(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    *,
    pregnancy_id: PregnancyId,
    entries: Sequence[Entry],
    taken_at: datetime | None = None,
    case_id: CaseId | None = None,
    newborn_id: NewbornId | None = None,
    subject: Subject | None = None,
    source: Source = "human",
    device: tuple[UUID, int] | None = None,
    drill: bool = False,
) -> Recorded:
    """Record readings of a woman, or of a newborn of hers: all of them or none.

    Args:
        session: the caller's transaction.
        clock: the present.
        viewer: who records; a process or a device records as nobody.
        pregnancy_id: whose.
        entries: values with their units.
        taken_at: when, for entries that do not say (default: now).
        case_id: the case in which it was read.
        newborn_id: the child, if it was read on a child.
        subject: `newborn` without an id while the child is not recorded yet.
        source: who read it: a person, a device in the ward, a device at home.
        device: the device and the sequence of its message.
        drill: an exercise, kept apart.

    Raises:
        NotFound: the pregnancy is not open to the viewer; newborn or case is not hers.
        BadInput: a moment without a zone.
        Refusal: a moment or a value that cannot be (`errors`, `rules.read`).
    """
    at = clock.now()
    whose: Subject = subject or ("newborn" if newborn_id else "mother")
    await _must_be_hers(session, viewer, pregnancy_id, newborn_id, case_id)
    nobody = viewer.is_process
    rows = _rows(
        checked_moments(entries, taken_at or at, at, whose),
        pregnancy_id=pregnancy_id,
        case_id=case_id,
        subject=whose,
        newborn_id=newborn_id,
        entered_at=at,
        source=source,
        person_id=None if nobody or device else viewer.person_id,
        facility_id=None if nobody else viewer.facility_id,
        device_id=device and device[0],
        device_sequence=device and device[1],
        drill=drill,
    )
    return await _append(session, clock, viewer, rows)


async def _append(
    session: AsyncSession, clock: Clock, viewer: Viewer, rows: list[ObservationRow]
) -> Recorded:
    """Store readings; a mother's make the tools look again, and others learn of them."""
    one, warned = rows[0], tuple[str, ...]()
    if one.subject == "mother":
        hers, at = PregnancyId(one.pregnancy_id), one.entered_at
        before = await warning.samples(session, viewer, hers, at, drill=one.drill)
        warned = _newly(before, rows, at)
    ObservationRepository(session, viewer).add(rows)
    await session.flush()  # policies and constraints refuse here, while the values can be named
    recorded = Recorded(rows, warned)
    if one.subject == "mother" and not one.drill:
        await _announce(session, clock, recorded)
    return recorded


def _newly(before: list[Sample], rows: Sequence[ObservationRow], at: datetime) -> tuple[str, ...]:
    """The tools that these readings make fire."""
    here = [
        Sample(row.code, fact_of(row.code, row.value_num, row.value_code), row.taken_at)
        for row in rows
    ]
    was = alarms(warning.judge(before, at), RULESETS)
    return newly(was, alarms(warning.judge(before + here, at), RULESETS))


def _rows(checked: Sequence[tuple[datetime, list[Reading]]], **same: Any) -> list[ObservationRow]:
    return [
        ObservationRow(
            id=new_id(),
            code=reading.code,
            value_num=reading.number,
            value_code=reading.word,
            raw_value=reading.raw_value,
            raw_unit=reading.raw_unit,
            taken_at=moment,
            **same,
        )
        for moment, readings in checked
        for reading in readings
    ]


async def _announce(session: AsyncSession, clock: Clock, recorded: Recorded) -> None:
    rows = recorded.rows
    case_id = rows[0].case_id
    payload = {
        "pregnancy_id": str(rows[0].pregnancy_id),
        "case_id": None if case_id is None else str(case_id),
        "codes": sorted({row.code for row in rows}),
        "newly": list(recorded.newly),
        "simulated": clock.simulated,
    }
    await outbox.enqueue(session, RECORDED, payload)


async def _must_be_hers(
    session: AsyncSession,
    viewer: Viewer,
    pregnancy_id: PregnancyId,
    newborn_id: NewbornId | None,
    case_id: CaseId | None,
) -> None:
    repository = PregnancyRepository(session, viewer)
    await repository.pregnancy(pregnancy_id)
    if case_id is not None:
        about = (await repository.of_cases([case_id])).get(case_id)
        if about is None or about[0].id != pregnancy_id:
            raise NotFound()
    if newborn_id is None:
        return
    children = (await repository.newborns([pregnancy_id])).get(pregnancy_id, [])
    if newborn_id not in {child.id for child in children}:
        raise NotFound()


async def void(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    pregnancy_id: PregnancyId,
    observation_id: UUID,
    order: NewVoid,
) -> None:
    """Mark a reading as entered in error; it stays readable and counts nowhere.

    Raises:
        NotFound: unknown or foreign.
        NotYours: another unit recorded it.
        AlreadyVoid: it was marked before.
    """
    row, known = await ObservationRepository(session, viewer).one(pregnancy_id, observation_id)
    if not may_void(viewer, row):
        raise NotYours()
    if known is not None:
        raise AlreadyVoid()
    session.add(
        VoidRow(
            observation_id=row.id,
            reason=order.reason,
            note=order.note,
            person_id=viewer.person_id,
            facility_id=viewer.facility_id,
            voided_at=clock.now(),
        )
    )
    await session.flush()  # two people marking it at once meet here
