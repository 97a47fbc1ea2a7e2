"""People answer alarms by name, and set their unit's limits inside the platform's bounds."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from kernel.errors import BadInput, NotAllowed, NotFound
from kernel.viewer import Role, Viewer
from realtime.alarms import queries
from realtime.alarms import service as alarms
from realtime.alarms.errors import AlarmMoved, LimitsOutOfBounds, SilenceTooLong, WordsNeeded
from realtime.alarms.kinds import AlarmKind
from realtime.alarms.limits import BOUNDS, shipped
from realtime.alarms.schemas import AcknowledgeAlarm, AlarmOut, NewLimits, SilenceAlarm
from tests.realtime.alarms.ward import Ward


async def acknowledge(
    ward: Ward, alarm: AlarmOut, viewer: Viewer | None = None, **more: Any
) -> None:
    order = AcknowledgeAlarm(**({"version": alarm.version, "reason": "attending"} | more))
    viewer = viewer or ward.doctor
    async with ward.clone.app.session(viewer) as session:
        await alarms.acknowledge(session, ward.clock, viewer, alarm.id, order)


async def silence(ward: Ward, alarm: AlarmOut, **more: Any) -> None:
    order = SilenceAlarm(
        **({"version": alarm.version, "reason": "transducer_adjusted", "seconds": 60} | more)
    )
    async with ward.clone.app.session(ward.doctor) as session:
        await alarms.silence(session, ward.clock, ward.doctor, alarm.id, order)


async def set_limits(ward: Ward, viewer: Viewer | None = None, **more: Any) -> Any:
    limits = msgspec.json.decode(msgspec.json.encode(shipped()), type=dict[str, Any])
    known = {name: limits[name] for name in BOUNDS}
    fields = {name: more.pop(name) for name in list(more) if name in BOUNDS}
    order = msgspec.convert(
        {"limits": known | fields, "source": "测试：科室讨论", **more}, NewLimits
    )
    viewer = viewer or ward.chief
    async with ward.clone.app.session(viewer) as session:
        return await alarms.set_limits(session, ward.clock, viewer, order)


async def test_taken_by_name_and_reason(ward: Ward) -> None:
    alarm = await ward.raised()
    assert alarm.allowed == ["acknowledge", "silence"]
    await acknowledge(ward, alarm, reason="other", note="改左侧卧位后恢复")
    found = await ward.look(alarm.id)
    assert (found.alarm.state, found.alarm.allowed) == ("acknowledged", [])
    assert found.alarm.acknowledged_by is not None
    last = found.history[-1]
    assert (last.action, last.reason, last.note) == ("acknowledge", "other", "改左侧卧位后恢复")
    assert last.person == found.alarm.acknowledged_by


async def test_a_resolved_one_is_closed_by_taking_it(ward: Ward) -> None:
    await ward.raised()
    await ward.write(ward.finding(AlarmKind.BRADYCARDIA, present=False))
    (latched,) = await ward.alarms()
    await acknowledge(ward, latched)
    assert await ward.alarms() == []
    async with ward.clone.app.session(ward.doctor) as session:
        (closed,) = await queries.recent(session, ward.doctor)
    assert (closed.id, closed.state) == (latched.id, "closed")


async def test_answers_to_what_is_no_longer_so_are_refused(ward: Ward) -> None:
    alarm = await ward.raised()
    await silence(ward, alarm)
    with pytest.raises(AlarmMoved):
        await acknowledge(ward, alarm)
    with pytest.raises(AlarmMoved):
        await silence(ward, alarm, version=2)
    with pytest.raises(WordsNeeded):
        await acknowledge(ward, alarm, version=2, reason="other")
    await acknowledge(ward, alarm, version=2)
    with pytest.raises(AlarmMoved):
        await acknowledge(ward, alarm, version=3)


async def test_a_pause_is_bounded(ward: Ward) -> None:
    alarm = await ward.raised()
    with pytest.raises(SilenceTooLong):
        await silence(ward, alarm, seconds=alarm.limits.silence_max_s + 1)
    await silence(ward, alarm)
    found = (await ward.look(alarm.id)).alarm
    assert found.state == "silenced"
    assert found.silenced_until == ward.clock.now() + timedelta(seconds=60)
    assert found.escalate_at == alarm.escalate_at


async def test_strangers_neither_see_nor_answer(ward: Ward) -> None:
    alarm = await ward.raised()
    stranger = ward.world.viewer(Role.REFERRING_CLINICIAN, ward.world.stranger)
    with pytest.raises(NotFound):
        await acknowledge(ward, alarm, stranger)
    async with ward.clone.app.session(stranger) as session:
        assert await queries.alive(session, stranger) == []


async def test_the_application_cannot_raise_end_or_rewrite(ward: Ward) -> None:
    await ward.raised()
    for statement in (
        "UPDATE ctg_alarm SET ceased_at = now()",
        "UPDATE ctg_alarm SET escalated_at = now()",
        "DELETE FROM ctg_alarm",
        "UPDATE ctg_alarm_event SET reason = 'known'",
        "DELETE FROM ctg_alarm_event",
        "UPDATE ctg_alarm_limits SET source = 'x'",
    ):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with ward.clone.app.session(ward.doctor) as session:
                await session.execute(text(statement))
    with pytest.raises(DBAPIError, match="row-level security"):
        async with ward.clone.app.session(ward.doctor) as session:
            await session.execute(
                text("UPDATE ctg_alarm SET acknowledged_by = :other, acknowledged_at = now()"),
                {"other": ward.chief.person_id},
            )


async def test_a_units_own_limits_come_first_and_earlier_ones_stay(ward: Ward) -> None:
    house = await set_limits(ward, low_bpm=100)
    unit = await set_limits(ward, low_bpm=105, unit="产房")
    alarm = await ward.raised()
    assert alarm.limits.low_bpm == 105
    async with ward.clone.app.session(ward.chief) as session:
        book = await queries.book(session, ward.chief, ward.chief.facility_id)
    assert book.units == ["产房"]
    assert book.may_write
    versions = {version.id: version for version in book.versions}
    assert (versions[house].owner, versions[house].in_force) == ("facility", True)
    assert (versions[unit].owner, versions[unit].in_force) == ("unit", True)
    assert versions[unit].recorded_by is not None
    platform = [one for one in book.versions if one.owner == "platform"]
    assert [(one.confidence, one.in_force) for one in platform] == [("待核实", False)]


async def test_a_version_of_tomorrow_is_not_in_force_today(ward: Ward) -> None:
    await set_limits(ward, low_bpm=100, valid_from=ward.clock.now() + timedelta(days=1))
    assert (await ward.raised()).limits.low_bpm == 110
    with pytest.raises(BadInput):
        await set_limits(ward, valid_from=ward.clock.now() - timedelta(days=1))


async def test_limits_that_would_switch_an_alarm_off_are_refused(ward: Ward) -> None:
    with pytest.raises(LimitsOutOfBounds) as refused:
        await set_limits(ward, low_bpm=40, escalate_s=7200)
    assert refused.value.fields == {
        "field": "low_bpm", "least": 80, "most": 120, "all": ["low_bpm", "escalate_s"],
    }  # fmt: skip
    with pytest.raises(NotAllowed):
        await set_limits(ward, ward.doctor)
