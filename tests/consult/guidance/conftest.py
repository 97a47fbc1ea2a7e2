"""Both ends of guidance sessions in the referral network."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from consult.guidance import queries, service
from consult.guidance.queries import Which
from consult.guidance.schemas import (
    ArrangeGuidance,
    GuidanceDetail,
    GuidanceOut,
    MoveGuidance,
    RecordGuidance,
    SayWhy,
)
from consult.guidance.timers import run_due
from kernel.ids import CaseId
from tests.referral.network import Network

STEPS = {
    "end": (service.end, MoveGuidance),
    "record": (service.record, RecordGuidance),
    "confirm": (service.confirm, MoveGuidance),
    "dispute": (service.dispute, SayWhy),
    "cancel": (service.cancel, SayWhy),
}


@dataclass(slots=True)
class Line:
    """One network, many sessions."""

    net: Network

    async def arrange(
        self, by: str = "county_doctor", to: str = "city", *, guiding: bool = False, **more: Any
    ) -> UUID:
        """Arrange a session with a place of the network."""
        viewer = self.net.staff[by]
        fields = {"kind": "ward_round", "topic": "重度子痫前期患者查房"} | more
        order = ArrangeGuidance(facility_id=self.net.places[to], guiding=guiding, **fields)
        async with self.net.clone.app.session(viewer) as session:
            return await service.arrange(session, self.net.clock, viewer, order)

    async def look(self, guidance: UUID, by: str = "county_doctor") -> GuidanceDetail:
        """The session as somebody sees it."""
        viewer = self.net.staff[by]
        async with self.net.clone.app.session(viewer) as session:
            return await queries.one(session, self.net.clock, viewer, guidance)

    async def listed(self, by: str, which: Which = "open") -> list[GuidanceOut]:
        """A list as somebody sees it."""
        viewer = self.net.staff[by]
        async with self.net.clone.app.session(viewer) as session:
            return await queries.sessions(session, viewer, which)

    async def there(self, guidance: UUID, *people: str) -> None:
        """One heartbeat of each."""
        for by in people:
            viewer = self.net.staff[by]
            async with self.net.clone.app.session(viewer) as session:
                await service.be_there(session, self.net.clock, viewer, guidance)

    async def stay(self, guidance: UUID, seconds: int, *people: str) -> None:
        """All of them are there for so long, with a heartbeat every 15 seconds."""
        await self.there(guidance, *people)
        for _ in range(seconds // 15):
            self.net.wait(seconds=15)
            await self.there(guidance, *people)

    async def leave(self, guidance: UUID, by: str) -> None:
        """Somebody goes."""
        viewer = self.net.staff[by]
        async with self.net.clone.app.session(viewer) as session:
            await service.leave(session, self.net.clock, viewer, guidance)

    async def step(self, by: str, guidance: UUID, what: str, **fields: Any) -> None:
        """One step at the version that stands."""
        viewer, (command, order) = self.net.staff[by], STEPS[what]
        version = fields.pop("version", None) or (await self.look(guidance)).session.version
        async with self.net.clone.app.session(viewer) as session:
            await command(
                session, self.net.clock, viewer, guidance, order(version=version, **fields)
            )

    async def time_passes(self, **by: float) -> None:
        """Wait, then let the engine end what was forgotten."""
        self.net.wait(**by)
        await run_due(self.net.clone.system, self.net.clock)

    async def kinds(self, case_id: UUID) -> list[str]:
        """Kinds of a case's events."""
        return await self.net.kinds(CaseId(case_id))


@pytest.fixture
def line(net: Network) -> Line:
    """The network's line."""
    return Line(net)
