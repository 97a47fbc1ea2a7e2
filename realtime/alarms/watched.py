"""Alarms as viewers of a live tracing are told of them."""

from uuid import UUID

import msgspec

from realtime.alarms.kinds import SPECS
from realtime.alarms.ledger import Finding
from realtime.alarms.schemas import AlarmOut, WatchedAlarm
from realtime.alarms.states import ALARM, AlarmAction, AlarmState


def recorded(alarm: AlarmOut) -> WatchedAlarm:
    """An alarm as it is recorded."""
    return WatchedAlarm(
        id=alarm.id,
        kind=alarm.kind,
        channel=alarm.channel,
        priority=alarm.priority,
        state=alarm.state,
        present=alarm.present,
        raised_at=alarm.raised_at,
        onset_seq=alarm.onset_seq,
        seq=alarm.seq,
        version=alarm.version,
        value_bpm=alarm.value_bpm,
        ceased_at=alarm.ceased_at,
        acknowledged_by=None if alarm.acknowledged_by is None else alarm.acknowledged_by.name,
        acknowledged_at=alarm.acknowledged_at,
        silenced_until=alarm.silenced_until,
        escalated_at=alarm.escalated_at,
    )


def foretold(finding: Finding, known: WatchedAlarm | None) -> WatchedAlarm | None:
    """What a finding will make of the alarm of its key; None if nothing changes for viewers."""
    if known is None or known.state == AlarmState.CLOSED.value:
        return _begun(finding) if finding.present else None
    action = AlarmAction.RECUR if finding.present else AlarmAction.CEASE
    state = AlarmState(known.state)
    if action not in ALARM.actions(state):
        return None
    return msgspec.structs.replace(
        known,
        state=str(ALARM.edge(state, action).to),
        present=finding.present,
        ceased_at=None if finding.present else finding.at,
        silenced_until=None,
        provisional=True,
    )


def told(alarms: list[AlarmOut]) -> dict[UUID, list[WatchedAlarm]]:
    """Recorded alarms by recording."""
    found: dict[UUID, list[WatchedAlarm]] = {}
    for alarm in alarms:
        found.setdefault(alarm.recording_id, []).append(recorded(alarm))
    return found


def _begun(finding: Finding) -> WatchedAlarm:
    return WatchedAlarm(
        id=finding.id,
        kind=finding.kind.value,
        channel=finding.channel,
        priority=SPECS[finding.kind].priority.value,
        state=AlarmState.ACTIVE.value,
        present=True,
        raised_at=finding.at,
        onset_seq=finding.onset_seq,
        seq=finding.seq,
        version=0,
        value_bpm=finding.value / 4 if finding.value else None,
        provisional=True,
    )
