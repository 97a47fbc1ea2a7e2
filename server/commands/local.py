"""Chores on whatever installation is at hand: the one of the environment, or the demo's."""

from collections.abc import Iterator
from contextlib import contextmanager

from server.embedded import postgres
from server.embedded.layout import prepare_layout
from server.embedded.services import EmbeddedServices
from server.settings import Settings, SettingsError
from server.supervisor import ledger
from server.supervisor.plan import demo_settings


@contextmanager
def installation(settings: Settings) -> Iterator[Settings]:
    """Settings whose databases answer.

    Where the environment names no database but the data directory holds a demo, that demo is
    meant; if it does not run, its services are started for the while.

    Raises:
        SettingsError: neither is there.
    """
    if settings.system_database_url:
        yield settings
        return
    if not (settings.data_dir / "installation").exists():
        raise SettingsError(
            f"no database is named and {settings.data_dir} holds no demo: set "
            "YUNSHANG_SYSTEM_DATABASE_URL or YUNSHANG_DATA_DIR"
        )
    layout = prepare_layout(settings.data_dir)
    ours = demo_settings(settings, layout)
    if postgres.ready(layout):
        yield ours
        return
    lock = ledger.DirectoryLock(settings.data_dir)
    try:
        postgres.clear_ground(layout)
        with EmbeddedServices(settings.data_dir):
            yield ours
    finally:
        lock.release()
