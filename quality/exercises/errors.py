"""Refusals of drills."""

from typing import ClassVar

from kernel.errors import Refusal


class ExerciseMoved(Refusal):
    """The state table has no such edge, or somebody else changed it. Fields: state, action."""

    code: ClassVar[str] = "exercises.moved"


class ExerciseOwnHouse(Refusal):
    """People of the house run its drills; others read them."""

    code: ClassVar[str] = "exercises.own_house_only"
    status: ClassVar[int] = 403


class ScenarioUnknown(Refusal):
    """No such scenario of this kind of drill."""

    code: ClassVar[str] = "exercises.scenario_unknown"
    status: ClassVar[int] = 422


class NotADrill(Refusal):
    """A drill runs on a transfer that began as a drill; real care is never one."""

    code: ClassVar[str] = "exercises.not_a_drill"
    status: ClassVar[int] = 422


class CaseTaken(Refusal):
    """Another drill ran on this case."""

    code: ClassVar[str] = "exercises.case_taken"
