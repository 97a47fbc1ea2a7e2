"""The HTTP of transfers: coded refusals, keys, versions; nothing written when refused."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from kernel.ids import new_id
from referral.routes import router
from tests.referral.http import Caller, caller
from tests.referral.network import Network

TABLES = ("referral", "offer", "case_event", "outbox", "page", "idempotency_key")


@pytest.fixture
def api(net: Network) -> Caller:
    """The referral routes."""
    return caller(net, router)


async def _body(net: Network, **changes: Any) -> dict[str, Any]:
    plain = {
        "pregnancy_id": str(await net.pregnancy(net.staff["county_doctor"])),
        "subject": "mother",
        "condition": "pph",
        "acuity": "resuscitation",
        "risk_colour": "red",
        "vitals": {"sbp": 84, "hr": 130, "blood_loss_ml": 1800},
        "reason": "产后出血",
        "consent": "emergency_waiver",
        "destinations": [str(net.places["city"])],
    }
    return plain | changes


def _problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    said: dict[str, Any] = answer.json()
    assert said["code"] == code
    for language in ("zh", "en"):
        assert said[language]["title"]
        assert said[language]["detail"]
    return said


async def test_the_same_key_sends_one_case(net: Network, api: Caller) -> None:
    body, key = await _body(net), str(uuid4())
    first = await api.post("county_doctor", "/referrals", body, key=key)
    assert first.status_code == 201
    before = [await net.count(table) for table in TABLES]
    again = await api.post("county_doctor", "/referrals", body, key=key)
    assert again.status_code == 201
    assert again.json()["id"] == first.json()["id"]
    assert [await net.count(table) for table in TABLES] == before
    other = {**body, "acuity": "urgent"}
    _problem(
        await api.post("county_doctor", "/referrals", other, key=key),
        422,
        "kernel.idempotency_key_reused",
    )
    _problem(
        await api.post("county_doctor", "/referrals", body, key=""),
        400,
        "kernel.idempotency_key_missing",
    )
    assert [await net.count(table) for table in TABLES] == before


async def test_no_name_is_kept_beside_a_key(net: Network, api: Caller) -> None:
    from sqlalchemy import text

    from tests.referral.network import SEEDER

    await api.post("county_doctor", "/referrals", await _body(net))
    async with net.clone.system.session(SEEDER) as session:
        answers = (await session.execute(text("SELECT answer FROM idempotency_key"))).scalars()
        assert all("林".encode() not in bytes(answer) for answer in answers)


async def test_the_server_says_where_to_go_and_the_client_follows(
    net: Network, api: Caller
) -> None:
    sent = (await api.post("county_doctor", "/referrals", await _body(net))).json()
    fields: dict[str, dict[str, Any]] = {
        "acknowledge": {},
        "accept": {"bed": "12 床"},
        "commit": {"offer_id": sent["offers"][0]["id"]},
    }
    for who, wanted in (
        ("city_expert", "acknowledge"),
        ("city_expert", "accept"),
        ("county_doctor", "commit"),
    ):
        case = (await api.get(who, f"/referrals/{sent['id']}")).json()
        action = next(item for item in case["allowed"] if item["primary"])
        assert action["action"] == wanted
        path = action["path"].removeprefix("/api")
        answer = await api.post(who, path, {"version": action["version"], **fields[wanted]})
        assert answer.status_code == 201, answer.text
    assert answer.json()["state"] == "committed"
    board = (await api.get("county_doctor", "/referrals?scope=mine&state=live")).json()
    assert sent["id"] in [row["id"] for row in board["rows"]]


@pytest.mark.parametrize(
    "change",
    [
        {"acuity": "very"},
        {"vitals": {"sbp": "high"}},
        {"vitals": {"sbp": 5000}},
        {"pregnancy_id": "x"},
        {"colour": "red"},
        {"destinations": [str(new_id()) for _ in range(9)]},
        {"reason": "出" * 2001},
    ],
    ids=["acuity", "type", "range", "id", "unknown", "too-many", "too-long"],
)
async def test_what_makes_no_sense_is_refused_and_writes_nothing(
    net: Network, api: Caller, change: dict[str, Any]
) -> None:
    body = await _body(net, **change)
    before = [await net.count(table) for table in TABLES]
    answer = await api.post("county_doctor", "/referrals", body)
    assert answer.status_code in (400, 422), answer.text
    said = answer.json()
    assert said["zh"]["title"]
    assert said["en"]["title"]
    assert [await net.count(table) for table in TABLES] == before


async def test_an_oversized_body_is_refused(net: Network, api: Caller) -> None:
    body = await _body(net, reason="x" * 1_200_000)
    answer = await api.post("county_doctor", "/referrals", body)
    assert answer.status_code == 413


async def test_unknown_and_foreign_look_the_same(net: Network, api: Caller) -> None:
    sent = (await api.post("county_doctor", "/referrals", await _body(net))).json()
    foreign = await api.get("outsider", f"/referrals/{sent['id']}")
    unknown = await api.get("outsider", f"/referrals/{uuid4()}")
    a, b = (_problem(answer, 404, "kernel.not_found") for answer in (foreign, unknown))
    assert {**a, "instance": ""} == {**b, "instance": ""}
    offer = sent["offers"][0]["id"]
    _problem(
        await api.post("outsider", f"/offers/{offer}/actions/accept", {"version": 1, "bed": "1"}),
        404,
        "kernel.not_found",
    )


async def test_a_stale_version_is_409_in_both_languages(net: Network, api: Caller) -> None:
    sent = (await api.post("county_doctor", "/referrals", await _body(net))).json()
    path = f"/offers/{sent['offers'][0]['id']}/actions/acknowledge"
    assert (await api.post("city_expert", path, {"version": sent["version"]})).status_code == 201
    said = _problem(
        await api.post("city_second", path, {"version": sent["version"]}),
        409,
        "kernel.version_stale",
    )
    assert said["fields"] == {"current": sent["version"] + 1, "given": sent["version"]}


async def test_the_loser_is_told_by_whom(net: Network, api: Caller) -> None:
    both = [str(net.places["city"]), str(net.places["province"])]
    sent = (
        await api.post("county_doctor", "/referrals", await _body(net, destinations=both))
    ).json()
    offers = {offer["facility"]["short_name"]: offer["id"] for offer in sent["offers"]}
    yes = {"version": sent["version"], "bed": "1"}
    first = f"/offers/{offers['清江市妇幼']}/actions/accept"
    assert (await api.post("city_expert", first, yes)).status_code == 201
    second = f"/offers/{offers['云山省妇幼']}/actions/accept"
    said = _problem(
        await api.post("province_expert", second, yes), 409, "referral.already_accepted"
    )
    assert said["fields"]["facility"] == "清江市妇幼"
    assert "测试city_expert" in said["zh"]["detail"]


async def test_a_case_that_should_not_exist_is_voided_by_an_administrator(
    net: Network, api: Caller
) -> None:
    sent = (await api.post("county_doctor", "/referrals", await _body(net))).json()
    order = {"version": sent["version"], "code": "test", "reason": "演示误发"}
    answer = await api.post("admin", f"/referrals/{sent['id']}/actions/void", order)
    assert answer.json() == {
        "id": sent["id"],
        "number": sent["number"],
        "state": "voided",
        "version": sent["version"] + 1,
    }
    assert (await api.get("county_doctor", f"/referrals/{sent['id']}")).status_code == 404


async def test_notes_and_milestones_and_the_record(net: Network, api: Caller) -> None:
    sent = (await api.post("county_doctor", "/referrals", await _body(net))).json()
    path = f"/referrals/{sent['id']}"
    noted = await api.post("city_expert", f"{path}/notes", {"text": "已通知手术室"})
    assert [note["text"] for note in noted.json()["notes"]] == ["已通知手术室"]
    done = await api.post("county_doctor", f"{path}/milestones", {"kind": "blood_requested"})
    assert done.status_code == 201
    body = {"version": sent["version"], "hb_g_per_l": 61}
    record = await api.post("county_doctor", f"{path}/record", body, method="PATCH")
    assert record.status_code == 200, record.text
    assert record.json()["record"]["hb_g_per_l"] == 61


async def test_catalogue_and_limits_say_where_they_come_from(net: Network, api: Caller) -> None:
    conditions = (await api.get("city_expert", "/conditions")).json()
    assert {"pph", "eclampsia", "newborn_asphyxia"} <= {row["code"] for row in conditions}
    assert all(row["zh"] and row["en"] and row["icon"] and row["confidence"] for row in conditions)
    limits = (await api.get("city_expert", "/timers")).json()
    assert (limits["source"], limits["status"]) == ("proposal", "待核实")
    assert limits["seconds"]["acknowledge"] == 600
