"""The phone book over HTTP."""

from litestar import Router, get
from sqlalchemy.ext.asyncio import AsyncSession

from duty.phones import queries
from duty.phones.schemas import PhoneBook
from kernel.access import CALLING, OPT
from kernel.clock import Clock
from kernel.sealing import Sealer
from kernel.viewer import Viewer


@get("/duty/phone-book", opt={OPT: CALLING})
async def phone_book(
    session: AsyncSession, viewer: Viewer, clock: Clock, sealer: Sealer
) -> PhoneBook:
    """Whom to telephone: the centres of the viewer's house, those above, and the house itself."""
    return await queries.book(session, sealer, viewer.facility_id, clock.now())


router = Router("/", route_handlers=[phone_book], tags=["duty"])
