"""Scans over HTTP: what gets in, whose it is, who sees it, and what is on the chain."""

import asyncio
import struct
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from consult.imaging.archive import SealedFolder
from consult.imaging.errors import ScanLost
from consult.imaging.intake import Intake, gathered
from consult.imaging.looking import original
from consult.imaging.parse import Box
from consult.imaging.routes import router
from consult.imaging.taking import Desk, take
from kernel.blobs import BlobStore
from kernel.errors import Refusal
from kernel.ids import CaseId
from tests.consult.imaging.scans import scan
from tests.referral.http import Caller, caller
from tests.referral.network import SEALER, SEEDER, Network

HERS = "LIN^CESHI=林^测试"
DICOM = "application/dicom"


@pytest.fixture(scope="module")
def api(net: Network) -> Caller:
    """The routes of scans."""
    return caller(net, router)


@pytest.fixture
async def case(net: Network) -> CaseId:
    """Sent by the county to the city."""
    return await net.sent(net.places["city"])


async def brought(
    api: Caller, case: CaseId, content: bytes, *, query: str = "", who: str = "county_doctor"
) -> httpx.Response:
    return await api.upload(who, f"/cases/{case}/scans{query}", content, kind=DICOM)


async def kept(api: Caller, case: CaseId, content: bytes, **more: str) -> dict[str, Any]:
    answer = await brought(api, case, content, **more)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def listed(api: Caller, case: CaseId, who: str = "county_doctor") -> list[dict[str, Any]]:
    answer = await api.get(who, f"/cases/{case}/scans")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()
    return found


async def test_a_scan_goes_in_sealed_and_is_seen_by_those_who_treat_her(
    net: Network, api: Caller, case: CaseId
) -> None:
    content = scan(frames=3, patient=HERS)
    made = await kept(api, case, content)
    assert (made["outcome"], made["study"]["state"], made["study"]["identity"]) == (
        "kept", "filed", "same",
    )  # fmt: skip
    (study,) = await listed(api, case, "city_expert")
    (picture,) = study["series"][0]["instances"]
    assert picture["sha256"] == sha256(content).hexdigest()
    assert (picture["frames"], picture["frame_ms"]) == (3, 40.0)
    assert picture["regions"][0]["delta_x"] == pytest.approx(0.05)
    assert study["header"] is None
    assert "林" not in str(study)
    events = [one.payload for one in await net.events(case) if one.row.kind == "scan.added"]
    assert [one["sha256"] for one in events] == [picture["sha256"]]
    assert "林" not in str(events)

    path = f"/scans/instances/{picture['id']}"
    same = await api.get("city_expert", f"{path}/content")
    assert same.content == content
    assert same.headers["cache-control"] == "no-store"
    assert "LIN" not in str(same.headers)
    pack = (await api.get("city_expert", f"{path}/frames?first=1&count=9")).content
    (size,) = struct.unpack_from("<I", pack)
    assert pack[4:8] == b"\x89PNG"
    assert len(pack) > size + 8  # a second one behind it
    small = await api.get("city_expert", f"{path}/frames/2/rendered?most=16")
    assert small.headers["content-type"] == "image/png"
    assert struct.unpack(">II", small.content[16:24]) == (16, 12)
    for who in ("outsider", "city_two_expert", "commission"):
        assert (await api.get(who, f"/cases/{case}/scans")).status_code == 404
        for end in ("content", "frames", "frames/0/rendered"):
            assert (await api.get(who, f"{path}/{end}")).status_code == 404
    async with net.clone.system.session(SEEDER) as session:
        looks = await session.scalar(
            text("SELECT count(*) FROM access_log WHERE case_id = :c AND person_id = :p"),
            {"c": case, "p": net.staff["city_expert"].person_id},
        )
    assert looks == 3


