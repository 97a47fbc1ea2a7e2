"""Words and bases shared by commands and answers. Units are in the names."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

Acuity = Literal["resuscitation", "critical", "urgent", "stable"]
Subject = Literal["mother", "newborn", "dyad"]
RiskColour = Literal["green", "yellow", "orange", "pink", "red", "critical"]
Consent = Literal["signed", "emergency_waiver", "verbal"]
MySide = Literal["origin", "receiver", "coordinator", "crew", "admin", "observer"]
Machine = Literal["referral", "offer", "leg", "hold"]
NeonatalAnswer = Literal["not_needed", "awaited", "accepted", "declined", "elsewhere"]
HoldKind = Literal["maternal_bed", "icu_bed", "neonatal_cot", "theatre", "blood"]
DeclineCode = Literal["no_bed", "beyond_capability", "not_indicated", "other"]
CancelCode = Literal["delivered_locally", "improved", "refused", "duplicate", "other"]
VoidCode = Literal["wrong_patient", "test", "entered_in_error"]
Outcome = Literal[
    "improved", "rescued", "still_treated", "died", "dead_on_arrival", "transferred_on", "other"
]
DEATHS = frozenset({"died", "dead_on_arrival"})
"""Outcomes that freeze the timeline and open a review."""

Timeliness = Literal["timely", "delayed", "not_judged"]
MilestoneKind = Literal[
    "team_called",
    "team_present",
    "expert_online",
    "decision_for_cs",
    "theatre_ready",
    "theatre_entered",
    "anaesthesia_started",
    "incision",
    "birth",
    "icu_admitted",
    "blood_requested",
    "blood_issued",
    "blood_arrived",
    "transfusion_started",
    "massive_transfusion",
    "pph_recognised",
    "fluids_started",
    "first_dose_uterotonic",
    "first_dose_tranexamic_acid",
    "second_line_haemostasis",
    "bleeding_controlled",
    "abruption_suspected",
    "coagulation_taken",
    "seizure",
    "severe_hypertension",
    "first_dose_magnesium",
    "first_dose_antihypertensive",
    "cord_prolapse",
    "presenting_part_elevated",
    "afe_suspected",
    "cardiac_arrest",
    "cpr_started",
    "circulation_returned",
    "sepsis_recognised",
    "lactate_taken",
    "cultures_taken",
    "first_dose_antibiotic",
    "source_controlled",
    "intubation",
    "first_dose_steroid",
    "newborn_team_called",
    "newborn_resuscitation",
    "newborn_ventilation",
    "newborn_compressions",
    "newborn_intubation",
    "surfactant",
    "newborn_stable",
    "newborn_ready",
    "newborn_admitted",
]
"""What a person may enter; words stand in `referral/clocks/milestones.toml`, a test compares."""

Place = Literal["delivery_room", "theatre", "ward", "emergency_department"]
Anaesthesia = Literal["general", "spinal", "epidural_top_up", "local"]

Precautions = Annotated[
    list[Literal["standard", "contact", "droplet", "airborne", "blood_borne"]],
    msgspec.Meta(max_length=5),
]
"""What staff must wear and do: as much of an infection as people who do not treat her need."""

Requests = Annotated[
    list[
        Literal[
            "maternal_bed", "icu_bed", "theatre", "blood", "neonatal_cot", "ventilator", "expert"
        ]
    ],
    msgspec.Meta(max_length=7),
]

ShortText = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
LongText = Annotated[str, msgspec.Meta(min_length=1, max_length=4000)]
When = Annotated[datetime, msgspec.Meta(tz=True)]
"""A moment with its zone: a wall clock's reading without one is refused."""

Grams = Annotated[int, msgspec.Meta(ge=100, le=9000)]
Apgar = Annotated[int, msgspec.Meta(ge=0, le=10)]


class Input(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Base of everything received: unknown fields are refused, not ignored."""


class Vitals(Input, kw_only=True):
    """Vital signs as measured; nothing is required, nothing is guessed."""

    sbp_mmhg: Annotated[int, msgspec.Meta(ge=0, le=320)] | None = msgspec.field(
        name="sbp", default=None
    )
    dbp_mmhg: Annotated[int, msgspec.Meta(ge=0, le=220)] | None = msgspec.field(
        name="dbp", default=None
    )
    hr_per_min: Annotated[int, msgspec.Meta(ge=0, le=320)] | None = msgspec.field(
        name="hr", default=None
    )
    rr_per_min: Annotated[int, msgspec.Meta(ge=0, le=100)] | None = msgspec.field(
        name="rr", default=None
    )
    spo2_percent: Annotated[int, msgspec.Meta(ge=0, le=100)] | None = msgspec.field(
        name="spo2", default=None
    )
    temp_c: Annotated[float, msgspec.Meta(ge=20, le=45)] | None = None
    blood_loss_ml: Annotated[int, msgspec.Meta(ge=0, le=20000)] | None = None
    consciousness: Literal["alert", "voice", "pain", "unresponsive"] | None = None
    fhr_bpm: Annotated[int, msgspec.Meta(ge=0, le=300)] | None = None
    taken_at: When | None = None


class Act(Input, kw_only=True):
    """What every action carries: the version acted upon, and when it happened if not now."""

    version: int
    event_at: When | None = None
    late_reason: ShortText | None = None
