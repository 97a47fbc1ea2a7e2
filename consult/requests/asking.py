"""One request about a consultation."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from consult.asking import Asked, Work
from consult.requests import queries
from consult.requests.schemas import ConsultDetail, ConsultRef
from kernel.clock import Clock
from kernel.sealing import Sealer
from kernel.viewer import Viewer


@dataclass(frozen=True, slots=True)
class ConsultCall(Asked):
    """A dependency of every route that changes a consultation."""

    sealer: Sealer

    async def once(self, operation: str, body: object, work: Work) -> ConsultDetail:
        """Do `work` once under this key and show the consultation as it is now."""
        done = await self.remembered(ConsultRef, operation, body, work)
        return await queries.one(
            self.session, self.clock, self.viewer, self.sealer, done.consult_id
        )

    async def move(
        self,
        command: Callable[..., Awaitable[None]],
        order: object,
        request_id: UUID,
        *rest: object,
    ) -> ConsultDetail:
        """Carry out one step: `command(session, clock, viewer, request_id, *rest, order)`."""
        place = "/".join(str(part) for part in (request_id, *rest))
        work = self.step(command, request_id, *rest, order)
        return await self.once(f"consult.{command.__name__} {place}", order, work)


async def provide_call(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    idempotency_key: str | None,
) -> ConsultCall:
    """The request as a dependency."""
    return ConsultCall(session, clock, viewer, idempotency_key, sealer)
