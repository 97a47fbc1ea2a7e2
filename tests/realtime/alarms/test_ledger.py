"""What gateways find is written once, latches, and ends."""

from __future__ import annotations

import asyncio

from realtime.alarms.kinds import AlarmKind
from tests.realtime.alarms.ward import Ward

LOW = AlarmKind.BRADYCARDIA


async def test_two_gateways_raise_one_alarm(ward: Ward) -> None:
    one, other = ward.finding(LOW), ward.finding(LOW)
    changed = await asyncio.gather(*(ward.write(one) for one in (one, other)))
    assert sorted(map(len, changed)) == [0, 1]
    (alarm,) = await ward.alarms()
    assert {alarm.id} in changed
    assert (alarm.state, alarm.present, alarm.priority) == ("active", True, "high")
    assert (alarm.onset_seq, alarm.seq, alarm.value_bpm) == (10, 40, 80.0)
    assert alarm.limits.low_bpm == 110
    assert [event.action for event in (await ward.look(alarm.id)).history] == ["raise"]


async def test_what_is_over_unanswered_stays_latched_and_comes_back(ward: Ward) -> None:
    alarm = await ward.raised()
    await ward.write(ward.finding(LOW, present=False, seq=80))
    (latched,) = await ward.alarms()
    assert (latched.id, latched.state, latched.present) == (alarm.id, "latched", False)
    assert latched.ceased_at is not None
    await ward.write(ward.finding(LOW, seq=120))
    (again,) = await ward.alarms()
    assert (again.id, again.state, again.present) == (alarm.id, "active", True)
    history = (await ward.look(alarm.id)).history
    assert [(event.action, event.state, event.seq) for event in history] == [
        ("raise", "active", 40),
        ("cease", "latched", 80),
        ("recur", "active", 120),
    ]


async def test_begun_and_over_before_it_could_be_written_is_still_raised(ward: Ward) -> None:
    await ward.write(ward.finding(LOW), ward.finding(LOW, present=False, seq=80))
    (alarm,) = await ward.alarms()
    assert alarm.state == "latched"


async def test_written_twice_is_written_once(ward: Ward) -> None:
    findings = [ward.finding(LOW), ward.finding(AlarmKind.BATTERY_LOW, channel=0)]
    assert len(await ward.write(*findings)) == 2
    assert await ward.write(*findings) == set()
    assert await ward.write(ward.finding(AlarmKind.OFFLINE, present=False, channel=0)) == set()
    assert len(await ward.alarms()) == 2


async def test_twins_have_alarms_of_their_own(ward: Ward) -> None:
    await ward.write(ward.finding(LOW, channel=1), ward.finding(LOW, channel=2))
    assert sorted(alarm.channel for alarm in await ward.alarms()) == [1, 2]


async def test_an_alarm_names_the_fetus_as_the_binding_does(ward: Ward) -> None:
    await ward.write(
        ward.finding(LOW, channel=1),
        ward.finding(LOW, channel=3),
        ward.finding(AlarmKind.BATTERY_LOW, channel=0),
    )

    async def named() -> dict[int, str | None]:
        return {alarm.channel: alarm.fetus for alarm in await ward.alarms()}

    assert await named() == {0: None, 1: None, 3: None}  # of one fetus there is nothing to say
    await ward.do("UPDATE ctg_recording SET channels = '{fhr1,fhr2,fhr3,toco}'")
    assert await named() == {0: None, 1: "A", 3: "C"}
    await ward.do("UPDATE ctg_recording SET labels = '{C,A,B}'")
    assert await named() == {0: None, 1: "C", 3: "B"}
