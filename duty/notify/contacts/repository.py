"""SQL of points, wishes and the messages that prove a point."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.notify.contacts.checks import Proof
from duty.notify.states import MESSAGE
from kernel import outbox
from kernel.ids import FacilityId, PersonId, new_id

WAKE_CHANNEL = "yunshang_contact"
"""NOTIFY channel of whoever sends codes and tests."""

_COLUMNS = (
    "c.id, c.person_id, c.facility_id, c.channel, c.label, c.hint, c.rank, c.landline,"
    " c.created_at, c.verified_at, c.last_test_at, c.last_ok_at"
)
_ADD = text(
    "INSERT INTO contact_point (id, channel, person_id, label, address_sealed, address_index,"
    "  hint, rank, landline, created_by, created_at)"
    " SELECT :id, :channel, :person_id, :label, :address, :index, :hint,"
    "  least(99, 1 + coalesce((SELECT max(rank) FROM contact_point"
    "    WHERE person_id = :person_id AND channel = :channel AND disabled_at IS NULL), 0)),"
    "  :landline, :by, :at"
    " ON CONFLICT (person_id, channel, address_index)"
    "  WHERE disabled_at IS NULL AND person_id IS NOT NULL DO NOTHING"
    " RETURNING id"
)
_GET = text(
    f"SELECT {_COLUMNS} FROM contact_point c"  # noqa: S608
    " WHERE c.id = :id AND c.disabled_at IS NULL AND c.person_id IS NOT NULL"
    "  AND c.channel <> 'webhook'"
)
_OF = text(
    f"SELECT {_COLUMNS} FROM contact_point c"  # noqa: S608
    " WHERE c.person_id = ANY(:people) AND c.disabled_at IS NULL AND c.channel <> 'webhook'"
    " ORDER BY c.person_id, c.channel, c.rank, c.id"
)
_LATEST = text(
    "SELECT DISTINCT ON (contact_point_id) contact_point_id, id, purpose, state, expires_at,"
    "  created_at"
    " FROM contact_message WHERE contact_point_id = ANY(:points)"
    " ORDER BY contact_point_id, created_at DESC, id DESC"
)
_REMOVE = text(
    "UPDATE contact_point SET disabled_at = :at, disabled_reason = 'removed'"
    " WHERE id = :id AND disabled_at IS NULL"
)
_RANK = text(
    "UPDATE contact_point c SET rank = n.rank"
    "  FROM unnest(CAST(:ids AS uuid[]), CAST(:ranks AS int[])) AS n (id, rank)"
    " WHERE c.id = n.id AND c.person_id = :person_id AND c.disabled_at IS NULL"
)
_PROVE = text("UPDATE contact_point SET verified_at = coalesce(verified_at, :at) WHERE id = :id")
_TESTED = text("UPDATE contact_point SET last_test_at = :at WHERE id = :id")
_MESSAGE = text(
    "INSERT INTO contact_message (id, contact_point_id, purpose, due_key, state, available_at,"
    "  expires_at, created_by, created_at)"
    " VALUES (:id, :point_id, :purpose, :due_key, :state, clock_timestamp(), :expires_at, :by, :at)"
    " ON CONFLICT (contact_point_id, due_key) DO NOTHING RETURNING id"
)
_CODES = text(
    "SELECT count(*) AS sent, max(created_at) AS latest FROM contact_message"
    " WHERE contact_point_id = :point_id AND purpose = 'verify' AND created_at > :since"
)
_GUESS = text(
    "UPDATE contact_message SET guesses = guesses + 1"
    " WHERE id = (SELECT id FROM contact_message WHERE contact_point_id = :point_id"
    "              AND purpose = 'verify' ORDER BY created_at DESC, id DESC LIMIT 1)"
    "  AND guesses < :guesses AND expires_at > :at"
    " RETURNING id, guesses"
)
_HEARD = text(
    "UPDATE contact_message SET state = 'delivered', settled_at = :at"
    " WHERE id = (SELECT id FROM contact_message WHERE contact_point_id = :point_id"
    "              AND purpose = :purpose AND state IN ('sent', 'sending', 'in_doubt')"
    "              ORDER BY created_at DESC LIMIT 1)"
    "  AND state = 'sent' RETURNING id"
)
_WISH = text(
    "INSERT INTO notify_rule (id, person_id, channel, delay_s, off, quiet_from, quiet_to,"
    "  recorded_by, recorded_at)"
    " VALUES (:id, :person_id, :channel, :delay_s, :off, :quiet_from, :quiet_to, :by, :at)"
)
_WISHES = text(
    "SELECT DISTINCT ON (channel) channel, delay_s, off, quiet_from, quiet_to FROM notify_rule"
    " WHERE person_id = :person_id ORDER BY channel, recorded_at DESC, id DESC"
)
_ROSTERED = text(
    "SELECT DISTINCT h.person_id FROM shift h JOIN slot s ON s.id = h.slot_id"
    " JOIN expert_group g ON g.id = s.group_id"
    " WHERE g.facility_id = ANY(:facilities) AND h.status = 'active' AND upper(h.during) > :at"
)


@dataclass(frozen=True, slots=True)
class PointRow:
    """A point as it stands; where it leads is not among it."""

    id: UUID
    person_id: PersonId
    facility_id: FacilityId | None
    channel: str
    label: str
    hint: str
    rank: int
    landline: bool
    created_at: datetime
    verified_at: datetime | None
    last_test_at: datetime | None
    last_ok_at: datetime | None

    @property
    def proof(self) -> Proof:
        """What is known of its working."""
        return Proof(self.created_at, self.verified_at, self.last_ok_at)


@dataclass(frozen=True, slots=True)
class LatestMessage:
    """The last code or test that was sent to a point."""

    id: UUID
    purpose: str
    state: str
    expires_at: datetime
    created_at: datetime


@dataclass(frozen=True, slots=True)
class NewPoint:
    """A point about to be written."""

    person_id: PersonId
    channel: str
    label: str
    address_sealed: bytes
    address_index: bytes
    hint: str
    landline: bool


async def add(
    session: AsyncSession, wanted: NewPoint, by: PersonId, at: datetime, id_: UUID | None = None
) -> UUID | None:
    """Write a point, last in its channel; None if the person has it already."""
    found = await session.execute(
        _ADD,
        {
            "id": id_ or new_id(),
            "channel": wanted.channel,
            "person_id": wanted.person_id,
            "label": wanted.label,
            "address": wanted.address_sealed,
            "index": wanted.address_index,
            "hint": wanted.hint,
            "landline": wanted.landline,
            "by": by,
            "at": at,
        },
    )
    row = found.one_or_none()
    return None if row is None else UUID(str(row.id))


async def get(session: AsyncSession, point_id: UUID) -> PointRow | None:
    """A person's point in use, if this session may see it."""
    row = (await session.execute(_GET, {"id": point_id})).one_or_none()
    return None if row is None else PointRow(*row)


