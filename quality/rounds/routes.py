"""Assessment rounds over HTTP: plan, open, self-check, hand back; evidence and what is behind."""

from hashlib import sha256
from typing import Any
from uuid import UUID

from litestar import Request, Response, Router, get, post
from litestar.di import Provide
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.access import OPT
from kernel.blobs import BlobStore
from kernel.clock import Clock
from kernel.database import Database
from kernel.handing import EXCEL, to_save
from quality.parameters import Small
from quality.rounds import checking, evidence, planning, queries, showing
from quality.rounds.asking import RoundCall, provide_round_call
from quality.rounds.book import book_of
from quality.rounds.roles import ANSWERING, PLANNING, SEEING, ItemCode
from quality.rounds.routes_of_assessors import ROUTES as ASSESSING
from quality.rounds.schemas import (
    AnswerItem,
    EntryDetail,
    HandBack,
    ItemCases,
    RoundChoices,
    RoundDetail,
    RoundOut,
    RoundPlan,
    RoundStep,
    SignStep,
)
from referral.routes.attachments import CONTENT, MAX_UPLOAD_BYTES
from registry.people.service import confirm_password


@get("/quality/rounds", opt={OPT: SEEING})
async def list_rounds(session: AsyncSession, clock: Clock) -> list[RoundOut]:
    """Assessment rounds that the viewer sees, the newest period first."""
    return await queries.rounds(session, clock)


@get("/quality/rounds/choices", opt={OPT: PLANNING})
async def get_round_choices(
    session: AsyncSession, clock: Clock, region_id: UUID, period_id: UUID
) -> RoundChoices:
    """What a plan over a closed period may hold, with the rules' deadlines and aspects."""
    return await queries.choices(session, clock, region_id, period_id)


@post("/quality/rounds", opt={OPT: PLANNING})
async def plan_round(data: RoundPlan, call: RoundCall) -> RoundDetail:
    """Plan a round over a closed period; weights and baselines are the planner's own."""
    return await call.plan(
        "round.plan", data, lambda: planning.plan(call.session, call.clock, call.viewer, data)
    )


@get("/quality/rounds/{round_id:uuid}", opt={OPT: SEEING})
async def get_round(session: AsyncSession, clock: Clock, round_id: UUID) -> RoundDetail:
    """A round with its items and the centres in it."""
    return await queries.one_round(session, clock, round_id)


@post("/quality/rounds/{round_id:uuid}/open", opt={OPT: PLANNING}, status_code=200)
async def open_round(round_id: UUID, data: RoundStep, call: RoundCall) -> RoundDetail:
    """Fill the figures from the closed period and let the centres check themselves."""
    return await call.move_round(planning.open_, round_id, data)


@post("/quality/rounds/{round_id:uuid}/cancel", opt={OPT: PLANNING}, status_code=200)
async def cancel_round(round_id: UUID, data: RoundStep, call: RoundCall) -> RoundDetail:
    """Call a round off before it begins."""
    return await call.move_round(planning.cancel, round_id, data)


@post("/quality/rounds/{round_id:uuid}/close", opt={OPT: PLANNING}, status_code=200)
async def close_round(round_id: UUID, data: RoundStep, call: RoundCall) -> RoundDetail:
    """The round is over: every centre's entry is closed."""
    return await call.move_round(planning.close, round_id, data)


@get("/quality/rounds/{round_id:uuid}/sheet", opt={OPT: SEEING}, media_type=EXCEL)
async def get_round_sheet(
    session: AsyncSession, clock: Clock, round_id: UUID, small: Small = "show"
) -> Response[bytes]:
    """The round as an Excel file, with what the viewer sees of it; its layout is marked 待核实.

    `small=hide` for one that is handed on.
    """
    found, entries = await showing.whole_round(session, clock, round_id)
    name = f"assessment-{found.round.last_day}.xlsx"
    book = book_of(found, entries, clock.now(), hide=small == "hide")
    return Response(book, media_type=EXCEL, headers=to_save(name))


