"""Reads of rosters for screens. All go through `on_call`, like the page itself."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from duty.rosters import presence, repository
from duty.rosters.oncall import OnCall, on_call
from duty.rosters.presence import Presence
from duty.rosters.repository import SlotRow
from duty.rosters.schemas import (
    DutyGroup,
    DutyPerson,
    DutyReach,
    DutySlot,
    DutyToday,
    OnDuty,
    PhoneEntry,
    PhoneList,
)
from kernel.clock import Clock
from kernel.errors import NotFound
from kernel.ids import FacilityId, PersonId
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from registry.facilities import queries as facilities
from registry.people import queries as people
from registry.people.schemas import PersonRef

ABSENT = Presence(online=False, signed_on=False, last_seen_at=None)


async def today(
    session: AsyncSession, sealer: Sealer, facility_id: FacilityId, at: datetime
) -> list[DutyToday]:
    """Every group of the facility and who fills its places at `at`; gaps included."""
    rows, answers = await _answers(session, facility_id, at)
    ids = {answer.person_id for answer in answers if answer.person_id is not None}
    known = await people.get_many(session, ids)
    phones = await people.phones(session, sealer, ids)
    reach = await presence.reach(session, ids)
    groups: dict[str, DutyToday] = {}
    for row, answer in zip(rows, answers, strict=True):
        group = groups.setdefault(
            row.group_code,
            DutyToday(DutyGroup(row.slot.group_id, row.group_code, row.group_name), []),
        )
        group.slots.append(_slot(answer, known, phones, reach))
    return list(groups.values())


async def phone_list(
    session: AsyncSession, sealer: Sealer, facility_id: FacilityId, at: datetime
) -> PhoneList:
    """Desks first, then everybody on call with a phone: on paper, for those who may call."""
    open_ones = await facilities.facilities(session, at)
    facility = next((one for one in open_ones if one.id == facility_id), None)
    if facility is None:
        raise NotFound()
    entries = [
        PhoneEntry(contact.label, contact.phone, None, None, None, None)
        for contact in facility.contacts
    ]
    rows, answers = await _answers(session, facility_id, at)
    ids = {answer.person_id for answer in answers if answer.person_id is not None}
    known = await people.get_many(session, ids)
    phones = await people.phones(session, sealer, ids)
    for row, answer in zip(rows, answers, strict=True):
        person_id = answer.person_id
        if person_id is None or person_id not in phones or person_id not in known:
            continue
        person = known[person_id]
        entries.append(
            PhoneEntry(
                row.group_name,
                phones[person_id],
                str(answer.slot.tier),
                answer.slot.specialty,
                person.name,
                person.title,
                None if answer.shift is None else answer.shift.end,
            )
        )
    return PhoneList(facility.id, facility.name, at, entries)


async def on_duty_of(session: AsyncSession, clock: Clock, viewer: Viewer) -> list[OnDuty]:
    """The places that the viewer fills now, for their own home page."""
    found = await repository.duties(session, viewer.person_id, clock.now())
    return [OnDuty(one.group_name, str(one.tier), one.until) for one in found]


async def _answers(
    session: AsyncSession, facility_id: FacilityId, at: datetime
) -> tuple[list[SlotRow], list[OnCall]]:
    rows, shifts = await repository.standing_now(session, [facility_id], at)
    return rows, on_call(at, [row.slot for row in rows], shifts)


def _slot(
    answer: OnCall,
    known: dict[PersonId, PersonRef],
    phones: dict[PersonId, str],
    reach: dict[PersonId, Presence],
) -> DutySlot:
    shift, slot = answer.shift, answer.slot
    person = None if shift is None else known.get(shift.person_id)
    if shift is None or person is None:
        return DutySlot(slot.id, slot.specialty, slot.tier, slot.required, None, None, None, None)
    phone = phones.get(shift.person_id)
    here = reach.get(shift.person_id, ABSENT)
    return DutySlot(
        slot_id=slot.id,
        specialty=slot.specialty,
        tier=str(slot.tier),
        required=slot.required,
        person=DutyPerson(
            person.id, person.name, person.title, None if phone is None else people.masked(phone)
        ),
        shift_id=shift.id,
        until=shift.end,
        reach=DutyReach(here.online, here.signed_on, here.last_seen_at),
    )
