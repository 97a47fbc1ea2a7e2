"""Actions over HTTP: those of a record, those that are open, and their steps."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from litestar import get, post
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.access import CLINICAL, OPT, roles
from kernel.clock import Clock
from kernel.idempotency import once
from kernel.viewer import CLINICAL_ROLES, Role, Viewer
from quality.actions import queries, service
from quality.actions.schemas import (
    ActionChecked,
    ActionDone,
    ActionNote,
    ActionRef,
    QualityAction,
    RecordActions,
    SetAction,
)

READING = roles(*CLINICAL_ROLES, Role.COMMISSION)


class ActionCall:
    """One request about an action: who asks, in which transaction, under which key."""

    def __init__(
        self, session: AsyncSession, clock: Clock, viewer: Viewer, idempotency_key: str | None
    ) -> None:
        self.session, self.clock, self.viewer = session, clock, viewer
        self.key = idempotency_key

    async def step(
        self, command: Callable[..., Awaitable[UUID | None]], id_: UUID, order: Any
    ) -> RecordActions:
        """Carry out one step once under this key, and show the record's actions as they are."""

        async def work() -> ActionRef:
            done = await command(self.session, self.clock, self.viewer, id_, order)
            return ActionRef(done or id_)

        operation = f"actions.{command.__name__} {id_}"
        made = await once(self.session, self.viewer, self.key, operation, order, ActionRef, work)
        return await queries.of_record(self.session, self.clock, self.viewer, made.record_id)


async def provide_action_call(
    session: AsyncSession, clock: Clock, viewer: Viewer, idempotency_key: str | None
) -> ActionCall:
    """The request as a dependency."""
    return ActionCall(session, clock, viewer, idempotency_key)


@get("/quality/actions", opt={OPT: READING})
async def list_actions(session: AsyncSession, clock: Clock, viewer: Viewer) -> list[QualityAction]:
    """Actions that are not checked yet, the first due first."""
    return await queries.open_ones(session, clock, viewer)


@get("/quality/records/{record_id:uuid}/actions", opt={OPT: READING})
async def list_record_actions(
    session: AsyncSession, clock: Clock, viewer: Viewer, record_id: UUID
) -> RecordActions:
    """Actions of a meeting, another return, or a drill."""
    return await queries.of_record(session, clock, viewer, record_id)


@post("/quality/records/{record_id:uuid}/actions", opt={OPT: CLINICAL})
async def set_action(record_id: UUID, data: SetAction, action_call: ActionCall) -> RecordActions:
    """Somebody of the house is to do something by a day."""
    return await action_call.step(service.set_action, record_id, data)


@post("/quality/actions/{action_id:uuid}/done", opt={OPT: CLINICAL}, status_code=200)
async def finish_action(
    action_id: UUID, data: ActionDone, action_call: ActionCall
) -> RecordActions:
    """It is done, and by what one sees that."""
    return await action_call.step(service.done, action_id, data)


@post("/quality/actions/{action_id:uuid}/verify", opt={OPT: CLINICAL}, status_code=200)
async def verify_action(
    action_id: UUID, data: ActionChecked, action_call: ActionCall
) -> RecordActions:
    """Somebody else has seen that it is done."""
    return await action_call.step(service.verify, action_id, data)


@post("/quality/actions/{action_id:uuid}/return", opt={OPT: CLINICAL}, status_code=200)
async def return_action(
    action_id: UUID, data: ActionNote, action_call: ActionCall
) -> RecordActions:
    """It is not done yet, and why."""
    return await action_call.step(service.give_back, action_id, data)


@post("/quality/actions/{action_id:uuid}/drop", opt={OPT: CLINICAL}, status_code=200)
async def drop_action(action_id: UUID, data: ActionNote, action_call: ActionCall) -> RecordActions:
    """It is not wanted any more, and why."""
    return await action_call.step(service.drop, action_id, data)


ROUTES = [
    list_actions, list_record_actions, set_action, finish_action, verify_action, return_action,
    drop_action,
]  # fmt: skip
