"""What every refusal owes its reader, and the proof that it left nothing behind."""

from string import Formatter
from typing import Any

import asyncpg
import httpx

from server.problems import CATALOGUE

INTERNALS = (
    "Traceback",
    'File "',
    "asyncpg",
    "sqlalchemy",
    "litestar",
    "msgspec",
    "<class",
    "object at 0x",
    "INSERT INTO",
    "SELECT ",
    "relation ",
    "DETAIL:",
)
"""Words that say how the server is made."""

TRAILS = frozenset({"security_event", "access_log", "login_failure"})
"""Written because of a refusal: who tried, and how often. GB/T 22239 asks for exactly that."""

Rows = dict[str, tuple[int, int]]


def is_problem(answer: httpx.Response) -> dict[str, Any]:
    """The problem in `answer`, which must be one: coded, said twice, complete, discreet."""
    assert 400 <= answer.status_code < 500, (answer.status_code, answer.text)
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    said: dict[str, Any] = answer.json()
    assert said["status"] == answer.status_code
    assert said["type"] == f"/problems/{said['code']}"
    template = CATALOGUE.messages[said["code"]]
    for language in ("zh", "en"):
        assert said[language]["title"].strip(), said
        assert said[language]["detail"].strip(), said
        for _, name, _, _ in Formatter().parse(getattr(template, f"{language}_detail")):
            assert name is None or said["fields"].get(name) not in (None, ""), (name, said)
    for word in INTERNALS:
        assert word not in answer.text, (word, answer.text)
    return said


def objection_to(answer: httpx.Response) -> str:
    """What is wrong with a refusal, or an empty string."""
    try:
        said = is_problem(answer)
    except AssertionError as error:
        return str(error)[:300]
    # A session that was lost on the way would make every other refusal meaningless.
    return "not logged in" if said["code"] == "kernel.not_authenticated" else ""


class Ledger:
    """Counts rows and their newest version in every table, as the superuser sees them."""

    def __init__(
        self, connection: asyncpg.Connection, question: asyncpg.prepared_stmt.PreparedStatement
    ) -> None:
        self._connection = connection
        self._question = question

    @classmethod
    async def open(cls, url: str) -> "Ledger":
        """Connect and learn which tables there are."""
        connection = await asyncpg.connect(url)
        tables = await connection.fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
        )
        # xmin changes with every update, so a changed row is seen as well as a new one.
        question = " UNION ALL ".join(
            f"SELECT '{name}', count(*), coalesce(max(xmin::text::bigint), 0) FROM public.{name}"
            for (name,) in tables
            if name not in TRAILS
        )
        # Planned once: the driver keeps no plan of so long a question by itself.
        return cls(connection, await connection.prepare(question))

    async def rows(self) -> Rows:
        """Table → (rows, newest transaction that wrote one)."""
        return {name: (count, newest) for name, count, newest in await self._ask()}

    async def _ask(self) -> list[asyncpg.Record]:
        return list(await self._question.fetch())

    async def close(self) -> None:
        """Leave."""
        await self._connection.close()
