"""`yunshang outbox`: effects that were given up, and what shall become of them."""

import asyncio
import getpass
import json
from collections.abc import Awaitable, Callable, Collection
from typing import TypeVar
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from kernel import given_up
from kernel.database import Database
from kernel.errors import Refusal
from kernel.given_up import Decision
from kernel.viewer import Viewer
from server.problems import CATALOGUE
from server.settings import CannotGoOn

_T = TypeVar("_T")
Say = Callable[[str], None]


def show(url: str, topic: str | None, say: Say, *, as_json: bool = False) -> None:
    """List what was given up: ids, topics and times; nobody's data."""
    found = _with(url, lambda session: given_up.rows(session, topic))
    if as_json:
        say(json.dumps(msgspec.to_builtins(found), ensure_ascii=False))
        return
    for one in found:
        since = one.dead_at.isoformat(timespec="seconds")
        say(f"{one.id}  {since}  {one.topic}  {one.attempts} × {one.last_error or '–'}")
    say(f"{len(found)} given up")


def history(url: str, say: Say) -> None:
    """What was decided before, by whom and why."""
    for one in _with(url, given_up.decisions):
        at = one.at.isoformat(timespec="seconds")
        say(f"{at}  {one.what}  {one.outbox_id}  {one.topic}  {one.operator}: {one.reason}")


def decide(
    url: str, what: Decision, ids: Collection[UUID], topic: str | None, reason: str, say: Say
) -> None:
    """Decide about the rows named, or about all of one topic.

    Raises:
        CannotGoOn: neither rows nor a topic, no reason, or a row that was not given up.
    """
    if bool(ids) == bool(topic):
        raise CannotGoOn("name the rows' ids, or --topic, not both")

    async def all_of(session: AsyncSession) -> int:
        chosen = ids or [one.id for one in await given_up.rows(session, topic)]
        return await given_up.decide(
            session, chosen, what, operator=getpass.getuser(), reason=reason
        )

    say(f"{_with(url, all_of)} {what.replace('_', ' ')}")


def _with(url: str, do: Callable[[AsyncSession], Awaitable[_T]]) -> _T:
    """Do one thing in one transaction; a refusal is one line in both languages."""

    async def run() -> _T:
        database = Database(url, name="outbox", pool_size=1)
        try:
            async with database.session(Viewer.system("outbox")) as session:
                return await do(session)
        finally:
            await database.close()

    try:
        return asyncio.run(run())
    except Refusal as refusal:
        said = " / ".join(one.detail for one in CATALOGUE.say(refusal.code, refusal.fields))
        raise CannotGoOn(said) from refusal
