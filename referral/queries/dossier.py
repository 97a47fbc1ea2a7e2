"""The dossier of a case: forms, treatments, consents, attachments, references, changes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.ids import CaseId, PersonId, PregnancyId
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from referral.models import ConsentRow, RecordRow, WithdrawalRow
from referral.papers import Papers
from referral.queries import changes
from referral.queries.rows import view_of
from referral.queries.wanting import wanting
from referral.readmodel.dossier import (
    Attachment,
    Change,
    ConsentAct,
    Dossier,
    Identity,
    NewbornSheet,
    Reference,
    Treatment,
    Withdrawn,
)
from referral.readmodel.parts import Record
from referral.repository import CaseRepository, CaseRows
from referral.rules.allowed import allowed
from referral.rules.consent import NAMES_FIELD, pending
from referral.rules.forms import FORMS, missing
from registry.people import queries as people
from registry.people.schemas import PersonRef
from registry.pregnancies import queries as pregnancies
from registry.pregnancies.access import Purpose
from registry.pregnancies.details import DetailEntry, detail_history, known_number
from registry.pregnancies.schemas import PregnancyOut

_RECORD = frozenset(each.name for each in msgspec.structs.fields(Record))
_OF_NEWBORN = ("born_at", "sex", "weight_g", "apgar_1", "apgar_5")


@dataclass(slots=True)
class Kept:
    """Everything read about one dossier."""

    case: CaseRows
    woman: PregnancyOut
    number: str | None
    record: list[RecordRow]
    details: list[DetailEntry]
    forms: list[Any]
    treatments: list[Any]
    consents: list[ConsentRow]
    attachments: list[Any]
    references: list[Any]
    withdrawals: Mapping[UUID, WithdrawalRow]
    people: Mapping[PersonId, PersonRef] = field(default_factory=dict)

    def person(self, id_: UUID | None) -> PersonRef | None:
        """A colleague by name."""
        return None if id_ is None else self.people.get(PersonId(id_))

    def everybody(self) -> set[PersonId]:
        """Whose names are shown."""
        rows = (*self.record, *self.forms, *self.treatments, *self.consents, *self.details)
        more = (*self.attachments, *self.references, *self.withdrawals.values())
        return {PersonId(row.person_id) for row in (*rows, *more) if row.person_id is not None}

    def struck(self, id_: UUID) -> Withdrawn | None:
        """Why it is struck through, if it is."""
        row = self.withdrawals.get(id_)
        if row is None:
            return None
        return Withdrawn(reason=row.reason, at=row.at, by=self.person(row.person_id))


async def dossier(
    session: AsyncSession, clock: Clock, viewer: Viewer, sealer: Sealer, case_id: UUID
) -> Dossier:
    """The dossier as the viewer sees it; opening it is logged with the patient.

    Raises:
        NotFound: unknown, foreign, or closed to those who only watch.
    """
    kept = await _read(session, clock, viewer, sealer, case_id)
    kept.people = await people.get_many(session, kept.everybody())
    known = _known(kept.record)
    identity = _identity(kept)
    seen_at = await Papers(session, viewer).seen_at(case_id)
    changed = _changes(kept, viewer, seen_at)
    given_by = kept.consents[-1].given_by if kept.consents else None
    row = kept.case.referral
    back = row.direction == "back"
    return Dossier(
        case_id=row.id,
        sent_at=row.sent_at,
        may_write=any(
            item.action == "complete_record"
            for item in allowed(kept.case.facts(), view_of(kept.case, viewer))
        ),
        identity=identity,
        identity_missing=missing(FORMS.identity, msgspec.structs.asdict(identity)),
        mother_missing=(
            [] if row.subject == "newborn" else await wanting(session, viewer, row, known)
        ),
        newborns=_newborns(kept),
        treatments=[_treatment(kept, each) for each in kept.treatments],
        consents=[_consent(kept, sealer, each) for each in kept.consents],
        consent_pending=[] if back else pending(row.consent, given_by),
        attachments=[_attachment(kept, each) for each in kept.attachments],
        references=[_reference(kept, each) for each in kept.references],
        changes=changed,
        unread=sum(change.unread for change in changed),
        as_of=clock.now(),
    )


async def _read(
    session: AsyncSession, clock: Clock, viewer: Viewer, sealer: Sealer, case_id: UUID
) -> Kept:
    repository, papers = CaseRepository(session, viewer), Papers(session, viewer)
    case = await repository.get(case_id)
    pregnancy_id = PregnancyId(case.referral.pregnancy_id)
    woman = await pregnancies.open_pregnancy(
        session, clock, viewer, sealer, pregnancy_id, purpose=Purpose.CASE, case_id=CaseId(case_id)
    )
    return Kept(
        case=case,
        woman=woman,
        number=await known_number(session, viewer, sealer, woman.patient_id),
        record=list(await repository.record(case_id)),
        details=await detail_history(session, viewer, sealer, pregnancy_id),
        forms=list(await papers.newborn_forms(case_id)),
        treatments=list(await papers.treatments(case_id)),
        consents=list(await papers.consents(case_id)),
        attachments=list(await papers.attachments(case_id)),
        references=list(await papers.references(case_id)),
        withdrawals=await papers.withdrawals(case_id),
    )


def _known(record: list[RecordRow]) -> dict[str, Any]:
    known: dict[str, Any] = {}
    for row in record:
        if row.kind in ("first", "completion"):
            known |= {name: value for name, value in row.data.items() if value is not None}
    return known


def _identity(kept: Kept) -> Identity:
    """The newest of each field; what stands on the pregnancy's own row outweighs."""
    said: dict[str, Any] = {}
    for entry in kept.details:
        said |= entry.values
    woman = kept.woman
    said |= {"lmp": woman.lmp, "edd": woman.edd, "gravida": woman.gravida, "para": woman.para}
    said |= {"id_number": kept.number, "phone": said.get("phone") or woman.phone}
    return msgspec.convert(said, Identity)


