"""Visits, assessment, feedback and putting right over HTTP."""

from hashlib import sha256
from typing import Any
from uuid import UUID

from litestar import Request, get, post
from litestar.handlers import BaseRouteHandler
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.access import OPT
from kernel.blobs import BlobStore
from kernel.clock import Clock
from kernel.database import Database
from quality.rounds import judging, putting_right, showing, visits
from quality.rounds.asking import RoundCall
from quality.rounds.roles import ANSWERING, PLANNING, SEEING, ItemCode
from quality.rounds.schemas import (
    Assess,
    AssignTask,
    Demand,
    EntryDetail,
    FindOnSite,
    GiveFeedback,
    HandBack,
    PlanVisit,
    ReportTask,
    RoundStep,
    SignStep,
    VisitDetail,
)
from referral.routes.attachments import CONTENT, MAX_UPLOAD_BYTES
from registry.people.service import confirm_password


@post("/quality/assessments/{assessment_id:uuid}/visits", opt={OPT: PLANNING})
async def plan_visit(assessment_id: UUID, data: PlanVisit, call: RoundCall) -> VisitDetail:
    """Plan an unannounced visit; the centre does not see it before it is signed."""
    return await call.visit(
        f"visit.plan {assessment_id}",
        data,
        lambda: visits.plan(call.session, call.clock, call.viewer, assessment_id, data),
    )


@get("/quality/visits/{visit_id:uuid}", opt={OPT: SEEING})
async def get_visit(session: AsyncSession, clock: Clock, visit_id: UUID) -> VisitDetail:
    """A visit with what is to be looked at."""
    return await showing.one_visit(session, clock, visit_id)


@post("/quality/visits/{visit_id:uuid}/begin", opt={OPT: PLANNING}, status_code=200)
async def begin_visit(visit_id: UUID, data: RoundStep, call: RoundCall) -> VisitDetail:
    """The assessors are there."""
    return await call.move_visit(visits.begin, visit_id, data)


@post("/quality/visits/{visit_id:uuid}/findings", opt={OPT: PLANNING}, status_code=200)
async def find_on_site(visit_id: UUID, data: FindOnSite, call: RoundCall) -> VisitDetail:
    """Say what was found of an item; the newest counts."""
    return await call.move_visit(visits.find, visit_id, data)


@post(
    "/quality/visits/{visit_id:uuid}/photos",
    opt={OPT: PLANNING, "content": CONTENT},
    request_max_body_size=MAX_UPLOAD_BYTES,
)
async def add_visit_photo(
    visit_id: UUID,
    code: ItemCode,
    request: Request[Any, Any, Any],
    call: RoundCall,
    blobs: BlobStore,
) -> VisitDetail:
    """Keep a photo of an item: the bytes as the request's body, cleaned of place and device."""
    content = await request.body()

    async def work() -> UUID:
        await visits.photograph(
            call.session, call.clock, call.viewer, blobs, visit_id, code, content
        )
        return visit_id

    return await call.visit(f"visit.photo {visit_id}", [code, sha256(content).hexdigest()], work)


@post("/quality/visits/{visit_id:uuid}/sign", opt={OPT: PLANNING}, status_code=200)
async def sign_visit(
    visit_id: UUID, data: SignStep, call: RoundCall, database: Database
) -> VisitDetail:
    """Sign what was found with one's password; from now on the centre sees it."""
    await confirm_password(database, call.clock, call.viewer, data.password)
    return await call.move_visit(visits.sign, visit_id, data, data.version)


@post("/quality/visits/{visit_id:uuid}/cancel", opt={OPT: PLANNING}, status_code=200)
async def cancel_visit(visit_id: UUID, data: HandBack, call: RoundCall) -> VisitDetail:
    """It is not made, and why."""
    return await call.move_visit(visits.cancel, visit_id, data)


