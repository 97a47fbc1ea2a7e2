"""Courses of the stage: one that is published, with a certificate earned; drafts of a far house."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from sqlalchemy import text

from tests.contract.consulted import done
from tests.referral.network import SEEDER

if TYPE_CHECKING:
    from tests.contract.stage import Stage

PDF = b"%PDF-1.7 courseware"
ATTENDED = text(
    "INSERT INTO training_attendee (class_id, person_id, facility_id, came_at, next_check_at,"
    "  present_s, live_s, asked, answered, verified, rules)"
    " VALUES (:class_id, :person_id, :facility_id, :at, :at, 900, 900, 2, 2, true, 'test')"
)


async def taught(stage: Stage) -> None:
    """One course of either kind."""
    stage.ids.update(await certified(stage, "city_expert", "county_doctor"))
    stage.foreign.update(await drafted(stage, "outsider"))


async def drafted(stage: Stage, teacher: str) -> dict[str, str]:
    """A draft with a class and a file."""
    made = await done(stage, teacher, "/api/training/courses", {"title": "？"})
    path = f"/api/training/courses/{made['course']['id']}"
    begins = (stage.net.clock.now() + timedelta(hours=1)).isoformat()
    seated = await done(stage, teacher, f"{path}/classes", {"title": "？", "starts_at": begins})
    headers = {"idempotency-key": str(uuid4()), "content-type": "application/pdf"}
    answer = await stage.door.send(
        "POST", f"{path}/materials?name=x", token=stage.tokens[teacher], content=PDF,
        headers=headers,
    )  # fmt: skip
    assert answer.status_code == 201, answer.text
    return {
        "course_id": made["course"]["id"],
        "class_id": seated["seated"]["id"],
        "material_id": answer.json()["materials"][0]["id"],
    }


async def certified(stage: Stage, teacher: str, learner: str) -> dict[str, str]:
    """The same, published; somebody attended and has the certificate."""
    ids = await drafted(stage, teacher)
    path = f"/api/training/courses/{ids['course_id']}"
    question = {"text": "？", "options": [{"text": "甲", "right": True}, {"text": "乙"}]}
    await done(stage, teacher, f"{path}/quiz", {"questions": [question]})
    await done(stage, teacher, f"{path}/publish", {"version": 1})
    who = stage.net.staff[learner]
    values = {"class_id": ids["class_id"], "person_id": who.person_id, "at": stage.net.clock.now()}
    async with stage.net.clone.system.session(SEEDER) as session:
        await session.execute(ATTENDED, values | {"facility_id": who.facility_id})
    await done(stage, learner, f"{path}/attempts", {"quiz": 1, "answers": [{"marked": [0]}]})
    await done(stage, learner, f"{path}/certificate", {})
    return ids
