"""Duty over HTTP, on the application as composed."""

import dataclasses
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from litestar.testing import AsyncTestClient
from sqlalchemy import text

from duty.notify.channels.channel import Failed, Purpose
from duty.notify.contacts.links import Links
from duty.notify.contacts.sending import ContactSender
from duty.rosters.oncall import DutyTier
from kernel.viewer import Role, Viewer
from server.app import create_app
from server.keyfile import master_key
from server.settings import Settings
from tests.duty.notify.contacts.test_service import Telephone
from tests.duty.region import SEEDER, Region, build
from tests.fixtures.database import Clone
from tests.realtime.browser import ORIGIN, log_in

FIRST = DutyTier.FIRST


class Caller:
    """Somebody logged in."""

    def __init__(self, client: AsyncTestClient[Any], token: str) -> None:
        self._client = client
        self._headers = {"Cookie": f"__Host-yunshang={token}", "Origin": ORIGIN}

    async def get(self, path: str) -> httpx.Response:
        return await self._client.get(path, headers=self._headers)

    async def post(self, path: str, body: object = None) -> httpx.Response:
        headers = {**self._headers, "idempotency-key": uuid4().hex}
        return await self._client.post(path, headers=headers, json=body)


class Hospital:
    """The region behind its HTTP interface."""

    def __init__(self, region: Region, client: AsyncTestClient[Any]) -> None:
        self.region = region
        self._client = client

    async def caller(self, who: Viewer) -> Caller:
        return Caller(self._client, await log_in(self.region, who))


@pytest.fixture
async def hospital(database: Clone, settings: Settings) -> AsyncIterator[Hospital]:
    installed = dataclasses.replace(settings, public_origins=(ORIGIN,))
    region = await build(database, master=master_key(installed))
    async with AsyncTestClient(create_app(installed)) as client:
        yield Hospital(region, client)


async def test_an_expert_answers_over_http(hospital: Hospital) -> None:
    region = hospital.region
    expert = await hospital.caller(region.experts[FIRST])
    doctor = await hospital.caller(region.doctor)
    case_id = await region.open_case()
    page_id = await region.page(case_id)
    (ringing,) = (await expert.get("/api/pages/mine")).json()
    assert ringing["id"] == str(page_id)
    assert ringing["policy"]["confidence"] == "待核实"
    assert (await doctor.get("/api/pages/mine")).json() == []
    answer = await expert.post(f"/api/pages/{page_id}/receipt", {"state": "seen"})
    assert answer.status_code == 204
    page = (await expert.post(f"/api/pages/{page_id}/acknowledge", {})).json()
    assert page["state"] == "acknowledged"
    assert page["acknowledged_by"]["id"] == str(region.experts[FIRST].person_id)
    (seen,) = (await doctor.get(f"/api/cases/{case_id}/pages")).json()
    states = {target["person"]["id"]: target["state"] for target in seen["targets"]}
    assert states[str(region.experts[FIRST].person_id)] == "acknowledged"
    assert (await expert.get("/api/pages/mine")).json() == []
    items = (await doctor.get("/api/inbox?after=0&limit=1")).json()
    assert items["items"][0]["offset"] == items["next"] == 1
    rest = (await doctor.get("/api/inbox?after=1")).json()
    assert rest["next"] is None
    assert rest["items"][-1]["data"]["page_state"] == "acknowledged"


async def test_declining_needs_a_reason_that_we_know(hospital: Hospital) -> None:
    region = hospital.region
    expert = await hospital.caller(region.experts[FIRST])
    page_id = await region.page()
    bad = await expert.post(f"/api/pages/{page_id}/decline", {"reason": "tired"})
    assert bad.status_code in (400, 422)
    good = await expert.post(f"/api/pages/{page_id}/decline", {"reason": "in_surgery"})
    mine = [t for t in good.json()["targets"] if t["state"] == "declined"]
    assert [target["decline_reason"] for target in mine] == ["in_surgery"]


async def test_passing_on_rings_the_next_step_at_once(hospital: Hospital) -> None:
    region = hospital.region
    expert = await hospital.caller(region.experts[FIRST])
    page_id = await region.page()
    before = (await expert.get(f"/api/pages/{page_id}")).json()
    after = (await expert.post(f"/api/pages/{page_id}/pass-on")).json()
    mine = [t for t in after["targets"] if t["state"] == "declined"]
    assert [target["person"]["id"] for target in mine] == [str(region.experts[FIRST].person_id)]
    assert after["next_step_at"] < before["next_step_at"]


