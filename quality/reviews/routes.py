"""Reviews over HTTP: open, prepare, panel, hold, vote, conclude, and the measures that follow."""

from datetime import date
from uuid import UUID

from litestar import Router, get, post
from litestar.di import Provide
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.access import CLINICAL, OPT, roles
from kernel.clock import Clock
from kernel.viewer import CLINICAL_ROLES, Role, Viewer
from quality.reviews import measures, queries, service
from quality.reviews.asking import ReviewCall, provide_review_call
from quality.reviews.openable import openable
from quality.reviews.pack import Pack
from quality.reviews.queries import Which
from quality.reviews.schemas import (
    AddMeasure,
    Candidate,
    CloseReview,
    ConcludeReview,
    DismissReview,
    Find,
    HoldReview,
    MeasureBack,
    MeasureOut,
    MoveMeasure,
    MoveReview,
    OpenableOut,
    OpenReview,
    ReportMeasure,
    ReviewDetail,
    ReviewOut,
    ReviewRef,
    ReviewRules,
    ReviewStatistics,
    SetPanel,
    Vote,
)
from quality.reviews.statistics import statistics

CONVENES = roles(Role.COORDINATOR)
OVERSEES = roles(Role.COORDINATOR, Role.COMMISSION)
READS_RULES = roles(*CLINICAL_ROLES, Role.COMMISSION)


@get("/case-reviews", opt={OPT: CLINICAL})
async def list_case_reviews(
    session: AsyncSession, clock: Clock, viewer: Viewer, which: Which = "open"
) -> list[ReviewOut]:
    """Reviews that the viewer convenes or sits on."""
    return await queries.reviews(session, clock, viewer, which)


@get("/case-reviews/rules", opt={OPT: READS_RULES})
async def get_review_rules() -> ReviewRules:
    """Kinds, cadence, recusal, the twelve cells, conclusions, causes; each with its source."""
    return queries.rules()


@get("/case-reviews/measures", opt={OPT: CLINICAL})
async def list_my_measures(session: AsyncSession, clock: Clock, viewer: Viewer) -> list[MeasureOut]:
    """Measures that the viewer owes."""
    return await queries.owed(session, clock, viewer)


@get("/case-reviews/statistics", opt={OPT: OVERSEES})
async def get_review_statistics(
    session: AsyncSession, viewer: Viewer, first_day: date, last_day: date
) -> ReviewStatistics:
    """Conclusions, causes, delays and findings of concluded reviews, counted."""
    return await statistics(session, viewer, first_day, last_day)


@get("/case-reviews/openable", opt={OPT: CONVENES})
async def list_openable_reviews(
    session: AsyncSession, clock: Clock, viewer: Viewer
) -> list[OpenableOut]:
    """Deaths and near-misses of the viewer's houses that nothing proposed a review of, or whose
    review was set aside."""
    return await openable(session, clock, viewer)


@get("/case-reviews/{case_review_id:uuid}", opt={OPT: CLINICAL})
async def get_case_review(
    session: AsyncSession, clock: Clock, viewer: Viewer, case_review_id: UUID
) -> ReviewDetail:
    """One review with everything that belongs to it; who read it is recorded."""
    return await queries.one(session, clock, viewer, case_review_id)


@get("/case-reviews/{case_review_id:uuid}/pack", opt={OPT: CLINICAL})
async def get_review_pack(
    session: AsyncSession, clock: Clock, viewer: Viewer, case_review_id: UUID
) -> Pack:
    """The newest pack, without identity; who read it is recorded."""
    return await queries.pack_of(session, clock, viewer, case_review_id)


@get("/case-reviews/{case_review_id:uuid}/candidates", opt={OPT: CLINICAL})
async def list_review_candidates(
    session: AsyncSession, clock: Clock, viewer: Viewer, case_review_id: UUID
) -> list[Candidate]:
    """Who might sit on the panel, and what keeps them out."""
    return await queries.candidates(session, clock, viewer, case_review_id)


@post("/case-reviews", opt={OPT: CONVENES})
async def open_case_review(data: OpenReview, call: ReviewCall) -> ReviewDetail:
    """Open a review that nothing proposed."""
    return await call.once(
        "review.open_new",
        data,
        lambda: service.open_new(call.session, call.clock, call.viewer, data),
    )


@post("/case-reviews/{case_review_id:uuid}/open", opt={OPT: CONVENES}, status_code=200)
async def take_up_review(case_review_id: UUID, data: MoveReview, call: ReviewCall) -> ReviewDetail:
    """Take up what was proposed."""
    return await call.move(service.open_proposed, case_review_id, data)


@post("/case-reviews/{case_review_id:uuid}/dismiss", opt={OPT: CONVENES}, status_code=200)
async def dismiss_review(
    case_review_id: UUID, data: DismissReview, call: ReviewCall
) -> ReviewDetail:
    """It is not held, and why."""
    return await call.move(service.dismiss, case_review_id, data)


