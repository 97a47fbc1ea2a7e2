"""Statements are answered in turn, the next being asked already; who stops early leaves none."""

from contextlib import aclosing

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from kernel.viewer import Viewer
from quality.asking import answers
from tests.fixtures.database import Clone

ASKER = Viewer.system("test")


async def test_answers_come_in_turn(database: Clone) -> None:
    asked = [("SELECT CAST(:n AS int)", {"n": n}) for n in range(5)]
    async with database.system.session(ASKER) as session:
        told = [rows[0][0] async for rows in answers(session, asked)]
        assert told == [0, 1, 2, 3, 4]
        assert [rows async for rows in answers(session, [])] == []


async def test_who_stops_early_has_the_session_back(database: Clone) -> None:
    asked = [("SELECT 1", {}), ("SELECT pg_sleep(0.2)", {}), ("SELECT 3", {})]
    async with database.system.session(ASKER) as session:
        with pytest.raises(ZeroDivisionError):
            async with aclosing(answers(session, asked)) as told:
                await anext(told)
                _ = 1 / 0
        assert (await session.execute(text("SELECT 4"))).scalar_one() == 4


async def test_a_statement_that_fails_is_told_in_its_turn(database: Clone) -> None:
    asked = [("SELECT 1", {}), ("SELECT 1 / 0", {}), ("SELECT 3", {})]
    async with database.system.session(ASKER) as session:
        async with aclosing(answers(session, asked)) as told:
            assert (await anext(told))[0][0] == 1
            with pytest.raises(DBAPIError, match="division by zero"):
                await anext(told)
        await session.rollback()
