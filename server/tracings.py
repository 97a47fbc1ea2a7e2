"""How advice finds and cites tracings: consult asks, realtime knows, joined here."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from consult.citing import MOST_S, Seconds, TracingRef
from kernel.errors import NotFound
from kernel.ids import PregnancyId, RecordingId
from kernel.viewer import Viewer
from realtime.frames import peek_head
from realtime.repository import RecordingRepository


class RecordedTracings:
    """Tracings as the gateway stored them, told by the device's clock."""

    async def of(
        self, session: AsyncSession, viewer: Viewer, pregnancy_id: PregnancyId
    ) -> list[TracingRef]:
        """The newest first; one that has no second yet is left out."""
        rows = await RecordingRepository(session, viewer).newest(pregnancy_id=pregnancy_id)
        found = []
        for recording, _, pulse in rows:
            last = recording.last_seq or (pulse.seq if pulse else 0) or 0
            if last > 0:
                found.append(TracingRef(recording.id, recording.bed, recording.started_at, last))
        return found

    async def seconds(
        self,
        session: AsyncSession,
        viewer: Viewer,
        pregnancy_id: PregnancyId,
        recording_id: UUID,
        first: int,
        last: int,
    ) -> Seconds | None:
        """What is stored of these seconds."""
        repository = RecordingRepository(session, viewer)
        recording, _, _ = await repository.one(RecordingId(recording_id))
        if recording.pregnancy_id != pregnancy_id:
            raise NotFound()
        found = await repository.frames(RecordingId(recording_id), first, last, MOST_S)
        if not found:
            return None
        digest = sha256(b"".join(found)).hexdigest()
        return Seconds(recording.bed, _moment(found[0]), _moment(found[-1]), digest)


def _moment(frame: bytes) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(
        microseconds=peek_head(frame).device_ns // 1000
    )
