"""`yunshang risk-table`: which table a region grades by."""

import asyncio
from datetime import date

from kernel.database import Database
from kernel.errors import Refusal
from kernel.viewer import Viewer
from registry.risk.choosing import choose
from server.problems import CATALOGUE
from server.settings import CannotGoOn


def choose_table(url: str, region: str, table: str, since: date) -> None:
    """Grade by `table` in `region` from `since` on.

    Raises:
        CannotGoOn: no such region, no such table, or a later choice stands.
    """
    try:
        asyncio.run(_choose(url, region, table, since))
    except Refusal as refusal:
        said = " / ".join(one.detail for one in CATALOGUE.say(refusal.code, refusal.fields))
        raise CannotGoOn(said) from refusal


async def _choose(url: str, region: str, table: str, since: date) -> None:
    database = Database(url, name="risk-table", pool_size=1)
    try:
        async with database.session(Viewer.system("risk-table")) as session:
            await choose(session, region, table, since)
    finally:
        await database.close()