async def test_foreign_and_unknown_pages_look_the_same(hospital: Hospital) -> None:
    region = hospital.region
    page_id = await region.page()
    stranger = await region.staff(region.centre, Role.EXPERT)
    # The centre is not yet a party of this case: only the people paged are.
    caller = await hospital.caller(stranger)
    for foreign in (page_id, uuid4()):
        for path in (f"/api/pages/{foreign}",):
            assert (await caller.get(path)).status_code == 404
        refused = await caller.post(f"/api/pages/{foreign}/acknowledge", {})
        assert refused.status_code == 404
        assert refused.json()["code"] == "kernel.not_found"
        assert set(refused.json()["zh"]) == {"title", "detail"}


async def test_the_roster_shows_people_gaps_and_reach(hospital: Hospital) -> None:
    region = hospital.region
    doctor = await hospital.caller(region.doctor)
    expert = await hospital.caller(region.experts[FIRST])
    signed = await expert.post("/api/duty/sign-on", {"device_id": "phone-1"})
    assert signed.status_code == 204
    (group,) = (await doctor.get(f"/api/duty/today?facility_id={region.centre}")).json()
    slots = {slot["tier"]: slot for slot in group["slots"]}
    assert list(slots) == ["first", "second", "third", "lead", "general_duty"]
    assert slots["third"]["person"] is None
    assert slots["first"]["person"]["phone_masked"] == "199****1234"
    assert slots["first"]["reach"]["signed_on"] is True
    assert slots["first"]["reach"]["online"] is True
    assert slots["second"]["reach"] == {
        "online": False,
        "signed_on": False,
        "last_seen_at": None,
    }
    assert (await expert.post("/api/duty/sign-off", {"device_id": "phone-1"})).status_code == 204
    (group,) = (await doctor.get(f"/api/duty/today?facility_id={region.centre}")).json()
    assert group["slots"][0]["reach"]["signed_on"] is False


async def test_the_phone_list_has_desks_and_people_for_those_who_call_them(
    hospital: Hospital,
) -> None:
    region = hospital.region
    doctor = await hospital.caller(region.doctor)
    desks = (await doctor.get("/api/duty/phone-list")).json()
    assert [entry["phone"] for entry in desks["entries"]] == ["19900005678"]
    people = (await doctor.get(f"/api/duty/phone-list?facility_id={region.centre}")).json()
    assert {entry["phone"] for entry in people["entries"]} == {"19900001234"}
    affairs = await hospital.caller(await region.staff(region.county, Role.MEDICAL_AFFAIRS))
    (own,) = (await affairs.get("/api/duty/phone-book")).json()["places"]
    assert own["list"]["entries"] == desks["entries"]
    auditor = await hospital.caller(await region.staff(region.county, Role.AUDITOR))
    refused = await auditor.get("/api/duty/phone-list")
    assert refused.status_code == 403
    assert "不在您的权限内" in refused.json()["zh"]["detail"]


async def test_a_desk_rosters_its_own_people(hospital: Hospital) -> None:
    region = hospital.region
    who = await region.staff(region.centre, Role.DUTY_DESK)
    desk = await hospital.caller(who)
    start = region.clock.now() + timedelta(hours=2)
    body = {
        "slot_id": str(region.slots[DutyTier.THIRD]),
        "person_id": str(who.person_id),
        "from": start.isoformat(),
        "to": (start + timedelta(hours=8)).isoformat(),
        "reason": "training",
    }
    assert (await desk.post("/api/duty/shifts", body)).status_code == 201
    again = await desk.post("/api/duty/shifts", body)
    assert (again.status_code, again.json()["code"]) == (409, "duty.shift_overlaps")
    assert (await desk.post("/api/duty/shifts", body | {"cover": True})).status_code == 201


