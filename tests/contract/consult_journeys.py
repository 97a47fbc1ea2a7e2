"""Consultations from the question to the decision, in their room, and called off."""

from typing import Any

from consult.rooms.recording.rules import RULES
from tests.contract.steps import Step, post
from tests.registry.world import PASSWORD

TEXT = RULES.consent.version
DECIDED = {"adoption": "adopted", "text": "按意见处理"}


def _consult(who: str, what: str, version: int, /, **fields: Any) -> Step:
    return post(who, f"/consults/{{consult_id}}/{what}", version=version, **fields)


def _guidance(who: str, what: str, version: int, /, **fields: Any) -> Step:
    return post(who, f"/guidance/{{guidance_id}}/{what}", version=version, **fields)


def _answer(who: str, what: str, version: int, /, **fields: Any) -> Step:
    path = f"/consults/{{consult_id}}/invitations/{{invitation_id}}/{what}"
    return post(who, path, version=version, **fields)


CONSULTATIONS: dict[str, tuple[Step, ...]] = {
    "a consultation": (
        post("county_doctor", "/consults", pregnancy_id="her", invite=[{"facility_id": "city"}]),
        _answer("city_expert", "hand-on", 1, to={"facility_id": "province"}),
        _answer("province_expert", "decline", 1, why="busy"),
        _consult("county_doctor", "invite", 1, invite=[{"facility_id": "city"}]),
        _consult("county_doctor", "proposals", 2, starts_at="2026-11-23T02:00:00Z"),
        _consult("city_expert", "proposals/{n}/agree", 3),
        _answer("city_expert", "accept", 4),
        _consult("city_expert", "begin", 4),
        _consult("city_expert", "conclude", 5, outcome="not_needed"),
        post("county_doctor", "/consults/{consult_id}/ratings"),
        _consult("county_doctor", "decide", 6, decision=DECIDED, password=PASSWORD),
    ),
    "a consultation by telephone": (
        post("county_doctor", "/consults", pregnancy_id="her", invite=[{"facility_id": "city"}]),
        post(
            "county_doctor",
            "/consults/{consult_id}/calls",
            called_at="2026-11-22T02:00:00Z",
            number="19900000503",
            corrects=None,
        ),
    ),
    "a consultation in its room": (
        post("county_doctor", "/consults", pregnancy_id="her", invite=[{"facility_id": "city"}]),
        _answer("city_expert", "accept", 1),
        post("county_doctor", "/consults/{consult_id}/room"),
        post("county_doctor", "/rooms/{room_id}/enter"),
        post("county_doctor", "/rooms/{room_id}/tickets"),
        post("city_expert", "/rooms/{room_id}/enter"),
        post("county_doctor", "/rooms/{room_id}/messages", text="宫口 4 cm", corrects=None),
        post("city_expert", "/consults/{consult_id}/messages/marks", delivered_to=1, read_to=1),
        # Bytes are not described by a schema: tests/consult/rooms/stills attacks them.
        post("county_doctor", "/rooms/{room_id}/stills", (400, 422)),
        post(
            "city_expert",
            "/room-stills/{room_still_id}/marks",
            kind="arrow",
            ax=0.0,
            ay=0.0,
            bx=1.0,
            by=1.0,
            colour="cyan",
            text="",
        ),
        post("city_expert", "/room-stills/{room_still_id}/marks/{n}/undo"),
        post("county_doctor", "/rooms/{room_id}/admissions/{admission_id}/{action}"),
        post("county_doctor", "/rooms/{room_id}/end"),
    ),
    "a room with a guest": (
        post("county_doctor", "/consults", pregnancy_id="her", invite=[{"facility_id": "city"}]),
        _answer("city_expert", "accept", 1),
        post("county_doctor", "/consults/{consult_id}/room"),
        post("county_doctor", "/rooms/{room_id}/enter"),
        post("county_doctor", "/rooms/{room_id}/guests", name="李主任", house="邻省医院"),
        post("outsider", "/guest/open", (410,), token="no such link at all, ever"),
        post("a guest", "/guest/enter"),
        Step(
            "county_doctor",
            "POST /api/rooms/{room_id}/admissions/{admission_id}/{action}",
            at="admit",
        ),
        post("a guest", "/guest/tickets"),
        post("county_doctor", "/rooms/{room_id}/recordings", text_version=TEXT),
        post("a guest", "/guest/recording/agree", text_version=TEXT),
        post("a guest", "/guest/recording/withdraw"),
        post("county_doctor", "/rooms/{room_id}/recordings", text_version=TEXT),
        post("a guest", "/guest/recording/refuse"),
        post("county_doctor", "/rooms/{room_id}/guests/{guest_id}/revoke"),
    ),
    "a room recorded": (
        post("county_doctor", "/consults", pregnancy_id="her", invite=[{"facility_id": "city"}]),
        _answer("city_expert", "accept", 1),
        post("county_doctor", "/consults/{consult_id}/room"),
        post("county_doctor", "/rooms/{room_id}/enter"),
        post("county_doctor", "/rooms/{room_id}/recordings", text_version=TEXT),
        post("city_expert", "/rooms/{room_id}/enter"),
        post("city_expert", "/room-recordings/{room_recording_id}/agree", text_version=TEXT),
        post("city_expert", "/room-recordings/{room_recording_id}/withdraw"),
        post("county_doctor", "/rooms/{room_id}/recordings", text_version=TEXT),
        post("city_expert", "/room-recordings/{room_recording_id}/refuse"),
        post("county_doctor", "/rooms/{room_id}/recordings", text_version=TEXT),
        post("county_doctor", "/room-recordings/{room_recording_id}/stop"),
        # Its files are listed by another process, some seconds later.
        post("county_doctor", "/room-recordings/{room_recording_id}/viewings", (409,)),
    ),
    "a guidance session": (
        post("county_doctor", "/guidance", facility_id="city", guiding=False, kind="ward_round"),
        post("city_expert", "/guidance/{guidance_id}/presence"),
        post("county_doctor", "/guidance/{guidance_id}/presence"),
        _guidance("city_expert", "records", 2),
        post("city_expert", "/guidance/{guidance_id}/leave"),
        _guidance("county_doctor", "end", 3),
        _guidance("county_doctor", "dispute", 4),
        _guidance("county_doctor", "confirm", 5),
    ),
    "a guidance session called off": (
        post("city_expert", "/guidance", facility_id="county", guiding=True, kind="bedside"),
        _guidance("county_doctor", "cancel", 1),
    ),
    "a consultation called off": (
        post("county_doctor", "/consults", pregnancy_id="her", invite=[{"facility_id": "city"}]),
        _consult("county_doctor", "cancel", 1, note="不需要"),
        _answer("city_expert", "seen", 2),
    ),
}
