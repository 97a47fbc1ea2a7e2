"""Journeys of the read side: what administrators enter, commissions close, houses bring."""

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
