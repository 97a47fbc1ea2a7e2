"""A person's points from the first digit typed to the monthly test."""

from datetime import datetime, time, timedelta

import pytest
from sqlalchemy import text

from duty.notify.channels.channel import Failed, Outcome, Outgoing, Purpose, Sent
from duty.notify.contacts import links, queries, repository, service, timers
from duty.notify.contacts.links import Links
from duty.notify.contacts.sending import ContactSender, delivered
from duty.notify.delivery import Delivery
from duty.notify.errors import (
    AnswerLinkOver,
    CodeOver,
    CodeTooSoon,
    CodeWrong,
    ContactKnown,
    ContactRefused,
    ContactUnverified,
    FloorHolds,
)
from duty.notify.states import MessageState
from duty.rosters.oncall import DutyTier
from kernel.clock import SimulatedClock
from kernel.errors import NotFound
from kernel.ids import PageId
from kernel.viewer import Role, Viewer
from registry.facilities.rules import CHINA
from tests.duty.region import SEEDER, Region

FIRST, SECOND = DutyTier.FIRST, DutyTier.SECOND
MOBILE = "19900001234"


class Telephone:
    """A channel that remembers what it was asked to send."""

    def __init__(self, name: str, outcome: Outcome | None = None) -> None:
        self.name = name
        self.outcome = outcome or Sent("sim:1")
        self.got: list[Outgoing] = []

    async def send(self, message: Outgoing) -> Outcome:
        self.got.append(message)
        return self.outcome

    async def close(self) -> None:
        """Nothing is held."""


class Phones:
    """What the installation sends by, and what arrived."""

    def __init__(self, region: Region, outcome: Outcome | None = None) -> None:
        self.channels = {
            name: Telephone(name, outcome) for name in ("sms", "voice", "web_push", "email")
        }
        self.links = Links(region.sealer, "https://yunshang.example.cn")
        self.sender = ContactSender(region.clone.system, region.sealer, self.channels, self.links)

    async def arrived(self, channel: str) -> Outgoing:
        await self.sender.run_once()
        return self.channels[channel].got[-1]


def clock(hours: float = 0) -> SimulatedClock:
    """The morning of a day in the middle of a month, and later."""
    return SimulatedClock(datetime(2027, 3, 10, 9, 0, tzinfo=CHINA) + timedelta(hours=hours))


async def add(
    region: Region,
    channel: str = "sms",
    address: str = MOBILE,
    *,
    by: Viewer | None = None,
    person: Viewer | None = None,
) -> "repository.UUID":
    viewer = by or region.experts[FIRST]
    async with region.clone.app.session(viewer) as session:
        return await service.add(
            session,
            region.clock,
            viewer,
            region.sealer,
            person_id=(person or viewer).person_id,
            channel=channel,
            address=address,
            label="手机",
        )


async def verified(region: Region, phones: Phones, channel: str = "sms") -> "repository.UUID":
    point_id = await add(region, channel)
    code = (await phones.arrived(channel)).code
    first = region.experts[FIRST]
    await service.verify(region.clone.app, region.clock, first, region.sealer, point_id, code)
    return point_id


async def shown(region: Region, viewer: Viewer | None = None) -> queries.Contacts:
    who = viewer or region.experts[FIRST]
    async with region.clone.app.session(who) as session:
        return await queries.contacts(
            session, region.clock, who, who.person_id, ["sms", "voice"], "key"
        )


async def inbox_codes(region: Region, viewer: Viewer) -> list[str]:
    async with region.clone.system.session(SEEDER) as session:
        rows = await session.execute(
            text("SELECT data ->> 'code' FROM inbox_item WHERE person_id = :p ORDER BY seq"),
            {"p": viewer.person_id},
        )
        return [row[0] for row in rows]


async def test_a_number_is_proved_by_the_code_that_arrives_there(region: Region) -> None:
    phones = Phones(region)
    point_id = await add(region)
    assert (await shown(region)).points[0].standing == "unverified"
    message = await phones.arrived("sms")
    assert (message.purpose, message.address) == (Purpose.VERIFY, MOBILE)
    first = region.experts[FIRST]
    await service.verify(
        region.clone.app, region.clock, first, region.sealer, point_id, message.code
    )
    (point,) = (await shown(region)).points
    assert (point.standing, point.hint) == ("ok", "199****1234")


async def test_five_wrong_guesses_end_a_code_though_each_is_refused(region: Region) -> None:
    phones = Phones(region)
    point_id = await add(region)
    code = (await phones.arrived("sms")).code
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    first = region.experts[FIRST]
    for left in (4, 3, 2, 1, 0):
        with pytest.raises(CodeWrong) as refused:
            await service.verify(
                region.clone.app, region.clock, first, region.sealer, point_id, wrong
            )
        assert refused.value.fields == {"left": left}
    with pytest.raises(CodeOver):
        await service.verify(region.clone.app, region.clock, first, region.sealer, point_id, code)
    assert (await shown(region)).points[0].standing == "unverified"


