"""Reads of early warning: what the tools say of a woman, and the tools themselves."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.confidence import unverified
from kernel.ids import PregnancyId
from kernel.viewer import Viewer
from registry.observations.derived import Sample, inputs_of
from registry.observations.moments import CLOCK_SLACK
from registry.observations.repository import ObservationRepository
from registry.observations.rules import Reading, fact_of
from registry.observations.warning.evaluate import Readings, Warned, evaluate
from registry.observations.warning.rulesets import RULESETS, Ruleset, limits
from registry.observations.warning.schemas import (
    AdviceOut,
    CriterionOut,
    LimitOut,
    RulesetOut,
    TierOut,
    Warnings,
)
from registry.observations.warning.wording import condition
from registry.pregnancies.repository import PregnancyRepository

INPUTS = frozenset().union(*(inputs_of(one.facts) for one in RULESETS))
"""Every code that some tool asks for."""

WINDOW = timedelta(hours=24)
"""So far back readings are taken one by one; before that only the last of each code."""


async def samples(
    session: AsyncSession,
    viewer: Viewer,
    pregnancy_id: PregnancyId,
    at: datetime,
    *,
    drill: bool = False,
) -> list[Sample]:
    """What the tools look at."""
    repository = ObservationRepository(session, viewer)
    rows = await repository.latest(pregnancy_id, INPUTS, drill=drill)
    since = at - WINDOW
    old = [
        Sample(row.code, fact_of(row.code, row.value_num, row.value_code), row.taken_at)
        for row in rows
        if row.taken_at < since
    ]
    return old + await repository.samples(pregnancy_id, INPUTS, since, drill=drill)


def judge(found: list[Sample], at: datetime) -> list[Warned]:
    """What every tool says of these readings.

    A reading from a clock that is a little ahead is of now: it is not left out as the future.
    """
    ahead = [one.taken_at for one in found if at < one.taken_at <= at + CLOCK_SLACK]
    readings, moment = Readings(found), max(ahead, default=at)
    return [evaluate(one, readings, moment) for one in RULESETS]


async def warnings(
    session: AsyncSession,
    viewer: Viewer,
    pregnancy_id: PregnancyId,
    at: datetime,
    *,
    drill: bool = False,
) -> Warnings:
    """What every tool says of her at a moment.

    Raises:
        NotFound: the pregnancy is not open to the viewer.
    """
    await PregnancyRepository(session, viewer).pregnancy(pregnancy_id)
    found = await samples(session, viewer, pregnancy_id, at, drill=drill)
    return Warnings(at, judge(found, at))


def try_out(moments: Iterable[tuple[datetime, list[Reading]]], at: datetime) -> Warnings:
    """What every tool says of readings that nobody took."""
    made_up = [Sample(one.code, one.fact, moment) for moment, here in moments for one in here]
    return Warnings(at, judge(made_up, at))


def rulesets() -> list[RulesetOut]:
    """The tools, as pages and integrators need them."""
    return [_out(one) for one in RULESETS]


def _out(one: Ruleset) -> RulesetOut:
    return RulesetOut(
        code=one.code,
        version=one.version,
        valid_from=one.valid_from,
        zh=one.name.zh,
        en=one.name.en,
        rule_zh=one.rule.zh,
        rule_en=one.rule.en,
        inputs=sorted(inputs_of(one.facts)),
        tiers=[TierOut(tier.code, tier.at_least, tier.zh, tier.en) for tier in one.tiers],
        criteria=_criteria(one),
        advice=[AdviceOut(a.code, a.low, a.high, a.zh, a.en) for a in one.advice],
        limits=[LimitOut(at.fact, at.sign, at.bound, at.tier) for _, at in limits([one])],
        source=one.source,
        confidence=one.confidence,
        verify=unverified(one.confidence),
    )


def _criteria(one: Ruleset) -> list[CriterionOut]:
    items = [
        CriterionOut(
            code=item.code,
            tier=item.tier,
            zh=item.zh,
            en=item.en,
            condition_zh=condition(item.predicate, "zh"),
            condition_en=condition(item.predicate, "en"),
            lasting_minutes=None if item.lasting is None else item.lasting.minutes,
            points=None,
            confidence=item.confidence or one.confidence,
            verify=unverified(item.confidence or one.confidence),
        )
        for item in one.items
    ]
    bands = [
        CriterionOut(
            code=variable.code,
            tier=f"+{band.points}",
            zh=variable.zh,
            en=variable.en,
            condition_zh=condition(band.predicate, "zh"),
            condition_en=condition(band.predicate, "en"),
            lasting_minutes=None,
            points=band.points,
            confidence=one.confidence,
            verify=unverified(one.confidence),
        )
        for variable in one.variables
        for band in variable.bands
    ]
    return items + bands
