"""Rows of another hospital: what nobody of the home hospital may see or touch.

Made through the public API, by that hospital's own people: a case from a far county to the
province's centre, accepted, with everything that hangs on it. A new kind of row joins by putting
its id under the name of the path parameter that takes it.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text

from duty.rosters import service as rosters
from duty.rosters.oncall import DutyTier
from kernel.clock import SimulatedClock
from kernel.viewer import Role, Viewer
from realtime.service import register_device
from registry.people.service import Grant, create_person
from tests.consult.imaging.receiving.standing import arrived
from tests.consult.imaging.scans import scan
from tests.fixtures.database import Clone
from tests.kernel.media.pictures import png
from tests.matrix.door import Door
from tests.quality.reviews.standing import proposed
from tests.registry.world import SEALER, World, account

LINK = "link token"
"""Under this name the door keeps the token of a crew's link to the foreign case."""

HANDOVER = text(
    """
    INSERT INTO duty_handover (id, slot_id, facility_id, at, outgoing_id, incoming_id,
      outgoing_shift_id, incoming_shift_id, rule_id, state, opened_at, remind_at, alarm_at)
    SELECT gen_random_uuid(), o.slot_id, c.facility_id, :at, o.person_id, c.requested_by, o.id,
           o.id, c.rule_id, 'open', :at, :at, :at
      FROM shift o JOIN change_request c ON c.shift_id = o.id WHERE o.id = :shift
    RETURNING id
    """
)
"""Somebody of that centre has not yet said that the duty is theirs."""

STRANGERS = {"stranger": Role.REFERRING_CLINICIAN, "province": Role.EXPERT}


async def rows(door: Door, database: Clone, world: World) -> dict[str, str]:
    """Path parameter → id of a foreign row."""
    places = {"stranger": world.stranger, "province": world.province_centre}
    tokens = {}
    hired = {}
    for login, role in STRANGERS.items():
        hired[login], _ = await account(
            database.system, world.clock, login, places[login], Grant(role)
        )
        tokens[login] = await door.log_in(login)
    made = await _post(door, tokens["stranger"], "/api/patients", {"name": "陌生人", "age": 30})
    case = await _referred(door, tokens["stranger"], made["pregnancy_id"], world)
    found = {"pregnancy_id": made["pregnancy_id"], "case_id": case["id"]}
    found["offer_id"] = case["offers"][0]["id"]
    yes = {"version": case["version"], "bed": "1"}
    path = f"/api/offers/{found['offer_id']}/actions/accept"
    case = await _post(door, tokens["province"], path, yes)
    take = {"version": case["version"], "offer_id": found["offer_id"]}
    path = f"/api/referrals/{case['id']}/actions/commit"
    case = await _post(door, tokens["stranger"], path, take)
    found["leg_id"] = case["legs"][0]["id"]
    found |= await scanned(door, tokens["stranger"], case["id"])
    found |= await arrived(door.app, database, world.stranger, "STRANGER")
    path = f"/api/legs/{found['leg_id']}/links"
    issued = await _post(door, tokens["stranger"], path, {"holder": {"name": "随车"}})
    found["link_id"] = issued["link"]["id"]
    door.cookies[LINK] = issued["path"].partition("#")[2]
    device = {"serial": "foreign", "kind": "home_ctg"}
    made = await _post(door, tokens["stranger"], "/api/devices", device)
    found["device_id"] = made["device"]["id"]
    found["ctg_device_id"] = str(await _monitor(database, world))
    feed = await _post(door, tokens["province"], "/api/duty/feeds", {"label": "foreign"})
    found["feed_id"] = feed["feed"]["id"]
    found |= await _changed(door, tokens["province"], database, world)
    found |= await _filed(door, tokens["stranger"], found["pregnancy_id"], world)
    found |= await _consulted(door, tokens, found["pregnancy_id"], world)
    found |= await _taught(door, tokens["province"])
    found["guidance_id"] = await _guided(door, tokens["stranger"], world)
    form = {"form": "alliance_plan", "period": "2026-12"}
    made = await _post(door, tokens["stranger"], "/api/quality/returns", form)
    found["return_id"] = made["quality_return"]["id"]
    found |= await _drilled(door, tokens["stranger"])
    async with database.system.session(Viewer.system("test")) as session:
        found |= await proposed(
            session, UUID(case["id"]), world.stranger, hired["stranger"], world.clock.now()
        )
    return found | await _followed(door, tokens["province"], case)


