"""One request about a return: who asks, in which transaction, under which key."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.idempotency import once
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from quality.returns import queries
from quality.returns.pulling import Puller
from quality.returns.schemas import ReturnDetail, ReturnRef


@dataclass(frozen=True, slots=True)
class ReturnCall:
    """A dependency of every route that changes a return."""

    session: AsyncSession
    clock: Clock
    viewer: Viewer
    puller: Puller
    key: str | None

    async def once(
        self, operation: str, body: object, work: Callable[[], Awaitable[UUID]]
    ) -> ReturnDetail:
        """Do `work` once under this key and show the return as it is now."""

        async def answer() -> ReturnRef:
            return ReturnRef(await work())

        done = await once(self.session, self.viewer, self.key, operation, body, ReturnRef, answer)
        return await queries.one(self.session, self.puller, done.return_id)

    async def move(
        self, command: Callable[..., Awaitable[None]], return_id: UUID, order: object
    ) -> ReturnDetail:
        """Carry out one step: `command(session, clock, viewer, return_id, order)`."""

        async def work() -> UUID:
            await command(self.session, self.clock, self.viewer, return_id, order)
            return return_id

        return await self.once(f"returns.{command.__name__} {return_id}", order, work)


async def provide_puller(clock: Clock, viewer: Viewer, sealer: Sealer) -> Puller:
    """Reads figures as the viewer."""
    return Puller(clock, viewer, sealer)


async def provide_return_call(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    puller: Puller,
    idempotency_key: str | None,
) -> ReturnCall:
    """The request as a dependency."""
    return ReturnCall(session, clock, viewer, puller, idempotency_key)
