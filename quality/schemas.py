"""What the API says about indicators. Durations are in seconds."""

from datetime import date, datetime
from typing import Literal, TypeAlias
from uuid import UUID

import msgspec

from kernel.confidence import Confidence
from quality.definitions import Aspect, Baseline, Direction, Level, Standing, Texts, Unit
from quality.distributions import Distribution
from quality.repository import Page
from quality.untold import Untold
from quality.vocabulary import Measure
from referral.clocks.data import Text
from referral.clocks.schemas import TargetOut
from referral.commands.fields import Anaesthesia, Place


class PersonOut(msgspec.Struct, frozen=True):
    """Who acted."""

    id: UUID
    name: str
    title: str


class PlaceOut(msgspec.Struct, frozen=True):
    """The facility for which somebody acted."""

    id: UUID
    short_name: str


class DefinitionOut(msgspec.Struct, frozen=True):
    """What a number means; it travels with the number. `id` is its version's."""

    id: UUID
    code: str
    version: int
    origin: Literal["shipped", "entered"]
    valid_from: date
    valid_to: date | None
    standing: Standing
    aspect: Aspect
    levels: list[Level]
    measure: Measure
    unit: Unit
    direction: Direction
    name: Text
    definition: Text
    population: Text
    numerator: Text | None
    denominator: Text | None
    exclusions: Texts
    national_no: int | None
    source: str
    data_source: str
    confidence: Confidence
    to_be_verified: bool
    from_milestone: str | None
    to_milestone: str | None
    target: TargetOut | None
    baseline: Baseline | None
    weight: float | None


class CentreValue(msgspec.Struct, frozen=True):
    """What one facility comes to: how many count, of a share how many meet it, the median."""

    centre: PlaceOut
    n: int
    met: int | None
    p50_s: float | None


class MeanOfCentres(msgspec.Struct, frozen=True):
    """Each rescue centre for itself, then the mean: seconds, a count, or a share in its unit.

    `without`: centres that have nothing to take a median or a share of; they are not in the mean.
    """

    centres: int
    without: int
    value: float | None


class LeftOut(msgspec.Struct, frozen=True):
    """Members of the population that do not count, by the first criterion that fails."""

    key: str
    n: int


class IntervalValue(msgspec.Struct, frozen=True, tag="interval", tag_field="kind"):
    """A distribution, and what is not in it.

    Attributes:
        open: cases that have the first milestone and not (yet) the second.
        inconsistent: cases whose two times stand in the wrong order.
        late: cases among them with a late entry at either end; left out when late=without.
        demo: cases among them whose times were made up for demonstration.
        more_centres: facilities with something that `by_centre` does not list: an overview of all
            indicators names those with the most.
    """

    distribution: Distribution
    open: int
    inconsistent: int
    by_centre: list[CentreValue]
    mean: MeanOfCentres | None
    late: int
    demo: int
    more_centres: int = 0


class CountValue(msgspec.Struct, frozen=True, tag="count", tag_field="kind"):
    """How many count, by facility, and how many do not, by reason."""

    n: int
    by_centre: list[CentreValue]
    mean: MeanOfCentres | None
    outside: list[LeftOut]
    late: int
    demo: int
    more_centres: int = 0


class ShareValue(msgspec.Struct, frozen=True, tag="share", tag_field="kind"):
    """`n` of `of`; `value` in the definition's unit, null where nobody is in the denominator."""

    n: int
    of: int
    value: float | None
    by_centre: list[CentreValue]
    mean: MeanOfCentres | None
    outside: list[LeftOut]
    late: int
    demo: int
    more_centres: int = 0


class ElsewhereValue(msgspec.Struct, frozen=True, tag="elsewhere", tag_field="kind"):
    """No number, and why.

    no_data: the platform holds none, the definition says what is awaited. whole_year,
    whole_quarters: nothing is said of other periods. not_by_house: reviews that the viewer may not
    read are only counted by region. parts_by_year: of a part of the viewer's regions only calendar
    years are told. few: 1 to 4 of them. follows: hidden because a small number would follow from it
    and others that are told. not_kept: the period was closed before reviews were kept.
    """

    why: Untold = "no_data"


Value: TypeAlias = IntervalValue | CountValue | ShareValue | ElsewhereValue


