"""Yes, no, and "I am here": what those who are rung answer.

The first yes ends the ringing, or, where several are needed, the ringing of their specialty. A yes
is a promise: who is not there in time is rung again, and the ladder goes on.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from duty.escalation import crew, firing, policy, repository
from duty.escalation.crew import Standing
from duty.escalation.ladder import Mode, Policy
from duty.escalation.locking import locked_for_answer
from duty.escalation.repository import Ladder, PageRow
from duty.escalation.states import PAGE, PageAction, PageState, ReachAction, ReachState
from duty.escalation.topics import ACKNOWLEDGED, WAKE_CHANNEL
from duty.notify import outgoing
from duty.notify.states import MessageAction
from kernel import chain, outbox
from kernel.clock import Clock
from kernel.ids import CaseId, FacilityId, PageId
from kernel.viewer import Viewer

DeclineReason = Literal["in_surgery", "off_site", "other"]


async def acknowledge(
    session: AsyncSession, clock: Clock, viewer: Viewer, page_id: PageId, *, route: str = "app"
) -> PageId:
    """The viewer takes the call. Later answers are recorded too.

    Raises:
        NotFound: no such page for this viewer.
        NotATarget: the page never rang the viewer.
        PageOver: it was cancelled before.
    """
    row, rung = await locked_for_answer(session, page_id, viewer)
    await _say_yes(_Answer(session, clock, viewer, row, route), rung)
    return page_id


async def joined(
    session: AsyncSession, clock: Clock, viewer: Viewer, page_id: PageId, *, route: str = "app"
) -> PageId:
    """The viewer is there (已到场); a yes as well, if they had not said it. Repeats are nothing.

    Raises:
        NotFound: no such page for this viewer.
        NotATarget: the page never rang the viewer.
        PageOver: it was cancelled before.
    """
    row, rung = await locked_for_answer(session, page_id, viewer)
    answer = _Answer(session, clock, viewer, row, route)
    if not await _said_yes(answer):
        await _say_yes(answer, rung)
    await _arrive(answer, await repository.lock_ladder(session, page_id))
    return page_id


async def acknowledge_for(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    case_id: CaseId,
    facility_id: FacilityId,
    *,
    arrived: bool = False,
    page_ids: Collection[PageId] | None = None,
) -> None:
    """The viewer answered for the facility: its pages to whoever comes first need no answer more.

    Pages that need several people take it as the viewer's own answer, if they were rung.

    Args:
        arrived: they said what becomes of the case, which is more than "I have it": joined.
        page_ids: these of them only; None: all that are open.
    """
    await repository.lock_case(session, case_id)
    for row in await repository.open_of_case(session, case_id, facility_id):
        if page_ids is not None and row.id not in page_ids:
            continue
        rung = await repository.lock_ladder(session, row.id)
        answer = _Answer(session, clock, viewer, row, "offer")
        if row.mode != Mode.FIRST and not await _rang(answer):
            continue
        if rung.live:
            await _say_yes(answer, rung)
            rung = await repository.lock_ladder(session, row.id)
        if arrived:
            await _arrive(answer, rung)


async def joined_for(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    case_id: CaseId,
    facility_id: FacilityId,
) -> None:
    """The viewer answered for the facility what was acknowledged before: somebody is at work."""
    await repository.lock_case(session, case_id)
    for row in await repository.open_of_case(session, case_id, facility_id):
        rung = await repository.lock_ladder(session, row.id)
        answer = _Answer(session, clock, viewer, row, "offer")
        if rung.awaits_joining and (row.mode == Mode.FIRST or await _said_yes(answer)):
            await _arrive(answer, rung)


async def joined_case(session: AsyncSession, clock: Clock, viewer: Viewer, case_id: CaseId) -> None:
    """The viewer is at work on the case: whichever of its pages waits for them has them."""
    if not await repository.awaits(session, case_id, viewer.person_id):
        return
    await repository.lock_case(session, case_id)
    for row in await repository.open_of_case(session, case_id, None):
        rung = await repository.lock_ladder(session, row.id)
        answer = _Answer(session, clock, viewer, row, "case")
        if await _said_yes(answer):
            await _arrive(answer, rung)


async def decline(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    page_id: PageId,
    *,
    reason: DeclineReason,
    note: str | None = None,
    route: str = "app",
) -> PageId:
    """The viewer cannot come. If nobody is left who might, the next step rings at once.

    Raises:
        NotFound: no such page for this viewer.
        NotATarget: the page never rang the viewer.
        PageOver: it was cancelled before.
    """
    row, rung = await locked_for_answer(session, page_id, viewer)
    at = clock.now() if clock.simulated else rung.now
    moved = await repository.move_targets(
        session, page_id, ReachAction.DECLINE, at, people=[viewer.person_id], route=route
    )
    if not moved:
        return page_id
    await repository.say_why(session, page_id, viewer.person_id, reason, note)
    await outgoing.drop(session, page_id, at, people=[viewer.person_id])
    answer = _Answer(session, clock, viewer, row, route)
    await answer.write("page.declined", {"person_id": viewer.person_id, "reason": reason})
    standings = await repository.standings(session, page_id)
    version = await policy.load(session, row.policy_id)
    if rung.live and crew.hopeless(version.policy, standings, viewer.person_id):
        await repository.hurry_ladder(session, page_id, at)
        await outbox.notify(session, WAKE_CHANNEL, str(page_id))
    await firing.tell(
        session, row, at, firing.moved(viewer.person_id, ReachState.DECLINED, rung.state)
    )
    return page_id


async def pass_on(
    session: AsyncSession, clock: Clock, viewer: Viewer, page_id: PageId, *, route: str = "app"
) -> PageId:
    """The viewer cannot come and wants the next person rung now, whoever else is still asked.

    Raises:
        NotFound: no such page for this viewer.
        NotATarget: the page never rang the viewer.
        PageOver: it was cancelled before.
    """
    before = await repository.standings(session, page_id)
    await decline(session, clock, viewer, page_id, reason="other", route=route)
    rung = await repository.lock_ladder(session, page_id)
    news = any(
        one.person_id == viewer.person_id and one.state != ReachState.DECLINED for one in before
    )
    if news and rung.live:
        at = clock.now() if clock.simulated else rung.now
        await repository.hurry_ladder(session, page_id, at)
        await outbox.notify(session, WAKE_CHANNEL, str(page_id))
    return page_id


@dataclass(frozen=True, slots=True)
class _Answer:
    """Who says something about which page, and by which way."""

    session: AsyncSession
    clock: Clock
    viewer: Viewer
    row: PageRow
    route: str

    def at(self, rung: Ladder) -> datetime:
        """When: by the database's clock, or by made-up time."""
        return self.clock.now() if self.clock.simulated else rung.now

    async def write(self, kind: str, facts: Mapping[str, object]) -> None:
        """Say it on the case's chain."""
        page = {"page_id": self.row.id, "facility_id": self.row.facility_id}
        await chain.append(
            self.session,
            self.clock,
            self.row.case_id,
            kind,
            viewer=self.viewer,
            payload={**page, **facts},
            auto=True,
        )


