"""Fires overdue steps. Two or more may run: PostgreSQL decides who takes which page.

A page is taken together with its case (`escalation_claim`: both rows, SKIP LOCKED), so an answer
being written at the same moment wins or waits; what the engine decides, it decides under the lock
that the answer needs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.escalation import crew, firing, policy, repository
from duty.escalation.crew import Standing
from duty.escalation.ladder import Move, Policy
from duty.escalation.repository import Ladder, PageRow
from duty.escalation.resolving import next_move
from duty.escalation.states import PAGE, PageAction, PageState, ReachAction
from kernel import chain
from kernel.clock import Clock
from kernel.database import Database
from kernel.errors import Unavailable
from kernel.ids import PageId, PersonId
from kernel.viewer import Viewer

log = structlog.get_logger()

BATCH = 20
SET_ASIDE = timedelta(seconds=5)
"""A page whose step fails waits this long, so that it cannot hold up the others."""

_CLAIM = text("SELECT escalation_claim()")
_SET_ASIDE = text(
    "UPDATE escalation SET next_due_at = clock_timestamp() + :pause"
    " WHERE page_id = :page_id AND next_due_at <= clock_timestamp()"
)
_NEXT_DUE = text(
    "SELECT extract(epoch FROM min(next_due_at) - clock_timestamp()) FROM escalation"
    " WHERE next_due_at IS NOT NULL AND NOT simulated"
)


class EscalationEngine:
    """Claims due pages and rings their next step."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._viewer = Viewer.system("engine")

    async def install_policies(self) -> None:
        """Bring the defaults of this release into the database; call once at start."""
        async with self._database.session(self._viewer) as session:
            await policy.install_shipped(session)

    async def next_due_s(self) -> float | None:
        """Seconds until the next step is due (negative: overdue); None if nothing rings."""
        async with self._database.session(self._viewer) as session:
            due = (await session.execute(_NEXT_DUE)).scalar_one_or_none()
            return None if due is None else float(due)

    async def run_once(self) -> bool:
        """Fire what is overdue, at most `BATCH` pages. True if there may be more."""
        for _ in range(BATCH):
            try:
                if not await self._fire_one():
                    return False
            except Unavailable:
                log.warning("escalation.database_unavailable")
                return False
        return True

    async def _fire_one(self) -> bool:
        page_id: PageId | None = None
        try:
            async with self._database.session(self._viewer) as session:
                claimed = (await session.execute(_CLAIM)).scalar_one_or_none()
                if claimed is None:
                    return False
                page_id = PageId(claimed)
                await self._fire(session, page_id)
        except Unavailable:
            raise
        except Exception as error:
            # One page that cannot be rung must not silence the others.
            log.error("escalation.step_failed", page_id=str(page_id), exc_info=error)
            if page_id is None:
                raise
            await self._set_aside(page_id)
        return True

    async def _fire(self, session: AsyncSession, page_id: PageId) -> None:
        row = await repository.get(session, page_id)
        rung = await repository.lock_ladder(session, page_id)
        if row is None or not (rung.live or rung.awaits_joining):
            return
        rules = (await policy.load(session, row.policy_id)).policy
        standings = await repository.standings(session, page_id)
        mute = crew.silent(rules, standings, rung.now)
        move = await self._next_move(session, row, rules, rung, standings, mute)
        given_up = await repository.move_targets(session, page_id, ReachAction.GIVE_UP, rung.now)
        action = PageAction.EXHAUST if move.exhausted else PageAction.ESCALATE
        was = rung.state
        if rung.awaits_joining:
            was = PAGE.edge(was, PageAction.REPAGE).to
        to = PAGE.edge(was, action).to
        await repository.climb_ladder(session, page_id, to, move.step, move.next_delay_s)
        people = await firing.ring(session, row, move, rung.now)
        if was == PageState.RUNNING:
            await self._record(session, row, move, people, mute)
        log.info(
            "page.escalated",
            page_id=str(page_id),
            step=move.step,
            people=len(people),
            unreachable=len(given_up),
            silent=len(mute),
            exhausted=move.exhausted,
        )
        facts = {"step": move.step, "page_state": str(to), "unreachable": sorted(given_up)}
        await firing.tell(session, row, rung.now, facts)

    async def _next_move(
        self,
        session: AsyncSession,
        row: PageRow,
        rules: Policy,
        rung: Ladder,
        standings: Sequence[Standing],
        mute: Mapping[PersonId, Standing],
    ) -> Move:
        """Whom to ring is decided now, by the roster of this moment, not of the request's; who
        said yes and was silent is rung beside them."""
        move = await next_move(
            session, rules, row.facility_id, rung.step + 1, rung.now, standings, mute
        )
        rings = {target.person_id for target in move.targets}
        once_more = [one for one in crew.again(mute) if one.person_id not in rings]
        return replace(move, targets=(*move.targets, *once_more))

    async def _record(
        self,
        session: AsyncSession,
        row: PageRow,
        move: Move,
        people: list[PersonId],
        mute: Mapping[PersonId, Standing],
    ) -> None:
        """History keeps every step and the moment when the policy was used up; the loop that
        follows is kept in the targets alone, or it would fill the case for days."""
        facts: dict[str, object] = {"page_id": row.id, "facility_id": row.facility_id}
        steps = {"step": move.step, "skipped": list(move.skipped), "person_ids": list(people)}
        kinds = [("page.escalated", facts | steps | firing.whence(move))]
        if mute:
            kinds.insert(0, ("page.silent", facts | {"person_ids": sorted(mute)}))
        if move.exhausted:
            kinds.append(("page.exhausted", facts))
        for kind, payload in kinds:
            await chain.append(
                session,
                self._clock,
                row.case_id,
                kind,
                viewer=self._viewer,
                payload=payload,
                auto=True,
            )

    async def _set_aside(self, page_id: PageId) -> None:
        async with self._database.session(self._viewer) as session:
            await session.execute(_SET_ASIDE, {"page_id": page_id, "pause": SET_ASIDE})
