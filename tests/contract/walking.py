"""Takes a journey's steps: which rows a step is about, and the body that makes it succeed."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.contract.description import Operation
from tests.contract.spoiling import NOWHERE
from tests.contract.stage import Stage
from tests.contract.steps import Step

IN_AN_HOUR = "2026-11-22T03:00:00Z"
IN_TWO_HOURS = "2026-11-22T04:00:00Z"
MOMENTS = {
    "until": IN_AN_HOUR,
    "from": IN_AN_HOUR,
    "to": IN_TWO_HOURS,
    "due_at": IN_TWO_HOURS,
}
OPENING = ("POST /api/referrals", "POST /api/self-arrivals", "POST /api/case-files")
"""A woman has one case at a time, so these need another woman."""

SUBJECTS = ("pregnancy_id", "offer_id", "newborn_id", "case_id", "addendum_to")
"""Body fields that name rows of patients: another hospital's must look unknown."""


ROSTERED = {
    "POST /api/duty/groups": "group_id",
    "POST /api/duty/groups/{group_id}/slots": "slot_id",
    "POST /api/duty/qualifications": "qualification_id",
    "POST /api/duty/leave": "leave_id",
    "POST /api/duty/plans": "plan_id",
    "POST /api/quality/definitions": "version_id",
    "POST /api/quality/rules": "version_id",
    "POST /api/quality/periods": "period_id",
    "POST /api/quality/indicators/{code}/notes": "note_id",
}
"""Operations whose answer's id is the row that the next steps name."""

SHOWN = {
    "seated": "class_id",
    "course": "course_id",
    "session": "guidance_id",
    "visit": "visit_id",
    "quality_return": "return_id",
    "exercise": "exercise_id",
    "reading": "reading_id",
    "feed": "feed_id",
}
"""Answers that show a row under its name, and what the next steps call it; the first one counts."""

MINTED = ("device_id",)
"""Ids that a browser makes for itself: none is unknown."""


