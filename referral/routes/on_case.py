"""Commands to a case."""

from uuid import UUID

from litestar import patch, post
from litestar.di import Provide
from litestar.handlers import BaseRouteHandler

from kernel.access import OPT, roles
from kernel.idempotency import once
from kernel.viewer import Role
from referral.commands.on_case import (
    AddNote,
    AddOffer,
    BackRefer,
    Cancel,
    Close,
    Commit,
    CompleteRecord,
    Die,
    EndGuidance,
    GuideInPlace,
    HandOverLead,
    Milestone,
    ReadFeedback,
    RecordLoss,
    ReportTeam,
    RequestHold,
    ResumeTransfer,
    ReviewGuidance,
    SendTeam,
    Void,
)
from referral.readmodel.whole import Referral, Voided
from referral.routes.asked import TREATING, Asked, provide_asked
from referral.service import ask, commit, complete, finish, guide, hold, send, team

ASKED = {"asked": Provide(provide_asked)}


@post("/referrals/{case_id:uuid}/offers", opt={OPT: TREATING}, dependencies=ASKED)
async def add_offer(case_id: UUID, data: AddOffer, asked: Asked) -> Referral:
    """Offer the case to one more unit."""
    return await asked.do(ask.add_offer, case_id, data)


@post("/referrals/{case_id:uuid}/actions/commit", opt={OPT: TREATING}, dependencies=ASKED)
async def commit_case(case_id: UUID, data: Commit, asked: Asked) -> Referral:
    """Take an accepted offer."""
    return await asked.do(commit.take_up, case_id, data)


@post("/referrals/{case_id:uuid}/actions/guide_in_place", opt={OPT: TREATING}, dependencies=ASKED)
async def guide_in_place(case_id: UUID, data: GuideInPlace, asked: Asked) -> Referral:
    """Rescue where she is, led from a distance."""
    return await asked.do(guide.guide_in_place, case_id, data)


@post("/referrals/{case_id:uuid}/actions/review_guidance", opt={OPT: TREATING}, dependencies=ASKED)
async def review_guidance(case_id: UUID, data: ReviewGuidance, asked: Asked) -> Referral:
    """Looked at again: still not movable."""
    return await asked.do(guide.review_guidance, case_id, data)


@post("/referrals/{case_id:uuid}/actions/hand_over_lead", opt={OPT: TREATING}, dependencies=ASKED)
async def hand_over_lead(case_id: UUID, data: HandOverLead, asked: Asked) -> Referral:
    """Somebody else leads the rescue from here on."""
    return await asked.do(guide.hand_over_lead, case_id, data)


@post("/referrals/{case_id:uuid}/teams", opt={OPT: TREATING}, dependencies=ASKED)
async def send_team(case_id: UUID, data: SendTeam, asked: Asked) -> Referral:
    """An expert team comes to her."""
    return await asked.once(
        f"send_team/{case_id}",
        data,
        lambda: team.send_team(
            asked.session, asked.clock, asked.viewer, asked.sealer, case_id, data
        ),
    )


@post("/teams/{team_id:uuid}/reports", opt={OPT: TREATING}, dependencies=ASKED)
async def report_team(team_id: UUID, data: ReportTeam, asked: Asked) -> Referral:
    """Where the expert team is."""
    return await asked.do(team.report_team, team_id, data)


@post("/referrals/{case_id:uuid}/actions/resume_transfer", opt={OPT: TREATING}, dependencies=ASKED)
async def resume_transfer(case_id: UUID, data: ResumeTransfer, asked: Asked) -> Referral:
    """She can be moved after all."""
    return await asked.do(guide.resume_transfer, case_id, data)


@post("/referrals/{case_id:uuid}/actions/end_guidance", opt={OPT: TREATING}, dependencies=ASKED)
async def end_guidance(case_id: UUID, data: EndGuidance, asked: Asked) -> Referral:
    """Rescued where she is."""
    return await asked.do(guide.end_guidance, case_id, data)


