"""Ways through the platform that pass every write operation while it is possible.

Each step names who acts, the operation, and what beyond the smallest body it takes to succeed.
A test throws everything bad at an operation where it stands, and then lets the good request pass.
"""

from typing import Any

from tests.contract.consult_journeys import CONSULTATIONS
from tests.contract.ctg_journeys import TRACINGS
from tests.contract.duty_journeys import DUTY
from tests.contract.indicator_journeys import INDICATORS
from tests.contract.review_journeys import REVIEWS
from tests.contract.steps import Step, post
from tests.contract.training_journeys import TRAINING

PASSWORD = "Correct-Horse-7"


def _case(who: str, action: str, at: str = "", /, **fields: Any) -> Step:
    return Step(who, f"POST /api/referrals/{{case_id}}/actions/{action}", fields, at)


def _offer(who: str, action: str, at: str = "city", /, **fields: Any) -> Step:
    return Step(who, f"POST /api/offers/{{offer_id}}/actions/{action}", fields, at)


def _leg(who: str, action: str, at: str = "", /, **fields: Any) -> Step:
    return Step(who, f"POST /api/legs/{{leg_id}}/actions/{action}", fields, at)


def _hold(who: str, action: str, /, **fields: Any) -> Step:
    return Step(who, f"POST /api/holds/{{hold_id}}/actions/{action}", fields)


def _file(who: str, action: str, at: str = "", /, **fields: Any) -> Step:
    return Step(who, f"POST /api/case-files/{{file_id}}/actions/{action}", fields, at)


def _report(who: str, action: str, /) -> Step:
    return Step(who, f"POST /api/case-file-reports/{{report_id}}/actions/{action}")


def _handover(who: str, action: str, /) -> Step:
    return Step(who, f"POST /api/case-file-handovers/{{handover_id}}/actions/{action}")


def _send(*destinations: str, who: str = "county_doctor", **fields: Any) -> Step:
    known = {"consent": "signed", "condition": "pph", "send": True}
    more = {"destinations": list(destinations)} if destinations else {}
    return Step(who, "POST /api/referrals", {**known, **more, **fields})


LADDER = {
    "event": "referral.offered",
    "level": "critical",
    "mode": "first",
    "steps": [{"delay_s": 0, "tiers": ["first"], "specialties": ["obstetrics"]}],
    "quorum": [],
    "repeat_s": 60,
    "join_within_s": 180,
}
MACHINE = {"ae_title": "US9", "networks": ["192.0.2.9"]}
WRISTBAND = "ZY2026001"
HEART_RATE = {"code": "hr_per_min", "number": 88, "unit": "/min"}
HB_60 = {"fact": "hb_g_per_l", "value": 60}


def _ask_outside(name: str) -> Step:
    path = "/referrals/{case_id}/outside-offers"
    return post("county_doctor", path, name=name, phone="0990-5550001", holder={"name": "何静"})


CHECKED = {
    "airway_and_breathing_stable": True,
    "circulation_stable": True,
    "iv_access": True,
    "oxygen_for_trip_plus_30_min": True,
    "emergency_kit": True,
    "papers_and_consent": True,
    "family_informed": True,
}
NOT_POSSIBLE = {
    "id": "00000000-0000-4000-8000-000000000001",
    "seq": 1,
    "at": "2026-11-22T02:00:00Z",
    "kind": "resume",
}
"""An entry that is refused: she is not standing still."""

LATE = {"interval": "hypertension_to_antihypertensive"}
ASKED = {"prompt": "eclampsia_antihypertensive", "answer": "yes"}
CELLS = [{"code": "residence", "value": "柳湾镇"}]
COMMITTED = (_offer("city_expert", "accept", bed="1"), _case("county_doctor", "commit", "city"))