async def scanned(door: Door, token: str, case_id: str) -> dict[str, str]:
    """Scans of the case's woman: one whose name nobody has compared yet, and one without a name."""
    study = f"2.25.{UUID(case_id).int}"
    for content in (scan(study=study, sop=f"{study}.9"), scan(patient="SOMEBODY")):
        answer = await door.send(
            "POST",
            f"/api/cases/{case_id}/scans",
            token=token,
            content=content,
            headers={"content-type": "application/dicom"},
        )
        assert answer.status_code == 201, answer.text
    made = answer.json()
    return {
        "study_id": made["study"]["id"],
        "instance_id": made["instance_id"],
        "study_uid": study,
        "series_uid": f"{study}.1",
        "sop_uid": f"{study}.9",
    }


async def _monitor(database: Clone, world: World) -> UUID:
    """A fetal monitor of that hospital."""
    async with database.system.session(Viewer.system("test")) as session:
        return await register_device(
            session, serial="foreign", kind="monitor", facility_id=world.stranger
        )


async def _changed(door: Door, token: str, database: Clone, world: World) -> dict[str, str]:
    """The province's expert took over from somebody of that centre."""
    seeder, place = Viewer.system("test"), world.province_centre
    begin = world.clock.now() - timedelta(hours=1)
    async with database.system.session(seeder) as session:
        ill = await create_person(session, world.clock, SEALER, facility_id=place, name="测试病")
        group = await rosters.create_group(
            session, seeder, facility_id=place, code="OB", name="产科急救"
        )
        slot = await rosters.create_slot(
            session,
            seeder,
            facility_id=place,
            group_id=group,
            specialty="obstetrics",
            tier=DutyTier.FIRST,
        )
        shift = await rosters.put_shift(
            session,
            SimulatedClock(begin),
            seeder,
            slot_id=slot,
            person_id=ill,
            start=begin,
            end=begin + timedelta(days=1),
        )
    made = await _post(door, token, "/api/duty/takeovers", {"shift_id": str(shift)})
    async with database.system.session(seeder) as session:
        handover = await session.execute(HANDOVER, {"shift": shift, "at": begin})
    return {
        "shift_id": str(shift),
        "change_id": made["id"],
        "duty_handover_id": str(handover.scalar_one()),
    }


async def _filed(door: Door, token: str, pregnancy_id: str, world: World) -> dict[str, str]:
    """A case file whose hand-over to the province's centre is proposed."""
    body = {"pregnancy_id": pregnancy_id, "reason": "test", "colour": "red"}
    file = await _post(door, token, "/api/case-files", body)
    asked = {
        "version": file["version"],
        "facility_id": str(world.province_centre),
        "reason": "test",
    }
    path = f"/api/case-files/{file['id']}/actions/propose_handover"
    file = await _post(door, token, path, asked)
    return {
        "file_id": file["id"],
        "report_id": file["reports"][0]["id"],
        "task_id": file["tasks"][0]["id"],
        "handover_id": file["handovers"][0]["id"],
    }


async def _consulted(
    door: Door, tokens: dict[str, str], pregnancy_id: str, world: World
) -> dict[str, str]:
    """A consultation of that hospital with the province's centre, in its room."""
    question = {
        "pregnancy_id": pregnancy_id,
        "urgency": "urgent",
        "purpose": "test",
        "summary": "test",
        "consent": "spoken",
        "invite": [{"facility_id": str(world.province_centre)}],
    }
    made = (await _post(door, tokens["stranger"], "/api/consults", question))["consult"]
    invitation = made["invited"][0]["id"]
    path = f"/api/consults/{made['id']}/invitations/{invitation}/accept"
    await _post(door, tokens["province"], path, {"version": made["version"]})
    view = await _post(door, tokens["stranger"], f"/api/consults/{made['id']}/room", {})
    room = view["room"]["id"]
    view = await _post(door, tokens["province"], f"/api/rooms/{room}/enter", {})
    agreement = {"beside": "nobody", "text_version": view["room"]["consent"]["version"]}
    asked = await _post(door, tokens["province"], f"/api/rooms/{room}/recordings", agreement)
    said = await _post(door, tokens["province"], f"/api/rooms/{room}/messages", {"text": "test"})
    still = await _still(door, tokens["province"], room, view["room"]["people"][0]["id"])
    who = {"name": "测试", "house": "测试医院"}
    guest = await _post(door, tokens["stranger"], f"/api/rooms/{room}/guests", who)
    return {
        "consult_id": made["id"],
        "invitation_id": invitation,
        "room_id": room,
        "guest_id": guest["guest"]["id"],
        "room_recording_id": asked["room"]["recording"]["id"],
        "room_message_id": said["id"],
        "room_still_id": still,
        "admission_id": view["room"]["people"][0]["id"],
        "action": "admit",
    }


