"""What a person and their duty desk see of points: states, never addresses."""

from collections.abc import Collection, Mapping
from datetime import datetime, time
from itertools import groupby

from sqlalchemy.ext.asyncio import AsyncSession

from duty.notify.contacts import checks, reaching, repository
from duty.notify.contacts.addresses import PERSONAL
from duty.notify.contacts.reaching import IN_APP, VOICE, Point, Wish, plan
from duty.notify.contacts.repository import LatestMessage, PointRow
from duty.notify.contacts.schemas import (
    Contacts,
    Floor,
    Pending,
    PersonStanding,
    PointOut,
    RingOut,
    Rings,
    WishOut,
)
from duty.notify.contacts.service import may_keep
from kernel.clock import Clock
from kernel.ids import PersonId
from kernel.viewer import Viewer
from registry.facilities.rules import CHINA
from registry.people import queries as people

PREVIEWED = {"emergency": "critical", "routine": "stable"}
"""Levels that stand for what cannot and what can wait."""


async def contacts(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    person_id: PersonId,
    channels: Collection[str],
    push_key: str,
) -> Contacts:
    """A person's points, wishes and what would ring.

    Raises:
        NotFound: neither the viewer's own nor of their desk's house.
    """
    await may_keep(session, viewer, person_id)
    at = clock.now()
    rows = await repository.of_people(session, [person_id])
    sent = await repository.latest(session, [row.id for row in rows])
    wishes = {
        channel: Wish(*wish)
        for channel, wish in (await repository.wishes(session, person_id)).items()
    }
    person = await people.get(session, person_id)
    return Contacts(
        person_id=person_id,
        name=person.name,
        points=[point_out(row, sent.get(row.id), at) for row in rows],
        wishes=[wish_out(channel, wishes.get(channel)) for channel in PERSONAL],
        floor=Floor(
            channels=sorted(reaching.DATA.floor),
            redial_every_s=reaching.DATA.redial.every_s,
            redial_times=reaching.DATA.redial.times,
            source=reaching.DATA.source,
            confidence=reaching.DATA.confidence,
            version=reaching.DATA.version,
        ),
        rings=[preview(kind, rows, wishes, at) for kind in PREVIEWED],
        no_voice=not any(row.channel == VOICE and row.verified_at for row in rows),
        channels=[channel for channel in PERSONAL if channel in channels],
        push_key=push_key,
    )


async def failing(session: AsyncSession, clock: Clock, viewer: Viewer) -> list[PersonStanding]:
    """People on the rosters of the viewer's house who may not be reached, worst first."""
    at = clock.now()
    rostered = await repository.rostered(session, viewer.facility_ids, at)
    known = await people.get_many(session, rostered)
    # The desk keeps the points of its own people; a guest from elsewhere has a desk of their own.
    mine = {id_ for id_, person in known.items() if person.facility_id in viewer.facility_ids}
    points: dict[PersonId, list[PointRow]] = {
        person_id: list(rows)
        for person_id, rows in groupby(
            await repository.of_people(session, mine), key=lambda row: row.person_id
        )
    }
    found = []
    for person_id in mine:
        rows = points.get(person_id, [])
        bad = [row for row in rows if checks.standing(row.proof, at) != "ok"]
        no_voice = not any(row.channel == VOICE and row not in bad for row in rows)
        if bad or no_voice:
            person = known[person_id]
            found.append(
                PersonStanding(
                    person_id=person_id,
                    name=person.name,
                    title=person.title,
                    points=[point_out(row, None, at) for row in bad],
                    no_voice=no_voice,
                )
            )
    return sorted(found, key=lambda one: (not one.no_voice, one.name, str(one.person_id)))


def point_out(row: PointRow, sent: LatestMessage | None, at: datetime) -> PointOut:
    """One point as it is shown."""
    pending = None
    if sent is not None and (sent.purpose == "test" or row.verified_at is None):
        pending = Pending(
            purpose=sent.purpose,
            state=sent.state,
            sent_at=sent.created_at,
            open=sent.expires_at > at,
        )
    return PointOut(
        id=row.id,
        channel=row.channel,
        label=row.label,
        hint=row.hint,
        rank=row.rank,
        landline=row.landline,
        standing=checks.standing(row.proof, at),
        created_at=row.created_at,
        verified_at=row.verified_at,
        last_test_at=row.last_test_at,
        last_ok_at=row.last_ok_at,
        last=pending,
    )


def wish_out(channel: str, wish: Wish | None) -> WishOut:
    """A channel's wish beside what would hold without it."""
    data = reaching.DATA
    return WishOut(
        channel=channel,
        delay_s=None if wish is None else wish.delay_s,
        off=wish is not None and wish.off,
        quiet_from=_clock(None if wish is None else wish.quiet_from),
        quiet_to=_clock(None if wish is None else wish.quiet_to),
        emergency_s=data.delay_s(channel, emergency=True),
        routine_s=data.delay_s(channel, emergency=False),
        floor=channel in data.floor,
    )


def preview(kind: str, rows: list[PointRow], wishes: Mapping[str, Wish], at: datetime) -> Rings:
    """What would ring if a page came now, by the function that rings."""
    points = [Point(row.id, row.channel, row.rank) for row in rows if row.verified_at is not None]
    planned = plan(points, wishes, PREVIEWED[kind], at.astimezone(CHINA))
    rings = [RingOut(IN_APP, None, 0, 1)]
    rings += [RingOut(ring.channel, ring.point_id, ring.after_s, ring.ring) for ring in planned]
    return Rings(kind, rings)


def _clock(at: time | None) -> str | None:
    return None if at is None else f"{at:%H:%M}"
