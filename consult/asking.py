"""One request that changes something: who asks, in which transaction, under which key."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.idempotency import once
from kernel.viewer import Viewer

Ref = TypeVar("Ref", bound=msgspec.Struct)
Work = Callable[[], Awaitable[UUID]]


@dataclass(frozen=True, slots=True)
class Asked:
    """What every such request has; each domain's own shows what its commands were about."""

    session: AsyncSession
    clock: Clock
    viewer: Viewer
    key: str | None

    async def remembered(self, ref: type[Ref], operation: str, body: object, work: Work) -> Ref:
        """Do `work` once under this key.

        Only the id that it gives is remembered, as a `ref`: answers hold names, which are kept
        nowhere besides. A repeat therefore shows everything as it is now.
        """

        async def answer() -> Ref:
            return ref(await work())

        return await once(self.session, self.viewer, self.key, operation, body, ref, answer)

    def step(self, command: Callable[..., Awaitable[object]], id_: UUID, *order: object) -> Work:
        """A step of what `id_` names, as work: `command(session, clock, viewer, id_, *order)`."""

        async def work() -> UUID:
            await command(self.session, self.clock, self.viewer, id_, *order)
            return id_

        return work