@post("/referrals/{case_id:uuid}/actions/close", opt={OPT: TREATING}, dependencies=ASKED)
async def close_case(case_id: UUID, data: Close, asked: Asked) -> Referral:
    """Outcome and feedback go back to the sender."""
    return await asked.do(finish.close, case_id, data)


@post("/referrals/{case_id:uuid}/actions/read_feedback", opt={OPT: TREATING}, dependencies=ASKED)
async def read_feedback(case_id: UUID, data: ReadFeedback, asked: Asked) -> Referral:
    """The sender has read outcome and feedback."""
    return await asked.do(finish.read_feedback, case_id, data)


@post("/referrals/{case_id:uuid}/actions/cancel", opt={OPT: TREATING}, dependencies=ASKED)
async def cancel(case_id: UUID, data: Cancel, asked: Asked) -> Referral:
    """Called off; receivers must say that they know."""
    return await asked.do(finish.cancel, case_id, data)


@post("/referrals/{case_id:uuid}/actions/die", opt={OPT: TREATING}, dependencies=ASKED)
async def die(case_id: UUID, data: Die, asked: Asked) -> Referral:
    """The one being transferred died."""
    return await asked.do(finish.die, case_id, data)


@post("/referrals/{case_id:uuid}/actions/record_loss", opt={OPT: TREATING}, dependencies=ASKED)
async def record_loss(case_id: UUID, data: RecordLoss, asked: Asked) -> Referral:
    """A fetus or newborn died; the case goes on."""
    return await asked.do(finish.record_loss, case_id, data)


@post("/referrals/{case_id:uuid}/actions/request_hold", opt={OPT: TREATING}, dependencies=ASKED)
async def request_hold(case_id: UUID, data: RequestHold, asked: Asked) -> Referral:
    """Ask a receiver to keep a bed, cot, theatre or blood."""
    return await asked.do(hold.request_hold, case_id, data)


@patch("/referrals/{case_id:uuid}/record", opt={OPT: TREATING}, dependencies=ASKED)
async def complete_record(case_id: UUID, data: CompleteRecord, asked: Asked) -> Referral:
    """What became known since; history is kept."""
    return await asked.do(complete.complete_record, case_id, data)


@post("/referrals/{case_id:uuid}/notes", opt={OPT: TREATING}, dependencies=ASKED)
async def add_note(case_id: UUID, data: AddNote, asked: Asked) -> Referral:
    """A line in the conversation."""
    return await asked.do(complete.add_note, case_id, data)


@post("/referrals/{case_id:uuid}/milestones", opt={OPT: TREATING}, dependencies=ASKED)
async def add_milestone(case_id: UUID, data: Milestone, asked: Asked) -> Referral:
    """A moment on the green-channel clock, told by a person."""
    return await asked.do(complete.add_milestone, case_id, data)


@post("/referrals/{case_id:uuid}/actions/back_refer", opt={OPT: TREATING}, dependencies=ASKED)
async def back_refer(case_id: UUID, data: BackRefer, asked: Asked) -> Referral:
    """Down again with plan and red flags; answers with the new case."""
    return await asked.once(
        f"back_refer/{case_id}",
        data,
        lambda: send.back_refer(
            asked.session, asked.clock, asked.viewer, asked.sealer, case_id, data
        ),
    )


@post(
    "/referrals/{case_id:uuid}/actions/void",
    opt={OPT: roles(Role.SYSTEM_ADMIN)},
    dependencies=ASKED,
)
async def void(case_id: UUID, data: Void, asked: Asked) -> Voided:
    """The case should not exist; an administrator voids it without seeing it."""

    async def work() -> Voided:
        return await finish.void(asked.session, asked.clock, asked.viewer, case_id, data)

    return await once(asked.session, asked.viewer, asked.key, f"void/{case_id}", data, Voided, work)


HANDLERS: list[BaseRouteHandler] = [
    add_offer,
    commit_case,
    guide_in_place,
    review_guidance,
    hand_over_lead,
    send_team,
    report_team,
    resume_transfer,
    end_guidance,
    close_case,
    read_feedback,
    cancel,
    die,
    record_loss,
    request_hold,
    complete_record,
    add_note,
    add_milestone,
    back_refer,
    void,
]
