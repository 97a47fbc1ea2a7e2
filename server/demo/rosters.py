"""Who is on call in the synthetic region, from before its history to the end of next month.

What was before the region opened is told week by week; from then on rotations fill plans, which are
submitted, approved and published by the same commands that people use.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.rosters import leave, qualifications, rotations
from duty.rosters import service as rosters
from duty.rosters.oncall import DutyTier
from duty.rosters.plans import repository as store
from duty.rosters.plans import service as plans
from duty.rosters.rotation import Shape
from duty.rosters.rules import Period
from kernel.clock import Clock, SimulatedClock
from kernel.errors import Refusal
from kernel.ids import FacilityId, GroupId, PersonId, SlotId
from kernel.viewer import Role, Viewer
from registry.facilities.rules import CHINA, local_date
from server.demo.places import Seeded
from server.demo.region import STAFF, Facility, Post

log = structlog.get_logger()

WEEK = timedelta(days=7)
DAY = timedelta(days=1)
AHEAD = timedelta(weeks=4)
HANDOVER = time(8, 0)
"""白班交接: duty changes at eight o'clock local time."""

CENTRE = "YJ001"
"""The centre with leave, qualifications and a plan that waits for 医务科."""

_ENDS = text(
    """
    SELECT g.id AS group_id, max(upper(h.during)) AS until
      FROM expert_group g JOIN slot s ON s.group_id = g.id
      JOIN shift h ON h.slot_id = s.id AND h.status = 'active'
      JOIN person p ON p.id = h.person_id AND p.demo
     GROUP BY g.id ORDER BY g.id
    """
)


def on_call_posts(facility: Facility) -> list[Post]:
    """The posts of a facility that are on call."""
    return [post for post in STAFF.staff[facility.staff] if post.tier]


def weeks(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Periods of a week from the handover on or before `start` until `end` is reached."""
    day = local_date(start)
    begin = handover(day)
    if begin > start:
        begin -= DAY
    while begin < end:
        yield begin, min(begin + WEEK, end)
        begin += WEEK


def handover(day: date) -> datetime:
    """When duty changes on a day in China."""
    return datetime.combine(day, HANDOVER, CHINA).astimezone(UTC)


def month(day: date, later: int) -> date:
    """The first of the month that comes `later` months after that of `day`."""
    number = day.year * 12 + day.month - 1 + later
    return date(number // 12, number % 12 + 1, 1)


async def seed_rosters(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    seeded: Seeded,
    facility: Facility,
    since: datetime,
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
    people = {post.key: seeded.people[f"{facility.code.lower()}.{post.key}"] for post in posts}
    today = local_date(clock.now())
    opening = handover(today + DAY)
    told = SimulatedClock(since - DAY)
    for number, (start, end) in enumerate(weeks(since, opening)):
        for post in posts:
            holder = _swapped(posts, post) if number % 2 else post
            await rosters.put_shift(
                session,
                told,
                viewer,
                slot_id=slots[post.key],
                person_id=people[holder.key],
                start=start,
                end=end,
            )
    for post in posts:
        other = _swapped(posts, post)
        pair = [people[post.key]] + ([people[other.key]] if other is not post else [])
        await _rotate(session, clock, viewer, slots[post.key], pair, today)
    if facility.code == CENTRE:
        await _seed_leave(session, clock, viewer, seeded, today)
    whole = (opening, handover(month(today, 2)))
    await _publish(session, clock, viewer, group_id, "本月和下月排班", whole)
    if facility.code == CENTRE:
        desk = _desk(seeded, facility_id)
        after = (handover(month(today, 2)), handover(month(today, 3)))
        await _submit(session, clock, desk, group_id, f"{month(today, 2).month}月排班", after)


async def extend_rosters(session: AsyncSession, clock: Clock, viewer: Viewer) -> int:
    """Go on with every roster until four weeks from now; how many shifts were added.

    A demo that was switched off for a month begins with a hole, like any other; where people have
    changed a roster so that its rotation no longer fits, it is left to them.
    """
    added = 0
    now = clock.now()
    for group_id, until in (await session.execute(_ENDS)).all():
        if until >= now + AHEAD:
            continue
        end = handover(local_date(now + AHEAD) + DAY)
        period = (max(until, now), end)
        try:
            async with session.begin_nested():
                added += await _publish(session, clock, viewer, GroupId(group_id), "续排", period)
        except Refusal as refused:
            log.warning("demo.roster_not_extended", group_id=str(group_id), code=refused.code)
    return added


def _swapped(posts: list[Post], post: Post) -> Post:
    """The other line of the same specialty, if there are two."""
    for other in posts:
        lines = {other.tier, post.tier}
        if other.specialty == post.specialty and lines == {"first", "second"}:
            return other
    return post


async def _rotate(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    slot_id: SlotId,
    members: list[PersonId],
    start: date,
) -> None:
    stored = rotations.Stored(Shape.DAYS, list(members), start, days=7)
    await rotations.record(
        session, clock, viewer, slot_id=slot_id, code="weekly", stored=stored, valid_from=start
    )


async def _submit(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    group_id: GroupId,
    name: str,
    period: Period,
) -> tuple[UUID, int]:
    """A plan from the rotations that waits for 医务科; its version."""
    plan_id = await plans.draft(
        session, clock, viewer, group_id=group_id, kind="regular", name=name, period=period
    )
    await plans.fill(session, viewer, plan_id, 1)
    await plans.submit(session, clock, viewer, plan_id, 2)
    return plan_id, 3


async def _publish(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    group_id: GroupId,
    name: str,
    period: Period,
) -> int:
    plan_id, version = await _submit(session, clock, viewer, group_id, name, period)
    plan = await store.get(session, plan_id)
    hash_ = b"" if plan is None or plan.content_hash is None else plan.content_hash
    await plans.approve(session, clock, viewer, plan_id, version, hash_)
    return await plans.publish(session, clock, viewer, plan_id, version + 1)


async def _seed_leave(
    session: AsyncSession, clock: Clock, viewer: Viewer, seeded: Seeded, today: date
) -> None:
    """A leave with somebody who stands in, one without (it leaves a gap), a few licences."""
    who = {
        key: seeded.people[f"{CENTRE.lower()}.{key}"] for key in ("second", "neonatal", "relief")
    }
    away = today + 29 * DAY
    await leave.record(
        session,
        clock,
        viewer,
        person_id=who["second"],
        period=(handover(away), handover(away + 3 * DAY)),
        kind="annual",
        substitute_id=who["relief"],
    )
    gap = month(today, 2) + 11 * DAY
    await leave.record(
        session,
        clock,
        viewer,
        person_id=who["neonatal"],
        period=(handover(gap), handover(gap + 2 * DAY)),
        kind="training",
    )
    for key, kind in (
        ("second", "母婴保健技术考核合格证书"),
        ("relief", "母婴保健技术考核合格证书"),
        ("neonatal", "新生儿复苏培训合格证"),
    ):
        await qualifications.record(
            session,
            clock,
            viewer,
            person_id=who[key],
            kind=kind,
            first=date(today.year - 1, 1, 1),
            until=date(today.year + 2, 1, 1),
        )


def _desk(seeded: Seeded, facility_id: FacilityId) -> Viewer:
    """总值班 of the centre, who drafts its rosters."""
    login = f"{CENTRE.lower()}.desk"
    return Viewer(
        account_id=seeded.accounts[login],
        person_id=seeded.people[login],
        session_id=None,
        facility_id=facility_id,
        facility_ids=frozenset({facility_id}),
        region_ids=frozenset(),
        roles=frozenset({Role.DUTY_DESK}),
        demo=True,
    )