PAPERS = (
    post(
        "county_doctor",
        "/referrals/{case_id}/treatments",
        code="oxytocin",
        unit="U",
        route="im",
        dose=10,
    ),
    post("county_doctor", "/referrals/{case_id}/treatments/{treatment_id}/withdraw"),
    Step(
        "county_doctor",
        "PATCH /api/referrals/{case_id}/newborns/{baby}",
        {"findings": "哭声弱", "weight_g": 2300},
    ),
    Step("county_doctor", "PATCH /api/referrals/{case_id}/identity", {"ethnicity": "汉族"}),
    post("county_doctor", "/referrals/{case_id}/consents", kind="verbal", given_by="patient"),
    post("county_doctor", "/referrals/{case_id}/seen"),
    # Bytes are not described by a schema: tests/referral/test_attachments.py attacks them.
    post("county_doctor", "/referrals/{case_id}/attachments", (400,)),
    post("county_doctor", "/referrals/{case_id}/attachments/{attachment_id}/withdraw", (404,)),
    post("county_doctor", "/referrals/{case_id}/references", (422,), kind="ctg"),
    post("county_doctor", "/referrals/{case_id}/references/{reference_id}/withdraw", (404,)),
)

JOURNEYS: dict[str, tuple[Step, ...]] = {
    "to the handover": (
        _send(send=False),
        _case("county_doctor", "send", consent="signed", destinations=["city"]),
        _offer("city_expert", "acknowledge"),
        _offer("city_expert", "ask"),
        _offer("county_doctor", "answer"),
        _case("county_doctor", "request_hold", "city", kind="theatre"),
        _hold("city_expert", "grant"),
        _hold("city_expert", "extend"),
        *COMMITTED,
        post("city_expert", "/referrals/{case_id}/notes"),
        post("county_doctor", "/referrals/{case_id}/milestones", kind="blood_requested"),
        post("city_expert", "/cases/{case_id}/documents/{kind}"),
        Step("county_doctor", "PATCH /api/referrals/{case_id}/record", {"hb_g_per_l": 61}),
        *PAPERS,
        _leg("county_doctor", "replan", vehicle="救护车 1"),
        _leg("county_doctor", "ready"),
        _leg("county_doctor", "depart"),
        _leg("county_doctor", "report", note="途中平稳"),
        _leg("county_doctor", "deteriorate"),
        _leg("county_doctor", "birth"),
        _leg("county_doctor", "halt"),
        _leg("county_doctor", "resume"),
        _hold("city_expert", "use"),
        _leg("city_expert", "arrive"),
        _leg("county_doctor", "sign_handover"),
        _leg("city_expert", "sign_handover"),
        post("city_expert", "/cases/{case_id}/critical-facts", cpr=True),
        post("city_expert", "/near-misses/{proposal_id}/verdict"),
        _case("city_expert", "close"),
        _case("county_doctor", "read_feedback"),
        _case("city_expert", "back_refer"),
    ),
    "with a newborn": (
        _send("city", needs_neonatal=True),
        _offer("city_second", "answer_neonatal"),
        _case("county_doctor", "record_loss", who="fetus"),
        _offer("city_expert", "accept_after_stabilising", bed="1"),
        _case("county_doctor", "request_hold", "city", kind="icu_bed"),
        _hold("city_expert", "release"),
        _case("county_doctor", "die"),
        post("county_doctor", "/reviews/{review_id}/steps/{step}/report"),
    ),
    "rescued in place": (
        _send("city"),
        _offer("city_expert", "redirect", facility_id="city_two"),
        post("county_doctor", "/referrals/{case_id}/offers", facility_id="province"),
        _offer("province_expert", "decline", "province", supervisor="甲", remote_advice="乙"),
        _case("county_doctor", "guide_in_place"),
        _case("county_doctor", "review_guidance"),
        _case("county_doctor", "hand_over_lead", remote_lead_id="person of city_expert"),
        post("city_expert", "/referrals/{case_id}/teams", phone="0990-5550002"),
        post("city_expert", "/teams/{team_id}/reports", what="departed"),
        _case("county_doctor", "resume_transfer"),
        _case("county_doctor", "guide_in_place"),
        _case("county_doctor", "end_guidance"),
    ),
    "diverted and missed": (
        _send("city", "city_two"),
        *COMMITTED,
        _offer("city_two_expert", "acknowledge_withdrawal", "city_two"),
        _leg("county_doctor", "ready"),
        _leg("county_doctor", "depart"),
        post("county_doctor", "/referrals/{case_id}/offers", facility_id="province"),
        _offer("province_expert", "accept", "province", bed="1"),
        _leg("county_doctor", "divert", "province"),
        _leg("province_expert", "miss"),
    ),
    "by link": (
        _send("city"),
        *COMMITTED,
        post("county_doctor", "/legs/{leg_id}/links", holder={"name": "何静"}),
        _leg("county_doctor", "depart", checklist=CHECKED, eta="2026-11-22T05:00:00Z"),
        post("holder of crew", "/crew/sync", now="2026-11-22T02:00:00Z", entries=[NOT_POSSIBLE]),
        post("city_expert", "/links/{link_id}/entries/{entry_id}/review"),
        _leg("city_expert", "answer_query", answer="not_here"),
        post("holder of crew", "/links/leave"),
        post("city_expert", "/links/{link_id}/revoke"),
        # A token that nobody was given opens nothing; a good one is opened all along.
        post("county_doctor", "/links/open", (410,), token="x" * 43),
    ),
    "a unit outside": (
        _send("city"),
        _ask_outside("网外医院甲"),
        post("holder of outside_unit", "/outside/acknowledge"),
        post("holder of outside_unit", "/outside/ask"),
        _offer("county_doctor", "answer", ""),
        post("holder of outside_unit", "/outside/accept", bed="1"),
        _case("county_doctor", "commit"),
        post("county_doctor", "/offers/{offer_id}/links", holder={"name": "何静"}),
        _leg("county_doctor", "depart", checklist=CHECKED),
        post("holder of outside_door", "/outside/arrive"),
        post("holder of outside_door", "/outside/sign_handover"),
        _leg("county_doctor", "sign_handover"),
        post("holder of outside_door", "/outside/close"),
    ),
    "units outside that say otherwise": (
        _send("city"),
        _ask_outside("网外医院乙"),
        post("holder of outside_unit", "/outside/decline"),
        _ask_outside("网外医院丙"),
        post("holder of outside_unit", "/outside/redirect", facility_id="city_two"),
        _ask_outside("网外医院丁"),
        post("holder of outside_unit", "/outside/accept_after_stabilising", bed="1"),
    ),
    "died on the road": (
        _send("city"),
        *COMMITTED,
        _leg("county_doctor", "ready"),
        _leg("county_doctor", "depart"),
        _leg("county_doctor", "die"),
    ),
    "called off": (_send("city"), _case("county_doctor", "cancel")),
    "voided": (_send("city"), _case("admin", "void")),
    "arrived by herself": (post("county_doctor", "/self-arrivals", condition="pph"),),
    "advised": (
        _send("city"),
        post("city_expert", "/cases/{case_id}/advice", shared=True),
        post(
            "city_second", "/advice/{advice_id}/revisions", revision=1, orders=[{"text": "缩宫素"}]
        ),
        post("city_expert", "/advice/{advice_id}/sign", revision=2, password=PASSWORD),
        post("city_second", "/advice/{advice_id}/stands", password=PASSWORD),
        post("county_doctor", "/advice/{advice_id}/orders/{n}/outcome"),
    ),
    "scanned": (
        _send("city"),
        # Bytes are not described by a schema: tests/consult/imaging/test_scans.py attacks them.
        post("county_doctor", "/cases/{case_id}/scans", (422,)),
        post("county_doctor", "/cases/{case_id}/scans/archive", (422,)),
        post("county_doctor", "/cases/{case_id}/dicomweb/studies", (415,)),
        post("county_doctor", "/scans/{study_id}/confirm"),
        post("county_doctor", "/scans/{study_id}/withdraw"),
        post("county_doctor", "/cases/{case_id}/scans/arrivals/{arrival_id}"),
        # It was brought just now: tests/consult/imaging/receiving puts another one away.
        post("county_doctor", "/scans/arrivals/{arrival_id}/discard", (409,)),
    ),
    "a case file": (
        post("county_doctor", "/case-files", colour="red"),
        _file("county_doctor", "draft_plan"),
        _file("city_expert", "comment_plan"),
        _file("county_doctor", "sign_plan", password=PASSWORD),
        _file("city_expert", "sign_plan", password=PASSWORD),
        _report("county_doctor", "submit"),
        _report("coordinator", "return"),
        _report("county_doctor", "submit"),
        _report("coordinator", "receive"),
        _file("county_doctor", "add_task"),
        Step("county_doctor", "POST /api/case-file-tasks/{task_id}/actions/cancel"),
        _file("county_doctor", "follow_up"),
        _file("county_doctor", "add_note"),
        _file("county_doctor", "assign"),
        _file("county_doctor", "propose_handover", facility_id="city"),
        _handover("county_doctor", "withdraw"),
        _file("county_doctor", "propose_handover", facility_id="city"),
        _handover("city_expert", "decline"),
        _file("county_doctor", "propose_handover", facility_id="city"),
        _handover("city_expert", "accept"),
        _file("city_expert", "close", outcome="resolved"),
    ),
    "a voided case file": (
        post("county_doctor", "/case-files"),
        _file("admin", "void"),
    ),
    "on the clock": (
        _send("city", condition="eclampsia"),
        post(
            "county_doctor",
            "/referrals/{case_id}/milestones",
            kind="severe_hypertension",
            at="2026-11-22T00:30:00Z",
            late_reason="断网",
        ),
        post("county_doctor", "/cases/{case_id}/clock/owners", **LATE),
        post("county_doctor", "/cases/{case_id}/clock/delays", **LATE, code="no_team"),
        post("county_doctor", "/cases/{case_id}/clock/prompts", **ASKED),
        post("county_doctor", "/referrals/{case_id}/milestones", kind="seizure"),
        post("county_doctor", "/cases/{case_id}/events/{seq}/amend", withdrawn=True),
        post("county_doctor", "/referrals/{case_id}/milestones", kind="seizure"),
        post("county_doctor", "/cases/{case_id}/clock/undo"),
    ),
    "a confidential list": (
        post(
            "county_doctor",
            "/special-population",
            month="2026-11",
            categories=[{"code": "other"}],
            cells=CELLS,
        ),
        post(
            "county_doctor",
            "/special-rows/{row_id}/actions/change",
            categories=[{"code": "other"}],
            cells=CELLS,
        ),
        post("county_doctor", "/special-rows/{row_id}/actions/remove", version=2),
        post("county_doctor", "/special-lists/{list_id}/actions/submit", version=1),
        post("county_doctor", "/special-lists/{list_id}/actions/reopen", version=2),
    ),
    "paged": (
        _send("city"),
        post("city_expert", "/pages/{page_id}/receipt"),
        post("city_expert", "/pages/{page_id}/acknowledge"),
        post("city_expert", "/pages/{page_id}/joined"),
        _send("city"),
        post("city_expert", "/pages/{page_id}/decline"),
        post("city_expert", "/pages/{page_id}/pass-on"),
        post("county_doctor", "/cases/{case_id}/team-call", facility_id="city"),
        # The case's first page is about its offer: no team was called by it.
        post("county_doctor", "/pages/{page_id}/call-off", (403,)),
        post("coordinator", "/duty/policies", **LADDER),
        # The platform's own ladder is nobody's to take back.
        post("coordinator", "/duty/policies/{policy_id}/withdraw", (409,), reason="test"),
    ),
    "registered": (
        post("county_doctor", "/patients", pregnancy={}),
        post("county_doctor", "/pregnancies/{pregnancy_id}/newborns"),
        post("county_doctor", "/ctg/wristbands", code=WRISTBAND),
        post("county_doctor", "/ctg/wristbands/find", code=WRISTBAND),
        post("county_doctor", "/ctg/recordings/{recording_id}/bind", version=1),
        post("county_doctor", "/ctg/recordings/{recording_id}/unbind", version=2),
    ),
    "a monitor's life": (
        post("admin", "/ctg/devices", facility_id="county"),
        post("admin", "/ctg/devices/{ctg_device_id}/change"),
        post("admin", "/ctg/devices/{ctg_device_id}/rotate"),
        post("admin", "/ctg/devices/{ctg_device_id}/revoke"),
        post("admin", "/scans/machines", facility_id="county", **MACHINE),
        post("admin", "/scans/machines/{machine_id}/revoke"),
    ),
    "observed": (
        post(
            "county_doctor",
            "/pregnancies/{pregnancy_id}/observations",
            entries=[HEART_RATE],
        ),
        post("county_doctor", "/pregnancies/{pregnancy_id}/observations/{observation_id}/void"),
    ),
    "measured by a device": (
        post("county_doctor", "/devices", kind="home_ctg"),
        post("county_doctor", "/devices/{device_id}/pairings"),
        post("county_doctor", "/devices/{device_id}/unpair"),
        # Opened by a device's token: tests/registry/observations/devices attacks it.
        post("county_doctor", "/devices/observations", (401,)),
        post("county_doctor", "/devices/{device_id}/revoke"),
    ),
    "tried": (post("outsider", "/warning-rulesets/try", entries=[HEART_RATE]),),
    "graded": (
        post("outsider", "/risk/try", variant="zhejiang_2018", answers=[HB_60]),
        post(
            "county_doctor",
            "/pregnancies/{pregnancy_id}/risk/answers",
            answers=[HB_60],
        ),
        post("county_doctor", "/pregnancies/{pregnancy_id}/risk/propose"),
        post("county_doctor", "/pregnancies/{pregnancy_id}/risk/confirm"),
        post("county_doctor", "/pregnancies/{pregnancy_id}/risk/override", colour="red"),
    ),
    "with blood": (
        _send("city"),
        *(
            post(
                "county_doctor",
                "/referrals/{case_id}/blood",
                facility_id="city_two",
                product="fibrinogen",
                urgency="urgent",
            ),
        ),
        post("city_two_expert", "/blood/orders/{order_id}/actions/issue"),
        post("city_two_expert", "/blood/orders/{order_id}/actions/depart"),
        post("county_doctor", "/blood/orders/{order_id}/actions/arrive"),
        post(
            "county_doctor",
            "/referrals/{case_id}/blood",
            facility_id="city_two",
            product="fibrinogen",
        ),
        post("city_two_expert", "/blood/orders/{order_id}/actions/cancel"),
    ),
    "counted": (
        post(
            "city_expert",
            "/resources/reports",
            facility_id="city",
            entries=[{"kind": "icu_bed", "free": 2}],
        ),
        post("city_expert", "/resources/confirmations", facility_id="city"),
        post("city_expert", "/resources/diversions", facility_id="city", scope="neonatal"),
        post("city_expert", "/resources/diversions/{diversion_id}/end"),
        post("city_desk", "/resources/vehicles", facility_id="city"),
        post("city_desk", "/resources/vehicles/{vehicle_id}/reports"),
        post("city_expert", "/resources/capabilities", facility_id="city", code="icu", has=True),
    ),
    **CONSULTATIONS,
    **TRAINING,
    **DUTY,
    **INDICATORS,
    **REVIEWS,
    **TRACINGS,
    "administered": (
        post(
            "admin",
            "/admin/endpoints",
            url="https://192.0.2.8/hook",
            secret="a shared secret of it",
            facility_id="county",
        ),
        post("admin", "/admin/endpoints/{endpoint_id}/test"),
        post("admin", "/admin/endpoints/{endpoint_id}/disable"),
        post("security", "/admin/accounts/{account_id}/revoke-sessions"),
        post("security", "/admin/accounts/{account_id}/disable"),
        post("security", "/admin/accounts/{account_id}/enable"),
        # The region of the demo is not here, and says so.
        post("auditor", "/demo/emergency", (409,)),
    ),
    "logged in and out": (
        post("leaver", "/login", login="leaver", password=PASSWORD),
        post("leaver", "/me/password", old=PASSWORD, new="Another-Horse-8"),
        Step("leaver", "DELETE /api/me/sessions/{session_id}"),
        post("leaver", "/logout"),
    ),
}
