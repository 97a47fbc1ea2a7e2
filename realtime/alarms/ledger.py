"""What the platform itself writes about alarms: raised, there again, over. Sets, not rows.

The unique index on living alarms decides who raises one; whoever comes second finds it raised.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from realtime.alarms.kinds import SPECS, AlarmKind
from realtime.alarms.states import ALARM, AlarmAction, AlarmState

WAKE_CHANNEL: Final = "yunshang_ctg_alarm"
"""NOTIFY channel of the gateways; the payload is the alarm's id."""

Key = tuple[UUID, str, int]
"""Recording, kind, channel: at most one alarm of it is alive."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A condition began or ended.

    Attributes:
        id: of a beginning, the id under which viewers have been told of it.
        at: when it was found.
        seq: the second that decided it; 0 where no second did.
        value: quarter bpm; 0 for none.
    """

    id: UUID
    at: datetime
    recording_id: UUID
    kind: AlarmKind
    channel: int
    present: bool
    onset_seq: int
    seq: int
    value: int

    @property
    def key(self) -> Key:
        return self.recording_id, str(self.kind), self.channel


_ALIVE = text(
    """
    SELECT a.id, a.recording_id, a.kind, a.channel, a.state, a.limits_id
      FROM unnest(CAST(:recordings AS uuid[]), CAST(:kinds AS text[]), CAST(:channels AS int[]))
           AS k(recording_id, kind, channel)
      JOIN ctg_alarm a ON a.recording_id = k.recording_id AND a.kind = k.kind
       AND a.channel = k.channel AND a.state <> 'closed'
     ORDER BY a.id FOR UPDATE OF a
    """
)
_RAISE = text(
    """
    INSERT INTO ctg_alarm (id, recording_id, facility_id, kind, channel, priority, state, raised_at,
                           onset_seq, seq, value, limits_id, remind_at, escalate_at)
    SELECT n.id, r.id, r.facility_id, n.kind, n.channel, n.priority, 'active', n.at, n.onset_seq,
           n.seq, n.value, l.id,
           n.at + make_interval(secs => (l.content ->> 'remind_s')::int),
           CASE WHEN n.rings
             THEN n.at + make_interval(secs => (l.content ->> 'escalate_s')::int) END
      FROM unnest(CAST(:ids AS uuid[]), CAST(:ats AS timestamptz[]), CAST(:recordings AS uuid[]),
                  CAST(:kinds AS text[]), CAST(:channels AS int[]), CAST(:priorities AS text[]),
                  CAST(:rings AS bool[]), CAST(:onsets AS bigint[]), CAST(:seqs AS bigint[]),
                  CAST(:values AS int[]))
           AS n(id, at, recording_id, kind, channel, priority, rings, onset_seq, seq, value)
      JOIN ctg_recording r ON r.id = n.recording_id
      JOIN ctg_device d ON d.id = r.device_id
      JOIN ctg_alarm_limits l ON l.id = ctg_alarm_limits_of(r.facility_id, d.unit)
     ORDER BY n.id
    ON CONFLICT (recording_id, kind, channel) WHERE state <> 'closed' DO NOTHING
    RETURNING id, seq, raised_at
    """
)
_MOVE = text(
    """
    UPDATE ctg_alarm AS a SET state = :state, silenced_until = NULL, version = version + 1,
           ceased_at = CAST(:ceased_at AS timestamptz),
           remind_at = CASE WHEN :state <> 'closed' THEN CAST(:at AS timestamptz)
             + make_interval(secs => (l.content ->> 'remind_s')::int) END,
           escalate_at = CASE WHEN :state = 'closed' THEN NULL ELSE escalate_at END
      FROM ctg_alarm_limits l WHERE l.id = a.limits_id AND a.id = :id
    """
)
_EVENT = text(
    "INSERT INTO ctg_alarm_event (alarm_id, at, action, state, seq)"
    " VALUES (:alarm_id, :at, :action, :state, :seq)"
)
_NOTIFY = text("SELECT pg_notify(:channel, n.id) FROM unnest(CAST(:ids AS text[])) AS n(id)")
_OF_RECORDINGS = text(
    "SELECT recording_id, kind, channel FROM ctg_alarm"
    " WHERE recording_id = ANY(:recordings) AND state <> 'closed' AND ceased_at IS NULL"
)


