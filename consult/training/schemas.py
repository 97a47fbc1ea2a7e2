"""What the API takes and says about training."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from consult.requests.schemas import Minutes, Moment, Note, Strict
from consult.training.grading import QuizQuestion
from registry.facilities.schemas import FacilityRef
from registry.people.schemas import PersonRef

Title = Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
Summary = Annotated[str, msgspec.Meta(max_length=4000)]
Percent = Annotated[int, msgspec.Meta(ge=1, le=100)]
Few = Annotated[int, msgspec.Meta(ge=1, le=50)]
CourseStateName = Literal["draft", "published", "closed"]
ClassStateName = Literal["planned", "live", "over", "cancelled"]


class NewCourse(Strict, frozen=True, kw_only=True):
    """A course of the viewer's house.

    For the certificate `classes_needed` classes are attended and the quiz is passed with
    `pass_percent` of its questions.
    """

    title: Title
    summary: Summary = ""
    classes_needed: Few = 1
    pass_percent: Percent = 80


class EditCourse(NewCourse, frozen=True, kw_only=True):
    """The same, changed; `version` as last seen."""

    version: int


class Move(Strict, frozen=True, kw_only=True):
    """A step; `version` as last seen."""

    version: int


class MoveWhy(Strict, frozen=True, kw_only=True):
    """A step with its reason."""

    version: int
    note: Note


class NewClass(Strict, frozen=True, kw_only=True):
    """A class of a course, at a time to come or now."""

    title: Title
    starts_at: Moment
    minutes: Minutes = 45


class NewQuiz(Strict, frozen=True, kw_only=True):
    """The next version of a course's questions."""

    questions: Annotated[list[QuizQuestion], msgspec.Meta(min_length=1, max_length=100)]


class QuizAnswer(Strict, frozen=True, kw_only=True):
    """The options that were marked, by number from 0."""

    marked: Annotated[list[Annotated[int, msgspec.Meta(ge=0, le=7)]], msgspec.Meta(max_length=8)]


class TryQuiz(Strict, frozen=True, kw_only=True):
    """Answers to the version `quiz`, one for each question in their order."""

    quiz: int
    answers: Annotated[list[QuizAnswer], msgspec.Meta(max_length=100)]


class AnswerCheck(Strict, frozen=True, kw_only=True):
    """The number that was pressed."""

    choice: Annotated[int, msgspec.Meta(ge=0, le=99)]


class TrainingRules(msgspec.Struct, frozen=True):
    """When attendance is verified; with source and confidence."""

    version: str
    source: str
    confidence: str
    present_percent: int
    answered_percent: int
    answer_within_s: int
    tries_per_day: int


class CourseOut(msgspec.Struct, frozen=True):
    """A course in a list, with how far the viewer is."""

    id: UUID
    title: str
    summary: str
    state: CourseStateName
    facility: FacilityRef | None
    classes_needed: int
    pass_percent: int
    next_at: datetime | None
    """When the next class begins."""
    live: bool
    has_quiz: bool
    attended: int
    """Classes of it at which the viewer's attendance is verified."""
    passed: bool
    certificate_at: datetime | None
    teaches: bool
    version: int
    allowed: list[str]


class MaterialOut(msgspec.Struct, frozen=True):
    """A file of the course."""

    id: UUID
    name: str
    media_type: str
    size_bytes: int
    sha256: str
    at: datetime
    person: PersonRef | None


class QuizQuestionOut(msgspec.Struct, frozen=True):
    """A question as it is asked; `right` only for those who teach."""

    text: str
    options: list[str]
    many: bool
    """More than one option is to be marked."""
    right: list[int] | None


class QuizOut(msgspec.Struct, frozen=True):
    """The newest version of the questions."""

    n: int
    questions: list[QuizQuestionOut]
    tries_left: int
    """Today."""


class AttemptOut(msgspec.Struct, frozen=True):
    """One try of the viewer's."""

    at: datetime
    quiz: int
    correct: int
    of: int
    passed: bool


class ClassOut(msgspec.Struct, frozen=True):
    """A class; `verified` is the viewer's own attendance, null until it is over."""

    id: UUID
    course_id: UUID
    title: str
    presenter: PersonRef | None
    starts_at: datetime
    minutes: int
    state: ClassStateName
    opened_at: datetime | None
    ended_at: datetime | None
    note: str | None
    attendees: int
    verified: bool | None
    version: int
    allowed: list[str]


class CourseDetail(msgspec.Struct, frozen=True):
    """A course with everything that belongs to it."""

    course: CourseOut
    materials: list[MaterialOut]
    classes: list[ClassOut]
    quiz: QuizOut | None
    attempts: list[AttemptOut]
    may_certify: bool
    """The viewer has earned the certificate."""
    rules: TrainingRules


class CheckOut(msgspec.Struct, frozen=True):
    """Press `wanted` among `choices` until `answer_by`."""

    choices: list[int]
    wanted: int
    answer_by: datetime


class AttendeeOut(msgspec.Struct, frozen=True):
    """Somebody who came; for those who teach."""

    person: PersonRef | None
    facility: FacilityRef | None
    here: bool
    present_s: int
    asked: int
    answered: int
    verified: bool | None


class ClassDetail(msgspec.Struct, frozen=True):
    """A class as the viewer stands in it."""

    seated: ClassOut
    course: CourseOut
    here: bool
    present_s: int
    live_s: int
    asked: int
    answered: int
    check: CheckOut | None
    """Waits for the viewer's answer."""
    presents: bool
    """The viewer is its presenter, who does not attend."""
    people: list[AttendeeOut]
    rules: TrainingRules


class UnitCount(msgspec.Struct, frozen=True):
    """What the people of one house attended in a period."""

    facility: FacilityRef | None
    people: int
    """Who came to a class at all."""
    attendances: int
    verified: int
    certificates: int


class TrainingStatistics(msgspec.Struct, frozen=True):
    """Houses that the viewer oversees, with what is counted only where it was verified."""

    start: datetime
    end: datetime
    classes: int
    units: list[UnitCount]
    rules: TrainingRules


class CourseRef(msgspec.Struct, frozen=True):
    """What an idempotency key remembers: the course, or the class."""

    id: UUID
