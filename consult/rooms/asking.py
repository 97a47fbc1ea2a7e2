"""One request about a room, and of which engine it is asked."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from consult.asking import Asked, Work
from consult.media.engine import MediaEngine
from consult.media.errors import MediaUnavailable
from consult.rooms import queries
from consult.rooms.schemas import RoomRef, RoomView
from kernel.clock import Clock
from kernel.viewer import Viewer


def present(media: MediaEngine | None) -> MediaEngine:
    """The engine of this installation.

    Raises:
        MediaUnavailable: there is none.
    """
    if media is None:
        raise MediaUnavailable()
    return media


@dataclass(frozen=True, slots=True)
class RoomCall(Asked):
    """A dependency of every route that changes a room."""

    media: MediaEngine | None

    @property
    def engine(self) -> MediaEngine:
        """The engine of this installation; raises `MediaUnavailable` if there is none."""
        return present(self.media)

    async def once(self, operation: str, place: UUID | str, work: Work) -> RoomView:
        """Do `work` once under this key and show the room as it is now."""
        done = await self.remembered(RoomRef, operation, str(place), work)
        return await queries.of_consult(self.session, self.clock, self.viewer, done.consult_id)


async def provide_room_call(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    media: MediaEngine | None,
    idempotency_key: str | None,
) -> RoomCall:
    """The request as a dependency."""
    return RoomCall(session, clock, viewer, idempotency_key, media)
