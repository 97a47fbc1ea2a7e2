"""Whole cases along roads that chance chooses: whatever people do, nothing is lost or mixed up.

At every step somebody does one of the things that the case lists for them (it must succeed), tries
something that is not listed (it must be refused and change nothing), acts on what they saw before
somebody else acted, or lets time pass until limits run out. After every step the case's cached
state equals the fold of its chain; at the end `verify` finds the chain clean.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from kernel.chain.errors import TimelineFrozen
from kernel.chain.export import read_export
from kernel.chain.verify import verify
from kernel.clock import SimulatedClock
from kernel.errors import NotFound, Refusal, VersionStale
from kernel.ids import CaseId
from referral.commands.sending import SelfArrival
from referral.readmodel.board import Action
from referral.readmodel.whole import Referral
from referral.service import send
from referral.states import LegState, OfferState, ReferralState
from referral.timers import run_due
from server.embedded.postgres import SUPERUSER
from server.embedded.services import EmbeddedServices
from tests.fixtures.database import Clone
from tests.referral.network import SEALER, SEEDER, START, Network, build
from tests.referral.orders import ORDERS

PEOPLE = (
    "county_doctor",
    "city_expert",
    "city_second",
    "city_desk",
    "city_two_expert",
    "province_expert",
    "coordinator",
)
ROAD = (("city_expert", "accept"), ("county_doctor", "commit"), ("county_doctor", "depart"))
"""The shortest way to the road."""

STRANGERS = ("outsider", "commission", "township_midwife")

ROADS = 25

STATE_AFTER = {
    "referral.drafted": ReferralState.DRAFT,
    "referral.requested": ReferralState.OPEN,
    "referral.self_arrival": ReferralState.HANDED_OVER,
    "referral.committed": ReferralState.COMMITTED,
    "leg.departed": ReferralState.MOVING,
    "leg.handed_over": ReferralState.HANDED_OVER,
    "referral.guided_in_place": ReferralState.GUIDED_IN_PLACE,
    "referral.closed": ReferralState.CLOSED,
    "referral.cancelled": ReferralState.CANCELLED,
    "referral.died": ReferralState.DIED,
}
"""How the chain alone tells where a case stands."""

TAKEN: Counter[tuple[str, str]] = Counter()
"""What was done in all roads together."""

Run = Callable[[Coroutine[Any, Any, Any]], Any]


class WholeCase(RuleBasedStateMachine):
    """One case and everybody around it."""

    run: Run
    net: Network

    def __init__(self) -> None:
        super().__init__()
        self.case = CaseId(uuid4())
        self.seen_version = 0
        self.before: dict[str, Referral] = {}

    @initialize(
        way=st.sampled_from(
            ("sent", "draft", "parallel", "neonatal", "herself", "moving", "moving")
        ),
        acuity=st.sampled_from(("critical", "urgent")),
    )
    def begins(self, way: str, acuity: str) -> None:
        """A case comes into being in one of the ways there are."""
        self.case = self.run(self._open(way, acuity))

    async def _open(self, way: str, acuity: str) -> CaseId:
        places = self.net.places
        if way == "herself":
            viewer = self.net.staff["city_expert"]
            order = SelfArrival(
                pregnancy_id=await self.net.pregnancy(viewer),
                subject="mother",
                condition="pph",
                acuity="critical",
                origin_facility_id=places["county"],
            )
            async with self.net.clone.app.session(viewer) as session:
                return await send.arrive_by_herself(session, self.net.clock, viewer, SEALER, order)
        if way == "draft":
            return await self.net.sent(send=False, acuity=acuity)
        if way == "parallel":
            return await self.net.sent(places["city"], places["province"], acuity=acuity)
        case = await self.net.sent(places["city"], needs_neonatal=way == "neonatal", acuity=acuity)
        if way == "moving":
            for who, action in ROAD:
                seen = await self.net.see(who, case)
                item = next(item for item in seen.allowed if item.action == action)
                await ORDERS[item.machine, action].take(self.net, who, seen, item)
        return case

    def _look(self, who: str) -> Referral | None:
        try:
            found: Referral = self.run(self.net.see(who, self.case))
        except NotFound:
            return None
        return found

    @rule(who=st.sampled_from(PEOPLE), choice=st.integers(0, 99))
    def does_something_allowed(self, who: str, choice: int) -> None:
        """What is listed succeeds; what ends a case comes now and then, or none would get far."""
        seen = self._look(who)
        if seen is None:
            return
        listed = [item for item in seen.allowed if choice > 90 or not item.danger]
        if listed:
            self._take(who, seen, listed[choice % len(listed)])

    @rule()
    def the_case_goes_on(self) -> None:
        """Somebody takes the most urgent step."""
        for who in PEOPLE:
            seen = self._look(who)
            primary = [] if seen is None else [item for item in seen.allowed if item.primary]
            if seen is not None and primary:
                self._take(who, seen, primary[0])
                return

    def _take(self, who: str, seen: Referral, item: Action) -> None:
        self.before[who] = seen
        if self.run(ORDERS[item.machine, item.action].take(self.net, who, seen, item)):
            TAKEN[item.machine, item.action] += 1

    @rule(who=st.sampled_from(PEOPLE), choice=st.integers(0, 9999))
    def tries_something_else(self, who: str, choice: int) -> None:
        """What is not listed is refused, and changes nothing."""
        seen = self._look(who)
        if seen is None:
            return
        listed = {(item.machine, item.target_id, item.action) for item in seen.allowed}
        targets = {
            "referral": [seen.id],
            "offer": [offer.id for offer in seen.offers],
            "leg": [leg.id for leg in seen.legs],
            "hold": [hold.id for hold in seen.holds],
        }
        wrong = [
            (machine, target, action)
            for machine, action in ORDERS
            for target in targets[machine]
            if (machine, target, action) not in listed
        ]
        machine, target, action = wrong[choice % len(wrong)]
        item = Action(
            machine=machine,  # type: ignore[arg-type]
            target_id=target,
            action=action,
            path="",
            version=seen.version,
            number=0,
            primary=False,
            danger=False,
            needs=[],
        )
        if (machine, action) == ("leg", "sign_handover"):
            return  # a body cannot be built for a half that is signed
        with pytest.raises(Refusal):
            taken = self.run(ORDERS[machine, action].take(self.net, who, seen, item))
            if not taken:
                raise NotFound  # nobody left to name: nothing was asked
        after = self._look(who)
        assert after is not None
        assert after.version == seen.version

    @precondition(lambda self: self.before)
    @rule(who=st.sampled_from(PEOPLE), choice=st.integers(0, 99))
    def acts_on_what_was_seen_before(self, who: str, choice: int) -> None:
        """Somebody else was faster: refused as stale, or told that it can no longer be done."""
        old, now = self.before.get(who), self._look(who)
        if old is None or now is None or now.version == old.version:
            return
        item = old.allowed[choice % len(old.allowed)]
        order = ORDERS[item.machine, item.action]
        fields = order.build(self.net, old, item)
        if fields is None:
            return
        with pytest.raises(Refusal) as refused:
            command = order.struct(version=old.version, **fields)
            self.run(order.at(self.net, who, item.target_id, command))
        told = isinstance(refused.value, VersionStale | TimelineFrozen)
        assert told or item.action.startswith("accept")
        after = self._look(who)
        assert after is not None
        assert after.version == now.version

    @rule(minutes=st.sampled_from((1, 6, 11, 16, 40, 130, 3000)))
    def time_passes(self, minutes: int) -> None:
        """Limits run out and are dealt with."""
        self.net.wait(minutes=minutes)
        self.run(run_due(self.net.clone.system, self.net.clock))

    @rule(who=st.sampled_from(STRANGERS))
    def strangers_see_no_identity(self, who: str) -> None:
        """Who is no party sees nothing; the commission no name. Chance may ask a far unit, too."""
        seen = self._look(who)
        if seen is not None and who == "commission":
            assert seen.pregnancy is None
        elif seen is not None:
            here = self.net.staff[who].facility_id
            assert here in {offer.facility.id for offer in seen.offers}

    @invariant()
    def everything_fits(self) -> None:
        """One version, one receiver, one journey; the cached state is the fold of the chain."""
        seen = self._look("county_doctor")
        if seen is None:
            return
        assert seen.version >= self.seen_version
        self.seen_version = seen.version
        for purpose in {offer.purpose for offer in seen.offers}:
            yes = [
                o for o in seen.offers if o.state == OfferState.ACCEPTED and o.purpose == purpose
            ]
            assert len(yes) <= 1
        over = (LegState.HANDED_OVER, LegState.DIED_IN_TRANSIT)
        assert sum(leg.state not in over for leg in seen.legs) <= 1
        assert seen.state == self._folded()
        if seen.state not in ("open", "committed", "moving", "guided_in_place", "handed_over"):
            assert not [hold for hold in seen.holds if hold.state in ("requested", "held")]

    def _folded(self) -> ReferralState:
        state = ReferralState.DRAFT
        for event in self.run(self.net.events(self.case)):
            kind = event.row.kind
            if kind == "referral.guided_ended":
                moves = event.payload["decision"] == "transfer"
                state = ReferralState.OPEN if moves else ReferralState.CLOSED
            else:
                state = STATE_AFTER.get(kind, state)
        return state


def test_whatever_people_do(services: EmbeddedServices, template: str) -> None:
    with asyncio.Runner() as runner:
        clone, drop = runner.run(_clone(services, template))
        try:
            WholeCase.run = staticmethod(runner.run)  # type: ignore[assignment]
            WholeCase.net = runner.run(build(clone, SimulatedClock(START)))
            run_state_machine_as_test(
                WholeCase,
                settings=settings(
                    max_examples=ROADS,
                    stateful_step_count=30,
                    deadline=None,
                    database=None,  # a road ends differently beside other roads' cases
                    phases=(Phase.generate,),  # roads are long and a failing one tells itself
                    suppress_health_check=list(HealthCheck),
                ),
            )
            runner.run(_verified(clone))
        finally:
            runner.run(drop())


async def _verified(clone: Clone) -> None:
    async with clone.system.session(SEEDER) as session:
        report = verify(await read_export(session))
    assert report.ok, report.findings[:3]
    assert report.cases >= ROADS
    assert len(TAKEN) > 12, f"the roads were all alike: {TAKEN}"


async def _clone(services: EmbeddedServices, template: str) -> tuple[Clone, Any]:
    """A database on this test's own loop."""
    name = "test_any_road"
    root = services.layout.postgres_url(SUPERUSER, "postgres")
    connection = await asyncpg.connect(root)
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} OWNER yunshang_owner")
    clone = Clone(services.layout, name)

    async def drop() -> None:
        await clone.close()
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await connection.close()

    return clone, drop
