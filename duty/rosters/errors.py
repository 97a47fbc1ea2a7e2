"""Refusals of rosters."""

from kernel.errors import Refusal


class ShiftOverlaps(Refusal):
    """Somebody already fills the slot in part of the period."""

    code = "duty.shift_overlaps"


class ShiftInThePast(Refusal):
    """Past duty is a record; a change begins now at the earliest."""

    code = "duty.shift_in_the_past"
    status = 422


class TitleTooLow(Refusal):
    """The slot asks for a higher title. Fields: min_title, title."""

    code = "duty.title_too_low"
    status = 422


class PersonBusy(Refusal):
    """Somebody would be in two places at once that both need them whole."""

    code = "duty.person_busy"


class PersonUnfit(Refusal):
    """The place asks for a qualification that is not valid then. Fields: qualification."""

    code = "duty.person_unqualified"
    status = 422


class PersonOnLeave(Refusal):
    """Somebody on leave is not rostered."""

    code = "duty.person_on_leave"


class PlanHasGaps(Refusal):
    """Required places stay empty; such a plan is not published. Fields: count, first."""

    code = "duty.plan_has_gaps"


class PlanUnsound(Refusal):
    """The plan breaks a rule. Fields: kind (of the first finding), count."""

    code = "duty.plan_unsound"


class PlanChanged(Refusal):
    """The plan is not the one that was read, or no longer the one that was approved."""

    code = "duty.plan_changed"


class OwnPlan(Refusal):
    """Nobody approves what they submitted themselves."""

    code = "duty.own_plan"
    status = 403


class PatternWrong(Refusal):
    """A rotation that cannot go round. Fields: reason (a code)."""

    code = "duty.pattern_wrong"
    status = 422


class GroupCodeTaken(Refusal):
    """The facility has a group with this code. Fields: group."""

    code = "duty.group_code_taken"
