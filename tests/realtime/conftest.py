"""A gateway on a real database, and the devices and viewers that use it."""

from __future__ import annotations

import hashlib
import os
import signal
from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest

from kernel.ids import AccountId, FacilityId, PersonId
from kernel.viewer import Role, Viewer
from realtime.gateway.access import ViewersOf
from realtime.gateway.main import Gateway, Timing
from server.embedded.services import EmbeddedServices
from tests.fixtures.database import Clone
from tests.realtime.desk import Desk, open_desk
from tests.realtime.gateway.process import GatewayProcess

TOKEN = "agent-token"
ORIGIN = "https://yunshang.example"


def viewer_at(facility: UUID, role: Role = Role.DUTY_DESK) -> Viewer:
    """Somebody at a facility."""
    return Viewer(
        account_id=AccountId(uuid4()),
        person_id=PersonId(uuid4()),
        session_id=None,
        facility_id=FacilityId(facility),
        facility_ids=frozenset({FacilityId(facility)}),
        region_ids=frozenset(),
        roles=frozenset({role}),
    )


def among(sessions: Mapping[str, Viewer]) -> ViewersOf:
    """Who is logged in, by token, as a gateway asks for it."""

    async def viewers_of(tokens: Collection[str]) -> dict[str, Viewer]:
        return {token: sessions[token] for token in tokens if token in sessions}

    return viewers_of


@dataclass(slots=True)
class Site:
    """One gateway with a centre that may send and people who may look."""

    clone: Clone
    gateway: Gateway
    port: int
    facility: UUID
    token: str
    sessions: dict[str, Viewer] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    async def fetch(self, sql: str, *arguments: object) -> list[asyncpg.Record]:
        """Ask the database as the system role."""
        connection = await asyncpg.connect(self.clone.system_url)
        try:
            return await connection.fetch(sql, *arguments)
        finally:
            await connection.close()

    async def stored(self, recording: UUID) -> list[bytes]:
        """All stored frames of a recording."""
        return await self.gateway.store.read_frames(recording, 1, limit=10**6)


async def register_devices(url: str, facility: UUID, token: str, monitors: int = 80) -> None:
    """An agent with a token and monitors SN-0000… behind it."""
    connection = await asyncpg.connect(url)
    try:
        region = uuid4()
        await connection.execute(
            "INSERT INTO region (id, code, name, level) VALUES ($1, $2, '某县', 'county')",
            region, region.hex[:6],
        )  # fmt: skip
        await connection.execute(
            "INSERT INTO facility (id, region_id, code, name, short_name, tier)"
            " VALUES ($1, $2, $3, '某县妇幼保健院', '某县妇幼', 'county')",
            facility, region, facility.hex[:8],
        )  # fmt: skip
        await connection.execute(
            "INSERT INTO ctg_device (id, serial, kind, facility_id, token_hash)"
            " VALUES ($1, $2, 'agent', $3, $4)",
            uuid4(), f"AGENT-{token}", facility, hashlib.sha256(token.encode()).digest(),
        )  # fmt: skip
        await connection.executemany(
            "INSERT INTO ctg_device (id, serial, kind, facility_id) VALUES ($1, $2, 'monitor', $3)",
            [(uuid4(), f"SN-{number:04d}", facility) for number in range(monitors)],
        )
    finally:
        await connection.close()


@pytest.fixture
async def process(
    database: Clone, services: EmbeddedServices, tmp_path: Path
) -> AsyncIterator[GatewayProcess]:
    """`yunshang gateway` with the agent of `TOKEN` and its monitors."""
    await register_devices(database.system_url, uuid4(), TOKEN)
    running = GatewayProcess(
        database.system_url, services.layout.valkey_url, ORIGIN, tmp_path / "gateway.log"
    )
    await running.start()
    yield running
    await running.end(signal.SIGKILL)


@pytest.fixture
async def site(database: Clone) -> AsyncIterator[Site]:
    """A running gateway with short periods; folding only when a test asks for it."""
    facility, token = uuid4(), TOKEN
    await register_devices(database.system_url, facility, token)
    sessions: dict[str, Viewer] = {}

    gateway = Gateway(
        database.system_url,
        among(sessions),
        {ORIGIN},
        Timing(tick_s=0.05, fold_s=3_600, pulse_s=0.2, recheck_s=0.3, alarms_s=0.1),
    )
    port = await gateway.start("127.0.0.1", 0)
    try:
        yield Site(database, gateway, port, facility, token, sessions)
    finally:
        await gateway.stop()


@pytest.fixture
async def desk(database: Clone) -> AsyncIterator[Desk]:
    """The CTG routes, asked by whoever the test says."""
    async for opened in open_desk(database):
        yield opened


@pytest.fixture(scope="session")
def ctg_data() -> Path:
    """The directory with real recordings; they are never part of the repository."""
    beside = Path(__file__).parents[3] / "shared" / "data" / "ctg"
    found = Path(os.environ.get("CTG_DATA", beside))
    if not found.is_dir():
        pytest.skip("no real recordings here: set CTG_DATA")
    return found
