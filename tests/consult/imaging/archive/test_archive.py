"""One behaviour of every archive: the sealed folder and a real Orthanc of Debian's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import pydicom.data
import pytest
from pydicom.uid import generate_uid

from consult.imaging.archive import Archive, ArchiveAway, Orthanc, SealedFolder
from consult.imaging.errors import ScanLost
from consult.imaging.looking import frames, original
from consult.imaging.parse import Box
from consult.imaging.taking import Desk, take
from kernel.blobs import BlobLost, BlobStore
from kernel.errors import Refusal
from tests.consult.imaging.archive.orthanc_process import PASSWORD, USER, OrthancProcess
from tests.consult.imaging.scans import scan
from tests.referral.network import SEALER, Network

FILES = sorted((Path(pydicom.data.__file__).parent / "test_files").rglob("*"))
KEPT_AT_LEAST = 130


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OrthancProcess]:
    """An Orthanc that answers."""
    made = OrthancProcess(tmp_path_factory.mktemp("orthanc"))
    made.start()
    yield made
    made.stop()


def _folder(place: Path) -> SealedFolder:
    return SealedFolder(BlobStore(place, SEALER, max_bytes=0))


@pytest.fixture
def orthanc(process: OrthancProcess, tmp_path: Path) -> Iterator[Orthanc]:
    """It as archive; `tmp_path` is its folder of what was put aside."""
    made = Orthanc(process.url, USER, PASSWORD, _folder(tmp_path))
    yield made
    made.close()


@pytest.fixture(params=["folder", "orthanc"])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Archive:
    """Each of them."""
    made: Archive = (
        _folder(tmp_path) if request.param == "folder" else request.getfixturevalue("orthanc")
    )
    return made


def _aside(place: Path) -> int:
    return sum(1 for path in place.rglob("*") if path.is_file())


def test_what_goes_in_comes_back_byte_for_byte(archive: Archive) -> None:
    uid = generate_uid()
    content = scan(frames=40, patient="LIN^CESHI=林^测试", sop=uid)
    digest = sha256(content).digest()
    for _ in range(2):
        assert archive.put(uid, content) == digest
    assert archive.get(uid, digest) == content


def test_another_file_under_a_uid_takes_nothings_place(archive: Archive) -> None:
    uid = generate_uid()
    several = [scan(patient="A", sop=uid, grey=grey) for grey in range(3)]
    several.append(scan(patient="B", study="1.9.9", sop=uid))
    digests = [archive.put(uid, content) for content in several]
    assert len(set(digests)) == len(several)
    assert [archive.get(uid, digest) for digest in digests] == several


def test_what_was_never_kept_is_said_to_be_lost(archive: Archive) -> None:
    uid = generate_uid()
    archive.put(uid, scan(sop=uid))
    for asked in (uid, generate_uid()):
        with pytest.raises(BlobLost):
            archive.get(asked, sha256(b"other").digest())


def test_many_at_once_all_come_back(archive: Archive) -> None:
    several = {uid: scan(frames=3, sop=uid) for uid in (generate_uid() for _ in range(12))}
    with ThreadPoolExecutor(6) as pool:
        digests = list(pool.map(archive.put, several, several.values()))
        assert list(pool.map(archive.get, several, digests)) == list(several.values())


async def test_every_file_of_pydicom_that_is_kept_comes_back(archive: Archive) -> None:
    box, kept = Box(readers=1), 0
    try:
        for path in FILES:
            if not path.is_file():
                continue
            content = path.read_bytes()
            try:
                uid = (await box.summary(content)).sop_uid
            except Refusal:
                continue
            kept += 1
            assert archive.get(uid, archive.put(uid, content)) == content, path.name
    finally:
        box.close()
    assert kept >= KEPT_AT_LEAST


def test_orthanc_holds_it_and_the_folder_only_what_orthanc_does_not_keep(
    process: OrthancProcess, orthanc: Orthanc, tmp_path: Path
) -> None:
    uid = generate_uid()
    digest = orthanc.put(uid, scan(patient="A", sop=uid))
    assert _aside(tmp_path) == 0
    with process.client as client:
        (there,) = client.post("/tools/lookup", content=uid).json()
        assert sha256(client.get(f"{there['Path']}/file").content).digest() == digest
        orthanc.put(uid, scan(patient="A", sop=uid, grey=1))
        assert _aside(tmp_path) == 1
        # Somebody takes it out of Orthanc: it is lost, and nothing else stands in for it.
        client.delete(there["Path"]).raise_for_status()
    with pytest.raises(BlobLost):
        orthanc.get(uid, digest)


def test_with_a_wrong_password_it_is_away(process: OrthancProcess, tmp_path: Path) -> None:
    stranger = Orthanc(process.url, USER, "guessed", _folder(tmp_path))
    uid = generate_uid()
    digest = stranger.put(uid, scan(sop=uid))
    assert sha256(stranger.get(uid, digest)).digest() == digest
    with pytest.raises(ArchiveAway):
        stranger.get(uid, sha256(b"other").digest())
    stranger.close()


@pytest.fixture
def desk(net: Network, orthanc: Orthanc) -> Iterator[Desk]:
    """Scans of a network are kept in Orthanc."""
    made = Desk(net.clone.app, net.clock, SEALER, orthanc, Box(readers=1))
    yield made
    made.box.close()


def _reading(content: bytes) -> Callable[[], Awaitable[bytes]]:
    async def read() -> bytes:
        return content

    return read


async def test_a_consultation_goes_on_while_orthanc_is_down(
    net: Network, process: OrthancProcess, desk: Desk
) -> None:
    case = await net.sent(net.places["city"])
    doctor, expert = net.staff["county_doctor"], net.staff["city_expert"]
    first, second = (scan(frames=2, patient="LIN^CESHI=林^测试", grey=grey) for grey in (0, 9))

    async def taken(content: bytes) -> UUID:
        return (await take(desk, doctor, case, _reading(content), deidentify=False))[0]

    before = await taken(first)
    assert (await frames(desk, expert, before, 0, 2))[0].startswith(b"\x89PNG")
    process.stop()
    try:
        with pytest.raises(ArchiveAway):
            await original(desk, expert, before)
        meanwhile = await taken(second)
        assert (await original(desk, expert, meanwhile))[1] == second
    finally:
        process.start()
    for instance, content in ((before, first), (meanwhile, second)):
        assert (await original(desk, expert, instance))[1] == content
    with process.client as client:
        for one in client.get("/instances").json():
            client.delete(f"/instances/{one}").raise_for_status()
    with pytest.raises(ScanLost):
        await original(desk, expert, before)
    assert (await original(desk, expert, meanwhile))[1] == second
