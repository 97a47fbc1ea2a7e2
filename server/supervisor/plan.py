"""Which programs a demo installation consists of, and in which order they start and stop."""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from server.demo.phones import phones_url
from server.embedded import postgres, valkey
from server.embedded.layout import Layout
from server.settings import Settings
from server.supervisor.probes import beats, healthy
from server.supervisor.program import Program
from server.supervisor.shell import Probe, Role

ROOT = Path(__file__).resolve().parent.parent.parent
APPLICATIONS, VALKEY, POSTGRES = 0, 1, 2  # stages: the order of stopping

# uvicorn waits 10 s for open connections, Celery for its running tasks.
STOP_SECONDS = 12.0


def demo_settings(settings: Settings, layout: Layout) -> Settings:
    """The settings of the children: embedded services wherever no other is named."""
    return replace(
        settings,
        demo=True,
        data_dir=settings.data_dir.resolve(),
        database_url=layout.postgres_url("yunshang_app"),
        system_database_url=layout.postgres_url("yunshang_system"),
        owner_database_url=layout.postgres_url("yunshang_owner"),
        valkey_url=layout.valkey_url,
    )


def demo_roles(settings: Settings, layout: Layout) -> list[Role]:
    """Every role of the demo; `settings` as made by `demo_settings`.

    The page comes first: on a machine with two cores, five interpreters that start together
    would keep people waiting twice as long.
    """
    needs = ("seed", "valkey")
    return [
        Role(
            postgres.program(layout),
            stage=POSTGRES,
            answers=_asked(lambda: postgres.ready(layout)),
            before=lambda: postgres.clear_ground(layout),
        ),
        Role(valkey.program(layout), stage=VALKEY, answers=_asked(lambda: valkey.ready(layout))),
        Role(_command("migrate", settings), needs=("postgres",), once=True),
        Role(_command("seed", settings, "demo-seed"), needs=("migrate",), once=True),
        Role(
            _command("serve", settings),
            needs=needs,
            answers=healthy(settings.host, settings.port),
        ),
        Role(
            _command("gateway", settings),
            needs=("serve",),
            answers=healthy(settings.gateway_host, settings.gateway_port, "/health"),
        ),
        Role(
            _command("engine", settings),
            needs=needs,
            answers=beats(settings.system_database_url, "engine"),
        ),
        Role(
            _command("worker", settings),
            needs=("serve",),
            answers=beats(settings.system_database_url, "worker"),
        ),
        Role(
            _command("watch", settings),
            needs=("engine",),
            answers=beats(settings.system_database_url, "watch"),
        ),
        # Rooms are beside the rest: without sound and pictures everything else goes on.
        Role(
            _command("media", settings),
            needs=("serve",),
            aside=True,
            answers=beats(settings.system_database_url, "media"),
        ),
        Role(_command("monitors", settings, "demo-monitors"), needs=("gateway",)),
        *_phones(settings),
        Role(
            _politely(_command("history", settings, "demo-history")),
            needs=("gateway", "engine", "worker"),
            once=True,
            aside=True,
        ),
    ]


def _phones(settings: Settings) -> list[Role]:
    """Simulated telephones, where the providers file names them; nobody waits for them."""
    if phones_url(settings.providers_file) is None:
        return []
    program = _command("phones", settings, "simulate-providers")
    return [Role(program, needs=("gateway",), aside=True)]


def _politely(program: Program) -> Program:
    """Let everything else go first."""
    return replace(program, argv=("nice", "-n", "10", *program.argv))


def _command(name: str, settings: Settings, command: str = "") -> Program:
    return Program(
        name,
        (sys.executable, "-m", "server.cli", command or name),
        stop_seconds=STOP_SECONDS,
        environ={**settings.to_env(), "PYTHONUNBUFFERED": "1"},
        cwd=ROOT,
    )


def _asked(question: Callable[[], bool]) -> Probe:
    async def probe(_pid: int) -> bool:
        return question()

    return probe
