"""Webhooks: contact points that an administrator registers and answers for."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.notify.channels.guarded import EndpointRules
from duty.notify.errors import EndpointRefused
from duty.notify.posting import ADDRESS_FIELD, SECRET_FIELD
from duty.notify.schemas import EndpointIn, EndpointOut
from kernel.clock import Clock
from kernel.errors import NotFound
from kernel.ids import new_id
from kernel.sealing import Sealer
from kernel.viewer import Viewer

_REGISTER = text(
    "INSERT INTO contact_point (id, channel, person_id, facility_id, label, address_sealed,"
    "  secret_sealed, created_by, created_at, verified_at)"
    " VALUES (:id, 'webhook', :person_id, :facility_id, :label, :url, :secret, :by, :at, :at)"
)
_LIST = text(
    "SELECT id, channel, label, person_id, facility_id, created_at, disabled_at"
    " FROM contact_point WHERE channel = 'webhook' ORDER BY created_at, id"
)
_DISABLE = text(
    "UPDATE contact_point SET disabled_at = :at, disabled_reason = 'removed'"
    " WHERE id = :id AND channel = 'webhook' AND disabled_at IS NULL RETURNING id"
)


async def register(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    wanted: EndpointIn,
    rules: EndpointRules | None = None,
) -> EndpointOut:
    """Register a webhook; address and secret are sealed and never shown again.

    Raises:
        EndpointRefused: the URL is not acceptable, or it belongs to nobody or to two.
    """
    objection = (rules or EndpointRules()).objection(wanted.url)
    if objection is None and (wanted.person_id is None) == (wanted.facility_id is None):
        objection = "owner"
    if objection is not None:
        raise EndpointRefused(reason=objection)
    id_, at = new_id(), clock.now()
    await session.execute(
        _REGISTER,
        {
            "id": id_,
            "person_id": wanted.person_id,
            "facility_id": wanted.facility_id,
            "label": wanted.label,
            "url": sealer.seal(wanted.url, ADDRESS_FIELD),
            "secret": sealer.seal(wanted.secret, SECRET_FIELD),
            "by": viewer.person_id,
            "at": at,
        },
    )
    return EndpointOut(id_, "webhook", wanted.label, wanted.person_id, wanted.facility_id, at, None)


async def registered(session: AsyncSession) -> list[EndpointOut]:
    """All endpoints, disabled ones included."""
    return [EndpointOut(*row) for row in await session.execute(_LIST)]


async def disable(session: AsyncSession, clock: Clock, endpoint_id: UUID) -> None:
    """Send nothing there any more; messages waiting for it become unreachable.

    Raises:
        NotFound: no such endpoint in use.
    """
    found = await session.execute(_DISABLE, {"id": endpoint_id, "at": clock.now()})
    if found.one_or_none() is None:
        raise NotFound()
