"""Journeys of the read side: what administrators enter, commissions close, houses bring."""

from typing import Any

from quality.rulebook.kinds import KINDS
from quality.rulebook.versions import plain
from tests.contract.steps import Step, post

INDICATOR = {
    "code": "annex_18",
    "valid_from": "2026-11-01",
    "standing": "national",
    "unit": "s",
    "measure": {
        "kind": "interval",
        "clock": {"set": "referral", "version": 1, "interval": "request_to_accept"},
    },
}


def _rules(kind: str) -> dict[str, Any]:
    """The release's rules, as a region enters them."""
    shipped = KINDS[kind].shipped
    return {
        "kind": kind,
        "region_id": "the region",
        "replaces": shipped.version,
        "valid_from": "2026-11-01",
        "content": plain(shipped),
    }


RULES, FORM_RULES = _rules("round"), _rules("form:alliance_plan")

STATEMENTS = [
    {"item": "focus", "text": "产后出血培训"},
    {"item": "works", "rows": [{"cells": [{"column": "what", "value": "教学查房"}]}]},
]
"""Everything that the plan of a month asks."""


def _return(what: str, version: int, /, **fields: Any) -> Step:
    path = f"/quality/returns/{{return_id}}/{what}"
    return post("county_doctor", path, version=version, **fields)


ITEMS = ("rapid_response_team", "site_resuscitation_beds")
NOTES = "/quality/indicators/{code}/notes"
PASSWORD = "Correct-Horse-7"
_ENTRY = "/quality/assessments/{assessment_id}"


def _period(first: str, last: str) -> Step:
    """A closed period of the region."""
    days = {"first_day": first, "last_day": last}
    return post("commission", "/quality/periods", region_id="the region", **days)


def _round() -> Step:
    """A round over the period that was closed last."""
    said: dict[str, Any] = {
        "region_id": "the region",
        "self_check_by": "2199-01-31",
        "assess_by": "2199-06-30",
        "items": [{"code": code, "weight": 1} for code in ITEMS],
    }
    return post("commission", "/quality/rounds", **said)


def _drill(what: str, version: int, /, **fields: Any) -> Step:
    path = f"/quality/exercises/{{exercise_id}}/{what}"
    return post("county_doctor", path, version=version, **fields)


def _action(who: str, what: str, version: int, /, **fields: Any) -> Step:
    return post(who, f"/quality/actions/{{action_id}}/{what}", version=version, **fields)


def _signed(version: int) -> Step:
    """The centre signs its self-check."""
    return post("city_office", f"{_ENTRY}/submit", version=version, password=PASSWORD)


def _task(who: str, what: str, version: int, /, **fields: Any) -> Step:
    path = f"/quality/rectifications/{{rectification_id}}/{what}"
    return post(who, path, version=version, **fields)


INDICATORS: dict[str, tuple[Step, ...]] = {
    "a handbook of indicators": (
        post("admin", "/quality/definitions", **INDICATOR),
        post("commission", "/quality/definitions/{version_id}/verify"),
        post("admin", "/quality/definitions", **INDICATOR | {"code": "annex_19"}),
        post("admin", "/quality/definitions/{version_id}/withdraw"),
    ),
    "a region's own rules": (
        post("commission", "/quality/rules/preview", **RULES),
        post("commission", "/quality/rules", **RULES),
        post("admin", "/quality/rules/{version_id}/verify"),
        post("commission", "/quality/rules", **FORM_RULES),
        post("commission", "/quality/rules/{version_id}/withdraw"),
    ),
    "a note beside a chart": (
        post("city_office", NOTES, month="2026-11-01", text="新病房启用", facility_id="city"),
        post("city_office", f"{NOTES}/{{note_id}}/withdraw"),
    ),
    "a file of front pages": (
        post(
            "city_office",
            "/quality/imports",
            sheet="front_pages",
            facility_id="city",
            content="病案号,分娩日期,孕周,分娩方式,初产妇\nA1,2026-03-01,39+2,阴道,是",
            dry_run=False,
        ),
    ),
    "a return handed in, unlocked, handed in again": (
        post("county_doctor", "/quality/returns", form="alliance_plan", period="2027-01"),
        _return("statements", 1, statements=STATEMENTS),
        _return("submit", 2),
        _return("reopen", 3),
        _return("submit", 4),
    ),
    "a return begun by mistake": (
        post("county_doctor", "/quality/returns", form="joint_meeting", period="2026-H2"),
        _return("withdraw", 1),
    ),
    "a skills drill, and what follows": (
        post("county_doctor", "/quality/exercises", kind="skills", scenario="pph"),
        _drill("begin", 1),
        _drill("end", 2),
        _drill("debrief", 3),
        post(
            "county_doctor",
            "/quality/records/{record_id}/actions",
            due_on="2027-01-01",
            owner_id="person of county_doctor",
        ),
        _action("county_doctor", "done", 1),
        _action("county_expert", "return", 2),
        _action("county_doctor", "done", 3),
        _action("county_expert", "verify", 4),
        post(
            "county_doctor",
            "/quality/records/{record_id}/actions",
            due_on="2027-01-01",
            owner_id="person of county_doctor",
        ),
        _action("county_doctor", "drop", 1),
    ),
    "a drill called off": (
        post("county_doctor", "/quality/exercises", kind="emergency", scenario="eclampsia"),
        _drill("cancel", 1),
    ),
    "a closed period": (_period("2026-01-01", "2026-01-31"),),
    "a round called off": (
        _period("2026-03-01", "2026-03-31"),
        _round(),
        post("commission", "/quality/rounds/{round_id}/cancel", version=1),
    ),
    "an assessment": (
        _period("2026-04-01", "2026-04-30"),
        _round(),
        post("commission", "/quality/rounds/{round_id}/open", version=1),
        post(
            "city_office",
            "/quality/assessments/{assessment_id}/answers",
            code="rapid_response_team",
            words="x",
        ),
        # Bytes are not described by a schema: tests/quality/rounds sends them.
        post("city_office", "/quality/assessments/{assessment_id}/files", (400,)),
        post("city_office", "/quality/assessment-files/{evidence_id}/withdraw"),
        _signed(2),
        post("commission", "/quality/assessments/{assessment_id}/return", version=3),
        _signed(4),
        post("commission", f"{_ENTRY}/visits", planned_for="2199-01-01"),
        post("commission", "/quality/visits/{visit_id}/cancel", version=1),
        post("commission", f"{_ENTRY}/visits", planned_for="2199-01-01"),
        post("commission", "/quality/visits/{visit_id}/begin", version=1),
        post("commission", "/quality/visits/{visit_id}/photos", (400,)),
        post(
            "commission",
            "/quality/visits/{visit_id}/findings",
            code="site_resuscitation_beds",
            verdict="not_checked",
            percent=None,
        ),
        post("commission", "/quality/visits/{visit_id}/sign", version=2, password=PASSWORD),
        post("commission", f"{_ENTRY}/assess", version=5, password=PASSWORD),
        post("commission", f"{_ENTRY}/feedback", version=6),
        post("commission", f"{_ENTRY}/tasks", version=7, due_on="2199-01-01", code=None),
        _task("city_office", "assign", 1, owner_id="person of city_office"),
        post("city_office", "/quality/rectifications/{rectification_id}/files", (400, 422)),
        _task("city_office", "report", 2),
        _task("commission", "return", 3),
        _task("city_office", "report", 4),
        _task("commission", "verify", 5),
        post("commission", f"{_ENTRY}/close", version=8),
        post("commission", "/quality/rounds/{round_id}/close", (409,), version=2),
    ),
}
