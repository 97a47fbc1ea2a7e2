"""The catalogue of conditions and the time limits in force."""

from dataclasses import asdict

from litestar import get
from litestar.handlers import BaseRouteHandler

from kernel.access import ANY, OPT
from referral.readmodel.whole import Condition, TimerLimits
from referral.rules.conditions import CATALOGUE
from referral.rules.timers import TIMERS


@get("/conditions", opt={OPT: ANY}, sync_to_thread=False)
def conditions() -> list[Condition]:
    """What a case can be sent with, each with source and confidence."""
    return [Condition(**asdict(row)) for row in CATALOGUE.values()]


@get("/timers", opt={OPT: ANY}, sync_to_thread=False)
def timers() -> TimerLimits:
    """How long steps may last; proposals, labelled as such."""
    return TimerLimits(
        version=TIMERS.version,
        source=TIMERS.source,
        status=TIMERS.status,
        seconds={step: int(limit.total_seconds()) for step, limit in TIMERS.limits.items()},
    )


HANDLERS: list[BaseRouteHandler] = [conditions, timers]
