"""Calendar feeds over HTTP."""

from uuid import UUID

import msgspec
from litestar import Response, Router, get, post
from sqlalchemy.ext.asyncio import AsyncSession

from duty.feeds import queries, service
from duty.feeds.schemas import Feed, FeedIssued, NewFeed, RevokeFeed
from kernel.access import CLINICAL, OPT, PUBLIC
from kernel.clock import Clock
from kernel.handing import to_show
from kernel.idempotency import once
from kernel.viewer import Viewer

SUFFIX = ".ics"


class Made(msgspec.Struct, frozen=True):
    """What an idempotency key remembers: never the token."""

    id: UUID


@get("/duty/feeds", opt={OPT: CLINICAL})
async def feeds(session: AsyncSession, viewer: Viewer) -> list[Feed]:
    """My calendar feeds."""
    return await queries.feeds_of(session, viewer)


@post("/duty/feeds", opt={OPT: CLINICAL})
async def issue_feed(
    data: NewFeed,
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    idempotency_key: str | None,
) -> FeedIssued:
    """A new feed; a repeat shows it without its path, which is kept nowhere."""
    fresh: list[service.Issued] = []

    async def work() -> Made:
        fresh.append(await service.issue(session, clock, viewer, data))
        return Made(fresh[0].id)

    made = await once(session, viewer, idempotency_key, "duty.feeds.issue", data, Made, work)
    mine = await queries.feeds_of(session, viewer)
    path = f"/api/calendars/{fresh[0].token}{SUFFIX}" if fresh else None
    return FeedIssued(made.id, next(feed for feed in mine if feed.id == made.id), path)


@post("/duty/feeds/{feed_id:uuid}/revoke", opt={OPT: CLINICAL}, status_code=200)
async def revoke_feed(
    feed_id: UUID, data: RevokeFeed, session: AsyncSession, clock: Clock, viewer: Viewer
) -> list[Feed]:
    """End a feed at once."""
    await service.revoke(session, clock, viewer, feed_id)
    return await queries.feeds_of(session, viewer)


# Calendar programs send neither a cookie nor a header of ours: the address itself is the key.
@get("/calendars/{name:str}", opt={OPT: PUBLIC})
async def calendar(name: str, session: AsyncSession, clock: Clock) -> Response[bytes]:
    """The roster as an iCalendar file, for the program that holds its secret address."""
    content = await queries.served(session, clock, name.removesuffix(SUFFIX))
    return Response(content, media_type="text/calendar", headers=to_show("duty.ics"))


router = Router("/", route_handlers=[feeds, issue_feed, revoke_feed, calendar], tags=["duty"])
