"""Parameters that every question about indicators takes."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

from litestar.params import QueryParameter
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.errors import BadInput
from quality.frozen import periods
from quality.repository import Scope

LAST_DAYS = 30
"""The period when none is asked for."""

YEARS = range(1901, 2200)
"""Inside what the chain's columns take, in any time zone."""

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

Small = Annotated[
    Literal["show", "hide"],
    QueryParameter(description="Whether counts of 1 to 4 are printed, or hidden as “<5”."),
]

Frozen = Annotated[
    UUID | None,
    QueryParameter(description="A frozen period: its figures as they were, whatever the days."),
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
    now = clock.now()
    until = end or now
    begin = start or until - timedelta(days=LAST_DAYS)
    return Scope(begin, until, region_id, facility_id, as_of=now)


async def asked(
    session: AsyncSession,
    counted: Scope,
    frozen: Frozen = None,
) -> Scope:
    """As `counted`; a frozen period brings its own days.

    Raises:
        NotFound: there is no such frozen period.
    """
    if frozen is None:
        return counted
    period = await periods.get(session, frozen)
    return replace(
        counted,
        start=period.starts_at,
        end=period.ends_at,
        frozen=period.id,
        as_of=None,
        reviews_kept=period.reviews_kept,
    )
