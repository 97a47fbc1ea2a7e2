"""Who agrees to be recorded, and what a no does."""

from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from consult.media.engine import RecordingChanged
from consult.media.errors import MediaUnavailable
from consult.rooms.errors import NotAdmitted, RoomEnded
from consult.rooms.recording.errors import AnsweredAlready, AskerOrHost, OtherText, RecordingOver
from consult.rooms.recording.schemas import AgreeRecording
from kernel.errors import NotFound
from tests.consult.rooms.recording.conftest import YES, Studio
from tests.referral.network import SEEDER


async def test_each_agrees_for_themselves_and_the_worker_is_told(studio: Studio) -> None:
    assert "record" in (await studio.door.room(studio.consult)).allowed
    asked = await studio.ask()
    assert (asked.mine, asked.allowed) == ("agreed", ["withdraw", "stop"])
    assert "record" not in (await studio.door.room(studio.consult)).allowed
    assert (await studio.seen("city_expert")).allowed == ["agree", "refuse", "stop"]
    # A yes is told when it is durable, by whoever keeps the record.
    assert await studio.wire() is None
    doctor, expert = (studio.people[who].id for who in ("county_doctor", "city_expert"))
    found = await studio.told()
    assert found is not None
    assert (found.id, found.agreed) == (asked.id, {doctor})
    await studio.ask(
        "city_expert", AgreeRecording("agreed", YES.text_version)
    )  # asking too is agreeing
    await studio.ask("city_expert")
    found = await studio.told()
    assert found is not None
    assert (found.id, found.agreed) == (asked.id, {doctor, expert})
    said = [(one.answer, one.beside) for one in (await studio.seen("county_doctor")).answers]
    assert said == [("agreed", "nobody"), ("agreed", "agreed")]
    at = studio.door.net.clock.now()
    for running in (True, False):
        await studio.door.keeper.recorded(RecordingChanged(studio.room.id, asked.id, at, running))
    assert (await studio.door.kinds(studio.consult))[1:] == [
        "room.recording_asked", "room.recording_agreed", "room.recording_agreed",
        "room.recording_began", "room.recording_rests",
    ]  # fmt: skip


@pytest.mark.parametrize(("said", "why"), [("refuse", "refused"), ("withdraw", "withdrawn")])
async def test_one_no_ends_it_at_once_for_everybody(studio: Studio, said: str, why: str) -> None:
    await studio.ask()
    if said == "withdraw":
        await studio.answer("city_expert", "agree")
    assert await studio.told() is not None
    await studio.answer("city_expert", said)
    assert await studio.wire() is None  # nobody had to look first
    assert await studio.told() is None
    seen = await studio.seen("county_doctor")
    assert (seen.why_ended, seen.allowed) == (why, [])
    assert seen.ended_by is not None
    for again in ("agree", "withdraw"):
        with pytest.raises(RecordingOver):
            await studio.answer("county_doctor", again)
    # It may be asked for anew, and everybody answers anew.
    again = await studio.ask()
    assert again.id != seen.id
    assert (await studio.seen("city_expert")).mine == "unasked"


async def test_a_no_is_durable_where_no_worker_can_be_told(studio: Studio) -> None:
    await studio.ask()
    await studio.door.engine._valkey.flushall()
    await studio.answer("county_doctor", "withdraw")
    assert (await studio.seen("county_doctor")).why_ended == "withdrawn"
    with pytest.raises(MediaUnavailable):
        await studio.ask()


async def test_what_cannot_be_said(studio: Studio) -> None:
    with pytest.raises(OtherText):
        await studio.ask(new=AgreeRecording("nobody", "old"))
    with pytest.raises(NotFound):
        await studio.ask("outsider")
    await studio.ask()
    with pytest.raises(AnsweredAlready):
        await studio.answer("county_doctor", "agree")
    with pytest.raises(AnsweredAlready):
        await studio.answer("city_expert", "withdraw")
    # Somebody who waits is not in the room: nobody asks them, and they cannot say yes.
    person = await studio.door.table.expert_with_account("city")
    net = studio.door.net
    net.staff["off_duty"] = replace(net.staff["city_expert"], person_id=person)
    await studio.door.enter("off_duty", studio.room)
    assert (await studio.seen("off_duty")).allowed == []
    with pytest.raises(NotAdmitted):
        await studio.answer("off_duty", "agree")
    with pytest.raises(AskerOrHost):
        await studio.stop("off_duty")
    await studio.stop("city_expert")  # on call at a house that said yes: a host
    seen = await studio.seen("county_doctor")
    assert (seen.why_ended, seen.answers[0].answer) == ("stopped", "agreed")
    assert await studio.wire() is None


async def test_it_ends_with_the_room(studio: Studio) -> None:
    await studio.ask()
    await studio.door.end("county_doctor", studio.room)
    seen = await studio.seen("county_doctor")
    assert seen.why_ended == "room_ended"
    with pytest.raises(RoomEnded):
        await studio.answer("county_doctor", "withdraw")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE recording_answer SET answer = 'agreed', beside = 'nobody'",
        "DELETE FROM recording_answer",
    ],
)
async def test_what_was_said_is_never_changed(studio: Studio, change: str) -> None:
    await studio.ask()
    with pytest.raises(ProgrammingError):
        async with studio.door.net.clone.system.session(SEEDER) as session:
            await session.execute(text(change))


async def test_nobody_answers_for_another(studio: Studio) -> None:
    asked = await studio.ask()
    net = studio.door.net
    with pytest.raises(ProgrammingError):
        async with net.clone.app.session(net.staff["city_expert"]) as session:
            await session.execute(
                text(
                    "INSERT INTO recording_answer (recording_id, case_id, admission_id, person_id,"
                    " answer, beside, text_version, said_at) SELECT :id, case_id, id, person_id,"
                    " 'agreed', 'nobody', 'x', now() FROM room_admission WHERE id = :admission"
                ),
                {"id": asked.id, "admission": studio.people["county_doctor"].id},
            )
