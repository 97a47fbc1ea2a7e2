"""One request about training: who asks, in which transaction, under which key."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from consult.training import queries
from consult.training.schemas import ClassDetail, CourseDetail, CourseRef
from kernel.clock import Clock
from kernel.idempotency import once
from kernel.viewer import Viewer


@dataclass(frozen=True, slots=True)
class TrainingCall:
    """A dependency of every route that changes a course or a class."""

    session: AsyncSession
    clock: Clock
    viewer: Viewer
    key: str | None

    async def _once(
        self, operation: str, body: object, work: Callable[[], Awaitable[UUID]]
    ) -> UUID:
        async def answer() -> CourseRef:
            return CourseRef(await work())

        done = await once(self.session, self.viewer, self.key, operation, body, CourseRef, answer)
        return done.id

    async def course(
        self, operation: str, body: object, work: Callable[[], Awaitable[UUID]]
    ) -> CourseDetail:
        """Do `work` once under this key and show the course as it is now."""
        id_ = await self._once(operation, body, work)
        return await queries.one(self.session, self.clock, self.viewer, id_)

    async def seated(
        self, operation: str, body: object, work: Callable[[], Awaitable[UUID]]
    ) -> ClassDetail:
        """Do `work` once under this key and show the class as it is now."""
        id_ = await self._once(operation, body, work)
        return await queries.one_class(self.session, self.clock, self.viewer, id_)

    def doing(
        self, command: Callable[..., Awaitable[object]], id_: UUID, *order: object
    ) -> tuple[str, object, Callable[[], Awaitable[UUID]]]:
        """A step of what `id_` names: `command(session, clock, viewer, id_, *order)`."""

        async def work() -> UUID:
            await command(self.session, self.clock, self.viewer, id_, *order)
            return id_

        return f"training.{command.__name__} {id_}", list(order), work


async def provide_training_call(
    session: AsyncSession, clock: Clock, viewer: Viewer, idempotency_key: str | None
) -> TrainingCall:
    """The request as a dependency."""
    return TrainingCall(session, clock, viewer, idempotency_key)
