"""Joins what happened to what follows: outbox topic → handler. The only such table.

Handlers repeat (at least once) and therefore change nothing that a repeat would change again.
"""

import asyncio
from collections.abc import Mapping, Sequence
from uuid import UUID

import structlog
from celery import Celery

from duty.changes.handover.notices import TOPIC as DUTY_HANDOVER
from duty.changes.handover.notices import tell as tell_of_handover
from duty.changes.notices import TOPIC as ROSTER_CHANGED
from duty.changes.notices import tell as tell_of_change
from duty.escalation.service import ACKNOWLEDGED as PAGE_ACKNOWLEDGED
from duty.escalation.service import DELIVERED as PAGE_DELIVERED
from duty.escalation.service import notify_people
from duty.escalation.standing_in import StandIn, ring_instead
from duty.notify.hooks.door import TOPIC as PROVIDER_WORD
from duty.notify.hooks.hearing import hear_receipt
from duty.notify.hooks.replies import hear_reply
from duty.rosters.plans.notices import TOPIC as ROSTER_PLANNED
from duty.rosters.plans.notices import tell as tell_of_plan
from duty.rosters.replacing import TAKEN_OVER
from kernel.chain.append import CHANGED
from kernel.clock import Clock
from kernel.database import Database
from kernel.ids import FacilityId, PersonId, PregnancyId, ShiftId, SlotId
from kernel.outbox import OutboxMessage
from kernel.relay import Handler
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from quality.reviews import proposing
from realtime.alarms.escalating import stop_ringing
from realtime.alarms.service import SETTLED as ALARM_SETTLED
from realtime.alarms.service import take_by_page
from realtime.hub_hints import CaseAnnouncer
from realtime.readings.service import SIGNED as READING_SIGNED
from realtime.readings.timers import tell_her_case
from referral.aftermath.service import near_misses
from referral.casefiles.service.opening import Grade, open_by_grade
from referral.clocks.service import note_page_acknowledged as own_by_page
from referral.service.answer import note_delivered, note_page_acknowledged
from referral.service.duplicates import TOPIC as LIVE_CASE_ELSEWHERE
from referral.service.duplicates import tell_coordinator
from referral.service.warned import WARNED, tell_warned
from registry.observations.service import RECORDED as OBSERVED
from registry.pregnancies.repository import PregnancyRepository
from registry.risk.queries import current_grade
from registry.risk.service import GRADED, propose_if_changed
from registry.risk.sources import MEASURED
from server.demo.emergency import TOPIC as DEMO_STEP
from server.demo.emergency import Colleagues

log = structlog.get_logger()


