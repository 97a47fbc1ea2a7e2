"""The plan: three parts, versions that are never changed, agreed when both sides have signed."""

from datetime import datetime
from hashlib import sha256
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kernel import parties
from kernel.chain import canonical
from kernel.clock import Clock
from kernel.ids import CaseId, FacilityId
from kernel.parties import PartyRole
from kernel.viewer import Viewer
from referral.casefiles.commands import CommentPlan, DraftPlan, SignPlan
from referral.casefiles.errors import (
    FileWrongSide,
    NoUpperCentre,
    PlaceUnknown,
    PlanSigned,
    PlanVersionStale,
)
from referral.casefiles.models import PlanRow, PlanSignatureRow
from referral.casefiles.rules.allowed import may_sign
from referral.casefiles.service.file_desk import FileDesk, at_file
from referral.casefiles.states import FileAction, FileSide
from registry.facilities import queries as facilities


async def draft_plan(
    session: AsyncSession, clock: Clock, viewer: Viewer, case_id: UUID, order: DraftPlan
) -> CaseId:
    """Write a version of the plan; whatever was signed before is signed for that version only.

    Raises:
        NoUpperCentre: nobody would agree it, and no centre is named.
        PlaceUnknown: the centre named is unknown, or is the owner itself.
    """
    async with at_file(session, clock, viewer, case_id, order) as desk:
        side = desk.move_file(FileAction.DRAFT_PLAN)
        if order.upper_id is not None:
            await _agree_with(desk, FacilityId(order.upper_id))
        if desk.rows.file.upper_id is None:
            raise NoUpperCentre()
        row = PlanRow(
            case_id=desk.case_id,
            no=len(desk.rows.plans) + 1,
            management=order.management,
            treatment=order.treatment,
            emergency=order.emergency,
            drafted_at=desk.now,
            person_id=viewer.person_id,
            facility_id=viewer.facility_id,
        )
        row.digest = sha256(canonical_plan(row)).digest()
        session.add(row)
        desk.rows.plans.append(row)
        facts = {"plan_no": row.no, "sha256": row.digest.hex()}
        await desk.write("casefile.plan_drafted", facts, side=side)
        await _tell_sides(desk, "casefile.plan_drafted", row.no)
    return desk.case_id


def canonical_plan(row: PlanRow) -> bytes:
    """The bytes that both sides sign: RFC 8785 of everything the version says and who wrote it."""
    return canonical.encode(
        {
            "case_id": row.case_id,
            "no": row.no,
            "management": row.management,
            "treatment": row.treatment,
            "emergency": row.emergency,
            "drafted_at": row.drafted_at,
            "person_id": row.person_id,
            "facility_id": row.facility_id,
        }
    )


def canonical_signature(
    plan: PlanRow, side: FileSide, person_id: UUID, facility_id: UUID, signed_at: datetime
) -> bytes:
    """What one signature says: the version by its hash, and who stands for which side."""
    return canonical.encode(
        {
            "case_id": plan.case_id,
            "plan_no": plan.no,
            "plan_sha256": plan.digest.hex(),
            "side": side,
            "person_id": person_id,
            "facility_id": facility_id,
            "signed_at": signed_at,
        }
    )


async def _agree_with(desk: FileDesk, upper: FacilityId) -> None:
    file = desk.rows.file
    if upper == file.facility_id or not await facilities.get_many(desk.session, [upper]):
        raise PlaceUnknown(field="upper_id")
    file.upper_id = upper
    await parties.add_facility(desk.session, desk.case_id, upper, PartyRole.RECEIVER)


async def comment_plan(
    session: AsyncSession, clock: Clock, viewer: Viewer, case_id: UUID, order: CommentPlan
) -> CaseId:
    """A remark on the version that waits; a change of the text is a new version."""
    async with at_file(session, clock, viewer, case_id, order, bump=False) as desk:
        side = desk.move_file(FileAction.COMMENT_PLAN)
        plan = _waiting_version(desk)
        desk.remember("comment", {"plan_no": plan.no, "text": order.text})
        await desk.write("casefile.plan_commented", {"plan_no": plan.no}, side=side)
        await _tell_sides(desk, "casefile.plan_commented", plan.no)
    return desk.case_id


async def sign_plan(
    session: AsyncSession, clock: Clock, viewer: Viewer, case_id: UUID, order: SignPlan
) -> CaseId:
    """Agree to a version. The caller has checked the password.

    Raises:
        PlanVersionStale: a newer version was drafted.
        PlanSigned: this side has signed it.
    """
    async with at_file(session, clock, viewer, case_id, order) as desk:
        desk.move_file(FileAction.SIGN_PLAN)
        plan = _waiting_version(desk)
        if order.plan_no != plan.no:
            raise PlanVersionStale(given=order.plan_no, current=plan.no)
        side = _half(desk)
        facility = _stands_for(desk, side)
        row = PlanSignatureRow(
            case_id=desk.case_id,
            plan_no=plan.no,
            side=side,
            facility_id=facility,
            person_id=viewer.person_id,
            signed_at=desk.now,
        )
        signed = canonical_signature(plan, side, viewer.person_id, facility, row.signed_at)
        row.digest = sha256(signed).digest()
        session.add(row)
        desk.rows.signatures.append(row)
        facts = {
            "plan_no": plan.no,
            "plan_sha256": plan.digest.hex(),
            "sha256": row.digest.hex(),
            "facility_id": facility,
        }
        await desk.write("casefile.plan_signed", facts, side=side)
        await _tell_sides(desk, "casefile.plan_signed", plan.no)
        if desk.facts().signed >= {FileSide.OWNER, FileSide.UPPER}:
            await _agreed(desk, plan)
    return desk.case_id


async def _agreed(desk: FileDesk, plan: PlanRow) -> None:
    desk.rows.file.plan_no = plan.no
    desk.move_file(FileAction.AGREE, system=True)
    facts = {"plan_no": plan.no, "plan_sha256": plan.digest.hex()}
    await desk.write("casefile.plan_agreed", facts, auto=True)
    await _tell_sides(desk, "casefile.plan_agreed", plan.no)


def _half(desk: FileDesk) -> FileSide:
    mine = desk.mine()
    half = may_sign(desk.facts(), mine)
    if half is not None:
        return half
    signed = next((side for side in (FileSide.OWNER, FileSide.UPPER) if side in mine), None)
    if signed is None:
        raise FileWrongSide(action="sign_plan", sides="owner/upper")
    raise PlanSigned(side=str(signed))


def _stands_for(desk: FileDesk, side: FileSide) -> UUID:
    file = desk.rows.file
    facility = file.facility_id if side is FileSide.OWNER else file.upper_id
    if facility is None:
        raise NoUpperCentre()
    return facility


def _waiting_version(desk: FileDesk) -> PlanRow:
    plan = desk.rows.plan
    if plan is None:
        raise PlanVersionStale(given=0, current=0)
    return plan


async def _tell_sides(desk: FileDesk, kind: str, plan_no: int) -> None:
    """The owner by name, the centre's people at post."""
    file = desk.rows.file
    await desk.tell(kind, {"plan_no": plan_no}, people_ids=[file.owner_id])
    if file.upper_id is not None:
        await desk.tell_post(kind, {"plan_no": plan_no}, file.upper_id)
