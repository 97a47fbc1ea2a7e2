"""SQL of the watch: what it looks at, what it leaves for the screens, what it keeps for good."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.watch.signs import PagingVitals
from duty.watch.states import Change, Standing

FRESH = timedelta(seconds=10)
"""A watch that has not looked for this long is not watching."""

_VITALS = text("SELECT paging_vitals()::text")
_MINE = text("SELECT signs::text FROM paging_watch WHERE watch = :watch")
_FRESH = text(
    "SELECT signs::text AS signs FROM paging_watch"
    " WHERE looked_at > clock_timestamp() - CAST(:fresh AS interval) ORDER BY watch"
)
_LOOKED = text(
    "INSERT INTO paging_watch (watch, looked_at, signs)"
    " VALUES (:watch, clock_timestamp(), CAST(:signs AS jsonb))"
    " ON CONFLICT (watch) DO UPDATE"
    " SET looked_at = EXCLUDED.looked_at, signs = EXCLUDED.signs"
)
_KEEP = text(
    "INSERT INTO paging_alarm (watch, sign, channel, what, severity, value)"
    " VALUES (:watch, :sign, :channel, :what, :severity, :value)"
)
_HISTORY = text(
    "SELECT watch, sign, channel, what, severity, value, at FROM paging_alarm"
    " ORDER BY id DESC LIMIT :limit"
)


class PagingAlarm(msgspec.Struct, frozen=True):
    """A line of the record: when a sign began to count, or ceased to."""

    watch: str
    sign: str
    channel: str | None
    what: str
    severity: str
    value: float
    at: datetime


async def vitals(session: AsyncSession) -> PagingVitals:
    """One look at the whole installation; identities never leave the database."""
    return msgspec.json.decode((await session.execute(_VITALS)).scalar_one(), type=PagingVitals)


async def standings(session: AsyncSession, watch: str) -> dict[str, Standing]:
    """What this watch left behind, so that a restart neither forgets nor repeats an alarm."""
    found = (await session.execute(_MINE, {"watch": watch})).scalar_one_or_none()
    return {} if found is None else msgspec.json.decode(found, type=dict[str, Standing])


async def looked(session: AsyncSession, watch: str, signs: dict[str, Standing]) -> None:
    """Leave what was seen for the screens."""
    values = {"watch": watch, "signs": msgspec.json.encode(signs).decode()}
    await session.execute(_LOOKED, values)


async def keep(session: AsyncSession, watch: str, changes: Sequence[Change]) -> None:
    """Write down what was raised and cleared."""
    for change in changes:
        sign = change.sign
        await session.execute(
            _KEEP,
            {
                "watch": watch,
                "sign": str(sign.sign),
                "channel": sign.channel,
                "what": change.what,
                "severity": str(sign.severity),
                "value": sign.value,
            },
        )


async def watched(session: AsyncSession) -> Collection[Standing] | None:
    """What the watches that are at work see; None if none is."""
    rows = (await session.execute(_FRESH, {"fresh": FRESH})).all()
    if not rows:
        return None
    found: dict[str, Standing] = {}
    for row in rows:
        for key, sign in msgspec.json.decode(row.signs, type=dict[str, Standing]).items():
            if sign.counts:
                found.setdefault(key, sign)
    return found.values()


async def history(session: AsyncSession, limit: int = 50) -> list[PagingAlarm]:
    """The newest lines of the record."""
    return [PagingAlarm(*row) for row in await session.execute(_HISTORY, {"limit": limit})]
