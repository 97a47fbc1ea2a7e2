"""Commands to what a sender adds: treatments, newborn forms, consents, references."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec

from referral.commands.fields import Apgar, Consent, Grams, Input, LongText, ShortText, When
from registry.pregnancies.schemas import Sex

Phase = Literal["before_transport", "during_transport"]
GivenBy = Literal["patient", "relative", "institution_head"]
Relation = Literal["spouse", "parent", "child", "sibling", "other"]
AttachmentKind = Literal["paper_record", "lab", "imaging", "ctg_paper", "consent", "other"]
Baby = Annotated[int, msgspec.Meta(ge=1, le=9)]
Whose = Annotated[int, msgspec.Meta(ge=0, le=9)]
"""0 is the mother, 1… her children by birth order."""

Code = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Word = Annotated[str, msgspec.Meta(min_length=1, max_length=20)]
Seconds = Annotated[int, msgspec.Meta(ge=1, le=10_000_000)]


class GiveTreatment(Input, kw_only=True):
    """Something was given or done; now, or earlier with the reason for the late entry."""

    code: Code
    baby: Whose = 0
    phase: Phase | None = None
    dose: Annotated[float, msgspec.Meta(gt=0, le=1_000_000)] | None = None
    unit: Word | None = None
    route: Word | None = None
    note: ShortText | None = None
    given_at: When | None = None
    late_reason: ShortText | None = None


class Withdraw(Input, kw_only=True):
    """Entered by mistake: it stays readable, struck through."""

    reason: ShortText


class FillNewborn(Input, kw_only=True):
    """What became known of one child; each field replaces what stood before, history kept."""

    reason: LongText | None = None
    findings: LongText | None = None
    diagnosis: LongText | None = None
    born_at: When | None = None
    sex: Sex | None = None
    gestation_days: Annotated[int, msgspec.Meta(ge=120, le=320)] | None = None
    weight_g: Grams | None = None
    apgar_1: Apgar | None = None
    apgar_5: Apgar | None = None
    apgar_10: Apgar | None = None
    resuscitation: (
        Annotated[
            list[
                Literal[
                    "none",
                    "initial_steps",
                    "positive_pressure",
                    "intubation",
                    "compressions",
                    "adrenaline",
                ]
            ],
            msgspec.Meta(max_length=6),
        ]
        | None
    ) = None
    temp_c: Annotated[float, msgspec.Meta(ge=20, le=45)] | None = None
    hr_per_min: Annotated[int, msgspec.Meta(ge=0, le=320)] | None = None
    spo2_percent: Annotated[int, msgspec.Meta(ge=0, le=100)] | None = None
    respiration: Literal["room_air", "oxygen", "cpap", "ventilated"] | None = None
    fio2_percent: Annotated[int, msgspec.Meta(ge=21, le=100)] | None = None
    glucose_mmol_per_l: Annotated[float, msgspec.Meta(ge=0, le=60)] | None = None
    last_feed: Literal["none", "breast_milk", "formula", "mixed"] | None = None
    last_feed_at: When | None = None
    vitamin_k: Literal["given", "not_given", "unknown"] | None = None
    maternal_facts: LongText | None = None


class RecordConsent(Input, kw_only=True):
    """Who agreed to the transfer, to whom it was explained, or who decided in her place."""

    kind: Consent
    given_by: GivenBy
    relation: Relation | None = None
    giver_name: ShortText | None = None
    explained_by: ShortText | None = None
    authoriser_name: ShortText | None = None
    authoriser_post: ShortText | None = None
    reason: ShortText | None = None
    attachment_id: UUID | None = None
    at: When | None = None
    late_reason: ShortText | None = None


class Cite(Input, kw_only=True):
    """Something recorded elsewhere, exactly: seconds of a tracing, or an attached picture."""

    kind: Literal["ctg", "attachment"]
    recording_id: UUID | None = None
    from_seq: Seconds | None = None
    to_seq: Seconds | None = None
    attachment_id: UUID | None = None
    note: ShortText | None = None


class Seen(Input, kw_only=True):
    """Everything that changed up to this moment has been read."""

    up_to: When


class Attach(Input, kw_only=True):
    """What the bytes that come with it are."""

    kind: AttachmentKind
    baby: Whose = 0
    sha256: str = ""
