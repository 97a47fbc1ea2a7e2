"""Ways through rosters, contact points and drills; see `journeys`."""

from tests.contract.steps import Step, post

HERSELF = {"person_id": "person of city_second"}
ROUND = {"shape": "day", "members": [], "start": "2026-11-20"}
DAYS = {"from": "2026-11-20", "to": "2026-12-20"}
EVEN = {"workday": 1, "weekend": 2, "holiday": 3}
WEIGHTS = {
    "night_from": "22:00",
    "night_to": "08:00",
    "night_counts_from_h": 4,
    "day": EVEN,
    "night": EVEN,
    "tiers": {},
}
FESTIVAL = [{"kind": "holiday", "name": "春节", "from": "2027-02-05", "to": "2027-02-11"}]

DUTY: dict[str, tuple[Step, ...]] = {
    "on duty": (
        post("city_expert", "/duty/sign-on"),
        post("city_expert", "/duty/sign-off"),
        post("city_desk", "/duty/shifts", cover=True),
    ),
    "drilled": (
        post("coordinator", "/duty/drills", facility_id="city_two"),
        # It has not ended: nobody is excused from what still rings.
        post("coordinator", "/duty/drills/{drill_id}/excuses/{person_id}", (422,)),
        post("coordinator", "/duty/drills/schedules", region_id="the region"),
        post("coordinator", "/duty/drills/schedules/{schedule_id}/end"),
    ),
    "reachable": (
        post("city_expert", "/contacts/points", channel="voice", address="19900001234", label="x"),
        # A code was just sent, the right one stands in the message alone, and nothing is verified.
        post("city_expert", "/contacts/points/{point_id}/code", (429,)),
        post("city_expert", "/contacts/points/{point_id}/verify", (422, 409), code="000000"),
        post("city_expert", "/contacts/points/{point_id}/test", (409,)),
        post("city_expert", "/contacts/points/{point_id}/heard", (404,)),
        post("city_expert", "/contacts/wishes", channel="sms", delay_s=30),
        post("city_expert", "/contacts/order", ids=["the point"]),
        post("city_expert", "/contacts/points/{point_id}/remove"),
        post("outsider", "/answer-links/look", (410,), token="no such link at all"),
        post("outsider", "/answer-links/answer", (410,), token="no such link at all"),
    ),
    "a roster changed": (
        post("city_second", "/duty/takeovers", (201, 409)),
        post("city_second", "/duty/changes", (403, 409), kind="substitute", asked=[HERSELF]),
        # What was taken over is approved afterwards; no consent is left to give.
        post("city_second", "/duty/changes/{change_id}/accept", (409,), option=1, rev=1),
        post("city_second", "/duty/changes/{change_id}/refuse", (409,), rev=1),
        post("city_second", "/duty/changes/{change_id}/withdraw", (409,), rev=1),
        post("city_chief", "/duty/changes/{change_id}/end", (409,), rev=1),
        post("city_chief", "/duty/changes/{change_id}/reject", rev=1),
        post("city_chief", "/duty/changes/{change_id}/approve", (409,), rev=2),
    ),
    "a house decided": (
        # What is replaced is made up; tests/duty/changes/terms decides.
        post("city_office", "/duty/terms", (409,)),
        post("city_office", "/duty/terms/weights", (409,), weights=WEIGHTS),
    ),
    "a duty handed over": (
        post("city_expert", "/duty/handovers/{duty_handover_id}/notes"),
        # Cases are open that nobody has shown them.
        post("city_second", "/duty/handovers/{duty_handover_id}/accept", (409,), case_ids=[]),
        post("city_chief", "/duty/handovers/{duty_handover_id}/settle", (200, 403)),
    ),
    "subscribed": (
        post("city_expert", "/duty/feeds"),
        post("city_expert", "/duty/feeds/{feed_id}/revoke"),
    ),
    "rostered": (
        post("city_desk", "/duty/groups", code="ICU", name="重症组"),
        post("city_desk", "/duty/groups/{group_id}/slots", tier="first"),
        Step("city_desk", "PUT /api/duty/groups/{group_id}", {"name": "重症专家组"}),
        Step("city_desk", "PUT /api/duty/slots/{slot_id}", {"required": True}),
        post("city_desk", "/duty/rotations", code="a", pattern=ROUND, **DAYS),
        post("city_desk", "/duty/qualifications", person_id="person of city_expert", **DAYS),
        post("city_desk", "/duty/qualifications/{qualification_id}/revoke"),
        post("city_desk", "/duty/leave", person_id="person of city_expert"),
        post("city_desk", "/duty/leave/{leave_id}/cancel"),
        post("city_office", "/duty/holidays", year=2027, days=FESTIVAL),
        post("city_desk", "/duty/plans"),
        post("city_desk", "/duty/plans/{plan_id}/fill"),
        # Bytes are not described by a schema: tests/duty/feeds/incoming attacks them.
        post("city_desk", "/duty/plans/{plan_id}/import/preview", (400,)),
        post("city_desk", "/duty/plans/{plan_id}/import", (400,)),
        # Nobody of the made-up ids works there; tests/duty/feeds/incoming explains names.
        post("city_desk", "/duty/plans/{plan_id}/import/names", (422,)),
        Step("city_desk", "PUT /api/duty/plans/{plan_id}/entries"),
        post("city_desk", "/duty/plans/{plan_id}/submit"),
        post("city_office", "/duty/plans/{plan_id}/return"),
        post("city_desk", "/duty/plans/{plan_id}/submit"),
        post("city_office", "/duty/plans/{plan_id}/approve"),
        # A required place is empty; tests/duty/rosters/plans publishes.
        post("city_desk", "/duty/plans/{plan_id}/publish", (409,)),
        post("city_desk", "/duty/plans"),
        post("city_desk", "/duty/plans/{plan_id}/discard"),
        post("city_desk", "/duty/slots/{slot_id}/retire"),
    ),
}
