"""Guests by a link that opens once: invited, let in, shown the room alone, asked, sent out."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from consult.rooms.errors import HostsOnly, NotAdmitted
from consult.rooms.guests import inviting, queries, service, sessions
from consult.rooms.guests.errors import GuestLinkOver
from consult.rooms.guests.rules import RULES
from consult.rooms.guests.schemas import GuestView, InviteGuest
from consult.rooms.recording import service as recordings
from consult.rooms.recording.rules import RULES as RECORDING_RULES
from consult.rooms.recording.schemas import AgreeRecording
from consult.rooms.recording.states import AnswerAction
from consult.rooms.schemas import AdmissionOut, RoomOut
from kernel.errors import BadInput, NotFound
from kernel.viewer import Viewer
from tests.consult.rooms.conftest import KEY, Door
from tests.referral.network import SEEDER

LI = InviteGuest(name="李主任", house="邻省妇产医院")
YES = AgreeRecording(beside="nobody", text_version=RECORDING_RULES.consent.version)


@dataclass(slots=True)
class Hall:
    """An open room with both sides in it, and guests before its door."""

    door: Door
    consult: UUID
    room: RoomOut

    async def invite(self, by: str = "county_doctor", who: InviteGuest = LI) -> inviting.Invited:
        """A link."""
        net, viewer = self.door.net, self.door.net.staff[by]
        async with net.clone.app.session(viewer) as session:
            return await inviting.invite(session, net.clock, viewer, self.room.id, who)

    async def open(self, token: str) -> Viewer:
        """Open it, and come as whom the cookie says."""
        net, nobody = self.door.net, Viewer.system("anonymous")
        async with net.clone.app.session(nobody) as session:
            opened = await sessions.open_link(session, net.clock, token)
        found = await self.behind(opened.secret)
        assert found is not None
        self.secret = opened.secret
        return found

    secret: str = ""

    async def behind(self, secret: str) -> Viewer | None:
        """Whoever the cookie says, now."""
        net = self.door.net
        async with net.clone.app.session(Viewer.system("anonymous")) as session:
            return await sessions.find(session, secret, net.clock.now(), demo=False)

    async def come_in(self, guest: Viewer) -> AdmissionOut:
        """Ask; one's own admission."""
        async with self.door.net.clone.app.session(guest) as session:
            await service.come_in(session, self.door.net.clock, guest)
        (mine,) = [one for one in (await self.see(guest)).room.people if one.mine]
        return mine

    async def see(self, guest: Viewer) -> GuestView:
        """What the guest is shown."""
        async with self.door.net.clone.app.session(guest) as session:
            return await queries.view(session, guest)

    async def ticket(self, guest: Viewer) -> Any:
        """A ticket."""
        async with self.door.net.clone.app.session(guest) as session:
            return await service.ticket(session, self.door.net.clock, guest, self.door.engine)

    async def answer(self, guest: Viewer, action: str) -> None:
        """Say it for oneself."""
        agreement = YES if action == "agree" else None
        async with self.door.net.clone.app.session(guest) as session:
            await service.answer(
                session, self.door.net.clock, guest, self.door.engine, AnswerAction(action),
                agreement,
            )  # fmt: skip

    async def revoke(self, guest_id: UUID, by: str = "county_doctor") -> None:
        """Take the link back."""
        net, viewer = self.door.net, self.door.net.staff[by]
        async with net.clone.app.session(viewer) as session:
            await inviting.revoke(
                session, net.clock, viewer, self.door.engine, self.room.id, guest_id
            )

    async def host_sees(self) -> RoomOut:
        """The room as the asking house sees it."""
        return await self.door.room(self.consult)


@pytest.fixture
async def hall(door: Door) -> Hall:
    """A room with the doctor and the expert let in."""
    consult = await door.accepted()
    room = await door.open(consult)
    for who in ("county_doctor", "city_expert"):
        await door.enter(who, room)
    return Hall(door, consult, room)