async def test_the_same_file_again_is_the_same_and_another_under_its_uid_is_refused(
    net: Network, api: Caller, case: CaseId
) -> None:
    content = scan(patient=HERS, sop="1.2.3.9")
    first = await kept(api, case, content)
    again = await kept(api, case, content)
    assert again["outcome"] == "known"
    assert again["instance_id"] == first["instance_id"]
    for _ in range(2):
        other = await brought(api, case, scan(patient=HERS, sop="1.2.3.9", grey=7))
        assert other.json()["code"] == "imaging.uid_taken"
    (study,) = await listed(api, case)
    assert len(study["series"][0]["instances"]) == 1
    assert study["series"][0]["instances"][0]["sha256"] == sha256(content).hexdigest()
    (clash,) = study["clashes"]
    assert clash["sha256"] != sha256(content).hexdigest()
    assert (await net.kinds(case)).count("scan.refused") == 1


@pytest.mark.parametrize(
    ("patient", "identity"), [("LI^SI=李^四", "differs"), ("LIN^CESHI", "unread")]
)
async def test_whose_it_is_waits_for_a_person(
    net: Network, api: Caller, case: CaseId, patient: str, identity: str
) -> None:
    made = (await kept(api, case, scan(patient=patient)))["study"]
    assert (made["state"], made["identity"]) == ("held", identity)
    assert (made["header"]["name"], made["header"]["her_name"]) == (patient, "林测试")
    path = f"/scans/{made['id']}/confirm"
    assert (await api.post("outsider", path, {})).status_code == 404
    done = await api.post("county_doctor", path, {}, key=f"yes {made['id']}")
    assert (done.json()["state"], done.json()["header"]) == ("filed", None)
    assert done.json()["settled_by"]["name"]
    again = await api.post("county_doctor", path, {}, key=f"yes {made['id']}")
    assert again.json() == done.json()
    assert (await net.kinds(case)).count("scan.confirmed") == 1
    late = await api.post("county_doctor", path, {})
    assert late.json()["code"] == "kernel.illegal_transition"


async def test_two_people_under_one_study_uid_stay_apart(api: Caller, case: CaseId) -> None:
    await kept(api, case, scan(patient=HERS))
    await kept(api, case, scan(patient="LI^SI=李^四"))
    await kept(api, case, scan(patient=HERS, grey=3))
    found = await listed(api, case)
    assert sorted(one["state"] for one in found) == ["filed", "held"]
    filed = next(one for one in found if one["state"] == "filed")
    assert len(filed["series"][0]["instances"]) == 2


async def test_what_was_taken_out_is_no_longer_shown_and_may_come_again(
    net: Network, api: Caller, case: CaseId
) -> None:
    content = scan(patient=HERS)
    made = await kept(api, case, content)
    body = {"reason": "另一名孕妇的检查"}
    out = await api.post("county_doctor", f"/scans/{made['study']['id']}/withdraw", body)
    assert (out.json()["state"], out.json()["series"]) == ("withdrawn", [])
    gone = await api.get("county_doctor", f"/scans/instances/{made['instance_id']}/frames")
    assert gone.json()["code"] == "imaging.taken_out"
    assert "另一名" not in str([one.payload for one in await net.events(case)])
    back = await kept(api, case, content)
    assert back["outcome"] == "kept"
    assert back["study"]["id"] != made["study"]["id"]


async def test_who_she_is_can_stay_out(net: Network, api: Caller, case: CaseId) -> None:
    content = scan(frames=2, patient=HERS, private=True)
    made = await kept(api, case, content, query="?deidentify=true")
    assert (made["study"]["deidentified"], made["study"]["identity"]) == (True, "same")
    kept_bytes = await api.get("county_doctor", f"/scans/instances/{made['instance_id']}/content")
    assert "测试".encode() not in kept_bytes.content
    assert b"LIN" not in kept_bytes.content
    again = await kept(api, case, content, query="?deidentify=true")
    assert again["outcome"] == "known"


