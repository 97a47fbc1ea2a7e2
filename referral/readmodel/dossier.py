"""What hangs on a case beside its state: forms, treatments, papers, and what changed."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from kernel.confidence import Confidence
from referral.commands.fields import Consent
from referral.commands.on_papers import AttachmentKind, GivenBy, Phase, Relation
from registry.people.schemas import PersonRef

ChangeKind = Literal[
    "record", "identity", "newborn", "treatment", "consent", "attachment", "reference", "withdrawal"
]


class TreatmentKind(msgspec.Struct, kw_only=True):
    """An entry of the catalogue; the first unit and route are offered first."""

    code: str
    zh: str
    en: str
    group: str
    subject: Literal["mother", "newborn", "both"]
    units: list[str]
    routes: list[str]
    milestone: str | None
    source: str
    confidence: Confidence


class TreatmentCatalogue(msgspec.Struct, kw_only=True):
    """One edition; `status` says whether anybody has confirmed it."""

    version: str
    valid_from: date
    source: str
    confidence: Confidence
    status: str
    groups: list[str]
    treatments: list[TreatmentKind]


class Withdrawn(msgspec.Struct, kw_only=True):
    """Why something is struck through."""

    reason: str
    at: datetime
    by: PersonRef | None


class Treatment(msgspec.Struct, kw_only=True):
    """Something given or done; `baby` 0 is the mother."""

    id: UUID
    baby: int
    phase: Phase
    code: str
    dose: float | None
    unit: str | None
    route: str | None
    note: str | None
    given_at: datetime
    entered_at: datetime
    late_reason: str | None
    by: PersonRef | None
    withdrawn: Withdrawn | None


class Identity(msgspec.Struct, kw_only=True):
    """Who she is beyond name and age; the identity number with its middle covered."""

    id_number: str | None = None
    handbook_no: str | None = None
    phone: str | None = None
    ethnicity: str | None = None
    education: str | None = None
    registered_residence: str | None = None
    actual_residence: str | None = None
    relative_name: str | None = None
    relative_relation: Relation | None = None
    relative_phone: str | None = None
    lmp: date | None = None
    edd: date | None = None
    gravida: int | None = None
    para: int | None = None


class NewbornSheet(msgspec.Struct, kw_only=True):
    """One child's form as it stands, and what it still lacks."""

    baby: int
    newborn_id: UUID | None
    fields: dict[str, Any]
    missing: list[str]
    updated_at: datetime | None
    updated_by: PersonRef | None


class ConsentAct(msgspec.Struct, kw_only=True):
    """One act of consent."""

    id: UUID
    kind: Consent
    given_by: GivenBy | None
    relation: Relation | None
    giver_name: str | None
    explained_by: str | None
    authoriser_name: str | None
    authoriser_post: str | None
    reason: str | None
    attachment_id: UUID | None
    at: datetime
    entered_at: datetime
    late_reason: str | None
    by: PersonRef | None


class Attachment(msgspec.Struct, kw_only=True):
    """A photograph or PDF; its bytes are fetched apart, and that is logged."""

    id: UUID
    baby: int
    kind: AttachmentKind
    media_type: str
    size_bytes: int
    sha256: str
    at: datetime
    by: PersonRef | None
    withdrawn: Withdrawn | None


class Reference(msgspec.Struct, kw_only=True):
    """Something recorded elsewhere, cited exactly."""

    id: UUID
    kind: Literal["ctg", "attachment", "dicom_study"]
    recording_id: UUID | None
    from_seq: int | None
    to_seq: int | None
    attachment_id: UUID | None
    study_uid: str | None
    note: str | None
    at: datetime
    by: PersonRef | None
    withdrawn: Withdrawn | None


class Change(msgspec.Struct, kw_only=True):
    """One thing that became known, or was put right, since the case was sent.

    `before` is what stood there when the case was sent or was said last. Infection details are
    named and not repeated here.
    """

    at: datetime
    entered_at: datetime
    by: PersonRef | None
    kind: ChangeKind
    baby: int
    field: str
    before: Any = None
    after: Any = None
    unread: bool = False


class Dossier(msgspec.Struct, kw_only=True):
    """Everything of it, as one viewer sees it."""

    case_id: UUID
    sent_at: datetime | None
    may_write: bool
    identity: Identity
    identity_missing: list[str]
    mother_missing: list[str]
    newborns: list[NewbornSheet]
    treatments: list[Treatment]
    consents: list[ConsentAct]
    consent_pending: list[str]
    attachments: list[Attachment]
    references: list[Reference]
    changes: list[Change]
    unread: int
    as_of: datetime
