"""One session scope for HTTP, sockets, engine and tasks.

A scope is one transaction as one viewer: row-level security variables are set when it begins
(`set_config(..., true)`: gone with the transaction, so nothing leaks through the pool), it commits
when the block ends and rolls back on any error. Nothing below the edge commits.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from sqlalchemy import URL, Connection, MetaData, event, make_url, text
from sqlalchemy.exc import (
    DBAPIError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    StatementError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Session, SessionTransaction

from kernel.errors import Conflict, Unavailable, Unstorable
from kernel.viewer import Viewer

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

_NOT_NOW = (
    asyncpg.CannotConnectNowError,
    asyncpg.PostgresConnectionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InterfaceError,
)
"""While connecting, the driver's own errors arrive as they are: the server is starting, stopping
or full."""

_SET_VIEWER = text(
    "SELECT set_config('app.person_id', :person, true),"
    " set_config('app.facility_ids', :facilities, true),"
    " set_config('app.region_ids', :regions, true),"
    " set_config('app.roles', :roles, true),"
    " set_config('app.account_id', :account, true)"
)


class Base(DeclarativeBase):
    """All tables share one metadata and one naming convention."""

    metadata = MetaData(naming_convention=NAMING)


def asyncpg_url(url: str) -> URL:
    """`postgresql://…` (also with `?host=/socket/dir`) as SQLAlchemy's asyncpg URL."""
    return make_url(url).set(drivername="postgresql+asyncpg")


def viewer_settings(viewer: Viewer) -> dict[str, str]:
    """What row-level security is told about `viewer`; lists are `{a,b}` array literals."""
    if viewer.is_process:
        return {"person": "", "facilities": "{}", "regions": "{}", "roles": "{}", "account": ""}
    return {
        "person": str(viewer.person_id),
        "facilities": _array(viewer.facility_ids),
        "regions": _array(viewer.region_ids),
        "roles": _array(viewer.roles),
        "account": str(viewer.account_id),
    }


def _array(items: frozenset[Any]) -> str:
    return "{" + ",".join(sorted(str(item) for item in items)) + "}"


class _ScopedSession(Session):
    """Marks sessions that carry a viewer, so that the hook below finds it."""


@event.listens_for(_ScopedSession, "after_begin")
def _apply_viewer(
    session: Session, transaction: SessionTransaction, connection: Connection
) -> None:
    connection.execute(_SET_VIEWER, viewer_settings(session.info["viewer"]))


class Database:
    """A pool for one database role."""

    def __init__(self, url: str, *, name: str = "yunshang", pool_size: int = 10) -> None:
        self.url = url
        self.engine: AsyncEngine = create_async_engine(
            asyncpg_url(url),
            pool_size=pool_size,
            max_overflow=5,
            pool_timeout=3,
            pool_pre_ping=False,
            hide_parameters=True,  # errors are logged, and parameters are patients
            connect_args={
                "timeout": 5,
                "server_settings": {
                    "application_name": name,
                    "idle_in_transaction_session_timeout": "10000",
                    "lock_timeout": "5000",
                    "statement_timeout": "30000",
                },
            },
        )

    @asynccontextmanager
    async def session(self, viewer: Viewer) -> AsyncIterator[AsyncSession]:
        """One transaction as `viewer`; committed when the block ends without an error.

        Raises:
            Conflict: a constraint refused the work or its commit.
            Unavailable: the database could not be reached or was lost; nothing was recorded.
            Unstorable: a value is beyond what its column can hold.
        """
        session = AsyncSession(
            self.engine,
            expire_on_commit=False,
            sync_session_class=_ScopedSession,
            info={"viewer": viewer},
        )
        try:
            async with session:
                try:
                    yield session
                    await session.commit()
                except BaseException:
                    await session.rollback()
                    raise
        except IntegrityError as error:
            raise Conflict(constraint=constraint_of(error)) from error
        except (OperationalError, InterfaceError, PoolTimeout, OSError, *_NOT_NOW) as error:
            raise Unavailable() from error
        except StatementError as error:
            if _beyond_range(error):
                raise Unstorable() from error
            if _connection_lost(error):
                raise Unavailable() from error
            raise

    async def close(self) -> None:
        """Give all connections back."""
        await self.engine.dispose()


def constraint_of(error: DBAPIError) -> str:
    """The name of the violated constraint, or an empty string."""
    cause = getattr(error.orig, "__cause__", None)
    return str(getattr(cause, "constraint_name", "") or "")


def _state(error: StatementError) -> str:
    return str(getattr(error.orig, "sqlstate", "") or "")


def _beyond_range(error: StatementError) -> bool:
    """SQLSTATE class 22 (data), or a date that overflows before it gets there."""
    return isinstance(error.orig, OverflowError) or _state(error).startswith("22")


def _connection_lost(error: StatementError) -> bool:
    """SQLSTATE class 08 (connection), 57P (shutdown), 53 (no resources), 55P03 (lock timeout),
    40P01 (chosen to end a deadlock): nothing was recorded, and the same may succeed in a moment."""
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    state = _state(error)
    return state.startswith(("08", "57P", "53")) or state in ("55P03", "40P01")


async def act_as(session: AsyncSession, viewer: Viewer) -> None:
    """Go on in the same transaction as somebody else.

    Only for stories told by one process, and for a door that has just learnt who stands before it.
    """
    session.sync_session.info["viewer"] = viewer
    await session.execute(_SET_VIEWER, viewer_settings(viewer))
