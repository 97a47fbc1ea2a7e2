"""A real Orthanc of Debian's sends to us: by C-STORE as a machine, by STOW-RS into a case."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from pydicom import dcmread
from sqlalchemy import text

from consult.imaging.receiving.dimse import Receiver
from consult.imaging.receiving.door import Register
from consult.imaging.taking import Desk
from kernel.ids import CaseId
from tests.consult.imaging.archive.orthanc_process import OrthancProcess
from tests.consult.imaging.dicomweb.test_client import HERS, base, case
from tests.consult.imaging.receiving.machine import LIN, TITLE
from tests.consult.imaging.receiving.test_dimse import desk, kept, receiver, register
from tests.consult.imaging.scans import scan
from tests.referral.network import SEEDER, Network

__all__ = ["base", "case", "desk", "receiver", "register"]

PLUGIN: Final = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
_DIGESTS = text("SELECT sha256 FROM imaging_arrived_file")


class Sender:
    """An Orthanc that holds a study of three clips; its calls block, so they run in threads."""

    def __init__(self, process: OrthancProcess) -> None:
        self._process = process
        self.contents: list[bytes] = []
        self._study = ""

    def fill(self, uid: str, patient: str) -> None:
        """Give it the study."""
        with self._process.client as client:
            for grey in range(3):
                self.contents.append(scan(frames=5, patient=patient, study=uid, grey=grey))
                made = client.post("/instances", content=self.contents[-1])
                made.raise_for_status()
                self._study = made.json()["ParentStudy"]

    async def ask(self, path: str, body: object) -> httpx.Response:
        """One order to it; its answer."""

        def post() -> httpx.Response:
            with self._process.client as client:
                return client.post(path, json=body, timeout=60)

        return await asyncio.to_thread(post)

    async def send(self, path: str) -> httpx.Response:
        """The whole study to a partner of its."""
        return await self.ask(path, {"Resources": [self._study], "Synchronous": True})


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where Orthancs live."""
    return tmp_path / "orthancs"


@contextmanager
def _orthanc(place: Path, uid: str, patient: str, **more: Any) -> Iterator[Sender]:
    process = OrthancProcess(place, **more)
    process.start()
    try:
        made = Sender(process)
        made.fill(uid, patient)
        yield made
    finally:
        process.stop()


def _pixels(content: bytes) -> list[Any]:
    found: list[Any] = dcmread(io.BytesIO(content)).pixel_array.tolist()
    return found


async def test_a_study_comes_by_c_store_from_a_registered_title_and_from_no_other(
    net: Network, receiver: Receiver, register: Register, desk: Desk, place: Path
) -> None:
    before, partner = await kept(net), ["YUNSHANG", "127.0.0.1", receiver.facts.port]
    with ExitStack() as running:
        ours, stranger = (
            running.enter_context(
                _orthanc(
                    place / title, "1.9.40", LIN, DicomAet=title,
                    DicomModalities={"yunshang": partner},
                )
            )
            for title in (TITLE, "STRANGER")
        )  # fmt: skip
        assert (await stranger.ask("/modalities/yunshang/echo", {})).is_error
        assert (await stranger.send("/modalities/yunshang/store")).is_error
        assert await kept(net) == before
        assert receiver.facts.answers["refused"] >= 1

        assert (await ours.ask("/modalities/yunshang/echo", {})).is_success
        for _ in range(2):  # sent again, it is known
            sent = await ours.send("/modalities/yunshang/store")
            assert sent.json()["InstancesCount"] == 3, sent.text
            assert sent.json()["FailedInstancesCount"] == 0, sent.text
            assert await kept(net) == before + 3
    async with net.clone.system.session(SEEDER) as session:
        digests = (await session.scalars(_DIGESTS)).all()
    arrived = [_pixels(desk.archive.get("", one)) for one in digests[-3:]]
    assert sorted(arrived) == sorted(_pixels(one) for one in ours.contents)


async def test_a_study_comes_by_stow_rs_into_a_case_of_hers_and_into_nobody_elses(
    net: Network, base: str, case: CaseId, place: Path
) -> None:
    def server(who: str) -> dict[str, object]:
        return {"Url": f"{base}/api/cases/{case}/dicomweb/", "HttpHeaders": {"x-who": who}}

    servers = {"ours": server("county_doctor"), "foreign": server("outsider")}
    more = {"Plugins": [str(PLUGIN)], "DicomWeb": {"Servers": servers}}
    with _orthanc(place, "1.9.41", HERS, **more) as orthanc:
        assert (await orthanc.send("/dicom-web/servers/foreign/stow")).is_error
        assert (await net.kinds(case)).count("scan.added") == 0
        sent = await orthanc.send("/dicom-web/servers/ours/stow")
        assert sent.is_success, sent.text
        again = await orthanc.send("/dicom-web/servers/ours/stow")
        assert again.is_success, again.text
    assert (await net.kinds(case)).count("scan.added") == 3
    root = f"{base}/api/cases/{case}/dicomweb/studies"
    async with httpx.AsyncClient(headers={"x-who": "city_expert"}) as client:
        found = (await client.get(f"{root}/1.9.41/instances")).json()
        assert len(found) == 3
        back = await client.get(f"{root}/1.9.41")
    for content in orthanc.contents:
        assert dcmread(io.BytesIO(content)).PixelData in back.content
