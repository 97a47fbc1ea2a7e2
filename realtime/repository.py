"""Scoped reads of recordings: built from a viewer, and under row-level security besides."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, literal, or_, select, text, true
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.errors import NotFound
from kernel.ids import RecordingId
from kernel.viewer import Viewer
from realtime import frames
from realtime.models import Binding, Conflict, Device, Gap, Pulse, Recording
from realtime.packing import readable

Row = tuple[Recording, Device, Pulse | None]

_JOURNAL = text("SELECT ctg_journal_frames(:recording)")
_CHUNKS = text(
    "SELECT frames FROM ctg_chunk WHERE recording_id = :recording"
    " AND last_seq >= :first AND first_seq <= :last ORDER BY first_seq LIMIT :limit"
)

_SEGMENTS = text(
    "SELECT packed FROM ctg_segment WHERE recording_id = :recording"
    " AND last_seq >= :first AND first_seq <= :last ORDER BY first_seq LIMIT :limit"
)


class RecordingRepository:
    """Recordings that `viewer` may see: the facility's own, and those of pregnancies of cases."""

    def __init__(self, session: AsyncSession, viewer: Viewer) -> None:
        self._session = session
        self._viewer = viewer

    def _visible(self) -> ColumnElement[bool]:
        if self._viewer.is_process:
            return true()
        return or_(
            Recording.facility_id.in_(self._viewer.facility_ids),
            func.app_sees_pregnancy(Recording.pregnancy_id),
        )

    def _rows(self) -> Select[Row]:
        joined: Select[Any] = (
            select(Recording, Device, Pulse)
            .join(Device, Device.id == Recording.device_id)
            .outerjoin(Pulse, Pulse.recording_id == Recording.id)
            .where(self._visible())
        )
        return joined

    async def one(self, recording_id: RecordingId) -> Row:
        """A recording with its device and pulse, or `NotFound`."""
        found = await self._session.execute(self._rows().where(Recording.id == recording_id))
        row = found.one_or_none()
        if row is None:
            raise NotFound()
        return row[0], row[1], row[2]

    async def for_change(self, recording_id: RecordingId) -> Recording:
        """The recording, locked until the transaction ends, or `NotFound`."""
        wanted = select(Recording).where(Recording.id == recording_id, self._visible())
        found = await self._session.scalar(wanted.with_for_update())
        if found is None:
            raise NotFound()
        return found

    async def newest(
        self,
        *,
        unbound: bool | None = None,
        live: bool | None = None,
        pregnancy_id: UUID | None = None,
        case_id: UUID | None = None,
        limit: int = 200,
    ) -> Sequence[Row]:
        """The newest recordings first; every given filter must hold.

        `case_id` with `pregnancy_id` means either: bound to the case, or of its pregnancy.
        """
        wanted = self._rows()
        if unbound is not None:
            wanted = wanted.where(Recording.pregnancy_id.is_(None) == unbound)
        if live is not None:
            heard = func.coalesce(
                Pulse.heard_at > func.clock_timestamp() - text("interval '15 seconds'"),
                literal(False),
            )
            wanted = wanted.where((Pulse.connected.is_(True) & heard) == live)
        if case_id is not None:
            of_case = Recording.case_id == case_id
            if pregnancy_id is not None:
                of_case = or_(of_case, Recording.pregnancy_id == pregnancy_id)
            wanted = wanted.where(of_case)
        elif pregnancy_id is not None:
            wanted = wanted.where(Recording.pregnancy_id == pregnancy_id)
        rows = await self._session.execute(wanted.order_by(Recording.opened_at.desc()).limit(limit))
        return [(row[0], row[1], row[2]) for row in rows.all()]

    async def gaps(self, recording_id: RecordingId) -> Sequence[Gap]:
        """Recorded gaps, ascending."""
        wanted = select(Gap).where(Gap.recording_id == recording_id).order_by(Gap.first_seq)
        return (await self._session.scalars(wanted)).all()

    async def conflicts(self, recording_id: RecordingId) -> int:
        """How many seconds the sender said again, and otherwise."""
        wanted = select(func.count(Conflict.seq.distinct()))
        found = await self._session.scalar(wanted.where(Conflict.recording_id == recording_id))
        return found or 0

    async def bindings(self, recording_id: RecordingId) -> Sequence[Binding]:
        """What was said about whose it is, newest first."""
        wanted = select(Binding).where(Binding.recording_id == recording_id)
        return (await self._session.scalars(wanted.order_by(Binding.version.desc()))).all()

    async def frames(
        self, recording_id: RecordingId, first: int, last: int, limit: int
    ) -> list[bytes]:
        """Stored frames, byte for byte, ascending, at most `limit`.

        In the order in which a second moves, journal, chunk, segment: one that moves in between is
        seen twice and counted once, never missed.
        """
        journal = (await self._session.scalars(_JOURNAL, {"recording": recording_id})).all()
        span = {"recording": recording_id, "first": first, "last": last, "limit": limit}
        chunks = (await self._session.scalars(_CHUNKS, span)).all()
        packed = (await self._session.scalars(_SEGMENTS, span)).all()
        segments = [readable(segment) for segment in packed]
        return frames.merge([*segments, *chunks, *journal], first, last, limit)