async def of_people(session: AsyncSession, people: Collection[PersonId]) -> list[PointRow]:
    """Their points in use, by channel and rank."""
    rows = await session.execute(_OF, {"people": list(people)})
    return [PointRow(*row) for row in rows]


async def latest(session: AsyncSession, points: Collection[UUID]) -> dict[UUID, LatestMessage]:
    """The last code or test of each point that had one."""
    rows = await session.execute(_LATEST, {"points": list(points)})
    return {
        row.contact_point_id: LatestMessage(
            row.id, row.purpose, row.state, row.expires_at, row.created_at
        )
        for row in rows
    }


async def remove(session: AsyncSession, point_id: UUID, at: datetime) -> None:
    """Ring it no more."""
    await session.execute(_REMOVE, {"id": point_id, "at": at})


async def reorder(session: AsyncSession, person_id: PersonId, ids: Collection[UUID]) -> None:
    """The order in which a person's points of one channel ring."""
    values = {"ids": list(ids), "ranks": list(range(1, len(ids) + 1)), "person_id": person_id}
    await session.execute(_RANK, values)


async def prove(session: AsyncSession, point_id: UUID, at: datetime) -> None:
    """The point is its person's."""
    await session.execute(_PROVE, {"id": point_id, "at": at})


async def queue_message(
    session: AsyncSession,
    point_id: UUID,
    purpose: str,
    *,
    by: PersonId,
    at: datetime,
    lives: timedelta,
    due_key: str | None = None,
) -> UUID | None:
    """Queue a code or a test; None if this month's test was queued before."""
    found = await session.execute(
        _MESSAGE,
        {
            "id": new_id(),
            "point_id": point_id,
            "purpose": purpose,
            "due_key": due_key,
            "state": str(MESSAGE.initial),
            "expires_at": at + lives,
            "by": by,
            "at": at,
        },
    )
    row = found.one_or_none()
    if row is None:
        return None
    if purpose == "test":
        await session.execute(_TESTED, {"id": point_id, "at": at})
    await outbox.notify(session, WAKE_CHANNEL)
    return UUID(str(row.id))


async def codes_since(
    session: AsyncSession, point_id: UUID, since: datetime
) -> tuple[int, datetime | None]:
    """How many codes were sent to the point since then, and when the last one."""
    row = (await session.execute(_CODES, {"point_id": point_id, "since": since})).one()
    return row.sent, row.latest


async def guess(
    session: AsyncSession, point_id: UUID, at: datetime, guesses: int
) -> tuple[UUID, int] | None:
    """Count one guess at the point's last code: its message and how many were made; None if no
    code waits for one."""
    found = await session.execute(_GUESS, {"point_id": point_id, "at": at, "guesses": guesses})
    row = found.one_or_none()
    return None if row is None else (row.id, row.guesses)


async def heard(session: AsyncSession, point_id: UUID, purpose: str, at: datetime) -> bool:
    """Somebody says that the last code or test arrived; True if one was on its way."""
    values = {"point_id": point_id, "purpose": purpose, "at": at}
    return (await session.execute(_HEARD, values)).one_or_none() is not None


async def wish(
    session: AsyncSession,
    person_id: PersonId,
    channel: str,
    *,
    delay_s: int | None,
    off: bool,
    quiet: tuple[time, time] | None,
    by: PersonId,
    at: datetime,
) -> None:
    """Record what a person wishes of a channel; the newest counts, the older ones stay."""
    await session.execute(
        _WISH,
        {
            "id": new_id(),
            "person_id": person_id,
            "channel": channel,
            "delay_s": delay_s,
            "off": off,
            "quiet_from": quiet[0] if quiet else None,
            "quiet_to": quiet[1] if quiet else None,
            "by": by,
            "at": at,
        },
    )


async def wishes(
    session: AsyncSession, person_id: PersonId
) -> dict[str, tuple[int | None, bool, time | None, time | None]]:
    """By channel: delay, off, quiet from and to."""
    rows = await session.execute(_WISHES, {"person_id": person_id})
    return {row.channel: (row.delay_s, row.off, row.quiet_from, row.quiet_to) for row in rows}


async def rostered(
    session: AsyncSession, facilities: Collection[FacilityId], at: datetime
) -> set[PersonId]:
    """Who is or will be on call at these houses."""
    rows = await session.execute(_ROSTERED, {"facilities": list(facilities), "at": at})
    return {PersonId(row.person_id) for row in rows}