async def test_administrators_register_endpoints_and_never_see_them_again(
    hospital: Hospital,
) -> None:
    region = hospital.region
    admin = await hospital.caller(await region.staff(region.county, Role.SYSTEM_ADMIN))
    body = {
        "label": "IM gateway",
        "url": "https://10.0.0.8/hook",
        "secret": "a shared secret of it",
        "facility_id": str(region.centre),
    }
    made = (await admin.post("/api/admin/endpoints", body)).json()
    listed = (await admin.get("/api/admin/endpoints")).text
    assert made["id"] in listed
    assert "10.0.0.8" not in listed
    assert "secret" not in listed
    for url, reason in (("http://10.0.0.8/", "scheme"), ("https://127.0.0.1/", "address")):
        refused = await admin.post("/api/admin/endpoints", body | {"url": url})
        assert refused.status_code == 422
        assert refused.json()["code"] == "duty.endpoint_refused"
        assert refused.json()["fields"] == {"reason": reason}
    refused = await admin.post("/api/admin/endpoints", body | {"secret": "short"})
    assert refused.json()["fields"] == {"reason": "secret"}
    expert = await hospital.caller(region.experts[FIRST])
    assert (await expert.post("/api/admin/endpoints", body)).status_code == 403
    gone = await admin.post(f"/api/admin/endpoints/{made['id']}/disable")
    assert gone.status_code == 204
    twice = await admin.post(f"/api/admin/endpoints/{made['id']}/disable")
    assert twice.status_code == 404


@pytest.mark.parametrize(
    ("channel", "url"),
    [
        ("wecom_robot", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7b4c"),
        ("dingtalk_robot", "https://oapi.dingtalk.com/robot/send?access_token=693a91f6-7b4c"),
        ("dingtalk_robot", "693a91f6-7b4c"),
    ],
)
async def test_a_group_chats_robot_is_registered_by_its_key(
    hospital: Hospital, channel: str, url: str
) -> None:
    region = hospital.region
    admin = await hospital.caller(await region.staff(region.county, Role.SYSTEM_ADMIN))
    body = {"label": "产科群", "url": url, "channel": channel}
    house = {"facility_id": str(region.centre)}
    made = (await admin.post("/api/admin/endpoints", body | house)).json()
    assert made["channel"] == channel
    async with region.clone.system.session(SEEDER) as session:
        row = (
            await session.execute(
                text("SELECT address_sealed, secret_sealed FROM contact_point WHERE id = :id"),
                {"id": made["id"]},
            )
        ).one()
    assert region.sealer.open(row.address_sealed, "contact_point.address") == "693a91f6-7b4c"
    assert row.secret_sealed is None
    person = {"person_id": str(region.doctor.person_id)}
    for wrong, reason in (
        (body | person, "robot_owner"),
        (body | house | {"url": "https://qyapi.weixin.qq.com/?k=1"}, "robot_key"),
        (body | house, "known"),
    ):
        refused = await admin.post("/api/admin/endpoints", wrong)
        assert refused.json()["fields"] == {"reason": reason}
    assert made["id"] in (await admin.get("/api/admin/endpoints")).text
    assert made["owner"] == "云江市妇幼"
    gone = await admin.post(f"/api/admin/endpoints/{made['id']}/disable")
    assert gone.status_code == 204
    assert (await admin.post("/api/admin/endpoints", body | house)).status_code == 201


async def test_a_test_goes_to_a_group_chat_and_the_list_says_how_it_went(
    hospital: Hospital,
) -> None:
    region = hospital.region
    admin = await hospital.caller(await region.staff(region.county, Role.SYSTEM_ADMIN))
    body = {"label": "产科群", "url": "693a91f6-7b4c", "channel": "wecom_robot"}
    house = {"facility_id": str(region.centre)}
    made = (await admin.post("/api/admin/endpoints", body | house)).json()
    assert (made["test"], made["last_ok_at"]) == (None, None)
    path = f"/api/admin/endpoints/{made['id']}"
    asked = (await admin.post(f"{path}/test")).json()
    assert (asked["test"], asked["tested_at"] is None) == ("queued", False)
    again = await admin.post(f"{path}/test")
    assert (again.status_code, again.json()["code"]) == (429, "duty.test_too_soon")
    robot = Telephone("wecom_robot", Failed("93000", again=False))
    sender = ContactSender(
        region.clone.system, region.sealer, {"wecom_robot": robot}, Links(region.sealer, "")
    )
    await sender.run_once()
    assert [(one.address, one.purpose) for one in robot.got] == [("693a91f6-7b4c", Purpose.TEST)]
    (listed,) = (await admin.get("/api/admin/endpoints")).json()
    assert (listed["test"], listed["test_error"], listed["last_ok_at"]) == ("failed", "93000", None)
    await admin.post(f"{path}/disable")
    assert (await admin.post(f"{path}/test")).status_code == 404
