"""Writing events: the only door to the chain, in the caller's transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from kernel import outbox
from kernel.chain import canonical
from kernel.chain.errors import AmendmentInvalid, TimelineFrozen
from kernel.clock import Clock, DeviceTime
from kernel.errors import NotFound, Refusal
from kernel.ids import CaseId, PersonId, new_id
from kernel.viewer import Viewer

Source = Literal["human", "system", "device", "simulated"]

AMEND = "amend"
CHANGED = "case.changed"
"""Outbox topic that tells viewers to look again."""
CASE_CHANNEL = "yunshang_case"
"""NOTIFY channel of the same; the payload is `<case id> <seq>`. Valkey may be away."""

_APPEND = text(
    "WITH event AS MATERIALIZED ("
    " SELECT seq, recv_at, hash FROM case_append(:case_id, :kind, :source, :auto, :actor,"
    "  :facility, :payload, :occurred_at, :device_at, :clock_offset_ms, :rtt_ms)),"
    " added AS (INSERT INTO outbox (id, topic, payload, available_at)"
    "  SELECT :outbox_id, CAST(:topic AS text),"
    "         jsonb_build_object('case_id', CAST(:case_id AS uuid), 'seq', event.seq,"
    "                            'kind', CAST(:kind AS text)), clock_timestamp() FROM event)"
    " SELECT seq, recv_at, hash, pg_notify(:wake, :topic) FROM event"
).bindparams(topic=CHANGED, wake=outbox.WAKE_CHANNEL)
"""The event and the word to its viewers in one round trip: every command writes one."""
_HEAD = text("SELECT coalesce(max(seq), 0) FROM case_head WHERE case_id = :case_id")
_TARGET = text("SELECT kind FROM case_event WHERE case_id = :case_id AND seq = :seq")
_REFUSALS: Mapping[str, type[Refusal]] = {"YS004": NotFound, "YS013": TimelineFrozen}
"""What the database says with a code of its own."""


@dataclass(frozen=True, slots=True)
class ChainedEvent:
    """Where an event stands: its number in the case, the database's time, its hash."""

    case_id: CaseId
    seq: int
    recv_at: datetime
    hash: bytes


async def append(
    session: AsyncSession,
    clock: Clock,
    case_id: CaseId,
    kind: str,
    *,
    viewer: Viewer,
    payload: Mapping[str, object],
    auto: bool = False,
    occurred_at: datetime | None = None,
    source: Source = "human",
    device: DeviceTime | None = None,
) -> ChainedEvent:
    """Append one event to the case and tell its viewers to look.

    Args:
        session: the transaction; the event exists when it commits.
        clock: a simulated clock's moment is recorded and marks the event `simulated` for ever.
        case_id: the chain; the first event opens it.
        kind: dotted lower-case name, e.g. `offer.accepted`.
        viewer: who acts; a process acts as nobody, with source `system`.
        payload: JSON facts; ids and codes, never a patient's identity.
        auto: a machine fact (page receipt, geofence), not somebody's statement.
        occurred_at: only for late entries: when it happened, not after now.
        source: where the fact comes from.
        device: the device's own clock, for facts that a device stamped (default: what `clock`
            says of it).

    Raises:
        PayloadInvalid: the payload cannot be stored byte for byte.
        NotFound: the case is not open to this viewer.
        TimelineFrozen: a death is recorded; only corrections and the review are added.
    """
    if viewer.is_process and source == "human":
        source = "system"
    if clock.simulated:
        source, occurred_at = "simulated", occurred_at or clock.now()
    device = device or clock.device
    values = {
        "case_id": case_id,
        "kind": kind,
        "source": source,
        "auto": auto,
        "actor": None if viewer.is_process else viewer.person_id,
        "facility": None if viewer.is_process else viewer.facility_id,
        "payload": canonical.encode(payload),
        "occurred_at": occurred_at,
        "device_at": device and device.at,
        "clock_offset_ms": device and device.clock_offset_ms,
        "rtt_ms": device and device.rtt_ms,
        "outbox_id": new_id(),
    }
    try:
        row = (await session.execute(_APPEND, values)).one()
    except DBAPIError as error:
        refusal = _REFUSALS.get(getattr(error.orig, "sqlstate", ""))
        if refusal is None:
            raise
        raise refusal() from error
    return ChainedEvent(case_id, row.seq, row.recv_at, row.hash)


async def hint(session: AsyncSession, case_id: CaseId) -> None:
    """Tell the case's viewers to look, though nothing stands on its chain: a draft was changed."""
    seq = (await session.execute(_HEAD, {"case_id": case_id})).scalar_one()
    await outbox.notify(session, CASE_CHANNEL, f"{case_id} {seq}")
    await outbox.enqueue(session, CHANGED, {"case_id": str(case_id), "seq": seq, "kind": "hint"})


async def amend(
    session: AsyncSession,
    clock: Clock,
    case_id: CaseId,
    seq: int,
    *,
    viewer: Viewer,
    reason: str,
    second_person: PersonId,
    changes: Mapping[str, object],
    occurred_at: datetime | None = None,
) -> ChainedEvent:
    """Correct event `seq` by a further event; the original stays and both are shown.

    Args:
        changes: payload fields with their corrected values.
        occurred_at: the corrected moment, when that was wrong.
        second_person: who checked the correction; not the one who makes it.

    Raises:
        AmendmentInvalid: no such event, an amendment of an amendment, nothing corrected, no
            reason, no second person, or a corrected moment that lies in the future.
    """
    target = (await session.execute(_TARGET, {"case_id": case_id, "seq": seq})).scalar_one_or_none()
    for wrong, code in (
        (target is None, "no_such_event"),
        (target == AMEND, "amends_an_amendment"),
        (not reason.strip(), "reason_missing"),
        (viewer.is_process or second_person == viewer.person_id, "second_person_missing"),
        (not changes and occurred_at is None, "nothing_corrected"),
        (occurred_at is not None and occurred_at > clock.now(), "in_the_future"),
    ):
        if wrong:
            raise AmendmentInvalid(reason=code)
    payload: dict[str, object] = {
        "case_id": case_id,
        "seq": seq,
        "reason": reason.strip(),
        "second_person": second_person,
        "set": dict(changes),
    }
    if occurred_at is not None:
        payload["occurred_at"] = occurred_at
    return await append(session, clock, case_id, AMEND, viewer=viewer, payload=payload)
