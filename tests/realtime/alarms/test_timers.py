"""What happens to alarms although nobody asks."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from realtime.alarms import escalating
from realtime.alarms import service as alarms
from realtime.alarms.kinds import AlarmKind
from realtime.alarms.schemas import AcknowledgeAlarm, SilenceAlarm
from realtime.alarms.timers import ENGINE, run_due
from tests.realtime.alarms.ward import Ward

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


async def minded(ward: Ward, later_s: float = 0, since: datetime = LONG_AGO) -> None:
    """The engine looks, so much later, until there is nothing to do."""
    ward.clock.later(later_s)
    while await run_due(ward.clone.system, ward.clock, since):
        pass


async def take(ward: Ward, alarm_id: object, version: int, reason: str = "attending") -> None:
    async with ward.clone.app.session(ward.doctor) as session:
        order = AcknowledgeAlarm(version=version, reason=reason)  # type: ignore[arg-type]
        await alarms.acknowledge(session, ward.clock, ward.doctor, alarm_id, order)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("ago", "connected", "raised"),
    [
        (14, False, False),
        (16, False, True),  # the line is down for longer than the limits allow
        (20, True, False),  # the gateway may yet write the next pulse
        (26, True, True),  # no gateway says anything any more: it is dead
        (25 * 3600, False, False),
    ],
)
async def test_a_line_that_went_quiet_is_found_without_a_gateway(
    ward: Ward, ago: float, connected: bool, raised: bool
) -> None:
    await ward.pulse(ago, connected=connected)
    await minded(ward)
    assert [alarm.kind for alarm in await ward.alarms()] == ["offline"] * raised
    await minded(ward, 5)
    assert len(await ward.alarms()) <= 1


async def test_one_outage_is_one_alarm_and_ends_when_heard_again(ward: Ward) -> None:
    await ward.pulse(20, connected=False)
    await minded(ward)
    (alarm,) = await ward.alarms()
    await take(ward, alarm.id, alarm.version)
    await minded(ward, 600)
    (still,) = await ward.alarms()
    assert (still.id, still.state) == (alarm.id, "acknowledged")
    await ward.pulse(0, connected=True)
    await minded(ward, 1)
    assert await ward.alarms() == []
    actions = [event.action for event in (await ward.look(alarm.id)).history]
    assert actions == ["raise", "acknowledge", "cease"]


async def test_what_was_heard_before_a_second_outage_does_not_end_it(ward: Ward) -> None:
    await ward.pulse(20, connected=False)
    await minded(ward)
    (alarm,) = await ward.alarms()
    ward.clock.later(5)
    await ward.pulse(0, connected=True)
    await minded(ward, 1)
    assert (await ward.look(alarm.id)).alarm.state == "latched"
    # Nobody has answered it, and now the gateway dies: its last word stays that the line is up.
    for _ in range(3):
        await minded(ward, 25)
    assert (await ward.look(alarm.id)).alarm.state == "active"
    actions = [event.action for event in (await ward.look(alarm.id)).history]
    assert actions == ["raise", "cease", "recur"]
    await ward.pulse(0, connected=True)
    await minded(ward, 1)
    assert (await ward.look(alarm.id)).alarm.state == "latched"


async def test_after_the_platform_was_away_lines_get_a_moment_to_come_back(ward: Ward) -> None:
    await ward.pulse(3600, connected=True)
    began = ward.clock.now()
    await minded(ward, 29, since=began)
    assert await ward.alarms() == []
    await minded(ward, 2, since=began)
    assert [alarm.kind for alarm in await ward.alarms()] == ["offline"]


async def test_a_monitor_that_began_another_tracing_is_not_offline_in_the_old_one(
    ward: Ward,
) -> None:
    await ward.pulse(20, connected=False)
    await minded(ward)
    (alarm,) = await ward.alarms()
    await ward.record(uuid4())
    await minded(ward, 1)
    assert (await ward.look(alarm.id)).alarm.state == "latched"
    await take(ward, alarm.id, 2)
    await minded(ward, 600)
    assert await ward.alarms() == []


async def test_a_silent_device_at_a_living_gateway_is_not_offline_too(ward: Ward) -> None:
    await ward.pulse(60, connected=True)
    await ward.write(ward.finding(AlarmKind.DEVICE_SILENT, channel=0))
    await minded(ward)
    assert [alarm.kind for alarm in await ward.alarms()] == ["device_silent"]


async def test_conditions_of_a_recording_that_ended_are_over(ward: Ward) -> None:
    alarm = await ward.raised()
    await ward.do("UPDATE ctg_recording SET closed_at = clock_timestamp(), last_seq = 50")
    await minded(ward)
    (latched,) = await ward.alarms()
    assert (latched.id, latched.state) == (alarm.id, "latched")


async def test_a_pause_ends_and_does_not_stop_the_climb(ward: Ward) -> None:
    alarm = await ward.raised()
    async with ward.clone.app.session(ward.doctor) as session:
        order = SilenceAlarm(version=alarm.version, seconds=60, reason="transducer_adjusted")
        await alarms.silence(session, ward.clock, ward.doctor, alarm.id, order)
    await minded(ward, 59)
    assert (await ward.look(alarm.id)).alarm.state == "silenced"
    await minded(ward, 2)
    sounding = (await ward.look(alarm.id)).alarm
    assert (sounding.state, sounding.silenced_until) == ("active", None)
    await minded(ward, 60)
    assert (await ward.look(alarm.id)).alarm.escalated_at is not None


async def test_nobody_takes_it_and_people_are_rung_once(ward: Ward) -> None:
    alarm = await ward.raised()
    await minded(ward, alarm.limits.escalate_s - 1)
    assert await ward.count("SELECT count(*) FROM page") == 0
    await minded(ward, 2)
    await minded(ward, 2)
    (page,) = await ward.do("SELECT * FROM page")
    assert (page["event"], page["level"]) == ("ctg.alarm", "critical")
    assert page["facility_id"] == ward.world.county_hospital
    assert page["title"] == "CTG SN-7"
    assert page["case_id"] == alarm.id  # bound to no case: a case of its own
    rung = await ward.look(alarm.id)
    assert [event.action for event in rung.history] == ["raise", "escalate"]

    await take(ward, alarm.id, rung.alarm.version)
    async with ward.clone.system.session(ENGINE) as session:
        await escalating.stop_ringing(session, ward.clock, alarm.id)
    (ladder,) = await ward.do("SELECT state, end_reason FROM escalation")
    assert ladder["state"] == "cancelled"


async def test_whoever_answers_the_page_has_the_alarm(ward: Ward) -> None:
    alarm = await ward.raised()
    await minded(ward, alarm.limits.escalate_s + 1)
    (page,) = await ward.do("SELECT id FROM page")
    for _ in range(2):
        async with ward.clone.system.session(ENGINE) as session:
            await alarms.take_by_page(session, ward.clock, page["id"], ward.doctor.person_id)
    found = await ward.look(alarm.id)
    assert found.alarm.state == "acknowledged"
    assert found.alarm.acknowledged_by is not None
    assert found.alarm.acknowledged_by.id == ward.doctor.person_id
    assert found.history[-1].reason == "page_answered"
    assert len(found.history) == 3


async def test_a_cut_cable_of_a_ward_rings_once(ward: Ward) -> None:
    silent = AlarmKind.DEVICE_SILENT
    first, others = ward.recording, [uuid4(), uuid4()]
    for one in others:
        await ward.record(one)
    for one in (first, *others):
        ward.recording = one
        await ward.write(ward.finding(silent, channel=0))
    # Each of the ward's beds is another monitor's; here they share one, so the engine's look at
    # lines (older tracings are over) is not what is meant.
    await ward.do("UPDATE ctg_recording SET opened_at = now()")
    await minded(ward, 121)
    assert await ward.count("SELECT count(*) FROM page") == 1
    assert await ward.count("SELECT count(DISTINCT page_id) FROM ctg_alarm") == 1
    (alarm,) = await ward.alarms()
    await take(ward, alarm.id, alarm.version)
    async with ward.clone.system.session(ENGINE) as session:
        await escalating.stop_ringing(session, ward.clock, alarm.id)
    (ladder,) = await ward.do("SELECT state FROM escalation")
    assert ladder["state"] in ("running", "exhausted")  # two are still unanswered
    (page,) = await ward.do("SELECT id FROM page")
    async with ward.clone.system.session(ENGINE) as session:
        await alarms.take_by_page(session, ward.clock, page["id"], ward.doctor.person_id)
    answered = "SELECT count(*) FROM ctg_alarm WHERE state = 'acknowledged'"
    assert await ward.count(answered) == 3


async def test_taken_and_still_there_it_is_said_again_and_climbs_anew(ward: Ward) -> None:
    alarm = await ward.raised()
    await take(ward, alarm.id, alarm.version)
    await minded(ward, alarm.limits.remind_s - 1)
    assert (await ward.look(alarm.id)).alarm.state == "acknowledged"
    await minded(ward, 2)
    again = (await ward.look(alarm.id)).alarm
    assert (again.state, again.acknowledged_by) == ("active", None)
    await minded(ward, alarm.limits.escalate_s + 1)
    assert await ward.count("SELECT count(*) FROM page") == 1


async def test_technical_alarms_that_are_taken_are_not_said_again(ward: Ward) -> None:
    await ward.write(ward.finding(AlarmKind.BATTERY_LOW, channel=0))
    (alarm,) = await ward.alarms()
    await take(ward, alarm.id, alarm.version)
    await minded(ward, 3600)
    (still,) = await ward.alarms()
    assert still.state == "acknowledged"
    assert await ward.count("SELECT count(*) FROM page") == 0


async def test_two_engines_do_each_thing_once(ward: Ward) -> None:
    alarm = await ward.raised()
    await ward.pulse(60, connected=False)
    ward.clock.later(alarm.limits.escalate_s + 1)
    await asyncio.gather(*(run_due(ward.clone.system, ward.clock, LONG_AGO) for _ in range(2)))
    await minded(ward)
    assert await ward.count("SELECT count(*) FROM page WHERE event = 'ctg.alarm'") == 1
    kinds = sorted(alarm.kind for alarm in await ward.alarms())
    assert kinds == ["bradycardia", "offline"]
    assert ward.clock.now() - alarm.raised_at >= timedelta(seconds=alarm.limits.escalate_s)
