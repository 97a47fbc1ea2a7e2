"""DICOMweb with a foreign client, `dicomweb-client`, over real HTTP."""

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
import uvicorn
from dicomweb_client import DICOMwebClient
from pydicom import dcmread
from requests.exceptions import HTTPError

from consult.imaging.routes import router
from kernel.ids import CaseId
from tests.consult.imaging.scans import scan
from tests.fixtures.ports import free_port
from tests.referral.http import app
from tests.referral.network import Network

HERS = "LIN^CESHI=林^测试"


@pytest.fixture(scope="module")
async def base(net: Network) -> AsyncIterator[str]:
    """The routes of scans behind a real port."""
    port = free_port()
    config = uvicorn.Config(app(net, router), port=port, log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server._serve())
    async with asyncio.timeout(10):
        while not server.started:
            await asyncio.sleep(0.02)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    await serving


@pytest.fixture
async def case(net: Network) -> CaseId:
    """Sent by the county to the city."""
    return await net.sent(net.places["city"])


class Partner:
    """The client as somebody, for one case; its calls block, so they run in threads."""

    def __init__(self, base: str, case: CaseId, who: str) -> None:
        headers = {"x-who": who}
        self.client = DICOMwebClient(f"{base}/api/cases/{case}/dicomweb", headers=headers)
        self.client.set_http_retry_params(retry=False)

    async def do(self, call: Callable[..., Any], *given: Any, **named: Any) -> Any:
        return await asyncio.to_thread(call, *given, **named)

    async def store(self, *contents: bytes) -> Any:
        datasets = [dcmread(io.BytesIO(one)) for one in contents]
        return await self.do(self.client.store_instances, datasets)


async def test_what_a_client_stores_it_finds_and_gets_back(
    net: Network, base: str, case: CaseId
) -> None:
    doctor = Partner(base, case, "county_doctor")
    clip, still = scan(frames=3, patient=HERS, sop="1.4.1"), scan(patient=HERS, sop="1.4.2")
    answer = await doctor.store(clip, still)
    stored = [item.ReferencedSOPInstanceUID for item in answer.ReferencedSOPSequence]
    assert stored == ["1.4.1", "1.4.2"]
    assert (await net.kinds(case)).count("scan.added") == 2

    expert = Partner(base, case, "city_expert")
    find = expert.client
    (study,) = await expert.do(find.search_for_studies)
    assert study["0020000D"]["Value"] == ["1.2.3.4"]
    assert study["00201208"]["Value"] == [2]
    assert "林" not in str(study)
    assert "CESHI" not in str(study)
    (series,) = await expert.do(find.search_for_series, "1.2.3.4")
    uid = series["0020000E"]["Value"][0]
    found = await expert.do(find.search_for_instances, "1.2.3.4", uid)
    assert [one["00080018"]["Value"][0] for one in found] == stored
    (second,) = await expert.do(find.search_for_instances, "1.2.3.4", limit=1, offset=1)
    assert second["00080018"]["Value"] == ["1.4.2"]

    back = await expert.do(find.retrieve_instance, "1.2.3.4", uid, "1.4.1")
    assert back.pixel_array.tolist() == dcmread(io.BytesIO(clip)).pixel_array.tolist()
    assert len(await expert.do(find.retrieve_series, "1.2.3.4", uid)) == 2
    about = await expert.do(find.retrieve_study_metadata, "1.2.3.4")
    assert [one["00280008"]["Value"] for one in about] == [[3], [1]]
    png = await expert.do(
        find.retrieve_instance_rendered, "1.2.3.4", uid, "1.4.1", media_types=("image/png",)
    )
    assert png.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({"ModalitiesInStudy": "US"}, 1),
        ({"ModalitiesInStudy": "CT"}, 0),
        ({"StudyDate": "20261101-20261130"}, 1),
        ({"StudyDate": "20261127-"}, 0),
        ({"StudyInstanceUID": "1.2.3.4"}, 1),
        ({"00080020": "20261126"}, 1),
    ],
)
async def test_filters_are_met(
    base: str, case: CaseId, filters: dict[str, str], count: int
) -> None:
    doctor = Partner(base, case, "county_doctor")
    await doctor.store(scan(patient=HERS))
    found = await doctor.do(doctor.client.search_for_studies, search_filters=filters)
    assert len(found) == count


async def test_nobody_else_and_nothing_that_waits_is_told(
    net: Network, base: str, case: CaseId
) -> None:
    doctor = Partner(base, case, "county_doctor")
    await doctor.store(scan(patient="LI^SI=李^四", study="1.4.9"))
    assert await doctor.do(doctor.client.search_for_studies) == []
    root = f"{base}/api/cases/{case}/dicomweb/studies"
    async with httpx.AsyncClient() as client:
        for end in ("", "/1.4.9", "/1.4.9/metadata", "/1.4.9/series"):
            answer = await client.get(f"{root}{end}", headers={"x-who": "outsider"})
            assert answer.status_code == 404
        hidden = await client.get(f"{root}/1.4.9", headers={"x-who": "county_doctor"})
        assert hidden.status_code == 404
    stranger = Partner(base, case, "outsider")
    with pytest.raises(HTTPError, match="404"):
        await stranger.store(scan(patient=HERS))
    assert (await net.kinds(case)).count("scan.added") == 1


async def test_what_is_refused_says_why_beside_what_is_kept(base: str, case: CaseId) -> None:
    doctor = Partner(base, case, "county_doctor")
    await doctor.store(scan(patient=HERS, sop="1.4.3"))
    again = await doctor.store(scan(patient=HERS, sop="1.4.3", grey=9), scan(patient=HERS))
    assert len(again.ReferencedSOPSequence) == 1
    assert [item.FailureReason for item in again.FailedSOPSequence] == [0x0111]
    with pytest.raises(HTTPError, match="409"):
        await doctor.store(scan(patient=HERS, sop="1.4.3", grey=8))


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/dicom", b"x"),
        ("multipart/related", b"--a\r\n\r\nx\r\n--a--"),
        (f"multipart/related; boundary={'a' * 201}", b"x"),
        ('multipart/related; type="application/dicom"; boundary=a', b""),
        ('multipart/related; type="application/dicom"; boundary=a', b"--a\r\n\r\nx"),
        ('multipart/related; type="application/dicom"; boundary=a', b"--a\r\nno end\r\n--a--"),
        ('multipart/related; type="application/dicom+xml"; boundary=a', b"--a\r\n\r\nx\r\n--a--"),
    ],
)  # fmt: skip
async def test_what_is_no_store_is_refused(base: str, case: CaseId, kind: str, body: bytes) -> None:
    headers = {"x-who": "county_doctor", "content-type": kind}
    url = f"{base}/api/cases/{case}/dicomweb/studies"
    async with httpx.AsyncClient() as client:
        answer = await client.post(url, content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "imaging.not_multipart")


@pytest.mark.parametrize("query", ["PatientName=LIN*", "limit=x", "limit=-1", "00100020=P-1"])
async def test_a_filter_that_is_not_understood_is_refused(
    base: str, case: CaseId, query: str
) -> None:
    url = f"{base}/api/cases/{case}/dicomweb/studies?{query}"
    async with httpx.AsyncClient() as client:
        answer = await client.get(url, headers={"x-who": "county_doctor"})
    assert (answer.status_code, answer.json()["code"]) == (400, "imaging.query_unknown")
