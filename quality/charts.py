"""An indicator's months on a control chart, its facilities in a funnel; small ones hidden."""

from calendar import monthrange
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from kernel.confidence import unverified
from quality import control
from quality.control import ChartKind, Sample
from quality.definitions import MULTIPLES, Definition
from quality.groups import Group
from quality.names import Names
from quality.repository import Scope, Totals
from quality.schemas import (
    ChartRule,
    ControlChart,
    ControlPoint,
    Funnel,
    FunnelBand,
    FunnelPoint,
)
from quality.small_numbers import small, small_share
from registry.facilities.rules import local_date

_KINDS: Final[dict[str, ChartKind]] = {"interval": "xmr", "share": "p", "count": "u"}
PER_DAYS: Final = 30
"""Counts are shown per so many days, as months differ."""


def chart_of(definition: Definition, totals: Totals, scope: Scope) -> ControlChart | None:
    """Every month that the scope touches, in the definition's unit; counts per 30 days.

    None where months say nothing: of a year's figures, of what the viewer only counts.
    """
    if definition.kind not in _KINDS or totals.all.closed:
        return None
    held = {str(one.key): one for one in totals.months}
    days = dict(days_of_months(scope))
    months = sorted({*held, *days})
    kind = _KINDS[definition.kind]
    samples = [_sample(kind, held.get(one), days.get(one, 0)) for one in months]
    found = control.chart(kind, samples)
    factor = {"xmr": 1.0, "u": PER_DAYS}.get(kind) or MULTIPLES[definition.unit]

    def scaled(value: float | None) -> float | None:
        return None if value is None else value * factor

    rule = control.rules().limits
    return ControlChart(
        kind=kind,
        centre=scaled(found.centre),
        points=[
            ControlPoint(
                month=month,
                n=None if small(sample.n) else sample.n,
                value=scaled(one.value),
                low=scaled(one.low),
                high=scaled(one.high),
                signal=one.signal,
            )
            for month, sample, one in zip(months, samples, found.points, strict=True)
        ],
        rule=ChartRule(rule.text, rule.source, unverified(rule.confidence)),
    )


def _sample(kind: ChartKind, group: Group | None, days: int) -> Sample:
    n = group.n if group else 0
    if kind == "u":
        return Sample(n, n / days if days else None, days)
    if group is None or not n:
        return Sample(0, None, 0)
    return Sample(n, group.p50_s if kind == "xmr" else group.met / n, n)


def days_of_months(scope: Scope) -> Iterator[tuple[str, int]]:
    """The months of China's calendar that a scope touches, each with its days inside."""
    first, last = local_date(scope.start), scope.last_day
    at = date(first.year, first.month, 1)
    while at <= last:
        end = at.replace(day=monthrange(at.year, at.month)[1])
        yield f"{at:%Y-%m}", (min(end, last) - max(at, first)).days + 1
        at = end + timedelta(days=1)


def funnel_of(definition: Definition, totals: Totals, names: Names) -> Funnel | None:
    """A share by facility beside what chance alone does with so few; None for other measures."""
    whole = totals.all
    if definition.kind != "share" or not whole.n or whole.closed:
        return None
    mean, factor = whole.met / whole.n, MULTIPLES[definition.unit]
    shown = [one for one in totals.places if one.n and not small_share(one.met, one.n)]
    rule = control.rules().funnel
    points = []
    for one in shown:
        centre = names.place(one.key if isinstance(one.key, UUID) else None)
        if centre is not None:
            value = one.met / one.n
            where = control.band(mean, one.n).place(value)
            points.append(FunnelPoint(centre, one.n, value * factor, where))
    return Funnel(
        mean=mean * factor,
        points=sorted(points, key=lambda one: one.n),
        bands=_bands(mean, factor, shown),
        hidden=sum(1 for one in totals.places if one.n) - len(shown),
        rule=ChartRule(rule.text, rule.source, unverified(rule.confidence)),
    )


def _bands(mean: float, factor: float, shown: Sequence[Group]) -> list[FunnelBand]:
    return [
        FunnelBand(
            n=one.n,
            low_warning=one.low_warning * factor,
            high_warning=one.high_warning * factor,
            low_alarm=one.low_alarm * factor,
            high_alarm=one.high_alarm * factor,
        )
        for one in control.bands(mean, max((one.n for one in shown), default=0))
        if shown
    ]
