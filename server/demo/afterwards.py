"""What followed the told cases: mostly feedback that was read; lately also what waits for somebody.

In a demo of a week or more the newest cases show one of each: feedback unread, feedback owed, a
near-miss proposal, a death with its deadlines, a woman on her way back down; and two near-misses
that were confirmed.
"""

from datetime import timedelta
from typing import Final, Literal, Protocol
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import SimulatedClock
from kernel.ids import CaseId
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from referral.aftermath.commands import CriticalFacts, Decide
from referral.aftermath.service import near_misses
from referral.commands import on_case
from referral.service import finish, send

After = Literal["read", "unread", "owed", "near_miss", "nearly_died", "died", "sent_back"]

LATELY: dict[int, After] = {
    1: "owed",
    2: "unread",
    3: "near_miss",
    4: "died",
    5: "sent_back",
    7: "nearly_died",
    12: "nearly_died",
}
"""By how many transferred cases are younger."""

_PROPOSAL: Final = text(
    "SELECT id FROM near_miss_proposal WHERE case_id = :id ORDER BY proposed_at DESC LIMIT 1"
)

FULL_WEEK = 14
"""So many cases and more leave some of them open."""


class Told(Protocol):
    """A case while it is told."""

    session: AsyncSession
    clock: SimulatedClock
    sealer: Sealer

    @property
    def origin(self) -> Viewer:
        """Who sent her."""

    @property
    def receiver(self) -> Viewer:
        """Who treats her."""

    @property
    def case(self) -> CaseId:
        """The case."""

    async def as_(self, viewer: Viewer, after: timedelta) -> int:
        """Time passes, `viewer` takes over; the version that viewer sees."""


def after_all(numbers: list[int]) -> dict[int, After]:
    """Case → what followed it; the numbers are those of transferred cases, oldest first."""
    if len(numbers) < FULL_WEEK:
        return {}
    newest_first = list(reversed(numbers))
    return {newest_first[place]: what for place, what in LATELY.items()}


async def follow(told: Told, what: After, close: timedelta) -> None:
    """Close the case, or leave open what is open."""
    if what == "owed":
        return
    if what == "died":
        await _died(told)
        return
    if what == "near_miss":
        await told.as_(told.receiver, timedelta(minutes=30))
        facts = CriticalFacts(hysterectomy=True, red_cell_units=8, cpr=False)
        await near_misses.record_critical(told.session, told.clock, told.receiver, told.case, facts)
    if what == "nearly_died":
        await told.as_(told.receiver, timedelta(minutes=40))
        facts = CriticalFacts(red_cell_units=10, vasoactive_continuous=True)
        await confirm(told.session, told.clock, told.receiver, told.case, facts)
    await _close(told, close)
    if what != "unread":
        version = await told.as_(told.origin, timedelta(hours=2))
        order = on_case.ReadFeedback(version=version)
        await finish.read_feedback(told.session, told.clock, told.origin, told.case, order)
    if what == "sent_back":
        await _send_back(told)


async def confirm(
    session: AsyncSession,
    clock: SimulatedClock,
    viewer: Viewer,
    case_id: CaseId,
    facts: CriticalFacts,
) -> None:
    """What happened to her is entered, and that she nearly died is confirmed."""
    await near_misses.record_critical(session, clock, viewer, case_id, facts)
    await session.flush()
    found = (await session.execute(_PROPOSAL, {"id": case_id})).scalar_one()
    said = Decide(verdict="confirmed")
    await near_misses.decide(session, clock, viewer, UUID(str(found)), said)


async def _close(told: Told, after: timedelta) -> None:
    version = await told.as_(told.receiver, after)
    order = on_case.Close(
        version=version,
        outcome="rescued",
        diagnosis="演示诊断",
        feedback="转诊及时，途中处理规范；已好转，拟转回当地随访。",
        treatment="演示：子宫动脉栓塞，红细胞 4 U，监护 24 小时。",
        timeliness="timely",
    )
    await finish.close(told.session, told.clock, told.receiver, told.case, order)


async def _died(told: Told) -> None:
    version = await told.as_(told.receiver, timedelta(hours=3))
    order = on_case.Die(version=version, place="重症医学科", certifier="演示医师")
    await finish.die(told.session, told.clock, told.receiver, told.case, order)


async def _send_back(told: Told) -> None:
    version = await told.as_(told.receiver, timedelta(hours=6))
    order = on_case.BackRefer(
        version=version,
        plan="每周复查血常规与血压，产后 42 天检查。",
        drugs="琥珀酸亚铁 0.1 g 每日 3 次",
        red_flags="发热、出血增多、头晕心慌，立即返诊。",
        risk_colour="orange",
        follow_up_on=(told.clock.now() + timedelta(days=7)).date(),
    )
    await send.back_refer(told.session, told.clock, told.receiver, told.sealer, told.case, order)
