"""Who is on call in the synthetic region, from before its history to four weeks from now."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.rosters import service as rosters
from duty.rosters.oncall import DutyTier
from kernel.clock import Clock, SimulatedClock
from kernel.ids import PersonId, SlotId
from kernel.viewer import Viewer
from registry.facilities.rules import CHINA, local_date
from server.demo.places import Seeded
from server.demo.region import STAFF, Facility, Post

WEEK = timedelta(days=7)
AHEAD = timedelta(weeks=4)
HANDOVER = time(8, 0)
"""白班交接: duty changes at eight o'clock local time."""

_LAST_SHIFTS = text(
    """
    SELECT s.id AS slot_id, max(upper(h.during)) AS until,
           (array_agg(h.person_id ORDER BY upper(h.during) DESC))[1] AS person_id
      FROM slot s JOIN shift h ON h.slot_id = s.id AND h.status = 'active'
      JOIN person p ON p.id = h.person_id AND p.demo
     GROUP BY s.id
    """
)


def on_call_posts(facility: Facility) -> list[Post]:
    """The posts of a facility that are on call."""
    return [post for post in STAFF.staff[facility.staff] if post.tier]


def weeks(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Periods of a week from the handover on or before `start` until `end` is covered."""
    day = local_date(start)
    begin = datetime.combine(day, HANDOVER, CHINA).astimezone(UTC)
    if begin > start:
        begin -= timedelta(days=1)
    while begin < end:
        yield begin, begin + WEEK
        begin += WEEK


async def seed_rosters(
    session: AsyncSession,
    viewer: Viewer,
    seeded: Seeded,
    facility: Facility,
    since: datetime,
    until: datetime,
) -> None:
    """One group per facility; first and second line change places every week."""
    posts = on_call_posts(facility)
    if not posts:
        return
    facility_id = seeded.facilities[facility.code]
    group_id = await rosters.create_group(
        session, viewer, facility_id=facility_id, code="rescue", name="危重孕产妇和新生儿急救专家组"
    )
    slots: dict[str, SlotId] = {}
    for post in posts:
        slots[post.key] = await rosters.create_slot(
            session,
            viewer,
            facility_id=facility_id,
            group_id=group_id,
            specialty=post.specialty,
            tier=DutyTier(post.tier or ""),
        )
    clock = SimulatedClock(since - timedelta(days=1))
    for number, (start, end) in enumerate(weeks(since, until)):
        for post in posts:
            holder = _swapped(posts, post) if number % 2 else post
            person = seeded.people[f"{facility.code.lower()}.{holder.key}"]
            await rosters.put_shift(
                session,
                clock,
                viewer,
                slot_id=slots[post.key],
                person_id=person,
                start=start,
                end=end,
            )


def _swapped(posts: list[Post], post: Post) -> Post:
    """The other line of the same specialty, if there are two."""
    for other in posts:
        lines = {other.tier, post.tier}
        if other.specialty == post.specialty and lines == {"first", "second"}:
            return other
    return post


async def extend_rosters(session: AsyncSession, clock: Clock, viewer: Viewer) -> int:
    """Go on with every roster until four weeks from now; how many shifts were added.

    A demo that was switched off for a month begins with a hole, like any other.
    """
    added = 0
    now = clock.now()
    for slot_id, until, person_id in (await session.execute(_LAST_SHIFTS)).all():
        for start, end in weeks(max(until, now), now + AHEAD):
            begin = max(start, until, now + timedelta(seconds=1))
            await rosters.put_shift(
                session,
                clock,
                viewer,
                slot_id=SlotId(slot_id),
                person_id=PersonId(person_id),
                start=begin,
                end=end,
            )
            added += 1
    return added
