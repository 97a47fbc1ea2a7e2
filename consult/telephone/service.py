"""Command: enter a call that was a consultation."""

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from consult.echo import also_of
from consult.requests import rights
from consult.requests import store as requests
from consult.requests.states import ConsultState
from consult.telephone import store
from consult.telephone.errors import CallCalledOff, CallNotYours, NotYetCalled
from consult.telephone.rules import LATE
from consult.telephone.schemas import RecordCall
from kernel import chain
from kernel.chain import canonical
from kernel.clock import Clock
from kernel.errors import BadInput
from kernel.ids import CaseId, new_id
from kernel.sealing import Sealer
from kernel.viewer import Viewer

RECORDED: Final = "consult.telephoned"
NUMBER_FIELD: Final = "consult_call_number"
BEFORE: Final = timedelta(hours=24)
"""In an emergency one telephones first and asks on paper afterwards."""


async def record(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    consult_id: UUID,
    new: RecordCall,
) -> UUID:
    """Enter a call, or a correction of one's own; its id. Its hash stands on the case's chain.

    Raises:
        NotFound: unknown or foreign.
        InvitedOnly: the viewer is on neither side.
        CallCalledOff: the consultation was called off.
        NotYetCalled: it lies in the future, or a day before the consultation was asked.
        CallNotYours: what it corrects is somebody else's, or was corrected already.
        BadInput: nothing is said.
    """
    row = await requests.locked(session, consult_id)
    rights.must_take_part(viewer, row, await requests.invitations(session, consult_id))
    if row.state == ConsultState.CANCELLED:
        raise CallCalledOff()
    at = clock.now()
    _must_make_sense(new, row.asked_at, at)
    calls = await store.of_case(session, consult_id)
    corrected = {one.corrects for one in calls}
    if new.corrects is not None and not any(
        one.n == new.corrects and one.person_id == viewer.person_id and one.n not in corrected
        for one in calls
    ):
        raise CallNotYours(n=new.corrects)
    call_id, n = new_id(), len(calls) + 1
    late = LATE.of(new.called_at, new.minutes, at)
    values = msgspec.to_builtins(new, builtin_types=(type(at),)) | {
        "id": call_id,
        "case_id": consult_id,
        "n": n,
        "number_sealed": sealer.seal(new.number, NUMBER_FIELD),
        "late": late,
        "late_version": LATE.version,
        "person_id": viewer.person_id,
        "facility_id": _house(viewer, row.facility_id),
        "at": at,
    }
    del values["number"]
    await store.insert(session, values)
    said = sha256(canonical.encode(msgspec.to_builtins(new))).hexdigest()
    facts: dict[str, object] = {
        "call_id": call_id, "n": n, "why": new.why, "minutes": new.minutes, "late": late,
        "called_at": new.called_at, "corrects": new.corrects, "sha256": said,
    }  # fmt: skip
    await chain.append(
        session, clock, CaseId(consult_id), RECORDED, viewer=viewer, payload=facts,
        occurred_at=new.called_at if late else None,
    )  # fmt: skip
    about = {"consult_id": consult_id, "n": n}
    await also_of(session, clock, viewer, row.of_case_id, RECORDED, about)
    return call_id


def _must_make_sense(new: RecordCall, asked_at: datetime, at: datetime) -> None:
    for field in ("spoke_with", "told", "advised"):
        if not getattr(new, field).strip():
            raise BadInput(field=field, reason="empty")
    if new.called_at > at:
        raise NotYetCalled(reason="future")
    if new.called_at < asked_at - BEFORE:
        raise NotYetCalled(reason="before_asked")


def _house(viewer: Viewer, asking: UUID) -> UUID:
    """Where whoever writes works: at the house that asks, or their own."""
    return asking if asking in viewer.facility_ids else viewer.facility_id
