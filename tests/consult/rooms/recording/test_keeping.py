"""What was recorded is listed, kept by rule, looked at on record, erased when its time is over."""

from uuid import UUID

import pytest
from litestar import Router
from litestar.di import Provide

from consult.media.engine import MediaEngine
from consult.media.recording.shelf import Shelf
from consult.rooms.routes import router
from kernel.ids import CaseId
from tests.consult.rooms.recording.conftest import Studio
from tests.referral.http import Caller, caller


@pytest.fixture
def api(studio: Studio) -> Caller:
    """The routes of rooms."""

    async def media() -> MediaEngine | None:
        return studio.door.engine

    async def shelf() -> Shelf:
        return studio.shelf

    provided = {"media": Provide(media), "shelf": Provide(shelf)}
    return caller(studio.door.net, Router("/", route_handlers=[router], dependencies=provided))


async def _filmed(studio: Studio) -> UUID:
    asked = await studio.ask()
    await studio.answer("city_expert", "agree")
    for who in studio.people:
        studio.film(asked.id, who)
    await studio.stop("county_doctor")
    return asked.id


async def test_files_are_listed_with_hashes_and_a_last_day(studio: Studio) -> None:
    recording = await _filmed(studio)
    assert not (await studio.listed("county_doctor"))[0].may_view
    assert not (await studio.kept(wait_s=5)).may_view  # a worker may still be at it
    assert (await studio.kept()).may_view
    (seen,) = await studio.listed("city_expert")
    assert (seen.recording.id, seen.parts, seen.may_view) == (recording, 2, True)
    assert seen.retain_until is not None
    assert seen.retain_until.isoformat() == "2029-11-22"
    assert seen.retention_confidence == "待核实"
    kept = (await studio.door.net.events(CaseId(studio.consult)))[-1]
    assert kept.row.kind == "room.recording_kept"
    hashes = {part.sha256.hex() for part in studio.shelf.parts(recording)}
    assert {one["sha256"] for one in kept.payload["files"]} == hashes


async def test_a_file_that_was_cut_off_is_waited_for_and_then_listed(studio: Studio) -> None:
    asked = await studio.ask()
    studio.film(asked.id, "county_doctor", end=False)
    await studio.answer("county_doctor", "withdraw")
    assert not (await studio.kept()).may_view
    seen = await studio.kept(wait_s=120)
    assert (seen.parts, seen.may_view) == (1, True)


async def test_playing_is_for_those_who_took_part_and_on_record(
    studio: Studio, api: Caller
) -> None:
    recording = await _filmed(studio)
    early = await api.post("county_doctor", f"/room-recordings/{recording}/viewings", {})
    assert (early.status_code, early.json()["code"]) == (409, "recording.not_kept_yet")
    await studio.kept()
    before = await studio.door.net.count(f"access_log WHERE case_id = '{studio.consult}'")
    made = await api.post("county_doctor", f"/room-recordings/{recording}/viewings", {})
    assert made.status_code == 201, made.text
    view = made.json()
    assert {one["source"] for one in view["parts"]} == {"camera"}
    assert view["parts"][0]["began_at"] == "2026-11-22T02:05:00Z"
    after = await studio.door.net.count(f"access_log WHERE case_id = '{studio.consult}'")
    assert after == before + 1
    (listed,) = await studio.listed("city_expert")
    assert len(listed.viewings) == 1
    assert (await studio.door.kinds(studio.consult))[-1] == "room.recording_viewed"

    part = view["parts"][0]
    path = f"/room-recordings/{recording}/viewings/{view['id']}/parts/{part['id']}"
    whole = await api.get("county_doctor", path)
    assert (whole.status_code, whole.headers["content-type"]) == (200, "video/webm")
    given = studio.shelf.playable(recording, UUID(part["id"]))
    size = given.size
    assert whole.content == b"".join(given.parts(0, size))
    # What lies there is given byte for byte, behind what a player needs for seeking.
    kept = studio.shelf.content(recording, UUID(part["id"])).read()
    clusters = bytes.fromhex("1f43b675")
    assert whole.content.endswith(kept[kept.index(clusters) :])
    assert part["size_bytes"] == len(kept)
    assert whole.headers["cache-control"] == "no-store"
    for asked, start, stop in (
        ("bytes=0-", 0, size),
        ("bytes=10-19", 10, 20),
        ("bytes=100-900", 100, 901),
        ("bytes=-7", size - 7, size),
    ):
        some = await api.get("county_doctor", path, range=asked)
        assert some.status_code == 206
        assert some.content == whole.content[start:stop]
        said = f"bytes {start}-{stop - 1}/{size}"
        assert some.headers["content-range"] == said
    none = await api.get("county_doctor", path, range="bytes=99999999-")
    assert (none.status_code, none.json()["code"]) == (416, "recording.no_such_range")

    # What one opened opens nothing for another, and nothing for ever.
    for who in ("city_expert", "outsider"):
        assert (await api.get(who, path)).status_code == 404
    foreign = await api.post("outsider", f"/room-recordings/{recording}/viewings", {})
    assert foreign.status_code == 404
    studio.door.net.wait(hours=13)
    assert (await api.get("county_doctor", path)).status_code == 404


async def test_it_is_erased_after_its_last_day_and_what_was_said_stays(
    studio: Studio, api: Caller
) -> None:
    recording = await _filmed(studio)
    await studio.kept()
    day = 86_400
    assert (await studio.kept(wait_s=365 * 3 * day)).erased_at is None
    seen = await studio.kept(wait_s=3 * day)
    assert seen.erased_at is not None
    assert studio.shelf.parts(recording) == []
    assert not seen.may_view
    assert len(seen.recording.answers) == 2
    gone = await api.post("county_doctor", f"/room-recordings/{recording}/viewings", {})
    assert (gone.status_code, gone.json()["code"]) == (410, "recording.erased")
    assert "2029" in gone.json()["detail"]
    assert (await studio.door.kinds(studio.consult))[-1] == "room.recording_erased"


async def test_the_room_is_asked_and_answered_over_http(studio: Studio, api: Caller) -> None:
    yes = {"beside": "agreed", "text_version": studio.room.consent.version}
    asked = await api.post("county_doctor", f"/rooms/{studio.room.id}/recordings", yes)
    assert asked.status_code == 201, asked.text
    recording = asked.json()["room"]["recording"]["id"]
    path = f"/room-recordings/{recording}"
    agreed = await api.post("city_expert", f"{path}/agree", yes)
    assert agreed.json()["room"]["recording"]["mine"] == "agreed"
    for who, what, status in (
        ("city_expert", "refuse", 409),
        ("city_expert", "withdraw", 200),
        ("county_doctor", "stop", 409),
    ):
        assert (await api.post(who, f"{path}/{what}", {})).status_code == status
    listed = await api.get("county_doctor", f"/consults/{studio.consult}/recordings")
    assert [one["recording"]["why_ended"] for one in listed.json()] == ["withdrawn"]
