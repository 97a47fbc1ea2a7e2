"""Citing what is recorded elsewhere, exactly: which seconds of which tracing, which picture."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.errors import NotFound
from kernel.ids import CaseId, new_id
from kernel.viewer import Viewer
from referral.commands.fields import Act
from referral.commands.on_papers import Cite
from referral.errors import ReferenceInvalid
from referral.models import ReferenceRow
from referral.papers import Papers
from referral.service.desk import Desk, at_desk
from referral.states import ReferralAction


async def cite(
    session: AsyncSession, clock: Clock, viewer: Viewer, case_id: UUID, order: Cite
) -> CaseId:
    """Add a reference.

    Raises:
        ReferenceInvalid: not this woman's tracing, outside it, or not this case's picture.
    """
    act = Act(version=0)
    async with at_desk(
        session, clock, viewer, case_id, act, check_version=False, bump=False
    ) as desk:
        side = desk.move_case(ReferralAction.COMPLETE_RECORD)
        await (_tracing(desk, order) if order.kind == "ctg" else _picture(desk, order))
        process = viewer.is_process
        row = ReferenceRow(
            id=new_id(),
            case_id=desk.case_id,
            kind=order.kind,
            recording_id=order.recording_id,
            from_seq=order.from_seq,
            to_seq=order.to_seq,
            attachment_id=order.attachment_id,
            note=order.note,
            at=desk.at,
            person_id=None if process else viewer.person_id,
            facility_id=None if process else viewer.facility_id,
        )
        session.add(row)
        facts = {
            "reference_id": row.id,
            "kind": row.kind,
            "recording_id": row.recording_id,
            "from_seq": row.from_seq,
            "to_seq": row.to_seq,
            "attachment_id": row.attachment_id,
        }
        await desk.write("reference.added", facts, side=side)
    return desk.case_id


async def _tracing(desk: Desk, order: Cite) -> None:
    if order.attachment_id is not None:
        raise ReferenceInvalid(field="attachment_id")
    if order.recording_id is None:
        raise ReferenceInvalid(field="recording_id")
    papers = Papers(desk.session, desk.viewer)
    last = await papers.last_second(desk.case_id, order.recording_id)
    if last is None:
        raise ReferenceInvalid(field="recording_id")
    if order.from_seq is None or order.from_seq > last:
        raise ReferenceInvalid(field="from_seq")
    if order.to_seq is None or not order.from_seq <= order.to_seq <= last:
        raise ReferenceInvalid(field="to_seq")


async def _picture(desk: Desk, order: Cite) -> None:
    for name in ("recording_id", "from_seq", "to_seq"):
        if getattr(order, name) is not None:
            raise ReferenceInvalid(field=name)
    if order.attachment_id is None:
        raise ReferenceInvalid(field="attachment_id")
    papers = Papers(desk.session, desk.viewer)
    try:
        row = await papers.attachment(desk.case_id, order.attachment_id)
    except NotFound as error:
        raise ReferenceInvalid(field="attachment_id") from error
    if row.media_type == "application/pdf" or await papers.withdrawn(row.id):
        raise ReferenceInvalid(field="attachment_id")
