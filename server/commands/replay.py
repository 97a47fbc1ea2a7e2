"""`yunshang replay`: send recordings or synthetic tracings to a gateway, as a centre's agent."""

import asyncio
import json
from collections.abc import Callable, Sequence
from pathlib import Path

from realtime.monitor import Report
from realtime.recordings.series import NotReadable
from realtime.replay import Rejected, replay
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


def _facts(report: Report) -> dict[str, object]:
    return {
        "frames_sent": report.frames_sent,
        "frames_acked": report.frames_acked,
        "connections": report.connections,
        "refused": report.refused,
        "ack_p50_ms": report.quantile(0.5),
        "ack_p99_ms": report.quantile(0.99),
    }
