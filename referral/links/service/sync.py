"""What a crew's phone hands over: each entry becomes an ordinary command, or stays for review.

One request is one transaction. The case is locked first, so that two requests with the same
entries come one after the other; each entry runs in a savepoint of its own, so that one that is
refused takes nothing with it. Statuses are never merged: a step entered for a destination that no
longer holds is refused and said so, while facts (vitals, drugs, births, deaths) are recorded.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock, DeviceTime, StampedClock
from kernel.database import constraint_of
from kernel.errors import Conflict, Refusal, Unstorable
from kernel.ids import CaseId, FacilityId
from kernel.viewer import Viewer
from referral.commands import on_leg
from referral.commands.fields import Act, Input
from referral.commands.on_papers import GiveTreatment
from referral.links.commands import AskDivert, CrewEntry, DelayEntry, Near, Sync
from referral.links.errors import ChangedMeanwhile, EntryUnreadable
from referral.links.models import EntryRow, LinkRow, PositionRow
from referral.links.readmodel import EntryResult
from referral.links.repository import LinkRepository
from referral.links.rules import (
    DATA,
    Fix,
    corrected,
    estimate,
    is_prompt,
    runnable,
    trusted_offset_ms,
)
from referral.models import LegRow, ReferralRow
from referral.repository import CaseRepository
from referral.service import arrive, travel, treat, whereabouts
from referral.service.desk import at_desk
from referral.states import EN_ROUTE, Side
from registry.facilities import queries as facilities

OFFLINE = "offline"
"""The reason of every late entry that came from a phone without a network."""

Order = TypeVar("Order", bound=Input)
Command = Callable[[AsyncSession, Clock, Viewer, UUID, Any], Awaitable[CaseId]]

KINDS: dict[str, tuple[type[Act], Command]] = {
    "ready": (on_leg.Ready, travel.ready),
    "depart": (on_leg.Depart, travel.depart),
    "report": (on_leg.Report, travel.report),
    "birth": (on_leg.Birth, travel.birth),
    "deteriorate": (on_leg.Deteriorate, travel.deteriorate),
    "halt": (on_leg.Halt, travel.halt),
    "resume": (on_leg.Resume, travel.resume),
    "delay": (DelayEntry, whereabouts.delay),
    "divert": (on_leg.Divert, travel.divert),
    "ask_divert": (AskDivert, whereabouts.ask_divert),
    "near": (Near, whereabouts.say_near),
    "die": (on_leg.DieInTransit, arrive.die_in_transit),
    "sign": (on_leg.SignHandover, arrive.sign_handover),
}
"""What a phone may enter, and the command that it becomes."""

GIVEN = "drug"
"""A drug or treatment: it belongs to the case, as those given before the journey do."""

BOUND = frozenset({"ready", "depart", "halt", "resume", "delay", "near", "sign"})
"""Steps that mean the destination which the page showed; facts about her mean none."""


@dataclass(frozen=True, slots=True)
class Handed:
    """What became of a request."""

    results: list[EntryResult]
    positions: int


async def sync(session: AsyncSession, clock: Clock, viewer: Viewer, order: Sync) -> Handed:
    """Take in entries and positions; every entry gets its final answer, once.

    Raises:
        NotFound: the viewer came by no crew link.
    """
    links = LinkRepository(session, viewer)
    link = await links.own("crew")
    await CaseRepository(session, viewer).locked(link.case_id)
    now = clock.now()
    offset_ms = trusted_offset_ms(order.now, order.offset_ms, now)
    before = {row.id: row.status for row in await _known(session, link)}
    for entry in order.entries:
        if entry.id not in before:
            session.add(_row(link, order, entry, offset_ms, now))
            before[entry.id] = "new"
    await session.flush()
    await _run(session, clock, viewer, links, link, order.device_id)
    kept = await _positions(session, clock, viewer, link, order, offset_ms)
    rows = {row.id: row for row in await _known(session, link)}
    results = [_result(rows[entry.id], before[entry.id]) for entry in order.entries]
    return Handed(results, kept)


async def _known(session: AsyncSession, link: LinkRow) -> list[EntryRow]:
    wanted = select(EntryRow).where(EntryRow.link_id == link.id)
    return list((await session.execute(wanted)).scalars())


def _row(link: LinkRow, order: Sync, entry: CrewEntry, offset_ms: int, now: datetime) -> EntryRow:
    return EntryRow(
        link_id=link.id,
        device_id=order.device_id,
        seq=entry.seq,
        id=entry.id,
        case_id=link.case_id,
        leg_id=link.leg_id,
        kind=entry.kind,
        data={
            **entry.data,
            **({"destination_id": str(entry.destination_id)} if entry.destination_id else {}),
        },
        device_at=entry.at,
        happened_at=entry.happened_at,
        offset_ms=offset_ms,
        rtt_ms=order.rtt_ms,
        received_at=now,
        status="waiting",
    )


def _result(row: EntryRow, before: str) -> EntryResult:
    return EntryResult(
        id=row.id,
        seq=row.seq,
        status=row.status,  # type: ignore[arg-type]
        already=before in ("applied", "refused"),
        code=row.code,
        fields=row.fields,
    )


async def _run(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    links: LinkRepository,
    link: LinkRow,
    device_id: UUID,
) -> None:
    """Carry out what can be carried out, in the phone's own order."""
    rows = {row.seq: row for row in await links.entries(link.id, device_id)}
    waiting = [seq for seq, row in rows.items() if row.status == "waiting"]
    settled = 0
    while settled + 1 in rows and rows[settled + 1].status != "waiting":
        settled += 1
    for seq in runnable(settled, waiting):
        row = rows[seq]
        try:
            async with session.begin_nested():
                await _carry_out(session, clock, viewer, row)
        except Refusal as refusal:
            row.status, row.code = "refused", refusal.code
            row.fields = msgspec.to_builtins(refusal.fields, str_keys=True)
        except DBAPIError as error:
            row.status, row.code, row.fields = "refused", _refusal_of(error).code, {}
        else:
            row.status = "applied"
        row.settled_at = clock.now()
        await session.flush()


