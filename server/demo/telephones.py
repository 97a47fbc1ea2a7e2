"""Telephones of the synthetic region: whom a page can reach outside the browser."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.notify.contacts.addresses import hint
from duty.notify.posting import ADDRESS_FIELD
from kernel.clock import Clock
from kernel.ids import PersonId, new_id
from kernel.sealing import Sealer
from server.demo.places import Seeded
from server.demo.region import people

CHANNELS = ("voice", "sms")

_ADD = text(
    "INSERT INTO contact_point (id, channel, person_id, label, address_sealed, address_index, hint,"
    "  created_by, created_at, verified_at, last_test_at, last_ok_at)"
    " VALUES (:id, :channel, :person, :label, :address, :index, :hint, :person, :at, :at, :at, :at)"
)


async def seed_telephones(
    session: AsyncSession, clock: Clock, sealer: Sealer, seeded: Seeded
) -> None:
    """Everybody who may be on call has a number that takes calls and messages, proved today."""
    at = clock.now()
    rows = [
        _row(sealer, channel, seeded.people[person.login], person.phone) | {"at": at}
        for person in people()
        if person.post.title
        for channel in CHANNELS
    ]
    await session.execute(_ADD, rows)


def _row(sealer: Sealer, channel: str, person: PersonId, phone: str) -> dict[str, object]:
    return {
        "id": new_id(),
        "channel": channel,
        "person": person,
        "label": "值班手机",
        "address": sealer.seal(phone, ADDRESS_FIELD),
        "index": sealer.blind_index(phone, f"{ADDRESS_FIELD}/{channel}"),
        "hint": hint(channel, phone),
    }
