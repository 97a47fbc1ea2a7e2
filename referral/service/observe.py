"""Vital signs that come with a command become observations, in the same transaction."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.ids import CaseId, NewbornId, PregnancyId
from kernel.viewer import Viewer
from referral.commands.fields import Vitals
from referral.commands.on_case import CompleteRecord
from referral.service.desk import Desk
from registry.observations import service as observations
from registry.observations.catalogue import CATALOGUE, Subject
from registry.observations.schemas import Entry
from registry.pregnancies.repository import PregnancyRepository

_WORDS = {"-": "negative", "±": "trace", "+": "1+", "++": "2+", "+++": "3+", "++++": "4+"}
"""Signs on a report, as the catalogue's words."""


async def observe(desk: Desk, said: Vitals | CompleteRecord | None) -> None:
    """Record what a command on a case says of her, or of the newborn whose case it is."""
    case = desk.rows.referral
    await record_vitals(
        desk.session,
        desk.clock,
        desk.viewer,
        said,
        pregnancy_id=PregnancyId(case.pregnancy_id),
        case_id=desk.case_id,
        subject="newborn" if case.subject == "newborn" else "mother",
        at=desk.at,
        drill=case.drill,
    )


async def record_vitals(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    said: Vitals | CompleteRecord | None,
    *,
    pregnancy_id: PregnancyId,
    at: datetime,
    case_id: CaseId | None = None,
    subject: Subject = "mother",
    drill: bool = False,
) -> None:
    """The one way from the `Vitals` of a command to observations.

    Fields carry the catalogue's codes, so their units are the canonical ones. What is not observed
    on a newborn (blood loss, fetal heart) stays in the record of the newborn's case alone.
    """
    if said is None:
        return
    parts = [said, said.vitals] if isinstance(said, CompleteRecord) else [said]
    entries = [entry for part in parts if part is not None for entry in _entries(part, subject)]
    if entries:
        await observations.record(
            session,
            clock,
            viewer,
            pregnancy_id=pregnancy_id,
            entries=entries,
            taken_at=at,
            case_id=case_id,
            subject=subject,
            newborn_id=await _only_child(session, viewer, pregnancy_id, subject),
            drill=drill,
        )


def _entries(said: Vitals | CompleteRecord, subject: Subject) -> Iterable[Entry]:
    for field in msgspec.structs.fields(type(said)):
        item, value = CATALOGUE.codes.get(field.name), getattr(said, field.name)
        if item is None or value is None or subject not in item.of:
            continue
        if isinstance(said, Vitals):
            taken_at = said.taken_at
        else:
            taken_at = said.labs_at if item.group == "lab" else None
        if item.kind == "number":
            yield Entry(code=field.name, number=float(value), unit=item.unit, taken_at=taken_at)
        else:
            yield Entry(code=field.name, word=_WORDS.get(value, value), taken_at=taken_at)


async def _only_child(
    session: AsyncSession, viewer: Viewer, pregnancy_id: PregnancyId, subject: Subject
) -> NewbornId | None:
    """Which newborn is meant, where there is no choice."""
    if subject == "mother":
        return None
    children = await PregnancyRepository(session, viewer).newborns([pregnancy_id])
    ids: list[UUID] = [child.id for child in children.get(pregnancy_id, [])]
    return NewbornId(ids[0]) if len(ids) == 1 else None