def _refusal_of(error: DBAPIError) -> Refusal:
    """A value or a rule that the tables refuse is the entry's; anything else is ours."""
    state = str(getattr(error.orig, "sqlstate", "") or "")
    if state.startswith("22"):
        return Unstorable()
    if state.startswith("23"):
        return Conflict(constraint=constraint_of(error))
    raise error


async def _carry_out(session: AsyncSession, clock: Clock, viewer: Viewer, row: EntryRow) -> None:
    if row.kind != GIVEN and row.kind not in KINDS:
        raise EntryUnreadable(reason=row.kind)
    data = dict(row.data)
    seen = data.pop("destination_id", None)
    if row.kind in BOUND and seen is not None:
        await _check_destination(session, row.leg_id, UUID(str(seen)))
    now = clock.now()
    at = corrected(row.happened_at or row.device_at, row.offset_ms, now)
    late = not is_prompt(at, now)
    moment = at.isoformat() if late else None
    data["late_reason"] = OFFLINE if late else None
    stamped = StampedClock(clock, DeviceTime(row.device_at, row.offset_ms, row.rtt_ms))
    if row.kind == GIVEN:
        given = _read(GiveTreatment, data | {"given_at": moment})
        await treat.give(session, stamped, viewer, row.case_id, given)
        return
    order_type, command = KINDS[row.kind]
    wanted = select(ReferralRow.version).where(ReferralRow.id == row.case_id)
    data |= {"event_at": moment, "version": await session.scalar(wanted)}
    await command(session, stamped, viewer, row.leg_id, _read(order_type, data))


def _read(order_type: type[Order], data: dict[str, Any]) -> Order:
    try:
        return msgspec.convert(data, order_type)
    except (msgspec.ValidationError, ValueError) as error:
        raise EntryUnreadable(reason=_field_of(error)) from error


def _field_of(error: Exception) -> str:
    """The place of the mistake; never what was typed there."""
    said = str(error)
    return said.partition(" - at ")[2] or said.partition("`")[2].partition("`")[0] or "data"


async def _check_destination(session: AsyncSession, leg_id: UUID, seen: UUID) -> None:
    now = await session.scalar(select(LegRow.destination_id).where(LegRow.id == leg_id))
    if now is not None and now != seen:
        place = await facilities.get(session, FacilityId(now))
        raise ChangedMeanwhile(facility=place.short_name)


async def _positions(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    link: LinkRow,
    order: Sync,
    offset_ms: int,
) -> int:
    """Keep positions of the journey itself, and say what they suggest."""
    journey = await session.get_one(LegRow, link.leg_id, populate_existing=True)
    if journey.state not in EN_ROUTE or not order.positions:
        return 0
    still = Act(version=0)
    at = at_desk(session, clock, viewer, link.case_id, still, check_version=False, bump=False)
    async with at as desk:
        leg = desk.leg(link.leg_id)  # type: ignore[arg-type]  # a crew link has a leg
        now = clock.now()
        values = [
            {
                "leg_id": leg.id,
                "link_id": link.id,
                "at": corrected(fix.at, offset_ms, now),
                "case_id": link.case_id,
                "recv_at": now,
                "latitude": fix.latitude,
                "longitude": fix.longitude,
                "accuracy_m": fix.accuracy_m,
            }
            for fix in order.positions
        ]
        added = insert(PositionRow).values(values).on_conflict_do_nothing()
        await session.execute(added)
        latitude, longitude = await facilities.place_of(session, FacilityId(leg.destination_id))
        if latitude is None or longitude is None:
            return len(values)
        window = timedelta(seconds=DATA.position.window_s)
        rows = await LinkRepository(session, viewer).positions(leg.id, since=now - 2 * window)
        fixes = [Fix(row.at, (row.latitude, row.longitude)) for row in rows]
        found = estimate(fixes, (latitude, longitude))
        if found is not None:
            leg.estimated_eta, leg.estimated_at = found.eta, fixes[0].at
            if found.near and leg.near_at is None:
                await whereabouts.mark_near(desk, leg, Side.CREW, auto=True)
    return len(values)
