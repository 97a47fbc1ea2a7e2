"""One case, whole, as its viewer may see it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.ids import FacilityId, PersonId
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from referral.models import ReferralRow, TeamReportRow, TeamRow
from referral.queries import guidance as guided
from referral.queries import parts
from referral.queries.rows import Around, around, row_fields, view_of
from referral.queries.wanting import wanting
from referral.queries.woman import woman_of
from referral.readmodel.parts import Sbar
from referral.readmodel.whole import Referral
from referral.repository import CaseRepository, CaseRows
from referral.rules.forms import FORMS, missing
from registry.facilities import queries as facilities
from registry.people import queries as people
from registry.people.schemas import PersonRef


@dataclass(frozen=True, slots=True)
class Stored:
    """Everything read about one case."""

    case: CaseRows
    record: Sequence[Any]
    notes: Sequence[Any]
    questions: Sequence[Any]
    people: Mapping[PersonId, PersonRef]
    around: Around
    replaced_by: list[UUID]
    teams: Sequence[TeamRow]
    team_reports: Sequence[TeamReportRow]

    def person(self, id_: UUID | None) -> PersonRef | None:
        """A colleague by name."""
        return None if id_ is None else self.people.get(PersonId(id_))


async def referral(
    session: AsyncSession, clock: Clock, viewer: Viewer, sealer: Sealer, case_id: UUID
) -> Referral:
    """The case with everything that hangs on it; opening it is logged with the patient.

    Raises:
        NotFound: unknown or foreign.
    """
    repository = CaseRepository(session, viewer)
    case = await repository.get(case_id)
    record = await repository.record(case_id)
    stored = Stored(
        case=case,
        record=record,
        notes=await repository.notes(case_id),
        questions=await repository.questions(case_id),
        people={},
        around=await around(session, clock, viewer, sealer, [case], parts.places_in(record)),
        replaced_by=await _replaced_by(session, repository, case_id),
        teams=await repository.teams(case_id),
        team_reports=await repository.team_reports(case_id),
    )
    shown = guided.people_in(stored.record, stored.team_reports)
    named = await people.get_many(session, parts.people_in(stored) | shown)
    homes = {FacilityId(team.facility_id) for team in stored.teams}
    stored = replace(stored, people=named)
    woman = await woman_of(session, clock, viewer, sealer, case.referral)
    snapshot = await repository.snapshot(case_id)
    view = view_of(case, viewer)
    known = parts.record(stored)
    written = msgspec.structs.asdict(known)
    lacking = (
        missing(FORMS.mother, written)
        if woman is None
        else await wanting(session, viewer, case.referral, written)
    )
    return Referral(
        **row_fields(case, case.facts(), view, stored.around),
        consent=case.referral.consent,  # type: ignore[arg-type]
        needs_neonatal=case.referral.needs_neonatal,
        cots_needed=case.referral.cots_needed,
        snapshot=None if snapshot is None else msgspec.convert(snapshot.sbar, Sbar),
        record=known,
        missing=lacking,
        offers=[parts.offer(stored, row) for row in case.offers],
        legs=[parts.leg(stored, row) for row in case.legs],
        holds=[parts.hold(stored, row) for row in case.holds],
        notes=[parts.note(stored, row) for row in stored.notes],
        pregnancy=woman,
        newborns=[] if woman is None else woman.newborns,
        created_by=stored.person(case.referral.created_by),
        remote_lead=stored.person(case.referral.remote_lead_id),
        guidance=guided.guidance(stored, sealer, await facilities.get_many(session, homes)),
        ending=parts.ending(stored),
        plan=parts.plan(stored),
        replaces_id=case.referral.replaces_id,
        replaced_by_ids=stored.replaced_by,
        committed_at=case.referral.committed_at,
    )


async def _replaced_by(
    session: AsyncSession, repository: CaseRepository, case_id: UUID
) -> list[UUID]:
    found = select(ReferralRow.id).where(
        repository.scope(), ReferralRow.replaces_id == case_id, ReferralRow.state != "voided"
    )
    return list((await session.execute(found)).scalars())
