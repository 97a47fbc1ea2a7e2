"""Routes of the read side: a case's course, indicators, and what they mean."""

from datetime import datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

from litestar import Router, get
from litestar.di import Provide
from litestar.params import QueryParameter
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.access import OPT, roles
from kernel.clock import Clock
from kernel.errors import BadInput
from kernel.ids import CaseId
from kernel.viewer import CLINICAL_ROLES, Role
from quality import course, ddi, indicators
from quality.handbook.routes import ROUTES as HANDBOOK
from quality.repository import Scope
from quality.schemas import (
    Ddi,
    IndicatorCases,
    IndicatorDetail,
    Indicators,
    ProofOut,
    Timeline,
)

LAST_DAYS = 30
"""The period when none is asked for."""

YEARS = range(1901, 2200)
"""Inside what the chain's columns take, in any time zone."""

COURSE = roles(*CLINICAL_ROLES, Role.COMMISSION, Role.CREW)
NUMBERS = roles(*CLINICAL_ROLES, Role.COMMISSION, Role.AUDITOR)

From = Annotated[
    datetime | None,
    QueryParameter(name="from", description="Begin, RFC 3339; default 30 days before the end."),
]
To = Annotated[
    datetime | None, QueryParameter(name="to", description="End, excluded; default now.")
]
Late = Annotated[
    Literal["with", "without"],
    QueryParameter(description="Whether times that were entered after the fact count."),
]


async def counted(
    clock: Clock,
    start: From = None,
    end: To = None,
    region_id: UUID | None = None,
    facility_id: UUID | None = None,
) -> Scope:
    """Over which cases a question counts: the same words for every question.

    Raises:
        BadInput: a moment without its zone, or outside what can be recorded.
    """
    for name, given in (("from", start), ("to", end)):
        if given is not None and (given.tzinfo is None or given.year not in YEARS):
            reason = "须为 1901–2199 年间带时区的时间 / a moment with its zone in 1901–2199"
            raise BadInput(field=name, reason=reason)
    until = end or clock.now()
    return Scope(start or until - timedelta(days=LAST_DAYS), until, region_id, facility_id)


@get("/cases/{case_id:uuid}/timeline", opt={OPT: COURSE})
async def get_timeline(session: AsyncSession, case_id: UUID) -> Timeline:
    """A case's events with both clocks, who acted, and all amendments."""
    return await course.timeline(session, CaseId(case_id))


@get("/cases/{case_id:uuid}/proof", opt={OPT: COURSE})
async def get_proof(session: AsyncSession, case_id: UUID, seq: int | None = None) -> ProofOut:
    """Proof that an event stands in the signed log; without `seq`, of the newest that does."""
    return await course.proof(session, CaseId(case_id), seq)


@get("/indicators", opt={OPT: NUMBERS})
async def get_indicators(session: AsyncSession, counted: Scope, late: Late = "with") -> Indicators:
    """All indicators over the cases that the viewer may see, each with its definition."""
    return await indicators.overview(session, counted, late)


@get("/indicators/{code:str}", opt={OPT: NUMBERS})
async def get_indicator(
    session: AsyncSession,
    counted: Scope,
    code: str,
    late: Late = "with",
) -> IndicatorDetail:
    """One indicator with points and months for plots."""
    return await indicators.detail(session, counted, late, code)


@get("/indicators/{code:str}/cases", opt={OPT: NUMBERS})
async def get_indicator_cases(
    session: AsyncSession,
    counted: Scope,
    code: str,
    late: Late = "with",
) -> IndicatorCases:
    """The cases behind one number."""
    return await indicators.behind(session, counted, late, code)


@get("/quality/ddi", opt={OPT: NUMBERS})
async def get_ddi(session: AsyncSession, counted: Scope) -> Ddi:
    """Decision to delivery by class, place and anaesthesia, with and without late entries."""
    return await ddi.split(session, counted)


router = Router(
    "",
    dependencies={"counted": Provide(counted)},
    route_handlers=[
        get_timeline,
        get_proof,
        get_indicators,
        get_indicator,
        get_indicator_cases,
        get_ddi,
        *HANDBOOK,
    ],
)
