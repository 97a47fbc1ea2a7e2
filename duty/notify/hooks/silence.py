"""Messages that were taken over and never confirmed end: what nobody confirms did not arrive.

Where a channel never confirms, an answer of its person is the receipt. The page itself goes on by
its own ladder and waits for none of this.
"""

from collections.abc import Mapping
from datetime import timedelta

import structlog
from sqlalchemy import text

from duty.notify.providers.limits import Limits
from duty.notify.states import MESSAGE, MessageAction, MessageState
from kernel.database import Database
from kernel.errors import Unavailable
from kernel.viewer import Viewer

log = structlog.get_logger()

BATCH = 200

_END = text(
    """
    WITH silent AS (
      SELECT m.id, (NOT w.confirms OR m.channel = 'in_app')
               AND t.state IN ('seen', 'acknowledged', 'declined') AS heard
        FROM unnest(CAST(:channels AS text[]), CAST(:within AS interval[]),
                    CAST(:confirms AS boolean[])) AS w (channel, within, confirms)
        JOIN page_message m ON m.channel = w.channel AND m.state = :sent
         AND m.settled_at < clock_timestamp() - w.within
        JOIN page_target t USING (page_id, step, person_id)
        JOIN escalation l USING (page_id)
       WHERE m.channel <> 'in_app' OR l.state NOT IN ('running', 'exhausted')
       LIMIT :batch FOR UPDATE OF m SKIP LOCKED
    )
    UPDATE page_message m
       SET state = CASE WHEN s.heard THEN :delivered ELSE :unreachable END,
           error = CASE WHEN s.heard THEN m.error ELSE 'no_receipt' END,
           settled_at = clock_timestamp()
      FROM silent s WHERE m.id = s.id
    RETURNING m.channel
    """
)


class Silence:
    """Ends what nobody confirmed."""

    def __init__(self, database: Database, limits: Mapping[str, Limits]) -> None:
        self._database = database
        self._limits = limits
        self._viewer = Viewer.system("silence")

    async def run_once(self) -> bool:
        """End one batch. True if there may be more."""
        sent = MessageState.SENT
        values = {
            "channels": list(self._limits),
            "within": [timedelta(seconds=one.receipt_within_s) for one in self._limits.values()],
            "confirms": [one.confirms for one in self._limits.values()],
            "sent": str(sent),
            "delivered": str(MESSAGE.edge(sent, MessageAction.CONFIRM).to),
            "unreachable": str(MESSAGE.edge(sent, MessageAction.GIVE_UP).to),
            "batch": BATCH,
        }
        try:
            async with self._database.session(self._viewer) as session:
                ended = len((await session.execute(_END, values)).all())
        except Unavailable:
            log.warning("silence.database_unavailable")
            return False
        if ended:
            log.info("messages.unconfirmed", count=ended)
        return ended == BATCH