async def test_a_guest_waits_is_let_in_and_gets_a_ticket(hall: Hall) -> None:
    made = await hall.invite()
    assert made.path.startswith("/guest#")
    guest = await hall.open(made.token)
    assert (guest.person_id, guest.roles, guest.facility_ids) == (made.id, set(), set())
    with pytest.raises(NotAdmitted):
        await hall.ticket(guest)
    mine = await hall.come_in(guest)
    assert (mine.state, mine.role, mine.facility) == ("waiting", "guest", None)
    assert (await hall.come_in(guest)).id == mine.id
    with pytest.raises(NotAdmitted):
        await hall.ticket(guest)
    seen = await hall.host_sees()
    (waits,) = [one for one in seen.people if one.id == mine.id]
    assert waits.person is not None
    assert (waits.person.name, waits.allowed) == (
        "访客：李主任（邻省妇产医院）",
        ["admit", "refuse"],
    )
    await hall.door.decide("county_doctor", hall.room, mine, "admit")
    ticket = await hall.ticket(guest)
    said = KEY.read(ticket.token, hall.door.net.clock.now())
    assert (said.room, said.participant) == (hall.room.id, mine.id)
    assert await hall.door.kinds(hall.consult) == [
        "room.opened", "room.guest_invited", "room.guest_opened", "room.guest_waits",
        "room.admitted",
    ]  # fmt: skip


async def test_a_link_opens_once_in_time_and_only_its_hash_is_kept(hall: Hall) -> None:
    made = await hall.invite()
    await hall.open(made.token)
    with pytest.raises(GuestLinkOver):
        await hall.open(made.token)
    with pytest.raises(GuestLinkOver):
        await hall.open("never a token of anybody's")
    late = await hall.invite()
    hall.door.net.wait(seconds=RULES.open_within.total_seconds())
    with pytest.raises(GuestLinkOver):
        await hall.open(late.token)
    assert await hall.behind(hall.secret) is not None  # opened in time, it goes on
    hall.door.net.wait(seconds=RULES.lasts.total_seconds())
    assert await hall.behind(hall.secret) is None
    async with hall.door.net.clone.system.session(SEEDER) as session:
        rows = (await session.execute(text("SELECT g::text FROM room_guest g"))).scalars().all()
        events = await session.execute(
            text("SELECT convert_from(payload, 'UTF8') FROM case_event WHERE case_id = :id"),
            {"id": hall.consult},
        )
        everything = "".join([*rows, *events.scalars()])
    for secret in (made.token, late.token, hall.secret, "李主任"):
        assert secret not in everything


async def test_hosts_invite_and_nobody_else_does_or_sees_links(hall: Hall) -> None:
    person = await hall.door.table.expert_with_account("city")
    staff = hall.door.net.staff
    staff["off_duty"] = replace(staff["city_expert"], person_id=person)
    by_expert = await hall.invite("city_expert")  # on call at the house that said yes
    assert [one.id for one in (await hall.host_sees()).guests] == [by_expert.id]
    for who, refusal in (("off_duty", HostsOnly), ("outsider", NotFound)):
        with pytest.raises(refusal):
            await hall.invite(who)
        with pytest.raises(refusal):
            await hall.revoke(by_expert.id, who)
    seen = await hall.door.room(hall.consult, "off_duty")
    assert (seen.guests, "invite" in seen.allowed) == ([], False)
    assert "invite" in (await hall.host_sees()).allowed
    for nobody in (InviteGuest(name=" ", house="邻省"), InviteGuest(name="李", house="　")):
        with pytest.raises(BadInput):
            await hall.invite(who=nobody)


async def test_a_guest_is_shown_the_room_and_nothing_of_the_case(hall: Hall) -> None:
    guest = await hall.open((await hall.invite()).token)
    mine = await hall.come_in(guest)
    await hall.door.decide("county_doctor", hall.room, mine, "admit")
    view = await hall.see(guest)
    assert view.name == "访客：李主任（邻省妇产医院）"
    assert view.inviting_house
    assert (view.room.guests, view.room.allowed) == ([], ["enter"])
    assert {one.role for one in view.room.people} == {"requester", "expert", "guest"}
    # The net beneath: what the interface does not show, the tables do not give.
    hidden = (
        "patient", "pregnancy", "case_pregnancy", "consult_request", "consult_invitation",
        "consult_decision", "room_message", "room_receipt", "room_still", "consult_call",
        "case_event",
    )  # fmt: skip
    async with hall.door.net.clone.app.session(guest) as session:
        for table in hidden:
            counted = await session.execute(text(f"SELECT count(*) FROM {table}"))
            assert counted.scalar_one() == 0, table
        assert (await session.execute(text("SELECT count(*) FROM consult_room"))).scalar_one() == 1


