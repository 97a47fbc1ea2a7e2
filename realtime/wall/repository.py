"""What hangs on the wall, built from a viewer and under row-level security besides."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import aliased

from realtime.models import Device, Pulse, Recording
from realtime.repository import RecordingRepository, Row

STOPPED_STAYS: Final = timedelta(minutes=10)
"""A recording that was ended stays as long, so that nobody wonders where the bed went."""
SILENT_STAYS: Final = timedelta(hours=12)
"""One that fell silent without an end stays for a shift: offline is not stopped."""
OPENED_WITHIN: Final = timedelta(days=3)
"""No tracing lasts longer; keeps the search among the newest."""
MAX_STRIPS: Final = 256


class WallRepository(RecordingRepository):
    """Recordings that a wall of `viewer` shows."""

    async def shown(self, at: datetime) -> Sequence[Row]:
        """The newest recording of each monitor, if it runs, is silent or has just ended."""
        newer = aliased(Recording)
        superseded = (
            select(newer.id)
            .where(newer.device_id == Recording.device_id, newer.no > Recording.no)
            .exists()
        )
        silent_since = func.coalesce(Pulse.heard_at, Recording.opened_at)
        shown: Select[Any] = (
            self._rows()
            .where(
                Recording.opened_at > at - OPENED_WITHIN,
                or_(
                    Recording.closed_at > at - STOPPED_STAYS,
                    and_(Recording.closed_at.is_(None), silent_since > at - SILENT_STAYS),
                ),
                ~superseded,
            )
            .order_by(Recording.facility_id, Device.unit, Recording.bed, Device.serial)
            .limit(MAX_STRIPS)
        )
        rows = await self._session.execute(shown)
        return [(row[0], row[1], row[2]) for row in rows.all()]
