"""Journeys of the read side: what administrators enter, commissions close, houses bring."""

from typing import Any

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

STATEMENTS = [
    {"item": "focus", "text": "产后出血培训"},
    {"item": "works", "rows": [{"cells": [{"column": "what", "value": "教学查房"}]}]},
]
"""Everything that the plan of a month asks."""


def _return(what: str, version: int, /, **fields: Any) -> Step:
    path = f"/quality/returns/{{return_id}}/{what}"
    return post("county_doctor", path, version=version, **fields)


INDICATORS: dict[str, tuple[Step, ...]] = {
    "a handbook of indicators": (
        post("admin", "/quality/definitions", **INDICATOR),
        post("commission", "/quality/definitions/{version_id}/verify"),
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
    "a closed period": (
        post(
            "commission",
            "/quality/periods",
            region_id="the region",
            first_day="2026-01-01",
            last_day="2026-01-31",
        ),
    ),
}
