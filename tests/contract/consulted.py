"""Consultations of the stage: one that waits for its answer, one in its room; guidance arranged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from consult.rooms.recording.keeping import RecordingKeeper
from tests.consult.media.peers.film import film
from tests.kernel.media.pictures import png
from tests.registry.world import PASSWORD

if TYPE_CHECKING:
    from tests.contract.stage import Stage


async def done(stage: Stage, who: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """What somebody does before the journeys begin."""
    headers = {"idempotency-key": str(uuid4())}
    token = stage.tokens[who]
    answer = await stage.door.send("POST", path, token=token, json=body, headers=headers)
    assert answer.status_code in (200, 201), answer.text
    made: dict[str, Any] = answer.json()
    return made


async def consulted(stage: Stage, doctor: str, ids: dict[str, str], centre: str) -> dict[str, str]:
    """A consultation about her, asked of a centre."""
    asked = {
        "pregnancy_id": ids["pregnancy_id"],
        "urgency": "ordinary",
        "purpose": "？",
        "summary": "？",
        "consent": "written",
        "invite": [{"facility_id": str(stage.net.places[centre])}],
    }
    consult = (await done(stage, doctor, "/api/consults", asked))["consult"]
    return {"consult_id": consult["id"], "invitation_id": consult["invited"][0]["id"]}


async def in_its_room(
    stage: Stage, doctor: str, expert: str, ids: dict[str, str]
) -> dict[str, str]:
    """An urgent consultation of a house with a centre, in its room."""
    asked = {
        "pregnancy_id": ids["pregnancy_id"],
        "urgency": "urgent",
        "purpose": "？",
        "summary": "？",
        "consent": "spoken",
        "invite": [{"facility_id": str(stage.net.staff[expert].facility_id)}],
    }
    consult = (await done(stage, doctor, "/api/consults", asked))["consult"]
    path = f"/api/consults/{consult['id']}/invitations/{consult['invited'][0]['id']}/accept"
    await done(stage, expert, path, {"version": consult["version"]})
    room = (await done(stage, doctor, f"/api/consults/{consult['id']}/room", {}))["room"]
    view = await done(stage, expert, f"/api/rooms/{room['id']}/enter", {})
    (who,) = view["room"]["people"]
    agreement = {"beside": "nobody", "text_version": view["room"]["consent"]["version"]}
    asked = await done(stage, expert, f"/api/rooms/{room['id']}/recordings", agreement)
    said = await done(stage, expert, f"/api/rooms/{room['id']}/messages", {"text": "？"})
    still = await _still(stage, expert, room["id"], who["id"])
    # The paths of consultations keep the one that is still to be answered.
    return {
        "room_id": room["id"],
        "room_recording_id": asked["room"]["recording"]["id"],
        "room_message_id": said["id"],
        "room_still_id": still,
        "admission_id": who["id"],
        "action": "eject",
    }


async def _still(stage: Stage, expert: str, room: str, admission: str) -> str:
    """A still of somebody's camera."""
    said = {"source": "camera", "of": admission, "asked_by": admission}
    query = urlencode(said | {"taken_at": "2027-01-01T00:00:00Z"})
    answer = await stage.door.send(
        "POST",
        f"/api/rooms/{room}/stills?{query}",
        token=stage.tokens[expert],
        content=png(),
        headers={"idempotency-key": str(uuid4()), "content-type": "image/png"},
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def kept(stage: Stage, doctor: str, ids: dict[str, str]) -> dict[str, str]:
    """The recording of that room: over, its file listed, opened by the doctor."""
    recording, shelf = ids["room_recording_id"], stage.door.app.state.shelf
    await done(stage, doctor, f"/api/room-recordings/{recording}/stop", {})
    film(shelf, UUID(recording), UUID(ids["admission_id"]))
    stage.net.wait(seconds=20)
    keeper = RecordingKeeper(stage.net.clone.system, stage.net.clock, shelf)
    while await keeper.run_once():
        pass
    viewing = await done(stage, doctor, f"/api/room-recordings/{recording}/viewings", {})
    return {"viewing_id": viewing["id"], "part_id": viewing["parts"][0]["id"]}


async def guided(stage: Stage, doctor: str, centre: str) -> dict[str, str]:
    """A guidance session arranged with a centre."""
    asked = {
        "facility_id": str(stage.net.places[centre]),
        "guiding": False,
        "kind": "ward_round",
        "topic": "？",
    }
    made = await done(stage, doctor, "/api/guidance", asked)
    return {"guidance_id": made["session"]["id"]}


async def reported(stage: Stage, doctor: str) -> dict[str, str]:
    """A form that a house has begun, a drill that it plans, what is to be done."""
    asked = {"form": "alliance_plan", "period": "2026-12"}
    made = await done(stage, doctor, "/api/quality/returns", asked)
    drill = {
        "kind": "skills",
        "scenario": "pph",
        "title": "？",
        "planned_at": "2026-11-22T03:00:00Z",
    }
    exercise = (await done(stage, doctor, "/api/quality/exercises", drill))["exercise"]["id"]
    action = {"what": "？", "owner_id": str(stage.net.staff[doctor].person_id)}
    path = f"/api/quality/records/{exercise}/actions"
    set_ = await done(stage, doctor, path, action | {"due_on": "2027-01-01"})
    return {
        "return_id": made["quality_return"]["id"],
        "exercise_id": exercise,
        "record_id": exercise,
        "action_id": set_["actions"][0]["id"],
    }


async def advised(stage: Stage, case_id: str) -> str:
    """What the province's expert signed on the case."""
    id_ = ""
    for path, body in (
        (f"/api/cases/{case_id}/advice", {"text": "继续观察"}),
        ("/api/advice/{}/sign", {"revision": 1, "password": PASSWORD}),
    ):
        answer = await stage.door.send(
            "POST",
            path.format(id_),
            token=stage.tokens["province_expert"],
            json=body,
            headers={"idempotency-key": str(uuid4())},
        )
        assert answer.status_code == 201, answer.text
        id_ = str(answer.json()["id"])
    return id_
