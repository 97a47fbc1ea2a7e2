"""Which side of a reading a viewer stands on."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row

from kernel.viewer import CLINICAL_ROLES, Role, Viewer
from realtime.readings.errors import AskersOnly, NotYourReading, ReadersOnly
from realtime.readings.states import READING, ReadingAction, ReadingParty, ReadingState


def asks(viewer: Viewer, facility_id: UUID) -> bool:
    """Works at the house that asks."""
    return viewer.has(*CLINICAL_ROLES) and facility_id in viewer.facility_ids


def reads(viewer: Viewer, reader_facility_id: UUID) -> bool:
    """An expert of the centre that was asked."""
    return viewer.has(Role.EXPERT) and reader_facility_id in viewer.facility_ids


def must_ask(viewer: Viewer, facility_id: UUID) -> None:
    """Let those at the bedside's house; raises `AskersOnly`."""
    if not asks(viewer, facility_id):
        raise AskersOnly()


def must_read(viewer: Viewer, row: Row[Any]) -> None:
    """Let experts of the centre that was asked; raises `ReadersOnly`."""
    if not reads(viewer, row.reader_facility_id):
        raise ReadersOnly()


def must_hold(viewer: Viewer, row: Row[Any]) -> None:
    """Let whoever has claimed it; raises `NotYourReading`."""
    must_read(viewer, row)
    if row.claimed_by != viewer.person_id:
        raise NotYourReading()


def awaits_follow_up(row: Row[Any]) -> bool:
    """Whether a time to look again was signed, and nobody has said yet that she was looked at."""
    return row.follow_up_at is not None and row.followed_at is None


def allowed(viewer: Viewer, row: Row[Any]) -> list[str]:
    """What this viewer may do with the reading now, in the order of the table."""
    state = ReadingState(row.state)
    found: list[ReadingAction] = []
    if reads(viewer, row.reader_facility_id):
        mine = row.claimed_by == viewer.person_id
        for action in READING.actions(state, ReadingParty.READER):
            others = action in (ReadingAction.CLAIM, ReadingAction.TAKE_OVER)
            if (mine and action is not ReadingAction.TAKE_OVER) or (others and not mine):
                found.append(action)
    if asks(viewer, row.facility_id):
        found += [
            action
            for action in READING.actions(state, ReadingParty.ASKER)
            if action is not ReadingAction.FOLLOW_UP or awaits_follow_up(row)
        ]
    return [str(action) for action in found]
