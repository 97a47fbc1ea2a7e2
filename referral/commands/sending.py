"""A case comes into being."""

from typing import Annotated
from uuid import UUID

import msgspec

from referral.commands.fields import (
    Acuity,
    Consent,
    Input,
    RiskColour,
    ShortText,
    Subject,
    Vitals,
    When,
)


class SendReferral(Input, kw_only=True):
    """A new case: the minimum that experts need; the rest follows while they read."""

    pregnancy_id: UUID
    subject: Subject
    condition: Annotated[str, msgspec.Meta(max_length=64)]
    acuity: Acuity
    risk_colour: RiskColour | None = None
    purple: bool = False
    vitals: Vitals | None = None
    reason: Annotated[str, msgspec.Meta(max_length=2000)] = ""
    consent: Consent | None = None
    needs_neonatal: bool = False
    destinations: Annotated[list[UUID], msgspec.Meta(max_length=6)] = msgspec.field(
        default_factory=list
    )
    send: bool = True
    drill: bool = False
    event_at: When | None = None
    late_reason: ShortText | None = None


class SelfArrival(Input, kw_only=True):
    """A woman came by herself, with no offer before (transition 21)."""

    pregnancy_id: UUID
    subject: Subject
    condition: Annotated[str, msgspec.Meta(max_length=64)]
    acuity: Acuity
    risk_colour: RiskColour | None = None
    purple: bool = False
    vitals: Vitals | None = None
    reason: Annotated[str, msgspec.Meta(max_length=2000)] = ""
    origin_facility_id: UUID | None = None
    drill: bool = False
    event_at: When | None = None
    late_reason: ShortText | None = None
