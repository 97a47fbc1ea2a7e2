"""Refusals of drills."""

from kernel.errors import Refusal


class DrillRunning(Refusal):
    """A drill at this house has not ended yet."""

    code = "duty.drill_running"


class NobodyToDrill(Refusal):
    """Nobody is on call there now: a gap is no drill."""

    code = "duty.nobody_to_drill"


class ExcuseRefused(Refusal):
    """Not rung, answered already, still running, or one's own. Fields: reason."""

    code = "duty.excuse_refused"
    status = 422


class ScheduleStands(Refusal):
    """The region has a standing plan; end that one first."""

    code = "duty.drill_schedule_stands"