async def test_what_cannot_be_shown_says_why_in_both_languages(api: Caller, case: CaseId) -> None:
    content = scan(patient=HERS).replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.7\0")
    made = await kept(api, case, content)
    why = made["study"]["series"][0]["instances"][0]["why_not"]
    assert why["code"] in {"codec_missing", "broken_pixels"}
    assert why["zh"]
    assert why["en"]
    shown = await api.get("county_doctor", f"/scans/instances/{made['instance_id']}/frames")
    assert shown.status_code == 422


@pytest.mark.parametrize("content", [b"", b"MZ" + b"\0" * 500, b"\0" * 128 + b"DICM" + b"x" * 9])
async def test_what_is_no_scan_is_refused(
    net: Network, api: Caller, case: CaseId, content: bytes
) -> None:
    refused = await brought(api, case, content)
    assert refused.status_code == 422
    assert refused.json()["code"].startswith("imaging.")
    assert await listed(api, case) == []


async def test_a_stranger_is_refused_before_the_file_is_read(
    net: Network, api: Caller, case: CaseId
) -> None:
    for who in ("outsider", "city_two_expert", "commission"):
        assert (await brought(api, case, scan(patient=HERS), who=who)).status_code == 404
    assert await listed(api, case) == []


async def test_the_adviser_sees_what_another_case_of_hers_brought(
    net: Network, api: Caller
) -> None:
    woman = await net.pregnancy(net.staff["county_doctor"])
    first = await net.sent(net.places["city_two"], pregnancy_id=woman)
    made = await kept(api, first, scan(patient=HERS))
    found = await listed(api, first, "city_two_expert")
    assert [one["id"] for one in found] == [made["study"]["id"]]


async def test_two_at_once_are_one_study_and_no_file_twice(api: Caller, case: CaseId) -> None:
    content = scan(patient=HERS)
    several = (content, content, scan(patient=HERS, grey=9))
    answers = await asyncio.gather(*(kept(api, case, one) for one in several))
    assert sorted(one["outcome"] for one in answers) == ["kept", "kept", "known"]
    (study,) = await listed(api, case)
    assert len(study["series"][0]["instances"]) == 2


async def test_bytes_that_are_gone_or_changed_are_never_shown(
    net: Network, case: CaseId, tmp_path: Path
) -> None:
    store = BlobStore(tmp_path, SEALER, max_bytes=0)
    desk = Desk(net.clone.app, net.clock, SEALER, SealedFolder(store), Box(readers=1))
    doctor, content = net.staff["county_doctor"], scan(patient=HERS)

    async def read() -> bytes:
        return content

    try:
        instance, _ = await take(desk, doctor, case, read, deidentify=False)
    finally:
        desk.box.close()
    place = store.place(sha256(content).digest())
    assert b"DICM" not in place.read_bytes()
    place.write_bytes(place.read_bytes()[:-1] + b"x")
    with pytest.raises(ScanLost):
        await original(desk, doctor, instance)


async def _pieces(*sizes: int) -> AsyncIterator[bytes]:
    for size in sizes:
        yield b"x" * size


async def test_room_is_bounded_for_each_person_and_for_all() -> None:
    me, other = SEEDER.person_id, CaseId(SEEDER.person_id)
    intake = Intake(room=100, each=1)
    with intake.room(me, 60):
        with pytest.raises(Refusal, match=r"imaging\.busy"), intake.room(me, 10):
            pass
        with pytest.raises(Refusal, match=r"imaging\.busy"), intake.room(other, 60):
            pass
    with intake.room(me, 100):
        pass
    with pytest.raises(Refusal, match=r"imaging\.too_large"), intake.room(me, 10**9):
        pass
    assert await gathered(_pieces(3, 4), 7) == b"x" * 7
    with pytest.raises(Refusal, match=r"imaging\.too_large"):
        await gathered(_pieces(3, 5), 7)
