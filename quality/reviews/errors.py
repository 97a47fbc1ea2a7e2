"""Refusals about reviews; texts in quality/messages.toml."""

from typing import ClassVar

from kernel.errors import Refusal


class ReviewMoved(Refusal):
    """The review, or the measure, is no longer where the viewer saw it. Fields: state, action."""

    code: ClassVar[str] = "review.moved"


class NotYourStep(Refusal):
    """The step belongs to whoever convenes, a member, or the owner. Fields: action."""

    code: ClassVar[str] = "review.not_your_step"
    status: ClassVar[int] = 403


class NotConvening(Refusal):
    """Only a coordinator convenes reviews, of the house where she works."""

    code: ClassVar[str] = "review.not_convening"
    status: ClassVar[int] = 403


class NothingToReview(Refusal):
    """The case holds neither such a death nor a confirmed near-miss."""

    code: ClassVar[str] = "review.nothing_to_review"
    status: ClassVar[int] = 422


class ReviewExists(Refusal):
    """There is one already of this kind, at this level."""

    code: ClassVar[str] = "review.exists"


class TermUnknown(Refusal):
    """A code that the rules do not hold for this review. Fields: field."""

    code: ClassVar[str] = "review.term_unknown"
    status: ClassVar[int] = 422


class PersonUnknown(Refusal):
    """Nobody of that name works in the network."""

    code: ClassVar[str] = "review.person_unknown"
    status: ClassVar[int] = 422


class PanelTooSmall(Refusal):
    """Fewer may vote than the rules ask for. Fields: voters, least."""

    code: ClassVar[str] = "review.panel_too_small"
    status: ClassVar[int] = 422


class OutsideExpertMissing(Refusal):
    """A county's review of a near-miss wants somebody from another house on the panel."""

    code: ClassVar[str] = "review.outside_expert_missing"
    status: ClassVar[int] = 422


class NoMajority(Refusal):
    """No conclusion has more than half of those who may vote. Fields: voted, voters."""

    code: ClassVar[str] = "review.no_majority"


class MeasuresOpen(Refusal):
    """Measures are not verified yet. Fields: open."""

    code: ClassVar[str] = "review.measures_open"


class WhyNothing(Refusal):
    """Closing without any measure wants a reason."""

    code: ClassVar[str] = "review.why_nothing"
    status: ClassVar[int] = 422


class OwnVerification(Refusal):
    """Nobody verifies her own measure."""

    code: ClassVar[str] = "review.own_verification"
    status: ClassVar[int] = 403


class DayPassed(Refusal):
    """A measure is due on a day to come."""

    code: ClassVar[str] = "review.day_passed"
    status: ClassVar[int] = 422


class HeldInFuture(Refusal):
    """The meeting lies after now, or before the review was opened."""

    code: ClassVar[str] = "review.held_in_future"
    status: ClassVar[int] = 422
