"""Zips: files come out one by one, and archives that are made to hurt are not opened."""

import io
import struct
import zipfile
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consult.imaging.parse import Box
from consult.imaging.routes import router
from kernel.errors import Refusal
from kernel.ids import CaseId
from tests.consult.imaging.scans import scan
from tests.referral.http import Caller, caller
from tests.referral.network import Network


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    made = Box(readers=1)
    yield made
    made.close()


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def overlapping() -> bytes:
    """Two entries of the directory that lead to the same bytes."""
    whole = zipped({"a": b"x" * 5000, "b": b"y" * 5000}, zipfile.ZIP_STORED)
    second = whole.rindex(b"PK\x01\x02")
    return whole[: second + 42] + struct.pack("<I", 0) + whole[second + 46 :]


def locked() -> bytes:
    content = bytearray(zipped({"a.dcm": scan()}))
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (zipped({f"{n}": b"" for n in range(301)}), "zip_too_many"),
        (zipped({"zeros": bytes(120_000_000)}), "zip_bomb"),
        (zipped({"../../etc/passwd": b"x"}), "zip_path"),
        (zipped({"/abs": b"x"}), "zip_path"),
        (zipped({"C:\\x": b"x"}), "zip_path"),
        (zipped({"a": b"x"}, zipfile.ZIP_LZMA), "zip_locked"),
        (locked(), "zip_locked"),
        (overlapping(), "zip_bomb"),
        (b"PK\x03\x04" + b"\0" * 500, "zip_broken"),
        (b"nothing of the kind", "zip_broken"),
    ],
    ids=lambda one: one if isinstance(one, str) else f"{len(one)}",
)
async def test_what_is_made_to_hurt_is_not_opened(box: Box, content: bytes, code: str) -> None:
    with pytest.raises(Refusal) as no:
        await box.listed(content)
    assert no.value.code == f"imaging.{code}"


async def test_files_come_out_as_they_went_in(box: Box) -> None:
    files = {"DICOM/IM1": scan(), "DICOM/": b"", "__MACOSX/._IM1": b"x", "notes.txt": b"words"}
    content = zipped(files)
    found = await box.listed(content)
    assert [one.name for one in found] == ["DICOM/IM1", "notes.txt"]
    assert await box.unpacked(content, found[0].n) == files["DICOM/IM1"]
    with pytest.raises(Refusal, match=r"zip_broken"):
        await box.unpacked(content, 99)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(at=st.integers(4, 3000), value=st.integers(0, 255), cut=st.integers(0, 400))
async def test_mutations_never_harm_the_parent(box: Box, at: int, value: int, cut: int) -> None:
    content = bytearray(zipped({"a": scan(), "b/c": scan(frames=2)}))
    content[at % len(content)] = value
    codes = []
    try:
        for one in await box.listed(bytes(content[: len(content) - cut])):
            await box.unpacked(bytes(content[: len(content) - cut]), one.n)
    except Refusal as no:
        codes.append(no.code)
    assert "imaging.reader_gone" not in codes


async def test_each_file_has_its_own_answer(net: Network) -> None:
    api = caller(net, router)
    case = await net.sent(net.places["city"])
    files = {
        "EXAM/IM1": scan(patient="=林^测试", sop="1.2.9.1"),
        "EXAM/IM2": scan(patient="=林^测试", sop="1.2.9.2"),
        "EXAM/README": b"no scan",
    }
    answer = await _bring(api, case, zipped(files))
    assert [(one["name"], one["outcome"]) for one in answer["files"]] == [
        ("EXAM/IM1", "kept"),
        ("EXAM/IM2", "kept"),
        ("EXAM/README", "refused"),
    ]
    assert answer["files"][2]["why"]["code"] == "not_dicom"
    assert len(answer["studies"]) == 1
    again = await _bring(api, case, zipped(files))
    assert [one["outcome"] for one in again["files"]] == ["known", "known", "refused"]
    for who in ("outsider", "city_two_expert"):
        path = f"/cases/{case}/scans/archive"
        strange = await api.upload(who, path, zipped(files), kind="application/zip")
        assert strange.status_code == 404


async def _bring(api: Caller, case: CaseId, content: bytes):  # type: ignore[no-untyped-def]
    path = f"/cases/{case}/scans/archive"
    answer = await api.upload("county_doctor", path, content, kind="application/zip")
    assert answer.status_code == 201, answer.text
    return answer.json()