def _newborns(kept: Kept) -> list[NewbornSheet]:
    """One form per child that is born, expected by the case's subject, or written about."""
    row, woman = kept.case.referral, kept.woman
    born = {child.birth_order: child for child in woman.newborns}
    wanted = set(born) | {each.baby for each in kept.forms}
    if row.subject != "mother":
        wanted |= set(range(1, woman.plurality + 1))
    sheets = []
    for baby in sorted(wanted):
        child = born.get(baby)
        known: dict[str, Any] = {}
        if child is not None:
            known = {name: getattr(child, name) for name in _OF_NEWBORN}
        entries = [each for each in kept.forms if each.baby == baby]
        for entry in entries:
            known |= entry.data
        last = entries[-1] if entries else None
        sheets.append(
            NewbornSheet(
                baby=baby,
                newborn_id=None if child is None else child.id,
                fields={name: value for name, value in known.items() if value is not None},
                missing=missing(FORMS.newborn, known),
                updated_at=None if last is None else last.entered_at,
                updated_by=None if last is None else kept.person(last.person_id),
            )
        )
    return sheets


def _treatment(kept: Kept, row: Any) -> Treatment:
    return Treatment(
        id=row.id,
        baby=row.baby,
        phase=row.phase,
        code=row.code,
        dose=row.dose,
        unit=row.unit,
        route=row.route,
        note=row.note,
        given_at=row.given_at,
        entered_at=row.entered_at,
        late_reason=row.late_reason,
        by=kept.person(row.person_id),
        withdrawn=kept.struck(row.id),
    )


def _consent(kept: Kept, sealer: Sealer, row: ConsentRow) -> ConsentAct:
    names: dict[str, str] = {}
    if row.names_sealed is not None:
        names = msgspec.json.decode(sealer.open(row.names_sealed, NAMES_FIELD))
    return ConsentAct(
        id=row.id,
        kind=row.kind,  # type: ignore[arg-type]
        given_by=row.given_by,  # type: ignore[arg-type]
        relation=row.relation,  # type: ignore[arg-type]
        giver_name=names.get("giver_name"),
        explained_by=names.get("explained_by"),
        authoriser_name=names.get("authoriser_name"),
        authoriser_post=names.get("authoriser_post"),
        reason=names.get("reason"),
        attachment_id=row.attachment_id,
        at=row.at,
        entered_at=row.entered_at,
        late_reason=row.late_reason,
        by=kept.person(row.person_id),
    )


def _attachment(kept: Kept, row: Any) -> Attachment:
    return Attachment(
        id=row.id,
        baby=row.baby,
        kind=row.kind,
        media_type=row.media_type,
        size_bytes=row.size_bytes,
        sha256=bytes(row.sha256).hex(),
        at=row.at,
        by=kept.person(row.person_id),
        withdrawn=kept.struck(row.id),
    )


def _reference(kept: Kept, row: Any) -> Reference:
    return Reference(
        id=row.id,
        kind=row.kind,
        recording_id=row.recording_id,
        from_seq=row.from_seq,
        to_seq=row.to_seq,
        attachment_id=row.attachment_id,
        study_uid=row.study_uid,
        note=row.note,
        at=row.at,
        by=kept.person(row.person_id),
        withdrawn=kept.struck(row.id),
    )


def _changes(kept: Kept, viewer: Viewer, seen_at: datetime | None) -> list[Change]:
    """Newest first; unread is what others wrote after the viewer last looked."""
    since = kept.case.referral.sent_at
    if since is None:
        return []
    # A case that is sent with an earlier moment was still entered when its first word was.
    since = max([since, *(row.entered_at for row in kept.record if row.kind == "first")])
    found = [
        *changes.of_record(kept.record, _RECORD, since, kept.person),
        *changes.of_newborns(kept.forms, since, kept.person),
        *changes.of_identity(kept.details, since, kept.person),
        *_added(kept, since),
    ]
    for change in found:
        mine = change.by is not None and change.by.id == viewer.person_id
        change.unread = not mine and (seen_at is None or change.entered_at > seen_at)
    return sorted(found, key=lambda change: change.entered_at, reverse=True)


def _added(kept: Kept, since: datetime) -> Iterator[Change]:
    rows: list[tuple[str, Any, datetime, str]] = [
        *(("treatment", row, row.entered_at, row.code) for row in kept.treatments),
        *(("consent", row, row.entered_at, row.kind) for row in kept.consents),
        *(("attachment", row, row.at, row.kind) for row in kept.attachments),
        *(("reference", row, row.at, row.kind) for row in kept.references),
        *(("withdrawal", row, row.at, row.what) for row in kept.withdrawals.values()),
    ]
    for kind, row, entered_at, what in rows:
        if entered_at <= since:
            continue
        yield Change(
            at=getattr(row, "given_at", row.at if hasattr(row, "at") else entered_at),
            entered_at=entered_at,
            by=kept.person(row.person_id),
            kind=kind,  # type: ignore[arg-type]
            baby=getattr(row, "baby", 0),
            field=what,
            after=_said(row) if kind == "treatment" else None,
        )


def _said(row: Any) -> str | None:
    """A dose as it is read aloud; the reader's language has the drug's name."""
    return None if row.dose is None else f"{row.dose:g} {row.unit}"
