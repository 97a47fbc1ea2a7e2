"""Who is on call: properties of the pure function, and its agreement with PostgreSQL."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from duty.rosters import repository, service
from duty.rosters.errors import PersonBusy
from duty.rosters.oncall import DutyTier, Shift, Slot, on_call
from kernel.clock import SimulatedClock
from kernel.ids import GroupId, PersonId, ShiftId, SlotId
from tests.duty.region import LONG_AGO, SEEDER, Region

GROUP = GroupId(uuid4())
SLOTS = [Slot(SlotId(uuid4()), GROUP, "obstetrics", tier) for tier in DutyTier]
START = datetime(2026, 3, 28, tzinfo=UTC)
HOURS = st.integers(0, 72).map(lambda h: START + timedelta(hours=h))


@st.composite
def rosters(draw: st.DrawFn) -> list[Shift]:
    """Standing shifts without overlap, and superseded ones that overlap as they like."""
    found: list[Shift] = []
    for slot in SLOTS[:3]:
        edges = sorted(draw(st.sets(HOURS, max_size=8)))
        for start, end in zip(edges[::2], edges[1::2], strict=False):
            found.append(shift(slot, start, end))
        for _ in range(draw(st.integers(0, 3))):
            start = draw(HOURS)
            end = start + timedelta(hours=draw(st.integers(1, 24)))
            found.append(shift(slot, start, end, superseded_at=START + timedelta(hours=1)))
    return found


def shift(
    slot: Slot, start: datetime, end: datetime, superseded_at: datetime | None = None
) -> Shift:
    return Shift(ShiftId(uuid4()), slot.id, PersonId(uuid4()), start, end, START, superseded_at)


@given(rosters(), HOURS)
def test_every_slot_has_one_answer_or_an_explicit_gap(shifts: list[Shift], at: datetime) -> None:
    answers = on_call(at, SLOTS, shifts)
    assert [answer.slot for answer in answers] == SLOTS
    for answer in answers:
        standing = [
            one
            for one in shifts
            if one.slot_id == answer.slot.id and one.superseded_at is None and one.covers(at)
        ]
        assert len(standing) <= 1
        assert answer.shift == (standing[0] if standing else None)
        assert answer.is_gap == (answer.person_id is None)


@given(rosters(), HOURS, st.randoms())
def test_the_order_of_the_rows_does_not_matter(
    shifts: list[Shift], at: datetime, dice: object
) -> None:
    shuffled = list(shifts)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    assert on_call(at, SLOTS, shuffled) == on_call(at, SLOTS, shifts)


@given(HOURS, st.integers(1, 12))
def test_at_the_second_of_handover_exactly_one_is_on_call(at: datetime, hours: int) -> None:
    span = timedelta(hours=hours)
    old, new = shift(SLOTS[0], at - span, at), shift(SLOTS[0], at, at + span)
    instant = timedelta(microseconds=1)
    assert on_call(at - instant, SLOTS[:1], [old, new])[0].shift == old
    assert on_call(at, SLOTS[:1], [old, new])[0].shift == new
    assert on_call(at + span, SLOTS[:1], [old, new])[0].is_gap


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Europe/Berlin", "America/New_York"])
@given(hours=st.integers(0, 72))
def test_daylight_saving_moves_nobody(zone: str, hours: int) -> None:
    """A shift is two instants; the zone in which somebody asks cannot change the answer."""
    at = START + timedelta(hours=hours)
    night = shift(SLOTS[0], START + timedelta(hours=20), START + timedelta(hours=30))
    asked = at.astimezone(ZoneInfo(zone))
    assert on_call(asked, SLOTS[:1], [night]) == on_call(at, SLOTS[:1], [night])
    assert on_call(at.astimezone(timezone(timedelta(hours=8))), SLOTS[:1], [night])[
        0
    ].is_gap is not (20 <= hours < 30)


def test_two_standing_people_in_one_place_are_an_error_not_a_choice() -> None:
    pair = [shift(SLOTS[0], START, START + timedelta(hours=8)) for _ in range(2)]
    with pytest.raises(ValueError, match="two people"):
        on_call(START, SLOTS[:1], pair)


def test_what_was_known_then_is_answered_as_it_was_known() -> None:
    end = START + timedelta(hours=8)
    planned = shift(SLOTS[0], START, end, superseded_at=START + timedelta(hours=2))
    later = Shift(
        ShiftId(uuid4()),
        SLOTS[0].id,
        PersonId(uuid4()),
        START,
        end,
        START + timedelta(hours=2),
    )
    at = START + timedelta(hours=3)
    both = [planned, later]
    assert on_call(at, SLOTS[:1], both)[0].shift == later
    one_hour_in = START + timedelta(hours=1)
    assert on_call(at, SLOTS[:1], both, as_known_at=one_hour_in)[0].shift == planned
    before = START - timedelta(hours=1)
    assert on_call(at, SLOTS[:1], both, as_known_at=before)[0].is_gap


_SQL = text(
    "SELECT s.id, h.person_id FROM slot s JOIN expert_group g ON g.id = s.group_id"
    " LEFT JOIN shift h ON h.slot_id = s.id AND h.status = 'active'"
    "  AND h.during @> CAST(:at AS timestamptz) WHERE g.facility_id = :f"
)


@settings(
    max_examples=12,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
async def test_it_equals_the_databases_answer_and_edits_leave_the_past_alone(
    region: Region, data: st.DataObject
) -> None:
    """Random covers; after each one, every earlier moment still has the person it had."""
    clock = SimulatedClock(LONG_AGO + timedelta(days=data.draw(st.integers(0, 3000))))
    crew = [expert.person_id for expert in region.experts.values()]
    past: list[tuple[datetime, dict[UUID, UUID | None]]] = []
    async with region.clone.system.session(SEEDER) as session:
        for _ in range(data.draw(st.integers(1, 5))):
            start = clock.now() + timedelta(hours=data.draw(st.integers(-6, 10)))
            with suppress(PersonBusy):
                async with session.begin_nested():
                    await service.cover(
                        session,
                        clock,
                        SEEDER,
                        slot_id=region.slots[data.draw(st.sampled_from(list(region.slots)))],
                        person_id=data.draw(st.sampled_from(crew)),
                        start=start,
                        end=clock.now() + timedelta(hours=data.draw(st.integers(11, 30))),
                    )
            for offset in (-3, 0, 5, 12, 40):
                at = clock.now() + timedelta(hours=offset)
                answers = await repository.roster(session, region.centre, at)
                rows = await session.execute(_SQL, {"at": at, "f": region.centre})
                assert {a.slot.id: a.person_id for a in answers} == {r[0]: r[1] for r in rows}
            for at, before in past:
                now = await repository.roster(session, region.centre, at)
                assert {a.slot.id: a.person_id for a in now} == before
            clock.advance(timedelta(hours=data.draw(st.integers(0, 8)), microseconds=1))
            moment = clock.now() - timedelta(microseconds=1)
            known = await repository.roster(session, region.centre, moment)
            past.append((moment, {a.slot.id: a.person_id for a in known}))
        await session.rollback()
