"""What a roster does to pages: the second of a handover, and a step whose people are all away."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from duty.rosters import leave, repository, service
from duty.rosters.service import Wanted
from kernel.ids import PageId, PersonId
from tests.faults.duty.storm import ANSWERED_S, TIMED_PAGES, Storm
from tests.live.hung import CHANNEL as HUNG
from tests.live.town import CLOCK, SEEDER, Centre

AHEAD_S, EVERY_S = 3.0, 0.15
LATEST_S = 10.0

_WRONG = text(
    """
    SELECT p.id, p.created_at < :at AS before, x.people, x.places, x.theirs
      FROM page p CROSS JOIN LATERAL (
        SELECT count(*) AS people, count(DISTINCT h.slot_id) AS places,
               count(*) FILTER (WHERE h.person_id = t.person_id AND h.during @> p.created_at)
                 AS theirs
          FROM page_target t JOIN shift h ON h.id = t.shift_id
         WHERE t.page_id = p.id AND t.step = 0) x
     WHERE p.id = ANY(CAST(:pages AS uuid[]))
    """
)
_LEADS = text(
    "SELECT m.id, m.person_id FROM page_message m"
    "  JOIN page_target t USING (page_id, step, person_id)"
    " WHERE m.page_id = :page_id AND t.tier = 'lead' AND m.channel NOT IN ('in_app', :hung)"
)


async def handover(storm: Storm) -> None:
    """Two people change places at one second, pages come before and after it: each rings, for each
    place, exactly whoever had it at the page's own moment."""
    centre = storm.town.centres[-1]
    pages: list[PageId] = []
    async with storm.running("engine"):
        at = await _change_places(storm, centre)
        end = time.monotonic() + 2 * AHEAD_S
        while time.monotonic() < end:
            pages.append(await storm.crowd.page_at(centre))
            storm.crowd.answer_later(pages[-1], centre, ANSWERED_S)
            await asyncio.sleep(EVERY_S)
        await storm.settled()
    async with storm.ground.clone.system.session(SEEDER) as session:
        rows = (await session.execute(_WRONG, {"pages": pages, "at": at})).all()
    if len({row.before for row in rows}) != 2:
        storm.missed.append("no page on both sides of the handover")
    size = len(centre.people)
    storm.ill_timed += [
        f"page {row.id} rang {row.people} people of {row.places} places, {row.theirs} on call then"
        for row in rows
        if (row.people, row.places, row.theirs) != (size, size, size)
    ]


async def all_away(storm: Storm) -> None:
    """Everybody of the first step is on leave: the group lead rings within a second."""
    centre = storm.town.centres[-1]
    waited: list[float] = []
    async with storm.running("engine"):
        await storm.first_ring([await storm.crowd.page(answer_after_s=ANSWERED_S)])
        away = [await _away(storm, person) for person in centre.people]
        for _ in range(TIMED_PAGES):
            case_id = await storm.town.open_case()
            page_id = await storm.town.page(centre, case_id)
            committed = time.monotonic()
            lead, rang = await _lead_rings(storm, page_id)
            waited.append(rang - committed)
            await storm.town.answer(lead, centre, page_id)
        await _back(storm, away)
        await storm.settled()
    storm.notes["all_away_ring_s"] = round(max(waited), 2)


async def _change_places(storm: Storm, centre: Centre) -> Any:
    """The first two of the centre change places a few seconds from now; that moment."""
    async with storm.ground.clone.system.session(SEEDER) as session:
        now = await repository.database_now(session)
        held = {one.person_id: one for one in await repository.roster(session, centre.id, now)}
        one, two = (held[person].shift for person in centre.people[:2])
        assert one is not None
        assert two is not None
        at = now + timedelta(seconds=AHEAD_S)
        wanted = [
            Wanted(one.slot_id, two.person_id, at, one.end),
            Wanted(two.slot_id, one.person_id, at, two.end),
        ]
        await service.supersede_with(session, CLOCK, SEEDER, wanted, origin="swap")
    return at


async def _away(storm: Storm, person_id: PersonId) -> UUID:
    async with storm.ground.clone.system.session(SEEDER) as session:
        now = await repository.database_now(session)
        period = (now - timedelta(hours=1), now + timedelta(hours=1))
        return await leave.record(
            session, CLOCK, SEEDER, person_id=person_id, period=period, kind="sick"
        )


async def _back(storm: Storm, leaves: list[UUID]) -> None:
    async with storm.ground.clone.system.session(SEEDER) as session:
        for one in leaves:
            await leave.cancel(session, CLOCK, SEEDER, one)


async def _lead_rings(storm: Storm, page_id: PageId) -> tuple[PersonId, float]:
    """Who leads, and when their telephone rang for this page."""
    deadline = time.monotonic() + LATEST_S
    while time.monotonic() < deadline:
        async with storm.ground.clone.system.session(SEEDER) as session:
            values = {"page_id": page_id, "hung": HUNG}
            row = (await session.execute(_LEADS, values)).first()
        found = "" if row is None else str(row.id)
        rang = [one.at_s for one in storm.ground.phones.rings() if one.message_id == found]
        if row is not None and rang:
            return PersonId(row.person_id), min(rang)
        await asyncio.sleep(0.02)
    raise RuntimeError(f"the lead was not rung for page {page_id}")


TROUBLES: dict[str, Callable[[Storm], Awaitable[None]]] = {
    "handover": handover,
    "all away": all_away,
}