@dataclass(slots=True)
class Walk:
    """Where a journey stands."""

    stage: Stage
    ids: dict[str, str] = field(default_factory=dict)
    case: dict[str, Any] = field(default_factory=dict)
    file: dict[str, Any] = field(default_factory=dict)
    plan: dict[str, Any] = field(default_factory=dict)

    async def look(self, step: Step) -> None:
        """Read the case anew, and put the ids that the step's path takes in their places."""
        if not self.ids:
            self.ids.update(self.stage.ids)
        if "{session_id}" in step.operation or step.operation.endswith("/login"):
            self.ids["session_id"] = await self.stage.log_in("leaver")
        elif step.who == "leaver":
            await self.stage.log_in("leaver")
        if step.operation in OPENING:
            net = self.stage.net
            self.ids["pregnancy_id"] = str(await net.pregnancy(net.staff["county_doctor"]))
        self.case = await self.stage.case("county_doctor", self.ids["case_id"])
        for name in ("offers", "legs", "holds"):
            for row in self.case[name]:
                self.ids[f"{name[:-1]}_id"] = row["id"]
        if "/api/case-file" in step.operation and step.operation not in OPENING:
            await self._look_at_file()
        if "{action}" in step.operation:
            self.ids["action"] = step.at or "eject"
        place = self.stage.net.places.get(step.at)
        for offer in self.case["offers"]:
            if offer["facility"]["id"] == str(place):
                self.ids["offer_id"] = offer["id"]
        if "{page_id}" in step.operation:
            path = f"/api/cases/{self.ids['case_id']}/pages"
            token = self.stage.tokens["county_doctor"]
            pages = (await self.stage.door.send("GET", path, token=token)).json()
            self.ids["page_id"] = pages[0]["id"]
        if "{plan_id}" in step.operation:
            path = f"/api/duty/plans/{self.ids['plan_id']}"
            token = self.stage.tokens["city_desk"]
            self.plan = (await self.stage.door.send("GET", path, token=token)).json()
        if {"{proposal_id}", "{review_id}"} & set(step.operation.split("/")):
            await self._look_after()
        if "{seq}" in step.operation or step.operation.endswith("/undo"):
            path = f"/api/cases/{self.ids['case_id']}/clock"
            token = self.stage.tokens["county_doctor"]
            clock = (await self.stage.door.send("GET", path, token=token)).json()
            self.ids["seq"] = str(max(one["seq"] for one in clock["milestones"]))

    async def _look_at_file(self) -> None:
        """The case file, with its newest report, task and hand-over."""
        token = self.stage.tokens["county_doctor"]
        path = f"/api/case-files/{self.ids['file_id']}"
        self.file = (await self.stage.door.send("GET", path, token=token)).json()
        self.ids["report_id"] = self.file["reports"][0]["id"]
        waiting = [task["id"] for task in self.file["tasks"] if task["state"] == "due"]
        self.ids["task_id"] = waiting[0] if waiting else self.ids["task_id"]
        if self.file["handovers"]:
            self.ids["handover_id"] = self.file["handovers"][0]["id"]

    async def _look_after(self) -> None:
        """What follows the case: a near-miss proposal, a death review with its first step."""
        path = f"/api/cases/{self.ids['case_id']}/aftermath"
        token = self.stage.tokens["county_doctor"]
        after = (await self.stage.door.send("GET", path, token=token)).json()
        for proposal in after["near_miss"]:
            self.ids["proposal_id"] = proposal["id"]
        for review in after["reviews"]:
            self.ids |= {"review_id": review["id"], "step": review["steps"][0]["step"]}

    def operation(self, step: Step) -> Operation:
        """The step's operation, as described."""
        return self.stage.description.operations[step.operation]

    def body(self, step: Step) -> dict[str, Any] | None:
        """The body that makes the step succeed."""
        schema = self.operation(step).body
        if schema is None:
            return None
        plain = self.stage.description.plain(schema)
        known = self._known()
        if "/api/case-file" in step.operation:
            known |= {"version": self.file.get("version", 1)}
            known["owner_id"] = str(self.stage.net.staff["county_doctor"].person_id)
        if "{plan_id}" in step.operation:
            known |= {"version": self.plan["plan"]["version"]}
            known["content_hash"] = self.plan["content_hash"]
        fitting = {name: known[name] for name in plain.get("required", ()) if name in known}
        fitting |= {name: self._place(value) for name, value in step.fields.items()}
        made: dict[str, Any] = self.stage.spoiler.good(schema, fitting)
        return made

    def _known(self) -> dict[str, Any]:
        lead = self.stage.net.staff["province_expert"]
        ids = {name: value for name, value in self.ids.items() if name.endswith("_id")}
        known = {**ids, **MOMENTS, "version": self.case["version"]}
        known["seq"] = int(self.ids["seq"])
        known["remote_lead_id"] = known["second_person_id"] = str(lead.person_id)
        known["remote_lead_id"] = str(lead.person_id)
        if "report_id" in self.ids:
            known["report_ids"] = [self.ids["report_id"]]
        return known

    def _place(self, value: Any) -> Any:
        places = self.stage.net.places
        if isinstance(value, list):
            return [self._place(one) for one in value]
        if isinstance(value, dict):
            return {name: self._place(one) for name, one in value.items()}
        if isinstance(value, str) and value.startswith("person of "):
            return str(self.stage.net.staff[value.removeprefix("person of ")].person_id)
        if value == "the region":
            return str(self.stage.net.regions["city"])
        if value == "the read tracing":
            return self.ids["read_recording_id"]
        if value == "her":
            return self.ids["pregnancy_id"]
        if value == "the point":
            return self.ids["point_id"]
        return str(places[value]) if isinstance(value, str) and value in places else value

    def strange(self, step: Step, good: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
        """Bodies that name rows which are not there, or are another hospital's."""
        schema = self.operation(step).body
        assert schema is not None
        describe = self.stage.description
        for name, inner in describe.plain(schema)["properties"].items():
            plain = describe.plain(inner)
            many = plain.get("type") == "array"
            item = describe.plain(plain["items"]) if many else plain
            if item.get("format") != "uuid" or name in MINTED:
                continue
            wrong = [("unknown", NOWHERE)]
            if name in SUBJECTS and name in self.stage.foreign:
                wrong.append(("foreign", self.stage.foreign[name]))
            for label, value in wrong:
                yield f"{name}: {label}", {**good, name: [value] if many else value}

    async def note(self, step: Step, answer: httpx.Response) -> None:
        """Remember the ids of what was made."""
        if answer.status_code == 204 or not answer.content:
            return
        made = answer.json()
        if not isinstance(made, dict):
            return
        if "handovers" in made:
            self.ids["file_id"] = made["id"]
        elif "push_key" in made:
            self.ids["point_id"] = made["points"][0]["id"]
        elif ("link" in made or "guest" in made) and made.get("path"):
            await self._note_link(made)
        elif "inviting_house" in made:
            self._note_room(made["room"])
        elif "consult" in made:
            self.ids["consult_id"] = made["consult"]["id"]
            self.ids["invitation_id"] = made["consult"]["invited"][-1]["id"]
        elif "may_set" in made:
            self.ids["action_id"] = made["actions"][-1]["id"]
        elif "may_open" in made:
            self._note_room(made["room"])
        elif "round" in made:
            self._note_round(made)
        elif shown := next((key for key in SHOWN if key in made), None):
            self.ids[SHOWN[shown]] = made[shown]["id"]
        elif step.operation.endswith("/look") and "parts" in made:
            self.ids["view_id"] = made["id"]
        elif "device" in made:
            kind = "ctg_device_id" if "/ctg/" in step.operation else "device_id"
            self.ids[kind] = made["device"]["id"]
        elif "results" in made:
            self.ids["entry_id"] = made["results"][0]["id"]
        elif "offers" in made:
            self.ids["case_id"] = made["id"]
            for team in (made["guidance"] or {}).get("teams", ()):
                self.ids["team_id"] = team["id"]
        elif "treatments" in made:
            self._note_papers(made)
        elif step.operation.endswith("/endpoints"):
            self.ids["endpoint_id"] = made["id"]
        elif "ids" in made:
            self.ids["observation_id"] = made["ids"][0]
        elif made.get("proposals"):
            self.ids["proposal_id"] = made["proposals"][-1]
        elif step.operation in ROSTERED:
            self.ids[ROSTERED[step.operation]] = made["id"]
        elif step.operation.endswith(("/vehicles", "/diversions")):
            self.ids[f"{step.operation.rsplit('/', 1)[1][:-1]}_id"] = made["id"]
        elif step.operation.startswith("POST /api/duty/drills") and "id" in made:
            self.ids["schedule_id" if "per_month" in made else "drill_id"] = made["id"]
        elif "order_id" in made:
            self.ids["order_id"] = made["order_id"]
        elif "report_ids" in made:
            self.ids["report_id"] = made["report_ids"][0]
        elif "advice" in step.operation:
            self.ids["advice_id"] = made["id"]
        elif "pregnancy_id" in made:
            self.ids["pregnancy_id"] = made["pregnancy_id"]

    async def _note_link(self, made: dict[str, Any]) -> None:
        """A link is opened by whoever it was given to."""
        token = made["path"].partition("#")[2]
        if "guest" in made:
            self.ids["guest_id"] = made["id"]
            self.stage.links["a guest"] = await self.stage.door.open_link(token, "/api/guest/open")
        else:
            self.ids["link_id"] = made["id"]
            holder = f"holder of {made['link']['purpose']}"
            self.stage.links[holder] = await self.stage.door.open_link(token)

    def _note_papers(self, made: dict[str, Any]) -> None:
        """The newest treatment, attachment and reference of a dossier."""
        for name in ("treatments", "attachments", "references"):
            for row in made[name]:
                self.ids[f"{name[:-1]}_id"] = row["id"]

    def _note_round(self, made: dict[str, Any]) -> None:
        """The round, the city's entry in it, and that entry's newest file and task."""
        self.ids["round_id"] = made["round"]["id"]
        city = str(self.stage.net.places["city"])
        for entry in made.get("entries", ()):
            if entry["facility"]["id"] == city:
                self.ids["assessment_id"] = entry["id"]
        for item in made.get("items", ()):
            for file in item.get("files", ()):
                self.ids["evidence_id"] = file["id"]
        for task in made.get("tasks", ()):
            self.ids["rectification_id"] = task["id"]

    def _note_room(self, room: dict[str, Any]) -> None:
        """The room, its newest recording, and who came last."""
        self.ids["room_id"] = room["id"]
        if room["recording"]:
            self.ids["room_recording_id"] = room["recording"]["id"]
        if room["people"]:
            self.ids["admission_id"] = room["people"][-1]["id"]
