"""Decision to delivery as published series have it, and as cases of this platform do."""

from datetime import UTC, datetime, timedelta

import pytest

from kernel.ids import new_id
from kernel.viewer import Role
from quality import ddi
from quality.distributions import Within
from quality.errors import PeriodInvalid
from quality.repository import CaseRow, Reached, Scope
from quality.schemas import DdiClass
from tests.fixtures.database import Clone
from tests.quality.cases import SYSTEM, county_of, region, shipped_versions, write_case

PERIOD = Scope(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 22, tzinfo=UTC))
T0 = datetime(2021, 3, 1, tzinfo=UTC)


def series(urgency: int, minutes: list[float]) -> list[CaseRow]:
    """Cases of one class with these decision-to-birth times."""
    decision = Reached(T0, late=False, payload={"urgency_class": urgency, "place": "ward"})
    return [
        CaseRow(
            case_id=new_id(),
            number=None,
            opened_at=T0,
            origin=None,
            demo=False,
            listed=True,
            milestones={
                "decision_for_cs": decision,
                "birth": Reached(T0 + timedelta(minutes=span), late=False, payload={}),
            },
        )
        for span in minutes
    ]


@pytest.mark.parametrize(
    ("urgency", "within", "of", "limit_min", "percent"),
    # Guangzhou maternal hospitals, January to December 2021, 502 emergency caesareans:
    # rs.yiigle.com CN115399202004/1502564. The spread within is ours; met and missed are theirs.
    [(1, 92, 304, 30, 30.3), (2, 74, 198, 75, 37.4)],
)
def test_the_published_series_recompute(
    urgency: int, within: int, of: int, limit_min: int, percent: float
) -> None:
    met = [limit_min * (n + 1) / within for n in range(within)]  # the last one exactly on the line
    missed = [limit_min + 0.5 + n for n in range(of - within)]
    definition, interval = ddi.measured_by(urgency, shipped_versions())
    assert definition is not None
    assert interval.seconds == limit_min * 60
    found = ddi.row(ddi.entries_of(series(urgency, met + missed), interval), interval.seconds)
    share = found.with_late.within_target
    assert share == Within(within, of, within / of)
    assert round(share.share * 100, 1) == percent
    assert found.with_late.n == found.without_late.n == of


def test_both_series_together_are_all_502() -> None:
    cases = series(1, [20.0] * 304) + series(2, [60.0] * 198)
    rows = [
        ddi.row(ddi.entries_of(cases, ddi.measured_by(n, shipped_versions())[1]), None)
        for n in ddi.CLASSES
    ]
    assert [row.with_late.n for row in rows] == [304, 198, 0, 0]
    assert all(row.with_late.within_target is None for row in rows), "no target, no share"


def test_a_class_without_an_indicator_has_no_target() -> None:
    for number in (3, 4):
        definition, interval = ddi.measured_by(number, shipped_versions())
        assert (definition, interval.seconds) == (None, None)


async def test_rows_of_real_cases(database: Clone) -> None:
    world = await region(database)
    here = county_of(world)
    said = {"urgency_class": 1, "place": "theatre"}
    written = []
    async with database.system.session(SYSTEM) as session:
        for minutes in (18, 34):
            steps = (
                ("milestone.decision_for_cs", 5, said),
                ("milestone.anaesthesia_started", 10, {"anaesthesia": "general"}),
                ("milestone.birth", 5 + minutes),
            )
            written.append(await write_case(session, here, *steps))
        decided = ("milestone.decision_for_cs", 5, {"urgency_class": 1, "place": "ward"})
        born_late = ("milestone.birth", 65, {"late_reason": "断网"})
        written.append(await write_case(session, here, decided, born_late))
        written.append(await write_case(session, here, ("milestone.decision_for_cs", 5, said)))
        await write_case(
            session,
            here,
            ("milestone.decision_for_cs", 50, {"urgency_class": 3}),
            ("milestone.birth", 20),
        )
        found = await ddi.split(session, PERIOD)
    first, second, third = found.classes
    assert [one.urgency_class for one in found.classes] == [1, 2, 3]
    assert _n(first) == (3, 2, 1)
    assert first.total.with_late.within_target == Within(1, 3, 1 / 3)
    assert first.total.without_late.within_target == Within(1, 2, 1 / 2)
    assert first.total.with_late.p50_s == 34 * 60
    assert first.definition is not None
    assert first.definition.target is not None
    assert first.definition.target.seconds == 1800
    told = [(one.seconds, one.state, one.place, one.anaesthesia, one.late) for one in first.cases]
    assert told == [
        (3600, "counted", "ward", None, True),
        (34 * 60, "counted", "theatre", "general", False),
        (18 * 60, "counted", "theatre", "general", False),
        (None, "open", "theatre", None, False),
    ]
    assert [one.case_id for one in first.cases] == [written[n] for n in (2, 1, 0, 3)]
    assert [one.state for one in third.cases] == ["inconsistent"]
    assert [(row.place, row.with_late.n, row.open) for row in first.by_place] == [
        ("theatre", 2, 1),
        ("ward", 1, 0),
    ]
    assert [(row.anaesthesia, row.with_late.n) for row in first.by_anaesthesia] == [
        ("general", 2),
        (None, 1),
    ]
    assert [(row.place, row.anaesthesia, row.with_late.n) for row in first.cells] == [
        ("theatre", "general", 2),
        ("theatre", None, 0),
        ("ward", None, 1),
    ]
    assert (second.total.with_late.n, second.cells) == (0, [])
    assert third.definition is None
    assert (third.total.with_late.n, third.total.inconsistent) == (0, 1)


def _n(found: DdiClass) -> tuple[int, int, int]:
    return found.total.with_late.n, found.total.without_late.n, found.total.open


async def test_strangers_and_drills_are_not_counted(database: Clone) -> None:
    world = await region(database)
    steps = (("milestone.decision_for_cs", 5, {"urgency_class": 2}), ("milestone.birth", 40))
    async with database.system.session(SYSTEM) as session:
        await write_case(session, county_of(world), *steps)
        await write_case(session, county_of(world), *steps, request={"drill": True})
    for place, n in ((world.city_centre, 0), (world.county_hospital, 1)):
        viewer = world.viewer(Role.EXPERT, place)
        async with database.app.session(viewer) as session:
            found = await ddi.split(session, PERIOD)
        assert sum(one.total.with_late.n for one in found.classes) == n
    async with database.system.session(SYSTEM) as session:
        assert (await ddi.split(session, PERIOD)).scope.drills_left_out == 1
        with pytest.raises(PeriodInvalid):
            await ddi.split(session, Scope(PERIOD.end, PERIOD.start))