async def test_a_code_expires(region: Region) -> None:
    phones = Phones(region)
    point_id = await add(region)
    code = (await phones.arrived("sms")).code
    later = SimulatedClock(region.clock.now() + timedelta(seconds=601))
    first = region.experts[FIRST]
    with pytest.raises(CodeOver):
        await service.verify(region.clone.app, later, first, region.sealer, point_id, code)


async def test_codes_are_not_sent_one_after_another(region: Region) -> None:
    point_id = await add(region)
    first = region.experts[FIRST]
    with pytest.raises(CodeTooSoon):
        async with region.clone.app.session(first) as session:
            await service.send_code(session, region.clock, first, point_id)
    later = SimulatedClock(region.clock.now() + timedelta(seconds=61))
    async with region.clone.app.session(first) as session:
        await service.send_code(session, later, first, point_id)


async def test_the_same_number_stands_once_per_channel(region: Region) -> None:
    await add(region)
    with pytest.raises(ContactKnown):
        await add(region, address="+86 199 0000 1234")
    await add(region, "voice")
    with pytest.raises(ContactRefused):
        await add(region, address="057188001234")


async def test_the_desk_keeps_the_points_of_its_own_house_and_of_no_other(region: Region) -> None:
    desk = await region.staff(region.centre, Role.DUTY_DESK, name="周值班")
    point_id = await add(region, by=desk, person=region.experts[SECOND])
    async with region.clone.app.session(region.experts[SECOND]) as session:
        assert await repository.get(session, point_id) is not None
    with pytest.raises(NotFound):
        await add(region, by=desk, person=region.doctor)
    with pytest.raises(NotFound):
        await add(region, by=region.doctor, person=region.experts[FIRST])


async def test_a_test_is_confirmed_by_receipt_by_hand_or_by_link(region: Region) -> None:
    phones = Phones(region)
    point_id = await verified(region, phones)
    first = region.experts[FIRST]
    async with region.clone.app.session(first) as session:
        await service.test(session, region.clock, first, point_id)
    message = await phones.arrived("sms")
    assert message.purpose == Purpose.TEST
    token = message.link.rpartition("/")[2]
    async with region.clone.app.session(Viewer.system("anonymous")) as session:
        assert (await links.look(session, region.clock, token)).state == "open"
    async with region.clone.app.session(Viewer.system("anonymous")) as session:
        assert (await links.answer(session, region.clock, token)).state == "mine"
    (point,) = (await shown(region)).points
    assert point.last is not None
    assert point.last.state == "delivered"
    async with region.clone.system.session(SEEDER) as session:
        assert not await delivered(session, "sim:1")


async def test_an_unverified_point_is_not_tested(region: Region) -> None:
    point_id = await add(region)
    first = region.experts[FIRST]
    with pytest.raises(ContactUnverified):
        async with region.clone.app.session(first) as session:
            await service.test(session, region.clock, first, point_id)


async def test_the_floor_cannot_be_turned_off_but_text_messages_can(region: Region) -> None:
    first = region.experts[FIRST]
    quiet = (time(22), time(7))
    with pytest.raises(FloorHolds):
        async with region.clone.app.session(first) as session:
            await service.wish(
                session, region.clock, first, "voice", delay_s=None, off=True, quiet=None
            )
    async with region.clone.app.session(first) as session:
        await service.wish(session, region.clock, first, "sms", delay_s=None, off=True, quiet=quiet)
    wish = next(one for one in (await shown(region)).wishes if one.channel == "sms")
    assert (wish.off, wish.quiet_from) == (True, "22:00")


async def test_the_preview_is_what_a_page_then_rings(region: Region) -> None:
    phones = Phones(region)
    await verified(region, phones, "voice")
    emergency = next(one for one in (await shown(region)).rings if one.kind == "emergency")
    assert [(ring.channel, ring.after_s) for ring in emergency.rings] == [
        ("in_app", 0),
        ("voice", 0),
        ("voice", 65),
        ("voice", 130),
        ("voice", 195),
    ]


async def test_numbers_ring_in_the_order_that_the_person_sets(region: Region) -> None:
    first = region.experts[FIRST]
    one, two = await add(region, "voice"), await add(region, "voice", "19900005555")
    async with region.clone.app.session(first) as session:
        await service.reorder(session, first, first.person_id, [two, one])
    assert [point.id for point in (await shown(region)).points] == [two, one]


async def test_a_removed_point_is_gone(region: Region) -> None:
    point_id = await add(region)
    first = region.experts[FIRST]
    async with region.clone.app.session(first) as session:
        await service.remove(session, region.clock, first, point_id)
    assert (await shown(region)).points == []