async def _taught(door: Door, token: str) -> dict[str, str]:
    """A draft of a course of that centre, with a class and a file."""
    course = (await _post(door, token, "/api/training/courses", {"title": "test"}))["course"]["id"]
    path = f"/api/training/courses/{course}"
    seated = {"title": "test", "starts_at": "2026-11-23T02:00:00Z"}
    made = await _post(door, token, f"{path}/classes", seated)
    answer = await door.send(
        "POST", f"{path}/materials?name=test", token=token, content=b"%PDF-1.7",
        headers={"idempotency-key": str(uuid4()), "content-type": "application/pdf"},
    )  # fmt: skip
    assert answer.status_code == 201, answer.text
    material = answer.json()["materials"][0]["id"]
    return {"course_id": course, "class_id": made["seated"]["id"], "material_id": material}


async def _guided(door: Door, token: str, world: World) -> str:
    """A guidance session of that hospital with the province's centre."""
    asked = {
        "facility_id": str(world.province_centre),
        "guiding": False,
        "kind": "ward_round",
        "topic": "test",
    }
    return str((await _post(door, token, "/api/guidance", asked))["session"]["id"])


async def _drilled(door: Door, token: str) -> dict[str, str]:
    """A skills drill of that hospital, and what somebody there is to do after it."""
    asked = {
        "kind": "skills",
        "scenario": "pph",
        "title": "x",
        "planned_at": "2026-11-22T01:00:00Z",
    }
    made = await _post(door, token, "/api/quality/exercises", asked)
    id_ = made["exercise"]["id"]
    path = f"/api/quality/records/{id_}/actions"
    who = (await door.send("GET", path, token=token)).json()["colleagues"][0]["id"]
    action = {"what": "x", "owner_id": who, "due_on": "2027-01-01"}
    actions = await _post(door, token, path, action)
    return {"exercise_id": id_, "record_id": id_, "action_id": actions["actions"][0]["id"]}


async def _followed(door: Door, token: str, case: dict[str, Any]) -> dict[str, str]:
    """A near-miss proposal, a death review and a paper on the case."""
    critical = f"/api/cases/{case['id']}/critical-facts"
    proposed = await _post(door, token, critical, {"cpr": True})
    version = (await door.send("GET", f"/api/referrals/{case['id']}", token=token)).json()[
        "version"
    ]
    loss = {"version": version, "who": "fetus", "place": "手术室", "certifier": "测试医生"}
    await _post(door, token, f"/api/referrals/{case['id']}/actions/record_loss", loss)
    after = (await door.send("GET", f"/api/cases/{case['id']}/aftermath", token=token)).json()
    paper = await _post(door, token, f"/api/cases/{case['id']}/documents/transfer", {})
    return {
        "document_id": paper["id"],
        "kind": paper["kind"],
        "proposal_id": proposed["near_miss"][0]["id"],
        "review_id": after["reviews"][0]["id"],
    }


async def _referred(door: Door, token: str, pregnancy_id: str, world: World) -> dict[str, Any]:
    catalogue = (await door.send("GET", "/api/conditions", token=token)).json()
    body = {
        "pregnancy_id": pregnancy_id,
        "subject": "mother",
        "condition": catalogue[0]["code"],
        "acuity": "critical",
        "reason": "test",
        "consent": "verbal",
        "destinations": [str(world.province_centre)],
    }
    return await _post(door, token, "/api/referrals", body)


async def _still(door: Door, token: str, room: str, admission: str) -> str:
    """A still of somebody's camera in that room."""
    said = f"source=camera&of={admission}&asked_by={admission}&taken_at=2027-01-01T00:00:00Z"
    answer = await door.send(
        "POST",
        f"/api/rooms/{room}/stills?{said}",
        token=token,
        content=png(),
        headers={"idempotency-key": str(uuid4()), "content-type": "image/png"},
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def _post(door: Door, token: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await door.send(
        "POST", path, token=token, json=body, headers={"idempotency-key": str(uuid4())}
    )
    assert answer.status_code in (200, 201), answer.text
    made: dict[str, Any] = answer.json()
    return made


UNKNOWN = str(UUID(int=1))
