"""A command asked over HTTP: done once under its key, then shown as things stand now."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.idempotency import once
from kernel.ids import CaseId
from kernel.sealing import Sealer
from kernel.viewer import Viewer

View = TypeVar("View")
Order = TypeVar("Order", bound=msgspec.Struct)
Command = Callable[[AsyncSession, Clock, Viewer, UUID, Order], Awaitable[CaseId]]


class Done(msgspec.Struct, frozen=True):
    """What an idempotency key remembers."""

    case_id: UUID


@dataclass(frozen=True, slots=True)
class Asking(ABC, Generic[View]):
    """One request: who asks, in which transaction, under which key."""

    session: AsyncSession
    clock: Clock
    viewer: Viewer
    sealer: Sealer
    key: str | None

    async def once(
        self, operation: str, body: object, work: Callable[[], Awaitable[CaseId]]
    ) -> View:
        """Do `work` once under this key and show what it was about.

        Only the id is remembered: an answer holds names, which are stored sealed or not at all.
        A repeat therefore shows everything as it is now.
        """

        async def answer() -> Done:
            return Done(case_id=await work())

        done = await once(self.session, self.viewer, self.key, operation, body, Done, answer)
        await self.session.flush()  # the view reads what the command wrote
        return await self.show(done.case_id)

    async def do(self, command: Command[Order], target: UUID, order: Order) -> View:
        """Carry out one command on what `target` names, or a part of it."""
        operation = f"{command.__module__}.{command.__name__}/{target}"
        return await self.once(
            operation,
            order,
            lambda: command(self.session, self.clock, self.viewer, target, order),
        )

    @abstractmethod
    async def show(self, case_id: UUID) -> View:
        """What the request is about, as the viewer sees it."""