@get("/quality/assessments/{assessment_id:uuid}", opt={OPT: SEEING})
async def get_assessment(session: AsyncSession, clock: Clock, assessment_id: UUID) -> EntryDetail:
    """A centre in a round: figures, what it says, evidence, and what may be done next."""
    return await showing.one_entry(session, clock, assessment_id)


@get("/quality/assessments/{assessment_id:uuid}/items/{code:str}/cases", opt={OPT: SEEING})
async def get_assessment_cases(
    session: AsyncSession, assessment_id: UUID, code: ItemCode
) -> ItemCases:
    """The cases behind a centre's figure."""
    return await queries.behind(session, assessment_id, code)


@post("/quality/assessments/{assessment_id:uuid}/answers", opt={OPT: ANSWERING}, status_code=200)
async def answer_assessment(assessment_id: UUID, data: AnswerItem, call: RoundCall) -> EntryDetail:
    """Say something to an item; the newest counts."""
    return await call.move(checking.answer, assessment_id, data)


@post(
    "/quality/assessments/{assessment_id:uuid}/files",
    opt={OPT: ANSWERING, "content": CONTENT},
    request_max_body_size=MAX_UPLOAD_BYTES,
)
async def add_assessment_file(
    assessment_id: UUID,
    code: ItemCode,
    request: Request[Any, Any, Any],
    call: RoundCall,
    blobs: BlobStore,
) -> EntryDetail:
    """Keep a picture or PDF as evidence of an item: the bytes as the request's body."""
    content = await request.body()

    async def work() -> UUID:
        await evidence.add(
            call.session, call.clock, call.viewer, blobs, assessment_id, code, content
        )
        return assessment_id

    body = [code, sha256(content).hexdigest()]
    return await call.entry(f"assessment.evidence {assessment_id}", body, work)


@get("/quality/assessment-files/{evidence_id:uuid}", opt={OPT: SEEING})
async def get_assessment_file(
    session: AsyncSession, blobs: BlobStore, evidence_id: UUID
) -> Response[bytes]:
    """The bytes of a piece of evidence, as a download."""
    name, media_type, content = await evidence.fetch(session, blobs, evidence_id)
    return Response(content, media_type=media_type, headers=to_save(name))


@post(
    "/quality/assessment-files/{evidence_id:uuid}/withdraw", opt={OPT: ANSWERING}, status_code=200
)
async def withdraw_assessment_file(evidence_id: UUID, call: RoundCall) -> EntryDetail:
    """Take a piece of evidence back before the self-check is signed."""
    return await call.entry(
        f"assessment.withdraw {evidence_id}",
        None,
        lambda: evidence.withdraw(call.session, call.clock, call.viewer, evidence_id),
    )


@post("/quality/assessments/{assessment_id:uuid}/submit", opt={OPT: ANSWERING}, status_code=200)
async def submit_assessment(
    assessment_id: UUID, data: SignStep, call: RoundCall, database: Database
) -> EntryDetail:
    """Sign the self-check with one's password."""
    await confirm_password(database, call.clock, call.viewer, data.password)
    return await call.move(checking.submit, assessment_id, data, data.version)


@post("/quality/assessments/{assessment_id:uuid}/return", opt={OPT: PLANNING}, status_code=200)
async def return_assessment(assessment_id: UUID, data: HandBack, call: RoundCall) -> EntryDetail:
    """Hand a self-check back to the centre, and why."""
    return await call.move(checking.hand_back, assessment_id, data)


router = Router(
    "",
    dependencies={"call": Provide(provide_round_call)},
    route_handlers=[
        list_rounds, get_round_choices, plan_round, get_round, get_round_sheet, open_round,
        cancel_round, close_round, get_assessment, get_assessment_cases, answer_assessment,
        add_assessment_file, get_assessment_file, withdraw_assessment_file, submit_assessment,
        return_assessment, *ASSESSING,
    ],
    tags=["assessment"],
)  # fmt: skip
