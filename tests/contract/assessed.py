"""An assessment of the stage: a round over its closed period, open, with a piece of evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from tests.contract.consulted import done
from tests.kernel.media.pictures import png

if TYPE_CHECKING:
    from tests.contract.stage import Stage

CODE = "rapid_response_team"


async def assessed(stage: Stage, period_id: str) -> dict[str, str]:
    """A round of the city's region, the city's entry in it, and a file of that entry."""
    plan = {
        "region_id": str(stage.net.regions["city"]),
        "period_id": period_id,
        "title": "试评",
        "self_check_by": "2199-01-31",
        "assess_by": "2199-06-30",
        "items": [{"code": code} for code in (CODE, stage.ids["code"], "site_resuscitation_beds")],
    }
    made = await done(stage, "commission", "/api/quality/rounds", plan)
    round_id = made["round"]["id"]
    path = f"/api/quality/rounds/{round_id}/open"
    made = await done(stage, "commission", path, {"version": 1})
    city = str(stage.net.places["city"])
    (entry_id,) = (one["id"] for one in made["entries"] if one["facility"]["id"] == city)
    answer = await stage.door.send(
        "POST",
        f"/api/quality/assessments/{entry_id}/files?code={CODE}",
        token=stage.tokens["city_office"],
        content=png(),
        headers={"idempotency-key": str(uuid4()), "content-type": "image/png"},
    )
    assert answer.status_code == 201, answer.text
    (item,) = (one for one in answer.json()["items"] if one["files"])
    file_id = item["files"][0]["id"]
    path = f"/api/quality/assessments/{entry_id}/visits"
    visit = await done(stage, "commission", path, {"planned_for": "2199-01-01"})
    return {
        "round_id": round_id,
        "assessment_id": entry_id,
        "evidence_id": file_id,
        "visit_id": visit["visit"]["id"],
    }
