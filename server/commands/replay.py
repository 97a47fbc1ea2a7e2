"""`yunshang replay`: send recordings or synthetic tracings to a gateway, as a centre's agent."""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from realtime.monitor import Report
from realtime.recordings.series import NotReadable
from realtime.replay import Rejected, replay
from server.demo.devices import REPLAY, REPLAY_FACILITY
from server.demo.devices import token as demo_token
from server.keyfile import master_key
from server.logging import configure
from server.settings import Settings, SettingsError

Say = Callable[[str], None]


def send(
    settings: Settings,
    say: Say,
    *,
    files: Sequence[Path],
    synth: Sequence[str],
    devices: Sequence[str],
    token: str,
    gateway: str,
    beds: Sequence[str],
    speed: float,
    loop: bool,
    seconds: int | None,
    seed: int,
) -> int:
    """Send until everything is acknowledged; 1 if the gateway refused something.

    Raises:
        SettingsError: an argument makes no sense, a file is unreadable, the token is unknown.
    """
    configure(settings, "replay")
    if not token:
        token, devices, beds = demo_agent(settings, len(files) + len(synth), devices, beds)
    work = replay(
        gateway or settings.gateway_url,
        token,
        devices,
        files=files,
        synth=synth,
        speed=speed,
        loop=loop,
        seconds=seconds,
        seed=seed,
        beds=beds,
    )
    try:
        report = asyncio.run(work)
    except (ValueError, NotReadable, Rejected, FileNotFoundError) as error:
        raise SettingsError(str(error)) from error
    say(json.dumps(_facts(report)))
    return 1 if report.refused or report.frames_acked < report.frames_sent else 0


def demo_agent(
    settings: Settings, count: int, devices: Sequence[str], beds: Sequence[str]
) -> tuple[str, Sequence[str], Sequence[str]]:
    """The demo's own agent and its empty beds, where this data directory holds a demo.

    Raises:
        SettingsError: it does not, or it has fewer empty beds than there are tracings.
    """
    demo = replace(settings, demo=True)
    if settings.secret_key_file is not None or not demo.key_file.exists():
        raise SettingsError("name the agent's token: --token-file FILE or CTG_TOKEN")
    if count > len(REPLAY):
        raise SettingsError(f"the demo has {len(REPLAY)} empty beds; replay fewer at a time")
    token = demo_token(master_key(demo), REPLAY_FACILITY)
    free = REPLAY[:count]
    return token, devices or [bed.serial for bed in free], beds or [bed.bed for bed in free]


def _facts(report: Report) -> dict[str, object]:
    return {
        "frames_sent": report.frames_sent,
        "frames_acked": report.frames_acked,
        "connections": report.connections,
        "refused": report.refused,
        "ack_p50_ms": report.quantile(0.5),
        "ack_p99_ms": report.quantile(0.99),
    }