@post("/case-reviews/{case_review_id:uuid}/pack", opt={OPT: CONVENES})
async def prepare_review_pack(
    case_review_id: UUID, data: MoveReview, call: ReviewCall
) -> ReviewDetail:
    """Write the pack from the timeline, without identity; earlier packs stay."""
    return await call.once(
        f"review.prepare {case_review_id}",
        data,
        lambda: service.prepare(
            call.session, call.clock, call.viewer, call.sealer, case_review_id, data
        ),
    )


@post("/case-reviews/{case_review_id:uuid}/panel", opt={OPT: CONVENES}, status_code=200)
async def set_review_panel(case_review_id: UUID, data: SetPanel, call: ReviewCall) -> ReviewDetail:
    """Name the panel; whoever the rules keep out neither reads nor votes."""
    return await call.move(service.set_panel, case_review_id, data)


@post("/case-reviews/{case_review_id:uuid}/recuse", opt={OPT: CLINICAL}, status_code=200)
async def recuse_from_review(case_review_id: UUID, call: ReviewCall) -> ReviewRef:
    """Step back from the panel: the review is closed to the viewer from then on."""
    return await call.leave(service.recuse, case_review_id)


@post("/case-reviews/{case_review_id:uuid}/hold", opt={OPT: CONVENES}, status_code=200)
async def hold_review(case_review_id: UUID, data: HoldReview, call: ReviewCall) -> ReviewDetail:
    """The panel met."""
    return await call.move(service.hold, case_review_id, data)


@post("/case-reviews/{case_review_id:uuid}/votes", opt={OPT: CLINICAL})
async def vote_in_review(case_review_id: UUID, data: Vote, call: ReviewCall) -> ReviewDetail:
    """A member's conclusion; the newest counts."""
    return await call.move(service.vote, case_review_id, data)


@post("/case-reviews/{case_review_id:uuid}/findings", opt={OPT: CLINICAL})
async def add_review_finding(case_review_id: UUID, data: Find, call: ReviewCall) -> ReviewDetail:
    """One finding in one of the twelve cells."""
    return await call.move(service.find, case_review_id, data)


@post("/case-reviews/{case_review_id:uuid}/conclude", opt={OPT: CONVENES}, status_code=200)
async def conclude_review(
    case_review_id: UUID, data: ConcludeReview, call: ReviewCall
) -> ReviewDetail:
    """What most voted for is the conclusion; cause, delays and summary are written with it."""
    return await call.move(service.conclude, case_review_id, data)


@post("/case-reviews/{case_review_id:uuid}/measures", opt={OPT: CONVENES})
async def add_review_measure(
    case_review_id: UUID, data: AddMeasure, call: ReviewCall
) -> ReviewDetail:
    """Something to be done, by whom, by when."""
    return await call.move(measures.add, case_review_id, data)


@post("/case-reviews/{case_review_id:uuid}/close", opt={OPT: CONVENES}, status_code=200)
async def close_review(case_review_id: UUID, data: CloseReview, call: ReviewCall) -> ReviewDetail:
    """The loop is closed."""
    return await call.move(service.close, case_review_id, data)


@post("/review-measures/{measure_id:uuid}/report", opt={OPT: CLINICAL}, status_code=200)
async def report_measure(measure_id: UUID, data: ReportMeasure, call: ReviewCall) -> MeasureOut:
    """It is done, and what shows it."""
    return await call.measure(measures.report, measure_id, data)


@post("/review-measures/{measure_id:uuid}/verify", opt={OPT: CONVENES}, status_code=200)
async def verify_measure(measure_id: UUID, data: MoveMeasure, call: ReviewCall) -> MeasureOut:
    """Another looked at what shows it, and it holds."""
    return await call.measure(measures.verify, measure_id, data)


@post("/review-measures/{measure_id:uuid}/send-back", opt={OPT: CONVENES}, status_code=200)
async def send_measure_back(measure_id: UUID, data: MeasureBack, call: ReviewCall) -> MeasureOut:
    """What shows it does not: it is owed again."""
    return await call.measure(measures.send_back, measure_id, data)


@post("/review-measures/{measure_id:uuid}/drop", opt={OPT: CONVENES}, status_code=200)
async def drop_measure(measure_id: UUID, data: MeasureBack, call: ReviewCall) -> MeasureOut:
    """It is given up, and why."""
    return await call.measure(measures.drop, measure_id, data)


router = Router(
    "/",
    route_handlers=[
        list_case_reviews, list_openable_reviews, get_review_rules, get_review_statistics,
        list_my_measures,
        get_case_review, get_review_pack, list_review_candidates, open_case_review,
        take_up_review, dismiss_review, prepare_review_pack, set_review_panel, recuse_from_review,
        hold_review, vote_in_review, add_review_finding, conclude_review, add_review_measure,
        close_review, report_measure, verify_measure, send_measure_back, drop_measure,
    ],
    dependencies={"call": Provide(provide_review_call)},
    tags=["reviews"],
)  # fmt: skip
