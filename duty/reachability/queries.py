"""Who is on call now and in the next day at the houses the viewer looks after, and who of them
could be reached. Every moment's answer is `on_call`'s; whoever is on leave then, or has left, fills
no place."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.notify.contacts.checks import Proof, standing
from duty.reachability.rules import Here, Point, gravity, marks
from duty.reachability.schemas import ReachBoard, ReachPlace
from duty.rosters import fitness
from duty.rosters import repository as rosters
from duty.rosters.coverage import present
from duty.rosters.oncall import OnCall, Shift, on_call
from duty.rosters.presence import ONLINE_FOR, SIGNED_ON_FOR
from duty.rosters.repository import SlotRow
from kernel.ids import FacilityId, PersonId, ShiftId, SlotId
from kernel.viewer import Viewer
from registry.people import queries as people

AHEAD = timedelta(hours=24)

# One's own houses and those of one's regions; who only refers also sees whom they refer to.
_HOUSES = text(
    """
    SELECT f.id, f.short_name FROM facility f
     WHERE f.closed_at IS NULL AND NOT f.outside
       AND EXISTS (SELECT 1 FROM expert_group g WHERE g.facility_id = f.id)
       AND (f.id = ANY(CAST(:own AS uuid[]))
            OR EXISTS (SELECT 1 FROM region_closure c WHERE c.descendant_id = f.region_id
                        AND c.ancestor_id = ANY(CAST(:regions AS uuid[])))
            OR EXISTS (SELECT 1 FROM facility h
                         JOIN region_closure c ON c.descendant_id = h.region_id
                         JOIN responsible_area a ON a.region_id = c.ancestor_id
                          AND a.centre_id = f.id
                          AND a.during
                              @> (CAST(:at AS timestamptz) AT TIME ZONE 'Asia/Shanghai')::date
                        WHERE h.id = ANY(CAST(:own AS uuid[]))))
     ORDER BY f.code
    """
)
_SHIFTS = text(
    """
    SELECT h.id, h.slot_id, h.person_id, lower(h.during) AS start, upper(h.during) AS "end",
           h.recorded_at, h.superseded_at
      FROM unnest(CAST(:slot_nos AS bigint[])) AS n (slot_no)
      JOIN shift h ON int8range(h.slot_no, h.slot_no, '[]') && int8range(n.slot_no, n.slot_no, '[]')
       AND h.during && tstzrange(:at, :until) AND h.status = 'active'
    """
)
_DEVICES = text(
    """
    SELECT person_id,
           count(*) FILTER (WHERE last_seen_at > clock_timestamp() - CAST(:online AS interval))
             AS devices,
           bool_or(signed_on_at IS NOT NULL AND signed_off_at IS NULL
                   AND signed_on_at > clock_timestamp() - CAST(:for AS interval)) AS signed_on
      FROM duty_presence WHERE person_id = ANY(CAST(:people AS uuid[])) GROUP BY person_id
    """
)
_PROOFS = text("SELECT * FROM reach_proofs(CAST(:people AS uuid[]))")


@dataclass(slots=True)
class _Stretch:
    """A place and who fills it, from one moment to another."""

    house: str
    row: SlotRow
    person_id: PersonId | None
    start: datetime
    end: datetime


async def board(session: AsyncSession, viewer: Viewer, at: datetime) -> ReachBoard:
    """The board of this viewer at this moment."""
    until = at + AHEAD
    own = sorted(viewer.facility_ids | {viewer.facility_id})
    values = {"own": own, "regions": sorted(viewer.region_ids), "at": at}
    stretches: list[_Stretch] = []
    for house in (await session.execute(_HOUSES, values)).all():
        rows = await rosters.slots(session, FacilityId(house.id), at)
        shifts = await _shifts(session, rows, at, until)
        stretches += _stretches(house.short_name, rows, shifts, at, until)
    ids = {one.person_id for one in stretches if one.person_id is not None}
    known = await people.get_many(session, ids)
    devices = await _devices(session, ids)
    points = await _points(session, ids)
    places = [_place(one, known, devices, points, at) for one in stretches]
    places.sort(key=lambda place: (-gravity(place[0]), place[1].start, place[1].facility))
    return ReachBoard(at, until, [place for _, place in places])


async def _shifts(
    session: AsyncSession, rows: Sequence[SlotRow], at: datetime, until: datetime
) -> list[Shift]:
    found = await session.execute(
        _SHIFTS, {"slot_nos": [row.slot_no for row in rows], "at": at, "until": until}
    )
    shifts = [
        Shift(
            ShiftId(row.id),
            SlotId(row.slot_id),
            PersonId(row.person_id),
            row.start,
            row.end,
            row.recorded_at,
            row.superseded_at,
        )
        for row in found
    ]
    absent = await fitness.absent(session, {one.person_id for one in shifts}, (at, until))
    return [
        replace(one, start=start, end=end) for one in shifts for start, end in present(one, absent)
    ]


def _stretches(
    house: str, rows: Sequence[SlotRow], shifts: Sequence[Shift], at: datetime, until: datetime
) -> Iterable[_Stretch]:
    """Ask `on_call` at every moment when something changes; join what stays the same."""
    changes = {at, until}
    for shift in shifts:
        changes |= {moment for moment in (shift.start, shift.end) if at < moment < until}
    open_ones: dict[SlotId, _Stretch] = {}
    for start, end in pairwise(sorted(changes)):
        answers: list[OnCall] = on_call(start, [row.slot for row in rows], shifts)
        for row, answer in zip(rows, answers, strict=True):
            last = open_ones.get(row.slot.id)
            if last is not None and last.person_id == answer.person_id:
                last.end = end
                continue
            if last is not None:
                yield last
            open_ones[row.slot.id] = _Stretch(house, row, answer.person_id, start, end)
    yield from open_ones.values()


async def _devices(session: AsyncSession, ids: Iterable[PersonId]) -> dict[UUID, Row[Any]]:
    values = {"people": sorted(ids), "online": ONLINE_FOR, "for": SIGNED_ON_FOR}
    return {row.person_id: row for row in await session.execute(_DEVICES, values)}


async def _points(session: AsyncSession, ids: Iterable[PersonId]) -> dict[UUID, list[Point]]:
    found: dict[UUID, list[Point]] = {}
    for row in await session.execute(_PROOFS, {"people": sorted(ids)}):
        proof = Proof(row.created_at, row.verified_at, row.last_ok_at)
        found.setdefault(row.person_id, []).append(Point(row.channel, proof))
    return found


def _place(
    one: _Stretch,
    known: dict[PersonId, Any],
    devices: dict[UUID, Row[Any]],
    points: dict[UUID, list[Point]],
    at: datetime,
) -> tuple[list[Any], ReachPlace]:
    person = None if one.person_id is None else known.get(one.person_id)
    device = None if one.person_id is None else devices.get(one.person_id)
    theirs = [] if one.person_id is None else points.get(one.person_id, [])
    here = Here(bool(device and device.signed_on), bool(device and device.devices))
    wrong = marks(
        filled=person is not None,
        required=one.row.slot.required,
        starts_in=one.start - at,
        here=here,
        points=theirs,
        at=at,
    )
    states = [(point.channel, standing(point.proof, at)) for point in theirs]
    return wrong, ReachPlace(
        facility_id=one.row.facility_id,
        facility=one.house,
        group=one.row.group_name,
        slot_id=one.row.slot.id,
        specialty=one.row.slot.specialty,
        tier=str(one.row.slot.tier),
        required=one.row.slot.required,
        person_id=one.person_id,
        person=None if person is None else person.name,
        title=None if person is None else person.title,
        start=one.start,
        end=one.end,
        now=one.start <= at,
        signed_on=here.signed_on,
        online=here.online,
        devices=device.devices if device else 0,
        channels=sorted({channel for channel, state in states if state == "ok"}),
        stale=sorted({channel for channel, state in states if state == "stale"}),
        last_ok_at=max((p.proof.last_ok_at for p in theirs if p.proof.last_ok_at), default=None),
        marks=[str(mark) for mark in wrong],
    )