async def _rang(answer: _Answer) -> bool:
    standings = await repository.standings(answer.session, answer.row.id)
    return any(one.person_id == answer.viewer.person_id for one in standings)


async def _said_yes(answer: _Answer) -> bool:
    standings = await repository.standings(answer.session, answer.row.id)
    return answer.viewer.person_id in crew.said_yes(standings)


async def _say_yes(answer: _Answer, rung: Ladder) -> None:
    session, row, me = answer.session, answer.row, answer.viewer.person_id
    at = answer.at(rung)
    await repository.move_targets(
        session, row.id, ReachAction.ACKNOWLEDGE, at, people=[me], route=answer.route
    )
    await outgoing.move_in_app(session, row.id, me, MessageAction.CONFIRM, at)
    standings = await repository.standings(session, row.id)
    facts = firing.moved(me, ReachState.ACKNOWLEDGED, PageState.ACKNOWLEDGED)
    facts["acknowledged_by"] = me if rung.live else rung.acknowledged_by
    if rung.live:
        rules = (await policy.load(session, row.policy_id)).policy
        missing = _missing(rules, standings)
        if missing:
            facts = await _one_of_several(answer, rung, rules, standings, missing)
        else:
            await _enough(answer, rung, rules, standings)
    people = {one.person_id for one in standings}
    await firing.tell(session, row, at, facts, also=people)
    if rung.live and not answer.clock.simulated:
        # Once per page: "I have it" about the page is "I have it" about what it asks.
        payload = {"page_id": str(row.id), "person_id": str(me)}
        await outbox.enqueue(session, ACKNOWLEDGED, payload, key=str(row.id))


