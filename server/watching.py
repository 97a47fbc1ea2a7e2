"""The `watch` process: with the database at hand, or on another host with HTTP alone."""

import socket
from datetime import timedelta

from duty.watch.alarms import Bell, Bells, EmailBell, WebhookBell
from duty.watch.sources import Http, Local
from duty.watch.states import Patience
from duty.watch.watch import Watch
from kernel.clock import SystemClock
from kernel.database import Database
from server.settings import Settings
from server.supervisor.probes import local


async def run(settings: Settings) -> None:
    """Watch until cancelled."""
    clock = SystemClock()
    name = socket.gethostname()
    http = Http(api_url(settings), clock)
    patience = Patience(clear_after=timedelta(seconds=settings.watch_clear_s))
    told = Bells(name, bells(settings))
    if not settings.system_database_url:
        try:
            await Watch(http, told, clock, patience).run()
        finally:
            await http.close()
        return
    database = Database(settings.system_database_url, name="watch", pool_size=1)
    source = Local(database, http, settings.valkey_url, name)
    try:
        await Watch(source, told, clock, patience, await source.before()).run()
    finally:
        await http.close()
        await database.close()


def api_url(settings: Settings) -> str:
    """Where the API is reached, as a browser would."""
    return settings.watch_api_url or f"http://{local(settings.host)}:{settings.port}"


def bells(settings: Settings) -> list[Bell]:
    """The ways to the operators that this installation has."""
    found: list[Bell] = []
    if settings.watch_webhook_url:
        settings.need("watch_webhook_secret")
        secret = settings.watch_webhook_secret
        found.append(WebhookBell(settings.watch_webhook_url, secret, SystemClock()))
    if settings.watch_smtp_url and settings.watch_email_to:
        to, sender = settings.watch_email_to, settings.watch_email_from
        found.append(EmailBell(settings.watch_smtp_url, to, sender))
    return found