async def write(session: AsyncSession, findings: Sequence[Finding]) -> set[UUID]:
    """Write findings in their order; returns the alarms that changed.

    Idempotent: what is raised stays raised, what is over stays over. What began and ended before
    it could be written is still raised and latched.
    """
    changed: set[UUID] = set()
    for part in _rounds(findings):
        changed |= await _write_part(session, part)
    await tell(session, changed)
    return changed


def _rounds(findings: Sequence[Finding]) -> list[dict[Key, Finding]]:
    """Findings in order, cut so that no part has two of one alarm."""
    parts: list[dict[Key, Finding]] = []
    times: dict[Key, int] = {}
    for finding in findings:
        nth = times[finding.key] = times.get(finding.key, -1) + 1
        if nth == len(parts):
            parts.append({})
        parts[nth][finding.key] = finding
    return parts


async def _write_part(session: AsyncSession, part: Mapping[Key, Finding]) -> set[UUID]:
    alive = await _alive(session, part)
    changed = set()
    for key, row in alive.items():
        action = AlarmAction.RECUR if part[key].present else AlarmAction.CEASE
        if action in ALARM.actions(AlarmState(row.state)):
            await _move(session, row, action, part[key])
            changed.add(row.id)
    fresh = [one for key, one in part.items() if one.present and key not in alive]
    return changed | await _raise(session, fresh)


async def tell(session: AsyncSession, alarms: Iterable[UUID]) -> None:
    """Wake the gateways for these alarms when this transaction commits."""
    ids = [str(one) for one in alarms]
    if ids:
        await session.execute(_NOTIFY, {"channel": WAKE_CHANNEL, "ids": ids})


async def standing(
    session: AsyncSession, recordings: Iterable[UUID]
) -> dict[UUID, list[tuple[AlarmKind, int]]]:
    """Conditions that are known to be there now, by recording."""
    found: dict[UUID, list[tuple[AlarmKind, int]]] = {}
    values = {"recordings": list(recordings)}
    for row in await session.execute(_OF_RECORDINGS, values):
        found.setdefault(row.recording_id, []).append((AlarmKind(row.kind), row.channel))
    return found


async def _alive(session: AsyncSession, keys: Iterable[Key]) -> dict[Key, Row[Any]]:
    listed = list(keys)
    values = {
        "recordings": [recording for recording, _, _ in listed],
        "kinds": [kind for _, kind, _ in listed],
        "channels": [channel for _, _, channel in listed],
    }
    rows = (await session.execute(_ALIVE, values)).all()
    return {(row.recording_id, row.kind, row.channel): row for row in rows}


async def _raise(session: AsyncSession, findings: Sequence[Finding]) -> set[UUID]:
    if not findings:
        return set()
    specs = [SPECS[one.kind] for one in findings]
    values = {
        "ids": [one.id for one in findings],
        "ats": [one.at for one in findings],
        "recordings": [one.recording_id for one in findings],
        "kinds": [str(one.kind) for one in findings],
        "channels": [one.channel for one in findings],
        "priorities": [str(spec.priority) for spec in specs],
        "rings": [spec.level is not None for spec in specs],
        "onsets": [one.onset_seq for one in findings],
        "seqs": [one.seq for one in findings],
        "values": [one.value for one in findings],
    }
    rows = (await session.execute(_RAISE, values)).all()
    if rows:
        await session.execute(
            _EVENT,
            [
                {
                    "alarm_id": row.id,
                    "at": row.raised_at,
                    "action": "raise",
                    "state": "active",
                    "seq": row.seq,
                }
                for row in rows
            ],
        )
    return {row.id for row in rows}


async def _move(
    session: AsyncSession, row: Row[Any], action: AlarmAction, finding: Finding
) -> None:
    to = str(ALARM.edge(AlarmState(row.state), action).to)
    over = finding.at if action is AlarmAction.CEASE else None
    await session.execute(_MOVE, {"id": row.id, "state": to, "at": finding.at, "ceased_at": over})
    said = {"alarm_id": row.id, "at": finding.at, "action": str(action), "state": to}
    await session.execute(_EVENT, said | {"seq": finding.seq})