def _missing(rules: Policy, standings: list[Standing]) -> dict[str, int]:
    """Whom the page still needs; anybody's yes is enough for whoever comes first."""
    if rules.mode is Mode.FIRST:
        return {}
    return crew.lacking(crew.needs(rules, standings), crew.said_yes(standings))


async def _one_of_several(
    answer: _Answer,
    rung: Ladder,
    rules: Policy,
    standings: list[Standing],
    missing: Mapping[str, int],
) -> dict[str, object]:
    """Ringing goes on for the others; colleagues of a specialty that suffices are left in peace."""
    session, row, me = answer.session, answer.row, answer.viewer.person_id
    at = answer.at(rung)
    to = PAGE.edge(rung.state, PageAction.ANSWER).to
    met = crew.needs(rules, standings).keys() - missing.keys()
    spared = await repository.stand_down(session, row.id, met, at)
    await outgoing.drop(session, row.id, at, people=[me, *spared])
    await answer.write(
        "page.answered", {"person_id": me, "route": answer.route, "missing": dict(missing)}
    )
    return firing.moved(me, ReachState.ACKNOWLEDGED, to) | {
        "missing": dict(missing),
        "stood_down": sorted(spared),
    }


async def _enough(answer: _Answer, rung: Ladder, rules: Policy, standings: list[Standing]) -> None:
    """Nobody more is needed: the ringing ends, and they are expected."""
    session, row, at = answer.session, answer.row, answer.at(rung)
    to = PAGE.edge(rung.state, PageAction.ACKNOWLEDGE).to
    expected = bool(rules.join_within_s) and not answer.clock.simulated
    await repository.end_ladder(
        session,
        row.id,
        to,
        at,
        by=answer.viewer.person_id,
        join_by=at + timedelta(seconds=rules.join_within_s) if expected else None,
    )
    await outgoing.drop(session, row.id, at)
    await answer.write(
        "page.acknowledged", {"person_id": answer.viewer.person_id, "route": answer.route}
    )
    there = crew.arrived(standings)
    if there and not crew.lacking(crew.needs(rules, standings), there):
        await repository.rest_ladder(session, row.id, to, at)


async def _arrive(answer: _Answer, rung: Ladder) -> None:
    session, row, me = answer.session, answer.row, answer.viewer.person_id
    at = answer.at(rung)
    news = await repository.join(session, row.id, [me], at)
    standings = await repository.standings(session, row.id)
    rests = False
    if rung.awaits_joining:
        rules = (await policy.load(session, row.policy_id)).policy
        there = crew.arrived(standings)
        rests = rules.mode is Mode.FIRST or not crew.lacking(crew.needs(rules, standings), there)
    if rests:
        to = PAGE.edge(rung.state, PageAction.JOIN).to
        await repository.rest_ladder(session, row.id, to, at)
    if not news and not rests:
        return
    await answer.write("page.joined", {"person_id": me, "route": answer.route})
    facts: dict[str, object] = {"person_id": me, "joined_at": at, "page_state": str(rung.state)}
    await firing.tell(session, row, at, facts)
