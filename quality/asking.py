"""Statements of one transaction: the next is asked already while the answer before is looked at."""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

Question: TypeAlias = tuple[str, Mapping[str, Any]]
"""A statement and its parameters."""

Answer: TypeAlias = Sequence[Row[Any]]


async def answers(
    session: AsyncSession, questions: Iterable[Question]
) -> AsyncGenerator[Answer, None]:
    """The rows of each, in turn. Ask nothing else of the session before the end.

    A connection carries one statement at a time, and a page asks dozens: so the database works on
    one while we add up what the one before has told, instead of waiting for each other.
    """
    coming: asyncio.Task[Answer] | None = None
    try:
        for one in questions:
            told = None if coming is None else await coming
            coming = asyncio.create_task(_rows(session, *one))
            await asyncio.sleep(0)  # it is sent
            if told is not None:
                yield told
        if coming is not None:
            yield await coming
    finally:
        # Whoever has stopped listening gives the connection back: nothing may be under way on it.
        if coming is not None and not coming.done():
            await asyncio.wait([coming])


async def _rows(session: AsyncSession, query: str, values: Mapping[str, Any]) -> Answer:
    return (await session.execute(text(query), values)).all()
