"""Webhooks and robots of group chats: points that an administrator registers and answers for."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.notify.channels.chat import bare_key
from duty.notify.channels.guarded import EndpointRules
from duty.notify.contacts.service import try_out
from duty.notify.errors import EndpointRefused
from duty.notify.posting import ADDRESS_FIELD, SECRET_FIELD
from duty.notify.schemas import EndpointIn, EndpointOut
from kernel.clock import Clock
from kernel.errors import NotFound
from kernel.ids import new_id
from kernel.sealing import Sealer
from kernel.viewer import Viewer

ROBOT_KEYS: Mapping[str, str] = {"wecom_robot": "key", "dingtalk_robot": "access_token"}
"""What a robot's key is called in the address that its chat shows."""

SECRET_CHARACTERS = 16
"""A webhook's receiver can tell who sent it by nothing else."""

_REGISTER = text(
    "INSERT INTO contact_point (id, channel, person_id, facility_id, label, address_sealed,"
    "  address_index, secret_sealed, created_by, created_at, verified_at)"
    " VALUES (:id, :channel, :person_id, :facility_id, :label, :url, :index, :secret, :by,"
    "  :at, :at) ON CONFLICT DO NOTHING RETURNING id"
)
_FOUND = text(
    "SELECT e.id, e.channel, e.label, e.person_id, e.facility_id, e.created_at, e.disabled_at,"
    "  coalesce(f.short_name, p.name) AS owner, e.last_ok_at, e.last_test_at, m.state, m.error"
    "  FROM contact_point e"
    "  LEFT JOIN facility f ON f.id = e.facility_id LEFT JOIN person p ON p.id = e.person_id"
    "  LEFT JOIN LATERAL (SELECT state, error FROM contact_message"
    "    WHERE contact_point_id = e.id AND purpose = 'test'"
    "    ORDER BY created_at DESC, id DESC LIMIT 1) m ON true"
    " WHERE e.channel IN ('webhook', 'wecom_robot', 'dingtalk_robot')"
    "   AND (CAST(:id AS uuid) IS NULL OR e.id = :id)"
    " ORDER BY e.disabled_at IS NOT NULL, e.created_at, e.id"
)
_DISABLE = text(
    "UPDATE contact_point SET disabled_at = :at, disabled_reason = 'removed'"
    " WHERE id = :id AND channel IN ('webhook', 'wecom_robot', 'dingtalk_robot')"
    "  AND disabled_at IS NULL RETURNING id"
)


async def register(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    wanted: EndpointIn,
    rules: EndpointRules | None = None,
) -> EndpointOut:
    """Register a webhook or a robot; address and secret are sealed and never shown again.

    Of a robot's address only the key is kept: where it is posted to stands in the contract.

    Raises:
        EndpointRefused: the address or the secret is not acceptable, or it belongs to nobody or to
            two, a robot to a person, or a robot that the house has already.
    """
    address = _address(wanted)
    objection = _objection(wanted, address, rules or EndpointRules())
    if address is None or objection is not None:
        raise EndpointRefused(reason=objection)
    id_, at = new_id(), clock.now()
    # A webhook has none: two receivers may share an address.
    mark = f"{ADDRESS_FIELD}/{wanted.channel}" if wanted.channel in ROBOT_KEYS else None
    made = await session.execute(
        _REGISTER,
        {
            "id": id_,
            "channel": wanted.channel,
            "person_id": wanted.person_id,
            "facility_id": wanted.facility_id,
            "label": wanted.label,
            "url": sealer.seal(address, ADDRESS_FIELD),
            "index": None if mark is None else sealer.blind_index(address, mark),
            "secret": sealer.seal(wanted.secret, SECRET_FIELD) if wanted.secret else None,
            "by": viewer.person_id,
            "at": at,
        },
    )
    if made.one_or_none() is None:
        raise EndpointRefused(reason="known")
    (found,) = await registered(session, id_)
    return found


def _address(wanted: EndpointIn) -> str | None:
    name = ROBOT_KEYS.get(wanted.channel)
    return wanted.url if name is None else bare_key(wanted.url, name)


def _objection(wanted: EndpointIn, address: str | None, rules: EndpointRules) -> str | None:
    """Why it cannot be registered, as a code."""
    if wanted.channel in ROBOT_KEYS:
        alone = wanted.person_id is None and wanted.facility_id is not None
        return "robot_key" if address is None else None if alone else "robot_owner"
    if (found := rules.objection(wanted.url)) is not None:
        return found
    if len(wanted.secret) < SECRET_CHARACTERS:
        return "secret"
    return "owner" if (wanted.person_id is None) == (wanted.facility_id is None) else None


async def registered(session: AsyncSession, endpoint_id: UUID | None = None) -> list[EndpointOut]:
    """All endpoints or one, those in use first."""
    rows = await session.execute(_FOUND, {"id": endpoint_id})
    return [EndpointOut(*row) for row in rows]


async def test(
    session: AsyncSession, clock: Clock, viewer: Viewer, endpoint_id: UUID
) -> EndpointOut:
    """Send a test there, marked as one; how it went is told by the next look.

    Raises:
        NotFound: no such endpoint in use.
        TooSoonToTest: the last test was sent a moment ago.
    """
    found = await registered(session, endpoint_id)
    if not found or found[0].disabled_at is not None:
        raise NotFound()
    await try_out(session, clock, viewer, endpoint_id, found[0].tested_at)
    (tested,) = await registered(session, endpoint_id)
    return tested


async def disable(session: AsyncSession, clock: Clock, endpoint_id: UUID) -> None:
    """Send nothing there any more; messages waiting for it become unreachable.

    Raises:
        NotFound: no such endpoint in use.
    """
    found = await session.execute(_DISABLE, {"id": endpoint_id, "at": clock.now()})
    if found.one_or_none() is None:
        raise NotFound()
