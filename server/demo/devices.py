"""The region's CTG monitors: four beds behind three county agents, fed by the synthesiser."""

import asyncio
from dataclasses import dataclass

import msgspec
import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.sealing import subkey
from realtime.alarms import limitbook
from realtime.alarms.limits import shipped
from realtime.replay import replay
from realtime.service import register_device
from server.demo.places import Seeded

log = structlog.get_logger()

RESTART_S = 3.0


@dataclass(frozen=True, slots=True)
class Bed:
    """One monitor and what it shows; the scenarios are the synthesiser's."""

    facility: str
    serial: str
    bed: str
    scenario: str


BEDS = (
    Bed("LJ001", "SN-LJ001-1", "产房 1 床", "haemorrhage"),
    Bed("LJ001", "SN-LJ001-2", "待产 3 床", "reactive"),
    Bed("LX001", "SN-LX001-1", "产房 2 床", "variable"),
    Bed("WH001", "SN-WH001-1", "待产 1 床", "antepartum"),
)

REPLAY_FACILITY = "LJ001"
REPLAY = tuple(
    Bed(REPLAY_FACILITY, f"SN-LJ001-R{n}", f"回放 {n} 床", "reactive") for n in range(1, 9)
)
"""Beds that stay empty until somebody replays a recording (`yunshang replay FILE`)."""


LIMITS_AUTHOR = "office"


def agents() -> dict[str, list[Bed]]:
    """Beds by the facility whose agent carries them."""
    found: dict[str, list[Bed]] = {}
    for bed in BEDS:
        found.setdefault(bed.facility, []).append(bed)
    return found


def token(master: bytes, facility: str) -> str:
    """The agent's bearer token, derived from the installation's key."""
    return subkey(master, f"demo-agent/{facility}").hex()


async def seed_devices(session: AsyncSession, seeded: Seeded, master: bytes) -> None:
    """Register agents and monitors."""
    for facility, beds in agents().items():
        facility_id = seeded.facilities[facility]
        await register_device(
            session,
            serial=f"AGENT-{facility}",
            kind="agent",
            facility_id=facility_id,
            token=token(master, facility),
            name="演示采集代理",
        )
        spare = REPLAY if facility == REPLAY_FACILITY else ()
        for bed in (*beds, *spare):
            await register_device(
                session,
                serial=bed.serial,
                kind="monitor",
                facility_id=facility_id,
                name="演示胎心监护仪",
                unit="产科",
            )


async def seed_limits(session: AsyncSession, seeded: Seeded) -> None:
    """Houses with monitors have set limits of their own: made-up tracings that rang people all day
    would show nobody what an alarm is."""
    for facility in agents():
        ours = msgspec.structs.replace(
            shipped(),
            low_bpm=90,
            low_delay_s=60,
            high_bpm=180,
            escalate_s=600,
            source="演示：产科讨论（虚构）",
        )
        author = seeded.people[f"{facility.lower()}.{LIMITS_AUTHOR}"]
        house = seeded.facilities[facility]
        await limitbook.install(session, ours, facility_id=house, recorded_by=author)


async def stream(gateway_url: str, master: bytes) -> None:
    """Feed all beds until cancelled; a rejected agent is tried again."""
    async with asyncio.TaskGroup() as group:
        for number, (facility, beds) in enumerate(agents().items()):
            group.create_task(_agent(gateway_url, token(master, facility), beds, number))


async def _agent(gateway_url: str, bearer: str, beds: list[Bed], seed: int) -> None:
    while True:
        try:
            await replay(
                gateway_url,
                bearer,
                [bed.serial for bed in beds],
                synth=[bed.scenario for bed in beds],
                beds=[bed.bed for bed in beds],
                seed=seed + 1,
            )
        except Exception as error:
            # Whatever ended it: a demo ward without monitors helps nobody, so begin again.
            log.warning("demo.agent_ended", error=type(error).__name__)
        await asyncio.sleep(RESTART_S)
