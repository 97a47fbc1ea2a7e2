"""An opinion rests on a frame: quoted with the file's hash, once it is known to be hers."""

from typing import Any

import pytest

from consult.imaging.routes import router as scans
from consult.routes import router as advice
from kernel.ids import CaseId
from tests.consult.imaging.scans import scan
from tests.referral.http import Caller, caller
from tests.referral.network import Network


@pytest.fixture(scope="module")
def api(net: Network) -> Caller:
    """Scans and advice."""
    return caller(net, scans, advice)


@pytest.fixture
async def case(net: Network) -> CaseId:
    """Sent by the county to the city."""
    return await net.sent(net.places["city"])


async def brought(api: Caller, case: CaseId, patient: str) -> dict[str, Any]:
    content = scan(frames=3, patient=patient)
    answer = await api.upload("county_doctor", f"/cases/{case}/scans", content)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def cites(api: Caller, case: CaseId, instance: str, frame: int) -> dict[str, Any]:
    cite = {"kind": "scan", "instance_id": instance, "frame": frame, "note": "颅内结构清楚"}
    body = {"text": "继续妊娠", "cited": [cite], "shared": True}
    answer = await api.post("city_expert", f"/cases/{case}/advice", body)
    said: dict[str, Any] = answer.json()
    return said


async def test_a_frame_is_quoted_with_the_hash_of_its_file(api: Caller, case: CaseId) -> None:
    made = await brought(api, case, "=林^测试")
    offered = (await api.get("city_expert", f"/cases/{case}/citable")).json()["scans"]
    assert [(one["id"], one["frames"]) for one in offered] == [(made["instance_id"], 3)]
    (quoted,) = (await cites(api, case, made["instance_id"], 2))["cited"]
    picture = made["study"]["series"][0]["instances"][0]
    assert (quoted["kind"], quoted["frame"], quoted["sha256"]) == ("scan", 2, picture["sha256"])
    assert quoted["uids"] == [
        made["study"]["study_uid"],
        made["study"]["series"][0]["series_uid"],
        picture["sop_uid"],
    ]
    assert quoted["zh"].endswith("第 2 帧")
    assert (await cites(api, case, made["instance_id"], 4))["code"] == "imaging.no_such_frame"
    await api.post("county_doctor", f"/scans/{made['study']['id']}/withdraw", {"reason": "误传"})
    assert (await cites(api, case, made["instance_id"], 1))["code"] == "imaging.taken_out"
    (kept,) = (await api.get("city_expert", f"/cases/{case}/advice")).json()
    assert kept["cited"] == [quoted]


async def test_what_is_held_or_another_womans_is_not_cited(
    net: Network, api: Caller, case: CaseId
) -> None:
    made = await brought(api, case, "SOMEBODY")
    assert (await cites(api, case, made["instance_id"], 1))["code"] == "imaging.still_held"
    assert (await api.get("city_expert", f"/cases/{case}/citable")).json()["scans"] == []
    await api.post("county_doctor", f"/scans/{made['study']['id']}/confirm", {})
    assert (await cites(api, case, made["instance_id"], 1))["cited"][0]["frame"] == 1
    other = await net.sent(net.places["city"])
    assert (await cites(api, other, made["instance_id"], 1))["code"] == "kernel.not_found"