class Subscriptions:
    """Holds what the handlers need; close it with the process."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        valkey_url: str,
        celery: Celery,
        sealer: Sealer,
        *,
        demo: bool,
    ) -> None:
        self._announcer = CaseAnnouncer(valkey_url)
        self._celery = celery
        self._database = database
        self._clock = clock
        self._sealer = sealer
        self._colleagues = Colleagues(database, clock) if demo else None

    def handlers(self) -> Mapping[str, Handler]:
        """Everything that is listened to."""
        found: dict[str, Handler] = {
            CHANGED: self.follow_case,
            PAGE_ACKNOWLEDGED: self.take_what_was_paged,
            PAGE_DELIVERED: self.mark_offer_delivered,
            ROSTER_CHANGED: self.tell_of_change,
            ROSTER_PLANNED: self.tell_of_plan,
            DUTY_HANDOVER: self.tell_of_handover,
            TAKEN_OVER: self.ring_who_took_over,
            PROVIDER_WORD: self.hear_provider,
            LIVE_CASE_ELSEWHERE: self.tell_coordinator,
            ALARM_SETTLED: self.stop_ringing_for_alarm,
            READING_SIGNED: self.tell_of_reading,
            OBSERVED: self.learn_of_readings,
            GRADED: self.open_case_file,
        }
        if self._colleagues is not None:
            found[DEMO_STEP] = self._colleagues.take_step
        return found

    async def follow_case(self, message: OutboxMessage) -> None:
        """Screens look again; near-miss criteria are looked at when more may be known, and what is
        to be reviewed is proposed."""
        await self._announcer(message)
        if message.payload.get("kind") in near_misses.RELEVANT:
            viewer = Viewer.system("engine")
            async with self._database.session(viewer) as session:
                case_id = UUID(message.payload["case_id"])
                await near_misses.evaluate(session, self._clock, viewer, case_id)
        if message.payload.get("kind") in proposing.RELEVANT:
            viewer = Viewer.system("engine")
            async with self._database.session(viewer) as session:
                case_id = UUID(message.payload["case_id"])
                await proposing.propose(session, self._clock, viewer, case_id)

    async def hand_to_worker(self, message_ids: Sequence[UUID]) -> None:
        """Messages beyond what the engine sends at once: workers take them, if Valkey lives."""
        try:
            for message_id in message_ids:
                await asyncio.to_thread(
                    self._celery.send_task,
                    "duty.notify.deliver",
                    args=[str(message_id)],
                    retry=False,
                    ignore_result=True,
                )
        except Exception as error:
            # Whatever the broker's client raises: the rows are still queued, the engine sends them.
            log.warning("subscriptions.worker_unreachable", error=type(error).__name__)

    async def hear_provider(self, message: OutboxMessage) -> None:
        """A provider reported on a message, or passed on what somebody answered."""
        payload = message.payload
        async with self._database.session(Viewer.system("engine")) as session:
            if "receipt_id" in payload:
                receipt_id = UUID(payload["receipt_id"])
                await hear_receipt(session, self._clock, self._sealer, receipt_id)
            else:
                await hear_reply(session, self._clock, self._sealer, UUID(payload["reply_id"]))

    async def mark_offer_delivered(self, message: OutboxMessage) -> None:
        """A page about an offer reached somebody: the offer is delivered (transition 2)."""
        viewer = Viewer.system("engine")
        page_id = UUID(message.payload["page_id"])
        async with self._database.session(viewer) as session:
            await note_delivered(session, self._clock, viewer, page_id)

    async def take_what_was_paged(self, message: OutboxMessage) -> None:
        """Whoever took the page has the offer (transition 3), the clock's breach, or the alarm."""
        viewer = Viewer.system("engine")
        page_id = UUID(message.payload["page_id"])
        person_id = PersonId(UUID(message.payload["person_id"]))
        async with self._database.session(viewer) as session:
            await note_page_acknowledged(session, self._clock, viewer, page_id, person_id)
            await own_by_page(session, self._clock, viewer, page_id, person_id)
            await take_by_page(session, self._clock, page_id, person_id)

    async def tell_of_reading(self, message: OutboxMessage) -> None:
        """A reading, or an addendum, was signed: her own case hears of it."""
        payload = message.payload
        async with self._database.session(Viewer.system("engine")) as session:
            await tell_her_case(session, self._clock, UUID(payload["reading_id"]), payload["n"])

    async def stop_ringing_for_alarm(self, message: OutboxMessage) -> None:
        """Somebody has taken a tracing's alarm: nobody else is rung for it."""
        async with self._database.session(Viewer.system("engine")) as session:
            await stop_ringing(session, self._clock, UUID(message.payload["alarm_id"]))

    async def tell_of_change(self, message: OutboxMessage) -> None:
        """A swap, a substitution or a take-over went on: those whom it concerns hear of it."""
        async with self._database.session(Viewer.system("engine")) as session:
            await tell_of_change(session, self._clock, message.payload)

    async def tell_of_plan(self, message: OutboxMessage) -> None:
        """A plan waits for 医务科, was sent back or approved: who waits for that hears of it."""
        async with self._database.session(Viewer.system("engine")) as session:
            await tell_of_plan(session, self._clock, message.payload)

    async def tell_of_handover(self, message: OutboxMessage) -> None:
        """A handover is near, waits, is late or has ended: the two, and the heads, hear of it."""
        async with self._database.session(Viewer.system("engine")) as session:
            await tell_of_handover(session, self._clock, message.payload)

    async def ring_who_took_over(self, message: OutboxMessage) -> None:
        """Somebody took over now: pages that ring the one replaced ring them, too."""
        ids = {name: UUID(value) for name, value in message.payload.items()}
        stand_in = StandIn(
            slot_id=SlotId(ids["slot_id"]),
            instead_of=PersonId(ids["instead_of"]),
            person_id=PersonId(ids["person_id"]),
            shift_id=ShiftId(ids["shift_id"]),
        )
        await ring_instead(self._database, self._clock, stand_in)

    async def tell_coordinator(self, message: OutboxMessage) -> None:
        """Somebody tried to send a person who is being transferred already."""
        viewer = Viewer.system("engine")
        case_id, facility_id = (UUID(message.payload[name]) for name in ("case_id", "facility_id"))
        async with self._database.session(viewer) as session:
            await tell_coordinator(session, self._clock, viewer, case_id, facility_id)

    async def learn_of_readings(self, message: OutboxMessage) -> None:
        """Readings of a woman: perhaps her colour changes, perhaps somebody must be warned."""
        await self.pass_on_warnings(message)
        await self.grade_anew(message)

    async def grade_anew(self, message: OutboxMessage) -> None:
        """Something was measured that a risk table asks for: perhaps another colour is due."""
        payload = message.payload
        if payload["simulated"] or MEASURED.isdisjoint(payload["codes"]):
            return
        viewer = Viewer.system("engine")
        pregnancy_id = PregnancyId(UUID(payload["pregnancy_id"]))
        async with self._database.session(viewer) as session:
            await propose_if_changed(session, self._clock, viewer, pregnancy_id)

    async def open_case_file(self, message: OutboxMessage) -> None:
        """A grade was confirmed: her case file opens, or learns of it.

        The grade that stands is read, not the one that is told of: rows may arrive in any order.
        """
        viewer = Viewer.system("engine")
        pregnancy_id = PregnancyId(UUID(message.payload["pregnancy_id"]))
        async with self._database.session(viewer) as session:
            grade = await current_grade(session, viewer, pregnancy_id)
            if grade is None or grade.by is None or grade.facility is None:
                return
            decided = Grade(
                pregnancy_id=pregnancy_id,
                facility_id=grade.facility.id,
                colour=grade.colour,
                purple=grade.purple is True,
                confirmed_by=grade.by.id,
                grade_id=grade.id,
            )
            await open_by_grade(session, self._clock, viewer, decided)

    async def pass_on_warnings(self, message: OutboxMessage) -> None:
        """Readings made a tool fire: the sides of her case are told, else where she is cared for.

        A repeat shows the notice once more and changes nothing else.
        """
        payload, viewer = message.payload, Viewer.system("engine")
        tools: list[str] = payload.get("newly", [])
        if payload["simulated"] or not tools:
            return
        pregnancy_id = PregnancyId(UUID(payload["pregnancy_id"]))
        async with self._database.session(viewer) as session:
            if await tell_warned(session, self._clock, viewer, pregnancy_id, tools):
                return
            known, _ = await PregnancyRepository(session, viewer).pregnancy(pregnancy_id)
            await notify_people(
                session,
                self._clock,
                case_id=None,
                kind=WARNED,
                data={"pregnancy_id": str(pregnancy_id), "tools": tools},
                facility_id=FacilityId(known.facility_id),
            )

    async def close(self) -> None:
        """Give connections back."""
        await self._announcer.close()