Beside: TypeAlias = Literal["below", "within", "above"]
"""Where a value lies beside its baseline; on the map a median without one beside its target."""


class Compared(msgspec.Struct, frozen=True):
    """A number beside the province's baseline, which stands with the definition.

    `worse`: whether it lies beyond it on the wrong side; null within it, and where neither side is.
    """

    beside: Beside
    worse: bool | None


class Indicator(msgspec.Struct, frozen=True):
    """A number with its definition; `compared` is null where there is no baseline to compare with,
    and of counts over anything but a year.
    """

    definition: DefinitionOut
    value: IntervalValue | CountValue | ShareValue | ElsewhereValue
    compared: Compared | None = None


class FrozenMark(msgspec.Struct, frozen=True):
    """The numbers are those of a closed period, as they were when it was closed."""

    id: UUID
    region: str
    by: PersonOut | None
    at: datetime


class ScopeOut(msgspec.Struct, frozen=True):
    """What the numbers cover: period, place, and cases left out of all of them.

    `missing`: cases that cannot be counted at all because what was entered cannot be read.
    """

    start: datetime = msgspec.field(name="from")
    end: datetime = msgspec.field(name="to")
    region_id: UUID | None
    facility_id: UUID | None
    late: Literal["with", "without"]
    cases: int
    drills_left_out: int
    voided_left_out: int
    back_referrals_left_out: int
    missing: int
    frozen: FrozenMark | None = None


class Indicators(msgspec.Struct, frozen=True):
    """All indicators in force on the period's last day."""

    scope: ScopeOut
    indicators: list[Indicator]


class Point(msgspec.Struct, frozen=True):
    """One case of a plot. `seconds` is null where no time is measured; `met`: of a share."""

    case_id: UUID
    at: datetime
    seconds: float | None
    met: bool
    late: bool
    demo: bool


class Month(msgspec.Struct, frozen=True):
    """One month of a trend, in China's time zone; `value`: a share in the definition's unit."""

    month: str
    n: int
    p50_s: float | None
    p90_s: float | None
    value: float | None


class ChartRule(msgspec.Struct, frozen=True):
    """How a chart tells noise from news, and after whom."""

    text: Text
    source: str
    to_be_verified: bool


class ControlPoint(msgspec.Struct, frozen=True):
    """A month on its chart, in the definition's unit, counts per 30 days.

    `n` null: 1 to 4 members, hidden, without value or limits. `signal`: a point outside the limits,
    or one of a run on one side of the centre line.
    """

    month: str
    n: int | None
    value: float | None
    low: float | None
    high: float | None
    signal: Literal["outside", "run"] | None


class ControlChart(msgspec.Struct, frozen=True):
    """Months of an interval (xmr, medians), a share (p) or a count (u).

    `centre` null: too few months for limits.
    """

    kind: Literal["xmr", "p", "u"]
    centre: float | None
    points: list[ControlPoint]
    rule: ChartRule


class FunnelPoint(msgspec.Struct, frozen=True):
    """A facility: its share and whether chance alone explains it, at 95 % or 99.8 %."""

    centre: PlaceOut
    n: int
    value: float
    beyond: Literal["within", "warning", "alarm"]


class FunnelBand(msgspec.Struct, frozen=True):
    """Limits for facilities of `n`: warning 95 %, alarm 99.8 %."""

    n: int
    low_warning: float
    high_warning: float
    low_alarm: float
    high_alarm: float


class Funnel(msgspec.Struct, frozen=True):
    """A share by facility around the whole's; `hidden`: facilities whose counts are too small."""

    mean: float
    points: list[FunnelPoint]
    bands: list[FunnelBand]
    hidden: int
    rule: ChartRule


class PublishedOut(msgspec.Struct, frozen=True):
    """A figure that others printed; not `consistent`: it does not follow from its own counts."""

    place: Text
    n: int
    of: int
    unit: Literal["percent", "per_1000", "per_100000"]
    printed: str
    recomputed: str
    consistent: bool
    source: str
    confidence: Confidence
    to_be_verified: bool
    note: Text | None


class HouseValue(msgspec.Struct, frozen=True):
    """What one facility comes to: in the definition's unit, and beside the baseline."""

    centre: PlaceOut
    n: int
    met: int | None
    value: float | None
    compared: Compared | None


