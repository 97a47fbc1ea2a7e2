"""Where the runs happen: a database made once and copied for each, a gateway started afresh."""

from __future__ import annotations

import asyncio
import hashlib
import signal
from pathlib import Path
from typing import Final
from uuid import UUID

import asyncpg
import msgspec
import numpy as np
import numpy.typing as npt

from kernel.clock import SystemClock
from kernel.database import Database
from kernel.ids import FacilityId, PersonId
from kernel.viewer import Role, Viewer
from realtime import frames
from realtime.alarms import limitbook, limits
from realtime.gateway.seats import VIEWERS_EACH
from registry.people import sessions
from registry.people.service import Grant
from registry.people.sessions import Origin, SessionPolicy
from server.embedded.postgres import SUPERUSER
from server.embedded.services import EmbeddedServices
from server.migrate import upgrade
from tests.fixtures.database import Clone
from tests.realtime.conftest import ORIGIN
from tests.realtime.gateway.process import GatewayProcess
from tests.registry.world import PASSWORD, account, build

PATTERN: Final = "ctg_pattern"
READ_ROWS: Final = 500
VIEWERS_A_LOGIN: Final = VIEWERS_EACH // 2


class Ground:
    """PostgreSQL and Valkey of our own, with fsync, and one gateway at a time."""

    def __init__(self, place: Path, services: EmbeddedServices) -> None:
        self.place = place
        self.services = services
        self.sessions: tuple[str, ...] = ()
        self.clone: Clone | None = None
        self.gateway: GatewayProcess | None = None
        self._runs = 0

    @property
    def root_url(self) -> str:
        """As the cluster's superuser."""
        return self.services.layout.postgres_url(SUPERUSER, "postgres")

    async def prepare(self, monitors: int, senders: int, viewers: int) -> None:
        """The pattern of all runs' databases: one person who may look, agents, monitors.

        A gateway seats only so many viewers of one login, so she logs in several times.
        """
        clone = Clone(self.services.layout, PATTERN)
        await self._execute(f"CREATE DATABASE {PATTERN} OWNER yunshang_owner")
        await upgrade(clone.owner_url)
        database, clock = Database(clone.system_url), SystemClock()
        world = await build(database)
        house = world.county_hospital
        person, _ = await account(database, clock, "bench", house, Grant(Role.DUTY_DESK))
        logins = [
            await sessions.log_in(
                database,
                clock,
                login="bench",
                password=PASSWORD,
                origin=Origin("bench"),
                policy=SessionPolicy(),
            )
            for _ in range(1 + viewers // VIEWERS_A_LOGIN)
        ]
        self.sessions = tuple(logins)
        await patient(database, house, person)
        await database.close()
        await register(clone.system_url, house, monitors, senders)

    async def fresh(self) -> Clone:
        """A copy of the pattern; the one before is dropped."""
        await self.drop()
        self._runs += 1
        self.clone = Clone(self.services.layout, f"ctg_run_{self._runs}")
        # The schema belongs to whoever owns the database, so a copy needs its owner said again.
        copy = f"CREATE DATABASE {self.clone.name} TEMPLATE {PATTERN} OWNER yunshang_owner"
        await self._execute(copy)
        await self._execute("CHECKPOINT")
        await self._stay_logged_in(self.clone)
        return self.clone

    async def _stay_logged_in(self, clone: Clone) -> None:
        """All rounds together take longer than an idle login lasts."""
        connection = await asyncpg.connect(clone.superuser_url)
        try:
            await connection.execute("UPDATE login_session SET last_seen_at = clock_timestamp()")
        finally:
            await connection.close()

    async def drop(self) -> None:
        """Give the last run's database back."""
        if self.clone is not None:
            await self._execute(f"DROP DATABASE {self.clone.name} WITH (FORCE)")
            self.clone = None

    async def start_gateway(self) -> GatewayProcess:
        """`yunshang gateway` on the current copy."""
        assert self.clone is not None
        layout = self.services.layout
        log = self.place / "gateway.log"
        self.gateway = GatewayProcess(self.clone.system_url, layout.valkey_url, ORIGIN, log)
        await self.gateway.start()
        return self.gateway

    async def stop_gateway(self) -> None:
        """In order; what was received is durable then."""
        if self.gateway is not None:
            await self.gateway.end(signal.SIGTERM)
            self.gateway = None

    async def wal(self) -> tuple[int, int]:
        """Bytes of WAL written so far and how often it was synced."""
        connection = await asyncpg.connect(self.root_url)
        try:
            written = await connection.fetchval("SELECT pg_current_wal_lsn() - '0/0'::pg_lsn")
            synced = await connection.fetchval(
                "SELECT sum(fsyncs) FROM pg_stat_io WHERE object = 'wal'"
                if connection.get_server_version().major >= 18
                else "SELECT wal_sync FROM pg_stat_wal"
            )
        finally:
            await connection.close()
        return int(written), int(synced or 0)

    async def _execute(self, sql: str) -> None:
        connection = await asyncpg.connect(self.root_url)
        try:
            await connection.execute(sql)
        finally:
            await connection.close()


async def patient(database: Database, facility: FacilityId, by: PersonId) -> None:
    """Monitors wait for each other before all begin: that is no silence to alarm anybody about."""
    async with database.session(Viewer.system("bench")) as session:
        longest = limits.BOUNDS["silent_s"][1]
        own = msgspec.structs.replace(limits.shipped(), silent_s=longest)
        await limitbook.install(session, own, facility_id=facility, recorded_by=by)


async def register(url: str, facility: UUID, monitors: int, senders: int) -> None:
    """Monitors `SN-…` of a facility and one agent with a token for each connection."""
    connection = await asyncpg.connect(url)
    try:
        await connection.executemany(
            "INSERT INTO ctg_device (id, serial, kind, facility_id, token_hash)"
            " VALUES (gen_random_uuid(), $1, 'agent', $2, $3)",
            [
                (f"BENCH-{number}", facility, hashlib.sha256(f"bench-{number}".encode()).digest())
                for number in range(senders)
            ],
        )
        await connection.executemany(
            "INSERT INTO ctg_device (id, serial, kind, facility_id)"
            " VALUES (gen_random_uuid(), $1, 'monitor', $2)",
            [(f"SN-{number:05d}", facility) for number in range(monitors)],
        )
    finally:
        await connection.close()


async def stored(
    url: str, recordings: tuple[str, ...], total: int
) -> tuple[npt.NDArray[np.int64], int]:
    """How often each second of each recording is stored, and how many chunks hold them.

    Journal and chunks are read as they lie, in one snapshot, so that a second stored twice is seen.
    """
    others = len(recordings)
    counts = np.zeros((others + 1, total + 1), dtype=np.int64)
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            places = {UUID(one): at for at, one in enumerate(recordings)}
            rows = await connection.fetch("SELECT no, id FROM ctg_recording")
            numbers = {row["no"]: places[row["id"]] for row in rows if row["id"] in places}
            chunks = 0
            async for row in connection.cursor(
                "SELECT ARRAY[recording_no] AS nos, ARRAY[length(frames) / 80] AS counts, frames,"
                " true AS chunk FROM ctg_chunk UNION ALL"
                " SELECT recordings, counts, frames, false FROM ctg_journal",
                prefetch=READ_ROWS,
            ):
                chunks += row["chunk"]
                who = np.repeat([numbers.get(no, others) for no in row["nos"]], row["counts"])
                seqs = frames.view_frames(row["frames"])["seq"].astype(np.int64)
                np.add.at(counts, (who, np.minimum(seqs, total)), 1)
    finally:
        await connection.close()
    await asyncio.sleep(0)
    return counts[:others, 1:], chunks
