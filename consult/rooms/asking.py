"""One request about a room: who asks, in which transaction, of which engine."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from consult.media.engine import MediaEngine
from consult.media.errors import MediaUnavailable
from consult.rooms import queries
from consult.rooms.schemas import RoomRef, RoomView
from kernel.clock import Clock
from kernel.idempotency import once
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
class RoomCall:
    """A dependency of every route that changes a room."""

    session: AsyncSession
    clock: Clock
    viewer: Viewer
    media: MediaEngine | None
    key: str | None

    @property
    def engine(self) -> MediaEngine:
        """The engine of this installation; raises `MediaUnavailable` if there is none."""
        return present(self.media)

    async def once(
        self, operation: str, place: UUID | str, work: Callable[[], Awaitable[UUID]]
    ) -> RoomView:
        """Do `work` once under this key and show the room as it is now."""

        async def answer() -> RoomRef:
            return RoomRef(await work())

        done = await once(
            self.session, self.viewer, self.key, operation, str(place), RoomRef, answer
        )
        return await queries.of_consult(self.session, self.clock, self.viewer, done.consult_id)


async def provide_room_call(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    media: MediaEngine | None,
    idempotency_key: str | None,
) -> RoomCall:
    """The request as a dependency."""
    return RoomCall(session, clock, viewer, media, idempotency_key)