class IndicatorDetail(msgspec.Struct, frozen=True):
    """One indicator with points and months for plots; points are the newest 2000, houses those
    that count anybody, the largest first.
    """

    scope: ScopeOut
    indicator: Indicator
    houses: list[HouseValue]
    points: list[Point]
    months: list[Month]
    control: ControlChart | None
    funnel: Funnel | None
    published: list[PublishedOut]


class IndicatorCase(msgspec.Struct, frozen=True):
    """One of those behind a number; `number` is its own, where it has one.

    `case_id` is null for what is no case: a district, whose name is its number. `page`: where it is
    shown; null where the viewer may count it but not open it. `reason`: the first criterion that it
    fails. `met`: of a share, whether it stands in the numerator. `part`, `whole`: what it adds to
    numerator and denominator, of a rate the amounts that it gives.
    """

    case_id: UUID | None
    page: Page | None
    number: str | None
    opened_at: datetime
    origin: PlaceOut | None
    from_at: datetime
    to_at: datetime | None
    seconds: float | None
    state: Literal["counted", "open", "inconsistent", "late_left_out", "outside"]
    reason: str | None
    met: bool
    part: int
    whole: int
    late: bool
    demo: bool


class IndicatorCases(msgspec.Struct, frozen=True):
    """Drill-down: those behind one number, slowest first, at most 5000.

    `unlisted`: how many more there are that the viewer counts and may not open (医务科).
    """

    scope: ScopeOut
    definition: DefinitionOut
    cases: list[IndicatorCase]
    unlisted: int


class AreaRef(msgspec.Struct, frozen=True):
    """A region by name."""

    id: UUID
    name: str


class AreaOut(msgspec.Struct, frozen=True):
    """A region or facility under one indicator.

    Attributes:
        level: of a region, or the tier of a facility.
        value: a share, a median or a count in the definition's unit; null where it has none.
        worse: whether it lies beyond the baseline on the wrong side, where there is one.
        shape: rings of longitude and latitude, where an outline is known; `point`: of a facility.
    """

    id: UUID
    kind: Literal["region", "facility"]
    name: str
    level: str
    n: int
    met: int | None
    value: float | None
    beside: Beside | None
    worse: bool | None
    shape: list[list[tuple[float, float]]] | None
    point: tuple[float, float] | None


class IndicatorAreas(msgspec.Struct, frozen=True):
    """An indicator in a region and in what lies directly in it; `path` leads there from the top.

    `untold`: why nothing is said of any area; then there is none.
    """

    scope: ScopeOut
    definition: DefinitionOut
    path: list[AreaRef]
    here: AreaOut | None
    parts: list[AreaOut]
    untold: Untold | None = None


class DdiRow(msgspec.Struct, frozen=True):
    """Decision to delivery of a group; `place` or `anaesthesia` null: not said, or all of them.

    Attributes:
        with_late: all cases with both moments.
        without_late: those of them whose moments were both entered as they happened.
        open: no birth entered.
        inconsistent: birth before decision; no duration is made of it.
        demo: cases among `with_late` whose times were made up for demonstration.
    """

    place: Place | None
    anaesthesia: Anaesthesia | None
    with_late: Distribution
    without_late: Distribution
    open: int
    inconsistent: int
    demo: int


class DdiCase(msgspec.Struct, frozen=True):
    """One case of a class, counted or not; `seconds` is null where no duration is made of it."""

    case_id: UUID
    number: str | None
    decided_at: datetime
    seconds: float | None
    state: Literal["counted", "open", "inconsistent"]
    place: Place | None
    anaesthesia: Anaesthesia | None
    late: bool
    demo: bool


class DdiClass(msgspec.Struct, frozen=True):
    """One urgency class; `definition` is null for a class that has no indicator and no target.

    `cases`: those behind its numbers that the viewer may open, slowest first, not counted last.
    """

    urgency_class: int
    definition: DefinitionOut | None
    total: DdiRow
    by_place: list[DdiRow]
    by_anaesthesia: list[DdiRow]
    cells: list[DdiRow]
    cases: list[DdiCase]


class Ddi(msgspec.Struct, frozen=True):
    """Decision to delivery by class, place and anaesthesia: never a share without its n."""

    scope: ScopeOut
    classes: list[DdiClass]
