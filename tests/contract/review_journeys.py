"""Journeys of reviews: from the proposal to the closed loop, and one that is not held."""

from typing import Any

from tests.contract.steps import Step, post

PANEL = ("city_expert", "city_second", "city_two_expert", "township_midwife")


def _review(what: str, version: int, /, **fields: Any) -> Step:
    path = f"/case-reviews/{{case_review_id}}/{what}"
    return post("coordinator", path, version=version, **fields)


def _say(who: str, what: str, /, **fields: Any) -> Step:
    return post(who, f"/case-reviews/{{case_review_id}}/{what}", **fields)


def _measure(who: str, what: str, version: int, /, **fields: Any) -> Step:
    return post(who, f"/review-measures/{{measure_id}}/{what}", version=version, **fields)


REVIEWS: dict[str, tuple[Step, ...]] = {
    "a review": (
        # Nobody confirmed a near-miss in that case.
        post("coordinator", "/case-reviews", (422,), kind="near_miss", level="facility"),
        _review("open", 1),
        _review("pack", 2),
        _review("panel", 3, members=[{"person_id": f"person of {one}"} for one in PANEL]),
        _review("hold", 4, at=None),
        _say("city_two_expert", "recuse"),
        _say("city_expert", "findings", link="health", aspect="management"),
        _say("city_expert", "votes", conclusion="improvable"),
        _say("city_second", "votes", conclusion="improvable"),
        _review("conclude", 5, cause="haemorrhage", delays=["receiving"]),
        _review("measures", 6, owner_id="person of county_doctor", due_on="2099-01-01"),
        _measure("county_doctor", "report", 1),
        _measure("coordinator", "send-back", 2),
        _measure("county_doctor", "report", 3),
        _measure("coordinator", "verify", 4),
        # That one is verified, and the one that was added is still owed.
        post("coordinator", "/review-measures/{measure_id}/drop", (409,), version=1),
        post("coordinator", "/case-reviews/{case_review_id}/close", (409,), version=7),
    ),
    "a review that is not held": (
        # The row of the stage is closed where the journey above came first.
        post(
            "coordinator",
            "/case-reviews/{case_review_id}/dismiss",
            (200, 409),
            version=1,
            dismissal="held_elsewhere",
        ),
    ),
}  # fmt: skip
