"""What the API says about early warning."""

from datetime import date, datetime

import msgspec

from kernel.confidence import Confidence
from registry.observations.warning.evaluate import Warned


class Warnings(msgspec.Struct, frozen=True):
    """What every tool says at a moment, in the tools' order."""

    at: datetime
    tools: list[Warned]


class CriterionOut(msgspec.Struct, frozen=True, kw_only=True):
    """One criterion or band in words; `lasting_minutes` where it has to last."""

    code: str
    tier: str
    zh: str
    en: str
    condition_zh: str
    condition_en: str
    lasting_minutes: int | None
    points: int | None
    confidence: Confidence
    verify: bool


class LimitOut(msgspec.Struct, frozen=True):
    """A threshold of one number, as a line in a chart."""

    code: str
    sign: str
    bound: float
    tier: str


class AdviceOut(msgspec.Struct, frozen=True):
    """What a span of scores recommends."""

    code: str
    low: int
    high: int
    zh: str
    en: str


class TierOut(msgspec.Struct, frozen=True):
    """So many criteria of this weight trigger the tool."""

    code: str
    at_least: int
    zh: str
    en: str


class RulesetOut(msgspec.Struct, frozen=True, kw_only=True):
    """One tool in its version; `inputs` are the codes it reads; `verify` is 待核实."""

    code: str
    version: int
    valid_from: date
    zh: str
    en: str
    rule_zh: str
    rule_en: str
    inputs: list[str]
    tiers: list[TierOut]
    criteria: list[CriterionOut]
    advice: list[AdviceOut]
    limits: list[LimitOut]
    source: str
    confidence: Confidence
    verify: bool
