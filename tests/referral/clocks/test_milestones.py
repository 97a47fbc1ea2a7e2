"""The fold: rules one by one, and equal to the SQL view on any history."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import JSONB

from kernel.chain import append
from kernel.chain.append import AMEND, DeviceTime
from kernel.chain.canonical import encode
from kernel.chain.hashing import GENESIS, EventRow
from kernel.chain.history import EventView, history, with_amendments
from kernel.clock import Clock, SimulatedClock, SystemClock
from kernel.ids import CaseId, FacilityId, new_id
from kernel.parties import PartyRole, add_facility
from referral.clocks.milestones import KINDS, UNDONE, CaseFold, fold, interval, milestone_of
from tests.fixtures.database import Clone
from tests.quality.cases import SYSTEM

START = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)
CASE = UUID(int=1)


def event(
    seq: int,
    kind: str,
    minutes: float,
    *,
    late_by: float | None = None,
    source: str = "human",
    **payload: object,
) -> EventRow:
    """Received at `minutes`; with `late_by`, entered that many minutes after it happened."""
    received = START + timedelta(minutes=minutes)
    return EventRow(
        case_id=CASE,
        seq=seq,
        kind=kind,
        source=source,
        auto=False,
        actor=UUID(int=7),
        facility=UUID(int=8),
        payload=encode(payload),
        occurred_at=None if late_by is None else received - timedelta(minutes=late_by),
        device_at=None,
        clock_offset_ms=None,
        rtt_ms=None,
        recv_at=received,
        prev=GENESIS,
        hash=GENESIS,
    )


def amendment(
    seq: int, *, of: int, occurred_at: datetime | None = None, **changes: object
) -> EventRow:
    """A correction of event `of`, an hour after the request."""
    body = {"seq": of, "reason": "登记有误", "second_person": UUID(int=9), "set": changes}
    if occurred_at is not None:
        body["occurred_at"] = occurred_at
    return replace(event(seq, AMEND, 60), payload=encode(body))


def undone(seq: int, *, of: int) -> EventRow:
    """A slip of the finger, taken back."""
    return replace(event(seq, UNDONE, 5), payload=encode({"seq": of}))


def folded(*rows: EventRow) -> CaseFold:
    return fold(with_amendments(list(rows)))


def minutes_of(case: CaseFold, start: str, end: str) -> float | None:
    found = interval(case, start, end)
    if found is None or found.duration is None:
        return None
    return found.duration / timedelta(minutes=1)


def test_the_first_acknowledgement_is_a_page_or_an_offer_whichever_came_first() -> None:
    case = folded(
        event(1, "referral.requested", 0),
        event(2, "offer.acknowledged", 4),
        event(3, "page.acknowledged", 2.5),
    )
    assert minutes_of(case, "request", "first_acknowledged") == 2.5


def test_a_late_entry_counts_only_where_nothing_else_is_known() -> None:
    only_late = folded(event(1, "referral.requested", 0), event(2, "leg.departed", 50, late_by=20))
    found = interval(only_late, "request", "departed")
    assert found is not None
    assert (found.duration, found.late) == (timedelta(minutes=30), True)
    both = folded(
        event(1, "referral.requested", 0),
        event(2, "leg.departed", 35),
        event(3, "leg.departed", 50, late_by=20),
    )
    found = interval(both, "request", "departed")
    assert found is not None
    assert (found.duration, found.late) == (timedelta(minutes=35), False)


def test_an_amended_time_counts_and_is_a_late_entry() -> None:
    corrected = START + timedelta(minutes=12)
    case = folded(
        event(1, "referral.requested", 0),
        event(2, "offer.accepted", 15),
        amendment(3, of=2, occurred_at=corrected),
    )
    accepted = case.milestones["accepted"]
    assert (accepted.at, accepted.late, accepted.amended) == (corrected, True, True)
    assert accepted.original_at == START + timedelta(minutes=15)


def test_a_wrong_order_is_inconsistent_and_never_negative() -> None:
    case = folded(event(1, "referral.requested", 0), event(2, "offer.accepted", 30, late_by=40))
    found = interval(case, "request", "accepted")
    assert found is not None
    assert (found.consistent, found.duration) == (False, None)


def test_an_open_interval_has_no_duration() -> None:
    case = folded(event(1, "referral.requested", 0))
    assert interval(case, "accepted", "departed") is None
    found = interval(case, "request", "accepted")
    assert found is not None
    assert (found.end, found.duration, found.consistent) == (None, None, True)


def test_drill_demo_void_and_origin() -> None:
    origin = UUID(int=5)
    drill = folded(event(1, "referral.requested", 0, drill=True, origin_facility=str(origin)))
    assert (drill.drill, drill.demo, drill.voided, drill.origin) == (True, False, False, origin)
    demo = folded(
        event(1, "referral.requested", 0, late_by=5, source="simulated"),
        event(2, "referral.voided", 1),
    )
    assert (demo.drill, demo.demo, demo.voided, demo.origin) == (False, True, True, UUID(int=8))
    assert not demo.milestones["request"].late
    named = folded(event(1, "referral.requested", 0, demo=True))
    assert named.demo


def test_no_amendment_takes_a_case_out_of_the_count() -> None:
    case = folded(
        event(1, "referral.requested", 0, drill=False),
        amendment(2, of=1, drill=True, demo=True, origin_facility=str(UUID(int=6))),
    )
    assert (case.drill, case.demo, case.origin) == (False, False, UUID(int=8))


def test_a_person_who_arrives_alone_opens_the_case() -> None:
    case = folded(event(1, "referral.drafted", 0), event(2, "referral.self_arrival", 5))
    assert case.opened_at == START + timedelta(minutes=5)
    assert set(case.milestones) == {"arrived"}


def test_a_slip_and_a_withdrawn_moment_are_no_milestones() -> None:
    case = folded(
        event(1, "referral.requested", 0),
        event(2, "milestone.birth", 4),
        undone(3, of=2),
        event(4, "milestone.birth", 9),
        event(5, "milestone.incision", 5),
        amendment(6, of=5, withdrawn=True),
        undone(7, of=1),
    )
    assert minutes_of(case, "request", "birth") == 9
    assert set(case.milestones) == {"request", "birth"}


def test_own_milestones_name_themselves() -> None:
    assert milestone_of("milestone.first_dose_magnesium") == "first_dose_magnesium"
    assert milestone_of("referral.note") is None


OWN = ["milestone.birth", "milestone.incision"]
NAMES = [*KINDS, *[UNDONE] * 3, *OWN * 3, "referral.note", "referral.voided"]


async def write_anything(clone: Clone, dice: random.Random) -> CaseId:
    """A case with a random history: real, late, simulated, amended and out of order."""
    case_id, place = CaseId(new_id()), FacilityId(new_id())
    own: list[int] = []
    async with clone.system.session(SYSTEM) as session:
        await add_facility(session, case_id, place, PartyRole.ORIGIN)
        for seq in range(1, dice.randrange(3, 16)):
            moment = START + timedelta(seconds=dice.randrange(0, 7200))
            clock: Clock = SimulatedClock(moment) if dice.random() < 0.5 else SystemClock()
            late = not clock.simulated and dice.random() < 0.3
            payload: dict[str, Any] = {"n": dice.randrange(9), "drill": dice.random() < 0.2}
            if dice.random() < 0.3:
                payload["origin_facility"] = str(new_id())
            if dice.random() < 0.2:
                payload["late_reason"] = dice.choice(["断网", None])
            if dice.random() < 0.2:
                payload |= {"number": f"N{seq}", "direction": dice.choice(["up", "back"])}
            if dice.random() < 0.1:
                payload["demo"] = dice.choice([True, False, "yes"])
            kind = dice.choice(NAMES)
            own += [seq] if kind in OWN else []
            if kind == UNDONE:
                payload["seq"] = dice.choice([seq, 99, *own, *own])
            if seq > 1 and dice.random() < 0.25:
                kind, payload = AMEND, _amendment(dice, case_id, seq)
            await append(
                session,
                clock,
                case_id,
                kind,
                viewer=SYSTEM,
                payload=payload,
                occurred_at=moment if late else None,
                device=DeviceTime(moment, 12, 3) if dice.random() < 0.3 else None,
            )
    return case_id


def _amendment(dice: random.Random, case_id: CaseId, seq: int) -> dict[str, Any]:
    payload: dict[str, Any] = {
        "case_id": case_id,
        "seq": dice.randrange(1, seq),
        "reason": "登记有误",
        "second_person": new_id(),
        "set": {
            name: dice.choice([1, None, "x"])
            for name in ("n", "late_reason", "note")
            if dice.random() < 0.5
        }
        | ({"withdrawn": dice.choice([True, False, None])} if dice.random() < 0.4 else {}),
    }
    if dice.random() < 0.5:
        payload["occurred_at"] = START + timedelta(seconds=dice.randrange(0, 7200))
    return payload


MILESTONE_COLUMNS = (
    "milestone, seq, at, recv_at, original_at, device_at, source, auto, late, amended, actor,"
    " facility, payload"
)


async def test_the_fold_equals_the_view_on_any_history(module_database: Clone) -> None:
    dice = random.Random(20261122)
    written = [await write_anything(module_database, dice) for _ in range(60)]
    seen = {"late": 0, "amended": 0, "drill": 0, "inconsistent": 0, "gone": 0}
    async with module_database.system.session(SYSTEM) as session:
        for case_id in written:
            events = await history(session, case_id)
            case = fold(events)
            rows = await session.execute(
                text(
                    f"SELECT {MILESTONE_COLUMNS} FROM quality_milestone WHERE case_id = :id"
                ).columns(payload=JSONB),
                {"id": case_id},
            )
            assert {row.milestone: tuple(row) for row in rows} == {
                name: _columns(found) for name, found in case.milestones.items()
            }
            row = (
                await session.execute(
                    text(
                        "SELECT opened_at, origin, number, back, drill, voided, demo"
                        " FROM quality_case WHERE case_id = :id"
                    ),
                    {"id": case_id},
                )
            ).one_or_none()
            assert (row is None) == (case.opened_at is None)
            assert row is None or row._asdict() == {
                name: getattr(case, name) for name in row._fields
            }
            _note(seen, case, events)
    assert {name: count for name, count in seen.items() if count <= 3} == {}


def _columns(found: Any) -> tuple[Any, ...]:
    names = MILESTONE_COLUMNS.replace("milestone", "name", 1).split(", ")
    return tuple(getattr(found, name) for name in names)


def _note(seen: dict[str, int], case: CaseFold, events: list[EventView]) -> None:
    seen["late"] += any(found.late for found in case.milestones.values())
    seen["amended"] += any(found.amended for found in case.milestones.values())
    seen["drill"] += case.drill
    undone = {event.original.get("seq") for event in events if event.row.kind == UNDONE}
    seen["gone"] += any(
        event.row.kind in OWN and (event.row.seq in undone or event.payload.get("withdrawn"))
        for event in events
    )
    for start in case.milestones:
        for end in case.milestones:
            found = interval(case, start, end)
            assert found is not None
            assert found.duration is None or found.duration >= timedelta(0)
            seen["inconsistent"] += not found.consistent
