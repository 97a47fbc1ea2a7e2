"""Every "no" of a transfer, coded; the texts stand in messages.toml."""

from uuid import UUID

from kernel.errors import Refusal


class AlreadyAccepted(Refusal):
    """Another receiver was first. Fields: facility, by, at."""

    code = "referral.already_accepted"


class WrongSide(Refusal):
    """Legal, but not for this viewer's side of the case. Fields: action, sides."""

    code = "referral.wrong_side"
    status = 403


class PhysicianDecides(Refusal):
    """The duty desk may acknowledge and ask, not decide. Fields: action."""

    code = "referral.physician_decides"
    status = 403


class WrongMoment(Refusal):
    """The rest of the case does not let this happen now. Fields: machine, action."""

    code = "referral.wrong_moment"


class LateReasonMissing(Refusal):
    """A moment in the past was given without a reason."""

    code = "referral.late_reason_missing"
    status = 422


class EventInFuture(Refusal):
    """A moment after now was given. Fields: event_at, now."""

    code = "referral.event_in_future"
    status = 422


class EventTooOld(Refusal):
    """A moment was given that lies too long ago to be a late entry. Fields: event_at, days."""

    code = "referral.event_too_old"
    status = 422


class Incomplete(Refusal):
    """A case cannot be sent yet. Fields: missing."""

    code = "referral.incomplete"
    status = 422


class ConditionUnknown(Refusal):
    """Not in the catalogue. Fields: condition."""

    code = "referral.condition_unknown"
    status = 422


class NoOriginFacility(Refusal):
    """The viewer has no clinical role at a facility, so cannot send from anywhere."""

    code = "referral.no_origin_facility"
    status = 403


class DuplicateCase(Refusal):
    """A live case of this pregnancy exists. Fields: case_id, number."""

    code = "referral.duplicate_case"


class NoDesignatedCentre(Refusal):
    """Nobody answers for this area: a destination must be named."""

    code = "referral.no_designated_centre"
    status = 422


class DestinationUnknown(Refusal):
    """There is no such facility. Fields: facility_id."""

    code = "referral.destination_unknown"
    status = 422


class DestinationIsOrigin(Refusal):
    """A case is not offered to where it comes from."""

    code = "referral.destination_is_origin"
    status = 422


class AlreadyAsked(Refusal):
    """This unit has a live offer. Fields: facility."""

    code = "referral.already_asked"


class NotAccepted(Refusal):
    """Only an accepted offer can be taken up. Fields: facility."""

    code = "referral.not_accepted"


class BedOrPlaceNeeded(Refusal):
    """A yes names a bed, a hold, or where she is taken without one."""

    code = "referral.bed_or_place_needed"
    status = 422


class NeonatalAnswerNeeded(Refusal):
    """The case needs a cot and the neonatal unit has not said yes."""

    code = "referral.neonatal_answer_needed"


class NewbornHalfMissing(Refusal):
    """Nobody has promised the newborn a cot: wait for one, or say why she travels without."""

    code = "referral.newborn_half_missing"


class CotNotNeeded(Refusal):
    """No cot is looked for on this case."""

    code = "referral.cot_not_needed"
    status = 422


class CentreMayNotRefuse(Refusal):
    """A designated centre's no names a supervisor and carries remote advice."""

    code = "referral.centre_may_not_refuse"
    status = 422


class HopsExhausted(Refusal):
    """Passed on three times: a coordinator owns the case now."""

    code = "referral.hops_exhausted"


class ChecklistException(Refusal):
    """Something on the checklist is not given and no reason is. Fields: items."""

    code = "referral.checklist_exception"
    status = 422


class AlreadySigned(Refusal):
    """This side has signed the handover. Fields: side."""

    code = "referral.already_signed"


class PersonUnknown(Refusal):
    """There is no such colleague. Fields: field."""

    code = "referral.person_unknown"
    status = 422


class HoldInPast(Refusal):
    """A hold ends in the future."""

    code = "referral.hold_in_past"
    status = 422


class OfferUnknown(Refusal):
    """The offer named does not belong to this case."""

    code = "referral.offer_unknown"
    status = 422


class TreatmentUnknown(Refusal):
    """Not in the catalogue, or not with this unit or route. Fields: code."""

    code = "referral.treatment_unknown"
    status = 422


class AlreadyWithdrawn(Refusal):
    """It was struck through before."""

    code = "referral.already_withdrawn"


class ConsentIncomplete(Refusal):
    """This kind of consent needs more. Fields: missing."""

    code = "referral.consent_incomplete"
    status = 422


class ReferenceInvalid(Refusal):
    """What is cited is not there, or is not hers. Fields: field."""

    code = "referral.reference_invalid"
    status = 422


class LiveCaseElsewhere(Refusal):
    """The same person is being transferred already, in a case that is closed to the viewer.

    Whom it is about stays beside the fields: they would travel with the problem.
    """

    code = "referral.live_case_elsewhere"
    patient_id: UUID
    subject: str

    @classmethod
    def of(cls, patient_id: UUID, subject: str) -> "LiveCaseElsewhere":
        """The refusal, knowing what to report."""
        refusal = cls()
        refusal.patient_id, refusal.subject = patient_id, subject
        return refusal


class FileTooLarge(Refusal):
    """Fields: limit_mb."""

    code = "referral.file_too_large"
    status = 413


class FileRefused(Refusal):
    """Not a picture or PDF that can be kept. Fields: reason (a code)."""

    code = "referral.file_refused"
    status = 422


class FileLost(Refusal):
    """The record of the attachment is there, its bytes are not, or were changed."""

    code = "referral.file_lost"
    status = 503
