"""What the routes here read of the application's settings and state."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Protocol

from litestar.datastructures import State
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.viewer import Viewer
from registry.people.sessions import SessionPolicy

OnDutyOf = Callable[[AsyncSession, Clock, Viewer], Awaitable[list[Any]]]
"""Put into the application's state as `on_duty_of` by whoever knows the rosters."""


class Installation(Protocol):
    """The part of the settings that logins and pages depend on."""

    @property
    def demo(self) -> bool:
        """Synthetic data only."""
        ...

    @property
    def gateway_url(self) -> str:
        """Where browsers reach the gateway."""
        ...

    @property
    def session_idle_minutes(self) -> int:
        """A login ends after so many minutes without a request."""
        ...


def settings_of(state: State) -> Installation:
    """The installation's settings."""
    found: Installation = state.settings
    return found


def policy_of(installation: Installation) -> SessionPolicy:
    """How long logins last in this installation."""
    return SessionPolicy(idle=timedelta(minutes=installation.session_idle_minutes))


async def on_duty(state: State, session: AsyncSession, clock: Clock, viewer: Viewer) -> list[Any]:
    """Where the viewer is on duty now, as far as the application knows rosters."""
    lookup: OnDutyOf | None = state.get("on_duty_of")
    return [] if lookup is None else await lookup(session, clock, viewer)
