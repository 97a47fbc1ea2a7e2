"""What machines sent, over HTTP: who sees it, how it comes into a case, who keeps machines."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from consult.imaging.receiving.arriving import arrive
from consult.imaging.routes import router
from consult.imaging.taking import Desk
from kernel.ids import CaseId
from tests.consult.imaging.receiving.machine import LI, LIN
from tests.consult.imaging.scans import scan
from tests.referral.http import Caller, app, caller_of
from tests.referral.network import SEALER, Network


class Ward:
    """A network, its callers, and a machine of the county that sends into the same store."""

    def __init__(self, net: Network, api: Caller, desk: Desk) -> None:
        self.net, self.api, self.desk = net, api, desk
        self.machine: Any = None

    async def send(self, **about: Any) -> bytes:
        """One file from the machine."""
        content = scan(**about)
        await arrive(self.desk, self.machine, content)
        return content

    async def waiting(self, who: str = "county_doctor", case: object = None) -> list[Any]:
        """What somebody sees waiting."""
        path = "/scans/arrivals" if case is None else f"/cases/{case}/scans/arrivals"
        answer = await self.api.get(who, path)
        assert answer.status_code == 200, answer.text
        found: list[Any] = answer.json()
        return found


@pytest.fixture(scope="module")
async def house(net: Network) -> Ward:
    """The county with its machine."""
    application = app(net, router)
    given = application.dependencies
    archive, box = await given["archive"](), await given["box"]()
    desk = Desk(net.clone.system, net.clock, SEALER, archive, box)
    made = Ward(net, caller_of(application), desk)
    made.machine = UUID((await registered(made, "US1"))["id"])
    return made


@pytest.fixture
async def ward(house: Ward) -> AsyncIterator[Ward]:
    """Nothing waits."""
    yield house
    for one in await house.waiting():
        body = {"reason": "another test's"}
        await house.api.post("county_doctor", f"/scans/arrivals/{one['id']}/discard", body)


async def registered(ward: Ward, title: str) -> Any:
    """A machine of the county."""
    body = {
        "ae_title": title, "name": "超声一号", "networks": ["10.1.2.3", "fd00::/8"],
        "facility_id": str(ward.net.places["county"]),
    }  # fmt: skip
    answer = await ward.api.post("admin", "/scans/machines", body)
    assert answer.status_code == 201, answer.text
    return answer.json()


@pytest.fixture
async def case(ward: Ward) -> CaseId:
    """Sent by the county to the city."""
    return await ward.net.sent(ward.net.places["city"])


async def test_an_examination_waits_at_its_house_and_nowhere_else(ward: Ward, case: CaseId) -> None:
    for grey in range(3):
        await ward.send(patient=LIN, study="1.5.1", grey=grey)
    await ward.send(patient=LI, study="1.5.2")
    await ward.send(patient="WANG", study="1.5.3")
    found = await ward.waiting(case=case)
    assert [(one["likeness"], one["files"]) for one in found] == [
        ("same", 3), ("unread", 1), ("differs", 1),
    ]  # fmt: skip
    assert (found[0]["machine"], found[0]["header"]["name"]) == ("超声一号", LIN)
    assert [one["likeness"] for one in await ward.waiting()] == [None] * 3
    assert await ward.waiting("city_expert") == []
    assert await ward.waiting("city_expert", case) == []
    assert await ward.waiting("outsider") == []
    path = f"/cases/{case}/scans/arrivals"
    assert (await ward.api.get("outsider", path)).status_code == 404
    for who in ("city_expert", "outsider"):
        for path in (f"/cases/{case}/scans/arrivals/{found[0]['id']}",
                     f"/scans/arrivals/{found[0]['id']}/discard"):  # fmt: skip
            body = {"reason": "x"} if path.endswith("discard") else {}
            assert (await ward.api.post(who, path, body)).status_code == 404


async def test_it_is_brought_to_a_case_like_an_upload(ward: Ward, case: CaseId) -> None:
    content = await ward.send(patient=LIN, study="1.5.1")
    await ward.send(patient=LIN, study="1.5.1", grey=1)
    (one,) = await ward.waiting(case=case)
    path = f"/cases/{case}/scans/arrivals/{one['id']}"
    done = await ward.api.post("county_doctor", path, {})
    assert done.status_code == 201, done.text
    assert [file["outcome"] for file in done.json()["files"]] == ["kept", "kept"]
    (study,) = done.json()["studies"]
    assert (study["state"], study["identity"]) == ("filed", "same")
    assert (await ward.net.kinds(case)).count("scan.added") == 2
    assert await ward.waiting() == []
    first = study["series"][0]["instances"][0]["id"]
    seen = await ward.api.get("city_expert", f"/scans/instances/{first}/content")
    assert seen.content == content
    late = await ward.api.post("county_doctor", path, {})
    assert late.json()["code"] == "kernel.illegal_transition"
    # Sent again, it is known; a further picture waits, and joins the same study.
    assert not await arrive(ward.desk, ward.machine, content)
    assert await ward.waiting() == []
    await ward.send(patient=LIN, study="1.5.1", grey=2)
    (more,) = await ward.waiting(case=case)
    path = f"/cases/{case}/scans/arrivals/{more['id']}"
    (again,) = (await ward.api.post("county_doctor", path, {})).json()["studies"]
    assert again["id"] == study["id"]
    assert len(again["series"][0]["instances"]) == 3


async def test_somebody_elses_waits_for_a_persons_word_as_ever(ward: Ward, case: CaseId) -> None:
    await ward.send(patient=LI)
    (one,) = await ward.waiting(case=case)
    path = f"/cases/{case}/scans/arrivals/{one['id']}"
    (study,) = (await ward.api.post("county_doctor", path, {"deidentify": True})).json()["studies"]
    assert (study["state"], study["identity"], study["deidentified"]) == ("held", "differs", True)


async def test_a_file_whose_uid_is_taken_says_so_and_the_rest_comes(
    ward: Ward, case: CaseId
) -> None:
    upload = scan(patient=LIN, sop="1.5.9")
    await ward.api.upload("county_doctor", f"/cases/{case}/scans", upload, kind="application/dicom")
    await ward.send(patient=LIN, sop="1.5.9", grey=4)
    await ward.send(patient=LIN)
    (one,) = await ward.waiting(case=case)
    path = f"/cases/{case}/scans/arrivals/{one['id']}"
    files = (await ward.api.post("county_doctor", path, {})).json()["files"]
    assert sorted(file["outcome"] for file in files) == ["kept", "refused"]
    refused = next(file for file in files if file["outcome"] == "refused")
    assert refused["why"]["code"] == "uid_taken"


async def test_what_belongs_nowhere_is_put_away_and_may_be_sent_again(ward: Ward) -> None:
    content = await ward.send(patient=LI)
    (one,) = await ward.waiting()
    path = f"/scans/arrivals/{one['id']}/discard"
    assert (await ward.api.post("county_doctor", path, {"reason": "不是孕妇"})).status_code == 200
    assert await ward.waiting() == []
    assert await arrive(ward.desk, ward.machine, content)
    assert len(await ward.waiting()) == 1


async def test_two_files_at_once_are_one_examination(ward: Ward) -> None:
    several = [scan(patient=LIN, grey=n) for n in range(4)]
    await asyncio.gather(*(arrive(ward.desk, ward.machine, one) for one in several * 2))
    (one,) = await ward.waiting()
    assert one["files"] == 4


async def test_machines_are_kept_by_whoever_keeps_the_house(ward: Ward) -> None:
    made = await registered(ward, "US2")
    assert made["facility"]["id"] == str(ward.net.places["county"])
    assert made["networks"] == ["10.1.2.3/32", "fd00::/8"]
    body = {"ae_title": "US2", "name": "超声二号", "networks": ["10.1.2.3"]}
    # The coordinator is of a region, the doctor keeps no machines.
    for who in ("coordinator", "county_doctor"):
        assert (await ward.api.post(who, "/scans/machines", body)).status_code == 403
        path = f"/scans/machines/{made['id']}/revoke"
        assert (await ward.api.post(who, path, {})).status_code == 404
    assert (await ward.api.post("admin", "/scans/machines", body)).status_code == 409
    for wrong in ({"networks": ["anywhere"]}, {"ae_title": " US"}, {"ae_title": "A\\B"}):
        bad = await ward.api.post("admin", "/scans/machines", {**body, **wrong})
        assert bad.status_code in {400, 422}, bad.text
    gone = await ward.api.post("admin", f"/scans/machines/{made['id']}/revoke", {})
    assert (gone.json()["revoked"], gone.json()["may_revoke"]) == (True, False)
    await registered(ward, "US2")
    seen = (await ward.api.get("county_doctor", "/scans/machines")).json()
    assert [(one["ae_title"], one["revoked"]) for one in seen] == [
        ("US1", False), ("US2", True), ("US2", False),
    ]  # fmt: skip
    assert not any(one["may_revoke"] for one in seen)
    assert (await ward.api.get("city_expert", "/scans/machines")).json() == []
