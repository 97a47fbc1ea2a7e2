"""Where a watch looks: the database, if it may, and the API as everybody reaches it.

A watch on another host needs nothing but HTTP. It then sees what the API says of paging, and that
the API says nothing.
"""

import asyncio
import ssl
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

import httpx
import msgspec

from duty.watch import repository
from duty.watch.schemas import PagingHealth
from duty.watch.signs import LIMITS, Found, Limits, Sign, judge
from duty.watch.states import Change, Standing
from kernel.clock import Clock
from kernel.database import Database
from kernel.errors import Refusal
from kernel.viewer import Viewer

PATIENCE_S = 4.0
"""An answer that takes longer is none: people wait in front of the screen."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one look found; `whole` is False when part of it could not be seen.

    What could not be seen is neither there nor gone: a sign outlives the blindness of its watch.
    """

    found: list[Found]
    whole: bool = True


class Source(Protocol):
    """A place to look at, and perhaps to leave word at."""

    async def look(self) -> Look:
        """One look; never raises."""
        ...

    async def leave(self, signs: dict[str, Standing], changes: list[Change]) -> None:
        """Leave word for screens and record; never raises."""
        ...


class Http:
    """The API's own answer about paging, and whether it answers at all."""

    def __init__(self, url: str, clock: Clock, *, limits: Limits = LIMITS) -> None:
        self._url = url.rstrip("/") + "/api/health/paging"
        self._clock = clock
        self._limits = limits
        # Hospitals sign their own certificates: what this machine trusts counts.
        trusted = ssl.create_default_context()
        self._client = httpx.AsyncClient(timeout=PATIENCE_S, trust_env=False, verify=trusted)

    async def answers(self) -> PagingHealth | None:
        """What the API says; None if it says nothing that makes sense."""
        with suppress(httpx.HTTPError, OSError, ValueError, RecursionError):
            async with asyncio.timeout(PATIENCE_S):
                response = await self._client.get(self._url)
                if response.status_code in (200, 503):
                    return msgspec.json.decode(response.content, type=PagingHealth)
        return None

    async def look(self) -> Look:
        """Signs as the API sees them, and the difference between its clock and ours."""
        before = self._clock.now()
        said = await self.answers()
        after = self._clock.now()
        if said is None:
            return Look([Found(Sign.API_UNREACHABLE, 0)], whole=False)
        found = [
            Found(Sign(one.sign), one.value, one.channel)
            for one in said.signs
            if one.sign != Sign.UNWATCHED
        ]
        if said.vitals is not None and not any(one.sign == Sign.CLOCK_SKEW for one in found):
            middle = before + (after - before) / 2
            doubt = (after - before).total_seconds() / 2
            skew = abs((said.vitals.at - middle).total_seconds()) - doubt
            if skew * 1000 > self._limits.skew_ms:
                found.append(Found(Sign.CLOCK_SKEW, skew))
        return Look(found)

    async def leave(self, signs: dict[str, Standing], changes: list[Change]) -> None:
        """The API takes no word from outside: its alarms go to the operators alone."""

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()


class Local:
    """The database itself, the API from without, and Valkey."""

    def __init__(self, database: Database, http: Http, valkey_url: str, name: str) -> None:
        self._database = database
        self._http = http
        self._valkey_url = valkey_url
        self._name = name
        self._viewer = Viewer.system("watch")

    async def before(self) -> dict[str, Standing]:
        """What this watch saw before it was started again."""
        with suppress(Refusal, OSError, TimeoutError):
            async with asyncio.timeout(PATIENCE_S), self._database.session(self._viewer) as session:
                return await repository.standings(session, self._name)
        return {}

    async def look(self) -> Look:
        """Database, API and Valkey at once."""
        paging, said, valkey = await asyncio.gather(
            self._vitals(), self._http.answers(), answers(self._valkey_url)
        )
        found = list(paging.found)
        if said is None:
            found.append(Found(Sign.API_UNREACHABLE, 0))
        if not valkey:
            found.append(Found(Sign.VALKEY_DOWN, 0))
        return Look(found, paging.whole)

    async def leave(self, signs: dict[str, Standing], changes: list[Change]) -> None:
        """For the screens, and for good."""
        with suppress(Refusal, OSError, TimeoutError):
            async with asyncio.timeout(PATIENCE_S), self._database.session(self._viewer) as session:
                await repository.looked(session, self._name, signs)
                await repository.keep(session, self._name, changes)

    async def _vitals(self) -> Look:
        try:
            async with asyncio.timeout(PATIENCE_S), self._database.session(self._viewer) as session:
                return Look(judge(await repository.vitals(session)))
        except (Refusal, OSError, TimeoutError):
            return Look([Found(Sign.DATABASE_UNREACHABLE, 0)], whole=False)


async def answers(url: str) -> bool:
    """Whether Valkey answers; an installation without one has nothing to miss."""
    from redis.asyncio import Redis
    from redis.exceptions import RedisError

    if not url:
        return True
    client = Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1)
    try:
        return bool(await client.ping())
    except (RedisError, OSError):
        return False
    finally:
        with suppress(RedisError, OSError):
            await client.aclose()
