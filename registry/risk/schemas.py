"""What the API says about risk: tables, evaluations, questions, grades."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from kernel.confidence import unverified
from registry.facilities.schemas import FacilityRef
from registry.people.schemas import PersonRef
from registry.risk.rules import Outcome, Verdict
from registry.risk.rulesets import Colour, Condition, FactKind, Kind, Meaning, Ruleset
from registry.risk.states import GradeAction, GradeState

Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]
FactName = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Value = bool | float | Literal["not_done"] | None
"""Yes or no, a number in the fact's unit, an optional item not done, or an answer taken back."""


class Strict(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """Input: an unknown field is a mistake of the caller, never ignored."""


class RiskAnswer(Strict, frozen=True):
    """One answer; `none_of_group` where one tap ruled out everything that a group listed."""

    fact: FactName
    value: Value
    method: Literal["asked", "none_of_group"] = "asked"


class RiskAnswers(Strict, frozen=True):
    """Answers that belong together: all are recorded, or none."""

    answers: Annotated[list[RiskAnswer], msgspec.Meta(min_length=1, max_length=200)]


class ConfirmGrade(Strict, frozen=True):
    """The proposal that was looked at."""

    proposal_id: UUID


class OverrideGrade(Strict, frozen=True):
    """Another grade than the table's, with the reason; `proposal_id` is the one looked at."""

    colour: Colour
    purple: bool
    reason: Reason
    proposal_id: UUID | None = None


class ProposeGrade(Strict, frozen=True):
    """Grade anew on what is known now."""


class TryTable(Strict, frozen=True):
    """Facts for a table to judge; nothing is stored."""

    variant: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    kind: Kind
    answers: Annotated[list[RiskAnswer], msgspec.Meta(max_length=300)] = []


class RiskTableOut(msgspec.Struct, frozen=True):
    """A table by name; `in_force` on this day, `to_be_verified` shows as 待核实."""

    variant: str
    kind: Kind
    version: str
    valid_from: date
    valid_until: date | None
    in_force: bool
    zh: str
    en: str
    source: str
    confidence: str
    to_be_verified: bool

    @classmethod
    def of(cls, ruleset: Ruleset, day: date) -> "RiskTableOut":
        """A table as the API names it."""
        return cls(
            ruleset.variant,
            ruleset.kind,
            ruleset.version,
            ruleset.valid_from,
            ruleset.valid_until,
            ruleset.in_force(day),
            ruleset.zh,
            ruleset.en,
            ruleset.source,
            ruleset.confidence,
            unverified(ruleset.confidence),
        )


class MeaningOut(msgspec.Struct, frozen=True):
    """What a colour is called in a table and what follows from it."""

    colour: str
    zh: str
    en: str
    advice_zh: str
    advice_en: str
    to_be_verified: bool

    @classmethod
    def of(cls, colour: str, meaning: Meaning) -> "MeaningOut":
        """A colour as the API explains it."""
        return cls(
            colour,
            meaning.zh,
            meaning.en,
            meaning.advice_zh,
            meaning.advice_en,
            unverified(meaning.confidence),
        )


class RiskFactOut(msgspec.Struct, frozen=True):
    """A fact with its value as shown: why a condition holds."""

    fact: str
    zh: str
    en: str
    value: bool | float | str
    unit: str
    unit_en: str


class QuestionOut(msgspec.Struct, frozen=True):
    """Something still to be asked; `optional` may be declared not done."""

    fact: str
    group: str
    zh: str
    en: str
    kind: Literal["boolean", "integer", "number"]
    unit: str
    unit_en: str
    min: float | None
    max: float | None
    optional: bool

    @classmethod
    def of(cls, fact: str, group: str, kind: FactKind, *, optional: bool) -> "QuestionOut":
        """A fact as a form asks for it."""
        return cls(
            fact,
            group,
            kind.zh,
            kind.en,
            kind.kind,
            kind.unit,
            kind.unit if kind.unit_en is None else kind.unit_en,
            kind.min,
            kind.max,
            optional,
        )


class RiskGroupOut(msgspec.Struct, frozen=True):
    """A heading of the form."""

    group: str
    zh: str
    en: str


class ConditionOut(msgspec.Struct, frozen=True):
    """A line of a table, with source and confidence."""

    code: str
    group: str
    colour: str | None
    optional: bool
    zh: str
    en: str
    note_zh: str
    note_en: str
    source: str
    confidence: str
    to_be_verified: bool

    @classmethod
    def of(cls, condition: Condition) -> "ConditionOut":
        """A condition as the API shows it."""
        return cls(
            condition.code,
            condition.group,
            condition.colour,
            condition.optional,
            condition.zh,
            condition.en,
            condition.note_zh,
            condition.note_en,
            condition.source,
            condition.confidence,
            condition.to_be_verified,
        )


class FindingOut(msgspec.Struct, frozen=True):
    """A condition, what became of it, and why."""

    condition: ConditionOut
    verdict: Verdict
    because: list[RiskFactOut]
    lacking: list[str]


class EvaluationOut(msgspec.Struct, frozen=True):
    """What a table says; `colour` is a floor while `may_rise_to` is not ruled out."""

    ruleset: RiskTableOut
    outcome: Outcome
    colour: Colour | None
    may_rise_to: Colour | None
    purple: bool | None
    settled: bool
    advice: list[MeaningOut]
    findings: list[FindingOut]
    questions: list[QuestionOut]
    groups: list[RiskGroupOut]


class GradeOut(msgspec.Struct, frozen=True):
    """A proposal or a decision of her history.

    Attributes:
        colour: what was proposed or decided; `was` is the colour that stood before.
        evaluated_colour: what the table said; differs from `colour` where a person overrode it.
        purple: None where infectious disease was not ruled out.
        fired: the conditions that held, in the words of the table.
        unknown: how many conditions were not decided then.
    """

    id: UUID
    pregnancy_id: UUID
    kind: Kind
    status: GradeState
    variant: str
    version: str
    outcome: Outcome
    colour: Colour | None
    purple: bool | None
    was: Colour | None
    evaluated_colour: Colour | None
    evaluated_purple: bool | None
    fired: list[ConditionOut]
    unknown: int
    not_done: int
    to_be_verified: bool
    at: datetime
    by: PersonRef | None
    facility: FacilityRef | None
    reason: str | None
    supersedes: UUID | None


class KnownOut(msgspec.Struct, frozen=True):
    """What is known of her and where it comes from."""

    fact: RiskFactOut
    source: Literal["answer", "observation", "pregnancy"]
    at: datetime | None
    by: PersonRef | None


class PartOut(msgspec.Struct, frozen=True):
    """One table applied to her now: what it says, what waits, what may be done."""

    evaluation: EvaluationOut
    proposal: GradeOut | None
    changed: bool
    colours: list[MeaningOut]
    actions: list[GradeAction]


class RiskOut(msgspec.Struct, frozen=True):
    """All about a pregnancy's risk; `current` is the assessment that stands, else the screening."""

    pregnancy_id: UUID
    current: GradeOut | None
    screening: PartOut
    assessment: PartOut
    known: list[KnownOut]
    history: list[GradeOut]
    may_answer: bool


class RiskRecorded(msgspec.Struct, frozen=True):
    """What a write led to."""

    proposals: list[UUID]
