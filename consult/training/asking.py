"""One request about training."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from consult.asking import Asked, Work
from consult.training import queries
from consult.training.schemas import ClassDetail, CourseDetail, CourseRef
from kernel.clock import Clock
from kernel.viewer import Viewer


@dataclass(frozen=True, slots=True)
class TrainingCall(Asked):
    """A dependency of every route that changes a course or a class."""

    async def course(self, operation: str, body: object, work: Work) -> CourseDetail:
        """Do `work` once under this key and show the course as it is now."""
        done = await self.remembered(CourseRef, operation, body, work)
        return await queries.one(self.session, self.clock, self.viewer, done.id)

    async def seated(self, operation: str, body: object, work: Work) -> ClassDetail:
        """Do `work` once under this key and show the class as it is now."""
        done = await self.remembered(CourseRef, operation, body, work)
        return await queries.one_class(self.session, self.clock, self.viewer, done.id)

    def doing(
        self, command: Callable[..., Awaitable[object]], id_: UUID, *order: object
    ) -> tuple[str, object, Work]:
        """A step of what `id_` names: `command(session, clock, viewer, id_, *order)`."""
        work = self.step(command, id_, *order)
        return f"training.{command.__name__} {id_}", list(order), work


async def provide_training_call(
    session: AsyncSession, clock: Clock, viewer: Viewer, idempotency_key: str | None
) -> TrainingCall:
    """The request as a dependency."""
    return TrainingCall(session, clock, viewer, idempotency_key)
