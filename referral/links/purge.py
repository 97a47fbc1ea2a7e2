"""Where she was is forgotten when nobody needs it any more; that she travelled is not."""

from datetime import timedelta

from kernel.clock import Clock
from kernel.database import Database
from kernel.viewer import Viewer
from referral.links.repository import purge_positions
from referral.links.rules import DATA


async def forget_positions(database: Database, clock: Clock) -> bool:
    """Delete positions older than the rule says; never more than once per round."""
    async with database.session(Viewer.system("engine")) as session:
        await purge_positions(session, clock.now() - timedelta(days=DATA.position.keep_days))
    return False
