"""One request about a guidance session."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from consult.asking import Asked, Work
from consult.guidance import queries
from consult.guidance.schemas import GuidanceDetail, GuidanceRef
from kernel.clock import Clock
from kernel.viewer import Viewer


@dataclass(frozen=True, slots=True)
class GuidanceCall(Asked):
    """A dependency of every route that changes a session."""

    async def once(self, operation: str, body: object, work: Work) -> GuidanceDetail:
        """Do `work` once under this key and show the session as it is now."""
        done = await self.remembered(GuidanceRef, operation, body, work)
        return await queries.one(self.session, self.clock, self.viewer, done.guidance_id)

    async def move(
        self, command: Callable[..., Awaitable[None]], guidance_id: UUID, *order: object
    ) -> GuidanceDetail:
        """Carry out one step: `command(session, clock, viewer, guidance_id, *order)`."""
        work = self.step(command, guidance_id, *order)
        return await self.once(f"guidance.{command.__name__} {guidance_id}", list(order), work)


async def provide_guidance_call(
    session: AsyncSession, clock: Clock, viewer: Viewer, idempotency_key: str | None
) -> GuidanceCall:
    """The request as a dependency."""
    return GuidanceCall(session, clock, viewer, idempotency_key)