@pytest.mark.parametrize(
    "forbidden",
    [
        "INSERT INTO case_party (case_id, person_id, role)"
        " SELECT case_id, app_person(), 'expert' FROM consult_room",
        "SELECT case_append((SELECT case_id FROM consult_room), 'room.admitted', 'human', false,"
        " app_person(), NULL, '{}', NULL, NULL, NULL, NULL)",
        "UPDATE consult_room SET ended_at = now(), ended_by = app_person(), why_ended = 'ended'",
    ],
)
async def test_a_guest_cannot_let_themselves_in_or_further(hall: Hall, forbidden: str) -> None:
    guest = await hall.open((await hall.invite()).token)
    await hall.come_in(guest)
    with pytest.raises(DBAPIError, match=r"row-level security|no such case"):
        async with hall.door.net.clone.app.session(guest) as session:
            await session.execute(text(forbidden))
    let_in = text(
        "UPDATE room_admission SET state = 'admitted', decided_by = app_person(),"
        " decided_at = now() WHERE person_id = app_person()"
    )
    async with hall.door.net.clone.app.session(guest) as session:
        await session.execute(let_in)
    (mine,) = [one for one in (await hall.see(guest)).room.people if one.mine]
    assert mine.state == "waiting"


async def test_a_guest_is_asked_before_anything_is_recorded(hall: Hall) -> None:
    guest = await hall.open((await hall.invite()).token)
    mine = await hall.come_in(guest)
    await hall.door.decide("county_doctor", hall.room, mine, "admit")
    with pytest.raises(NotFound):
        await hall.answer(guest, "agree")  # nobody has asked
    net = hall.door.net
    for who in ("county_doctor", "city_expert"):
        viewer = net.staff[who]
        async with net.clone.app.session(viewer) as session:
            await recordings.ask(session, net.clock, viewer, hall.door.engine, hall.room.id, YES)
    asked = (await hall.see(guest)).room.recording
    assert asked is not None
    assert (asked.mine, asked.allowed) == ("unasked", ["agree", "refuse"])
    agreed = {one.admission_id for one in asked.answers if one.answer == "agreed"}
    assert mine.id not in agreed  # a worker writes only while all who are there agreed
    await hall.answer(guest, "agree")
    await hall.answer(guest, "withdraw")
    seen = (await hall.host_sees()).recording
    assert seen is not None
    assert seen.why_ended == "withdrawn"
    assert seen.ended_by is not None
    assert seen.ended_by.name.startswith("访客：")


@pytest.mark.parametrize("how", ["refuse", "eject", "revoke", "revoke_waiting", "end"])
async def test_out_is_out_and_the_link_is_over(hall: Hall, how: str) -> None:
    made = await hall.invite()
    guest = await hall.open(made.token)
    mine = await hall.come_in(guest)
    if how not in ("refuse", "revoke_waiting"):
        await hall.door.decide("county_doctor", hall.room, mine, "admit")
        await hall.ticket(guest)
    if how.startswith("revoke"):
        await hall.revoke(made.id)
    elif how == "end":
        await hall.door.end("county_doctor", hall.room)
    else:
        await hall.door.decide("county_doctor", hall.room, mine, how)
    assert await hall.behind(hall.secret) is None
    (link,) = (await hall.host_sees()).guests
    assert (link.lives, link.allowed) == (False, [])
    if how in ("eject", "revoke"):
        out = await hall.door.directory.sent_out([(hall.room.id, mine.id)])
        assert out == [(hall.room.id, mine.id)]
    if how.startswith("revoke"):
        (seen,) = [one for one in (await hall.host_sees()).people if one.id == mine.id]
        assert seen.state == ("refused" if how == "revoke_waiting" else "ejected")
        await hall.revoke(made.id)  # twice is once
        assert (await hall.door.kinds(hall.consult)).count("room.guest_revoked") == 1


async def test_a_guest_of_one_room_is_nobody_in_another(hall: Hall) -> None:
    made = await hall.invite()
    other = await hall.door.open(await hall.door.accepted())
    net, viewer = hall.door.net, hall.door.net.staff["county_doctor"]
    with pytest.raises(NotFound):
        async with net.clone.app.session(viewer) as session:
            await inviting.revoke(session, net.clock, viewer, hall.door.engine, other.id, made.id)
    guest = await hall.open(made.token)
    assert (await hall.see(guest)).room.id == hall.room.id
