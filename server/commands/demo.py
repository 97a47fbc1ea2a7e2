"""`yunshang demo`: every process and both services under one supervisor."""

import asyncio
import importlib.util
import os
import signal
import sys
from collections.abc import Callable

import structlog

from kernel.clock import SystemClock
from server.demo.media import with_media_port
from server.demo.phones import phones_url, with_phones
from server.embedded import postgres
from server.embedded.layout import Layout, prepare_layout
from server.keyfile import master_key
from server.logging import configure
from server.settings import Settings
from server.supervisor import ledger, leftovers
from server.supervisor.plan import demo_roles, demo_settings
from server.supervisor.probes import check_port
from server.supervisor.shell import Supervisor

log = structlog.get_logger()

Say = Callable[[str], None]

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def demo(settings: Settings, say: Say) -> None:
    """Start everything, say where it is, and stay until Ctrl-C or SIGTERM.

    Raises:
        AlreadySupervised, PortTaken, MissingProgram, PostgresFailed, StartFailed: with a message
            that says what to do.
    """
    configure(settings, "supervisor")
    for number in STOP_SIGNALS:
        signal.signal(number, _leave)
    lock = ledger.DirectoryLock(settings.data_dir)
    try:
        layout = prepare_layout(settings.data_dir)
        _end_leftovers(settings, layout)
        check_port(settings.host, settings.port, "YUNSHANG_PORT")
        check_port(settings.gateway_host, settings.gateway_port, "YUNSHANG_GATEWAY_PORT")
        children = with_media_port(with_phones(demo_settings(settings, layout)))
        master_key(children)
        postgres.clear_ground(layout)
        postgres.prepare(layout)
        asyncio.run(_supervise(children, layout, say))
    finally:
        lock.release()


def _leave(_number: int, _frame: object) -> None:
    """An orderly end while nothing is supervised yet; initdb, if it runs, ends with us."""
    raise SystemExit(0)


def _end_leftovers(settings: Settings, layout: Layout) -> None:
    last = ledger.read(settings.data_dir)
    if last is not None and last.stopped:
        return
    count = leftovers.end(leftovers.find(last, layout.tag))
    if count:
        log.warning("supervisor.leftovers_ended", count=count)


async def _supervise(settings: Settings, layout: Layout, say: Say) -> None:
    roles = demo_roles(settings, layout)
    supervisor = Supervisor(settings.data_dir, layout.tag, roles, SystemClock())
    loop = asyncio.get_running_loop()
    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, supervisor.stop)
    running = asyncio.create_task(supervisor.run())
    ready = asyncio.create_task(supervisor.ready())
    await asyncio.wait({running, ready}, return_when=asyncio.FIRST_COMPLETED)
    if ready.done() and ready.result():
        say(_welcome(settings))
    ready.cancel()
    await running
    say("Yunshang has stopped; its data stays in " + str(settings.data_dir))


def _welcome(settings: Settings) -> str:
    lines = [
        "",
        f"  Yunshang 云上妇幼   http://{settings.host}:{settings.port}",
        f"  CTG gateway        {settings.gateway_url}",
        *_phones(settings),
        f"  logs               {settings.data_dir}/logs",
        *_logins(),
        "",
        f"  Ctrl-C (or kill {os.getpid()}) stops everything. 按 Ctrl-C 停止。",
        "",
    ]
    return "\n".join(lines)


def _phones(settings: Settings) -> list[str]:
    """Where the simulated telephones ring."""
    url = phones_url(settings.providers_file)
    return [] if url is None else [f"  phones 模拟手机     {url}"]


def _logins() -> list[str]:
    """Who may log in, as the demo region says it."""
    if importlib.util.find_spec("server.demo") is None:
        return []
    from server import demo as region

    logins = getattr(region, "logins", None)
    if logins is None:
        return []
    return ["", "  logins 登录", *(f"    {line}" for line in logins())]


def say(line: str) -> None:
    """Print for people, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