async def test_a_provider_that_fails_does_not_leave_a_code_hanging(region: Region) -> None:
    phones = Phones(region, Failed("http_404", again=False))
    await add(region)
    await phones.arrived("sms")
    (point,) = (await shown(region)).points
    assert point.last is not None
    assert point.last.state == "failed"


async def test_every_point_is_tested_once_a_month(region: Region) -> None:
    phones = Phones(region)
    point_id = await verified(region, phones)
    end_of_month = datetime(2027, 3, 31, 11, 0, tzinfo=CHINA)
    for _ in range(2):
        await timers.run_due(region.clone.system, SimulatedClock(end_of_month))
    async with region.clone.system.session(SEEDER) as session:
        tests = await session.execute(
            text(
                "SELECT due_key FROM contact_message"
                " WHERE contact_point_id = :id AND purpose = 'test'"
            ),
            {"id": point_id},
        )
        assert [row[0] for row in tests] == ["2027-03"]


async def test_a_point_without_success_for_35_days_alarms_the_person_and_the_desk(
    region: Region,
) -> None:
    phones = Phones(region)
    await verified(region, phones)
    later = SimulatedClock(region.clock.now() + timedelta(days=36))
    await region.shift(DutyTier.GENERAL_DUTY, region.experts[DutyTier.GENERAL_DUTY], later.now())
    for _ in range(2):
        await timers.run_due(region.clone.system, later)
    for person in (region.experts[FIRST], region.experts[DutyTier.GENERAL_DUTY]):
        assert await inbox_codes(region, person) == [timers.STALE]


async def test_a_browser_that_unsubscribed_is_taken_off_and_somebody_hears_of_it(
    region: Region,
) -> None:
    phones = Phones(region, Failed("gone", again=False))
    await add(region, "email", "lin@example.cn")
    await phones.arrived("email")
    assert (await shown(region)).points == []
    await timers.run_due(region.clone.system, region.clock)
    assert await inbox_codes(region, region.experts[FIRST]) == [timers.GONE]


async def test_the_desk_sees_who_may_not_be_reached(region: Region) -> None:
    phones = Phones(region)
    await verified(region, phones, "voice")
    desk = await region.staff(region.centre, Role.DUTY_DESK, name="周值班")
    async with region.clone.app.session(desk) as session:
        found = await queries.failing(session, region.clock, desk)
    ids = {one.person_id for one in found}
    assert region.experts[FIRST].person_id not in ids
    assert ids == {
        region.experts[tier].person_id for tier in (SECOND, DutyTier.LEAD, DutyTier.GENERAL_DUTY)
    }
    assert all(one.no_voice for one in found)


async def test_a_link_answers_its_page_and_looking_does_not(region: Region) -> None:
    """A chat's preview looks; only the button acknowledges."""
    phones = Phones(region)
    await verified(region, phones)
    page_id = await region.page()
    async with region.clone.system.session(SEEDER) as session:
        message = await session.execute(
            text("SELECT id FROM page_message WHERE page_id = :p AND channel = 'sms'"),
            {"p": page_id},
        )
        message_id = message.scalar_one()
    sender = Delivery(region.clone.system, region.sealer, phones.channels, links=phones.links)
    assert await sender.deliver(message_id) == MessageState.SENT
    url = phones.channels["sms"].got[-1].link
    assert url.startswith("https://yunshang.example.cn/a/")
    token = url.rpartition("/")[2]
    for _ in range(2):
        async with region.clone.app.session(Viewer.system("anonymous")) as session:
            seen = await links.look(session, region.clock, token)
        assert (seen.state, seen.level, seen.title) == ("open", "critical", "YL-1")
    assert await page_state(region, page_id) == "running"
    async with region.clone.app.session(Viewer.system("anonymous")) as session:
        assert (await links.answer(session, region.clock, token)).state == "mine"
    assert await page_state(region, page_id) == "acknowledged"
    later = SimulatedClock(region.clock.now() + timedelta(hours=3))
    with pytest.raises(AnswerLinkOver):
        async with region.clone.app.session(Viewer.system("anonymous")) as session:
            await links.look(session, later, token)


async def page_state(region: Region, page_id: PageId) -> str:
    async with region.clone.system.session(SEEDER) as session:
        found = await session.execute(
            text("SELECT state FROM escalation WHERE page_id = :p"), {"p": page_id}
        )
        return str(found.scalar_one())


async def test_stop_turns_text_messages_off_and_never_the_telephone(region: Region) -> None:
    texts, voice = await add(region), await add(region, "voice")
    async with region.clone.system.session(SEEDER) as session:
        assert await service.opt_out(session, texts, region.clock.now())
        assert not await service.opt_out(session, voice, region.clock.now())
