"""The only door to the chain, on a real PostgreSQL with real roles."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from kernel.chain import amend, append
from kernel.chain.errors import AmendmentInvalid
from kernel.chain.hashing import GENESIS, EventRow, event_hash
from kernel.chain.history import COLUMNS, history
from kernel.clock import SimulatedClock
from kernel.errors import Conflict, NotFound
from kernel.ids import CaseId, PersonId, new_id
from tests.fixtures.database import Clone
from tests.kernel.chain.story import CLOCK, SYSTEM, add_events, doctor, open_case


async def rows_of(database: Clone, case_id: CaseId) -> list[EventRow]:
    query = text(f"SELECT {COLUMNS} FROM case_event WHERE case_id = :id ORDER BY seq")
    async with database.system.session(SYSTEM) as session:
        return [EventRow(*row) for row in await session.execute(query, {"id": case_id})]


async def test_events_form_a_chain_that_python_and_sql_hash_alike(module_database: Clone) -> None:
    viewer = doctor()
    async with module_database.app.session(viewer) as session:
        case_id = await open_case(session, viewer)
        events = await add_events(session, case_id, viewer, 6)
    rows = await rows_of(module_database, case_id)
    assert [row.seq for row in rows] == list(range(1, 8))
    assert rows[-1].hash == events[-1].hash
    prev = GENESIS
    for row in rows:
        assert row.prev == prev
        assert event_hash(row) == row.hash
        prev = row.hash
    assert {row.actor for row in rows} == {viewer.person_id}
    assert {row.facility for row in rows} == {viewer.facility_id}
    assert rows[1].device_at == datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
    assert (rows[1].clock_offset_ms, rows[1].rtt_ms) == (-1500, 40)


async def test_viewers_are_told_to_look(database: Clone) -> None:
    viewer = doctor()
    async with database.app.session(viewer) as session:
        case_id = await open_case(session, viewer)
    async with database.system.session(SYSTEM) as session:
        rows = await session.execute(text("SELECT topic, payload FROM outbox"))
        assert rows.all() == [
            (
                "case.changed",
                {"case_id": str(case_id), "seq": 1, "kind": "referral.requested"},
            )
        ]


async def test_only_parties_append_and_a_foreign_case_looks_unknown(module_database: Clone) -> None:
    viewer, stranger = doctor(), doctor()
    async with module_database.app.session(viewer) as session:
        case_id = await open_case(session, viewer)
    with pytest.raises(NotFound):
        async with module_database.app.session(stranger) as session:
            await append(session, CLOCK, case_id, "referral.note", viewer=stranger, payload={})
    async with module_database.app.session(stranger) as session:
        assert await history(session, case_id) == []
    assert len(await rows_of(module_database, case_id)) == 1


async def test_nobody_writes_in_anothers_name(module_database: Clone) -> None:
    viewer, other = doctor(), doctor()
    with pytest.raises(DBAPIError, match="the person who is asking"):
        async with module_database.app.session(viewer) as session:
            case_id = await open_case(session, viewer)
            await append(session, CLOCK, case_id, "referral.note", viewer=other, payload={})


async def test_a_process_acts_as_nobody(module_database: Clone) -> None:
    viewer = doctor()
    async with module_database.app.session(viewer) as session:
        case_id = await open_case(session, viewer)
    async with module_database.system.session(SYSTEM) as session:
        await append(
            session, CLOCK, case_id, "page.escalated", viewer=SYSTEM, payload={}, auto=True
        )
    event = (await rows_of(module_database, case_id))[-1]
    assert (event.actor, event.facility, event.source, event.auto) == (None, None, "system", True)


async def test_simulated_time_marks_the_event_for_ever(module_database: Clone) -> None:
    viewer, moment = doctor(), datetime(2026, 10, 1, 8, 30, tzinfo=UTC)
    async with module_database.app.session(viewer) as session:
        case_id = await open_case(session, viewer, SimulatedClock(moment))
        events = await history(session, case_id)
    assert (events[0].row.source, events[0].at, events[0].late) == ("simulated", moment, False)
    assert events[0].row.recv_at > moment


async def test_a_late_entry_lies_in_the_past(module_database: Clone) -> None:
    viewer = doctor()
    with pytest.raises(Conflict):
        async with module_database.app.session(viewer) as session:
            case_id = await open_case(session, viewer)
            await append(
                session,
                CLOCK,
                case_id,
                "leg.departed",
                viewer=viewer,
                payload={},
                occurred_at=CLOCK.now() + timedelta(hours=1),
            )


async def test_simultaneous_appends_take_turns(module_database: Clone) -> None:
    viewer = doctor()
    async with module_database.app.session(viewer) as session:
        case_id = await open_case(session, viewer)

    async def one(number: int) -> None:
        async with module_database.app.session(viewer) as session:
            await append(
                session, CLOCK, case_id, "referral.note", viewer=viewer, payload={"n": number}
            )

    await asyncio.gather(*(one(number) for number in range(12)))
    rows = await rows_of(module_database, case_id)
    assert [row.seq for row in rows] == list(range(1, 14))
    assert all(later.prev == row.hash for row, later in pairwise(rows))
    assert [row.recv_at for row in rows] == sorted(row.recv_at for row in rows)


async def test_an_amendment_keeps_both_versions(module_database: Clone) -> None:
    viewer, second = doctor(), PersonId(new_id())
    wrong = CLOCK.now() - timedelta(minutes=30)
    right = wrong - timedelta(minutes=10)
    async with module_database.app.session(viewer) as session:
        case_id = await open_case(session, viewer)
        event = await append(
            session,
            CLOCK,
            case_id,
            "milestone.decision_for_cs",
            viewer=viewer,
            payload={"urgency_class": 2, "note": "x"},
            occurred_at=wrong,
        )
        await amend(
            session,
            CLOCK,
            case_id,
            event.seq,
            viewer=viewer,
            reason="登记有误",
            second_person=second,
            changes={"urgency_class": 1},
            occurred_at=right,
        )
        _, decision, amendment = await history(session, case_id)
    assert decision.original == {"urgency_class": 2, "note": "x"}
    assert decision.payload == {"urgency_class": 1, "note": "x"}
    assert (decision.original_at, decision.at, decision.late) == (wrong, right, True)
    (correction,) = decision.amendments
    assert (correction.seq, correction.reason) == (amendment.row.seq, "登记有误")
    assert (correction.actor, correction.second_person) == (viewer.person_id, second)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"seq": 9}, "no_such_event"),
        ({"seq": 2}, "amends_an_amendment"),
        ({"reason": "  "}, "reason_missing"),
        ({"second_person": None}, "second_person_missing"),
        ({"changes": {}}, "nothing_corrected"),
        ({"occurred_at": datetime(2199, 1, 1, tzinfo=UTC)}, "in_the_future"),
    ],
)
async def test_an_amendment_must_be_complete(
    module_database: Clone, wrong: dict[str, object], reason: str
) -> None:
    viewer = doctor()
    good = {
        "seq": 1,
        "reason": "登记有误",
        "second_person": PersonId(new_id()),
        "changes": {"acuity": "urgent"},
    }
    async with module_database.app.session(viewer) as session:
        case_id = await open_case(session, viewer)
        await amend(session, CLOCK, case_id, viewer=viewer, **good)  # type: ignore[arg-type]
        given = good | wrong
        given["second_person"] = given["second_person"] or viewer.person_id
        with pytest.raises(AmendmentInvalid) as refusal:
            await amend(session, CLOCK, case_id, viewer=viewer, **given)  # type: ignore[arg-type]
    assert refusal.value.fields == {"reason": reason}


async def test_the_database_refuses_what_python_let_through(module_database: Clone) -> None:
    viewer = doctor()
    async with module_database.app.session(viewer) as session:
        case_id = await open_case(session, viewer)
    for kind, payload, message in (
        ("amend", {"case_id": str(case_id), "seq": 1, "reason": "x"}, "names an event, a reason"),
        ("Not a kind", {}, "case_event_kind_check"),
    ):
        with pytest.raises((DBAPIError, Conflict), match=message):
            async with module_database.app.session(viewer) as session:
                await append(session, CLOCK, case_id, kind, viewer=viewer, payload=payload)
    assert len(await rows_of(module_database, case_id)) == 1


@pytest.mark.parametrize("role", ["app_url", "system_url"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE case_event SET kind = 'x.y'",
        "DELETE FROM case_event",
        "TRUNCATE case_event CASCADE",
        "INSERT INTO case_event SELECT * FROM case_event LIMIT 1",
        "UPDATE case_head SET seq = 0",
        "DELETE FROM chain_pending",
        "UPDATE chain_tree SET size = 0",
        "DELETE FROM chain_checkpoint",
        "ALTER TABLE case_event DISABLE TRIGGER ALL",
        "CREATE FUNCTION pg_temp.x() RETURNS int LANGUAGE sql AS 'SELECT 1';"
        "ALTER FUNCTION case_append SET search_path = pg_temp",
    ],
)
async def test_no_role_of_the_platform_may_write(
    module_database: Clone, role: str, statement: str
) -> None:
    connection = await asyncpg.connect(getattr(module_database, role))
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    finally:
        await connection.close()


async def test_the_app_role_may_not_sign(module_database: Clone) -> None:
    with pytest.raises(DBAPIError, match="permission denied"):
        async with module_database.app.session(doctor()) as session:
            await session.execute(text("SELECT * FROM chain_sequence()"))
