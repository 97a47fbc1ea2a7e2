"""Refusals about training; texts in consult/messages.toml."""

from typing import ClassVar

from kernel.errors import Refusal


class CourseMoved(Refusal):
    """The course or class is no longer where the viewer saw it. Fields: state, action."""

    code: ClassVar[str] = "training.moved"


class TeachersOnly(Refusal):
    """Those who keep courses at the house whose course it is."""

    code: ClassVar[str] = "training.teachers_only"
    status: ClassVar[int] = 403


class NotLive(Refusal):
    """The class does not run. Fields: state."""

    code: ClassVar[str] = "training.not_live"


class NoCheck(Refusal):
    """No check waits for this answer: it was answered, or its time is over."""

    code: ClassVar[str] = "training.no_check"


class NoQuiz(Refusal):
    """The course has no quiz."""

    code: ClassVar[str] = "training.no_quiz"
    status: ClassVar[int] = 422


class QuizMoved(Refusal):
    """The questions have changed since they were read. Fields: current, given."""

    code: ClassVar[str] = "training.quiz_moved"


class QuizBroken(Refusal):
    """A question has no right option. Fields: n."""

    code: ClassVar[str] = "training.quiz_broken"
    status: ClassVar[int] = 422


class TriedOften(Refusal):
    """No more tries today. Fields: tries."""

    code: ClassVar[str] = "training.tried_often"


class NotEarned(Refusal):
    """The certificate is not earned yet. Fields: classes, needed."""

    code: ClassVar[str] = "training.not_earned"


class MaterialRefused(Refusal):
    """No file of a kind that is taken in."""

    code: ClassVar[str] = "training.material_refused"
    status: ClassVar[int] = 415


class MaterialTooLarge(Refusal):
    """Larger than is taken in. Fields: limit_mb."""

    code: ClassVar[str] = "training.material_too_large"
    status: ClassVar[int] = 413


class MaterialLost(Refusal):
    """Its bytes are missing or changed."""

    code: ClassVar[str] = "training.material_lost"
    status: ClassVar[int] = 410
