"""Quizzes: what a question is, and what answers are worth. Pure."""

from collections.abc import Sequence
from typing import Annotated

import msgspec

from consult.training.errors import QuizBroken


class QuizOption(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One option, and whether it is to be marked."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
    right: bool = False


class QuizQuestion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A question; it is right if exactly the right options are marked."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]
    options: Annotated[list[QuizOption], msgspec.Meta(min_length=2, max_length=8)]

    @property
    def right(self) -> list[int]:
        """Numbers, from 0, of the options that are to be marked."""
        return [at for at, one in enumerate(self.options) if one.right]


def must_be_whole(questions: Sequence[QuizQuestion]) -> None:
    """Let questions that can be answered; raises `QuizBroken`."""
    for n, one in enumerate(questions, start=1):
        if not one.right:
            raise QuizBroken(n=n)


def correct(questions: Sequence[QuizQuestion], answers: Sequence[Sequence[int]]) -> int:
    """How many are marked exactly right; what is missing is wrong."""
    return sum(
        set(marked) == set(one.right) for one, marked in zip(questions, answers, strict=False)
    )


def passes(right: int, of: int, percent: int) -> bool:
    """Whether so many right answers of so many are enough."""
    return of > 0 and right * 100 >= of * percent
