"""One request about a consultation: who asks, in which transaction, under which key."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from consult.requests import queries
from consult.requests.schemas import ConsultDetail, ConsultRef
from kernel.clock import Clock
from kernel.idempotency import once
from kernel.sealing import Sealer
from kernel.viewer import Viewer


@dataclass(frozen=True, slots=True)
class ConsultCall:
    """A dependency of every route that changes a consultation."""

    session: AsyncSession
    clock: Clock
    viewer: Viewer
    sealer: Sealer
    key: str | None

    async def once(
        self, operation: str, body: object, work: Callable[[], Awaitable[UUID]]
    ) -> ConsultDetail:
        """Do `work` once under this key and show the consultation as it is now."""

        async def answer() -> ConsultRef:
            return ConsultRef(await work())

        done = await once(self.session, self.viewer, self.key, operation, body, ConsultRef, answer)
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

        async def work() -> UUID:
            await command(self.session, self.clock, self.viewer, request_id, *rest, order)
            return request_id

        place = "/".join(str(part) for part in (request_id, *rest))
        return await self.once(f"consult.{command.__name__} {place}", order, work)


async def provide_call(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    idempotency_key: str | None,
) -> ConsultCall:
    """The request as a dependency."""
    return ConsultCall(session, clock, viewer, sealer, idempotency_key)
