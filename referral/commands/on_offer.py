"""Commands to an offer."""

from typing import Literal
from uuid import UUID

from referral.commands.fields import Act, DeclineCode, LongText, ShortText


class Acknowledge(Act, kw_only=True):
    """I have it."""


class Ask(Act, kw_only=True):
    """One specific question; the decision clock pauses once, for five minutes at most."""

    question: LongText


class Answer(Act, kw_only=True):
    """The sender's answer."""

    answer: LongText


class AnswerNeonatal(Act, kw_only=True):
    """The neonatal unit's half of the answer."""

    accepted: bool
    note: ShortText | None = None


class Accept(Act, kw_only=True):
    """Yes. With the neonatal answer where a cot is needed and it has not been given.

    `neonatal_accepted` false: she comes here, her newborn's cot is asked for elsewhere.
    """

    bed: ShortText | None = None
    no_bed_accept_to: Literal["theatre", "emergency_department", "delivery_room"] | None = None
    neonatal_accepted: bool | None = None
    note: ShortText | None = None


class AcceptAfterStabilising(Accept, kw_only=True):
    """Yes, once these things are done."""

    conditions: LongText


class Decline(Act, kw_only=True):
    """No, with a coded reason; a designated centre also names its supervisor and advises."""

    code: DeclineCode
    note: LongText | None = None
    supervisor: ShortText | None = None
    remote_advice: LongText | None = None


class Redirect(Act, kw_only=True):
    """Not here: to this named unit."""

    facility_id: UUID
    reason: LongText


class AcknowledgeWithdrawal(Act, kw_only=True):
    """We know that she is not coming."""