@post("/quality/assessments/{assessment_id:uuid}/assess", opt={OPT: PLANNING}, status_code=200)
async def assess_centre(
    assessment_id: UUID, data: Assess, call: RoundCall, database: Database
) -> EntryDetail:
    """Assess a centre for one's level, signed with one's password; points are computed."""
    await confirm_password(database, call.clock, call.viewer, data.password)
    return await call.move(judging.assess, assessment_id, data, [data.version, data.remark])


@post("/quality/assessments/{assessment_id:uuid}/feedback", opt={OPT: PLANNING}, status_code=200)
async def give_feedback(assessment_id: UUID, data: GiveFeedback, call: RoundCall) -> EntryDetail:
    """Give the result with words to the centre and the levels between."""
    return await call.move(judging.feed_back, assessment_id, data)


@post("/quality/assessments/{assessment_id:uuid}/tasks", opt={OPT: PLANNING})
async def demand_rectification(assessment_id: UUID, data: Demand, call: RoundCall) -> EntryDetail:
    """Demand that something be put right until a day."""
    return await call.move(putting_right.demand, assessment_id, data)


@post("/quality/assessments/{assessment_id:uuid}/close", opt={OPT: PLANNING}, status_code=200)
async def close_assessment(assessment_id: UUID, data: RoundStep, call: RoundCall) -> EntryDetail:
    """The centre is done with: everything was put right."""
    return await call.move(putting_right.close, assessment_id, data)


@post(
    "/quality/rectifications/{rectification_id:uuid}/assign",
    opt={OPT: ANSWERING},
    status_code=200,
)
async def assign_rectification(
    rectification_id: UUID, data: AssignTask, call: RoundCall
) -> EntryDetail:
    """Say who of the house answers for it."""
    return await call.move_task(putting_right.assign, rectification_id, data)


@post(
    "/quality/rectifications/{rectification_id:uuid}/files",
    opt={OPT: ANSWERING, "content": CONTENT},
    request_max_body_size=MAX_UPLOAD_BYTES,
)
async def prove_rectification(
    rectification_id: UUID, request: Request[Any, Any, Any], call: RoundCall, blobs: BlobStore
) -> EntryDetail:
    """Keep a picture or PDF of what was done: the bytes as the request's body."""
    content = await request.body()
    return await call.entry(
        f"task.prove {rectification_id}",
        sha256(content).hexdigest(),
        lambda: putting_right.prove(
            call.session, call.clock, call.viewer, blobs, rectification_id, content
        ),
    )


@post(
    "/quality/rectifications/{rectification_id:uuid}/report",
    opt={OPT: ANSWERING},
    status_code=200,
)
async def report_rectification(
    rectification_id: UUID, data: ReportTask, call: RoundCall
) -> EntryDetail:
    """Say what was done."""
    return await call.move_task(putting_right.report, rectification_id, data)


@post(
    "/quality/rectifications/{rectification_id:uuid}/verify", opt={OPT: PLANNING}, status_code=200
)
async def verify_rectification(
    rectification_id: UUID, data: RoundStep, call: RoundCall
) -> EntryDetail:
    """It is as reported."""
    return await call.move_task(putting_right.verify, rectification_id, data)


@post(
    "/quality/rectifications/{rectification_id:uuid}/return", opt={OPT: PLANNING}, status_code=200
)
async def return_rectification(
    rectification_id: UUID, data: HandBack, call: RoundCall
) -> EntryDetail:
    """It is not as reported, and why."""
    return await call.move_task(putting_right.hand_back, rectification_id, data)


ROUTES: list[BaseRouteHandler] = [
    plan_visit,
    get_visit,
    begin_visit,
    find_on_site,
    add_visit_photo,
    sign_visit,
    cancel_visit,
    assess_centre,
    give_feedback,
    demand_rectification,
    close_assessment,
    assign_rectification,
    prove_rectification,
    report_rectification,
    verify_rectification,
    return_rectification,
]
