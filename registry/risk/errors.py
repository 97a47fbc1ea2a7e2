"""Refusals about risk grading."""

from kernel.errors import Refusal


class ProposalOutdated(Refusal):
    """What is known has changed, or somebody decided already. Fields: kind."""

    code = "registry.risk_proposal_outdated"


class NotGradable(Refusal):
    """Too little is known for any result. Fields: unknown (how many conditions)."""

    code = "registry.risk_not_gradable"
    status = 422


class AssessmentLevel(Refusal):
    """Assessment belongs to midwifery institutions of level 2 and above."""

    code = "registry.risk_assessment_level"
    status = 403


class SameGrade(Refusal):
    """An override says what the proposal says: confirm it instead."""

    code = "registry.risk_same_grade"
    status = 422


class ColourUnknown(Refusal):
    """The table in force has no such colour. Fields: colour."""

    code = "registry.risk_colour_unknown"
    status = 422


class FactUnknown(Refusal):
    """No table asks for this. Fields: fact."""

    code = "registry.risk_fact_unknown"
    status = 422


class AnswerInvalid(Refusal):
    """The answer does not fit the question. Fields: fact, wanted."""

    code = "registry.risk_answer_invalid"
    status = 422


class RulesetUnknown(Refusal):
    """There is no such table. Fields: ruleset."""

    code = "registry.risk_ruleset_unknown"
    status = 422


class VariantChosenLater(Refusal):
    """The region has chosen a table from a later day on. Fields: since (ISO date)."""

    code = "registry.risk_variant_chosen_later"
    status = 409
