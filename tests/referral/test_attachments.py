"""Attachments over HTTP: what gets in, who gets it out, and every trick that must not work."""

from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from kernel.ids import CaseId
from referral.routes import router
from tests.kernel.media.pictures import GPS, exif, jpeg, pdf, png
from tests.referral.http import Caller, caller
from tests.referral.network import SEEDER, Network

LAB = "attachments?kind=lab"


@pytest.fixture
def api(net: Network) -> Caller:
    """The referral routes with a folder of their own; at most 300 kB a file."""
    return caller(net, router)


@pytest.fixture
async def case(net: Network) -> CaseId:
    """Sent by the county to the city."""
    return await net.sent(net.places["city"])


def _code(answer: httpx.Response) -> str:
    said: dict[str, Any] = answer.json()
    return str(said["code"])


async def _attached(api: Caller, case: CaseId, content: bytes) -> dict[str, Any]:
    answer = await api.upload("county_doctor", f"/referrals/{case}/{LAB}", content)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()["attachments"][-1]
    return made


async def test_a_photograph_goes_in_clean_and_comes_out_the_same_for_the_receiver(
    net: Network, api: Caller, case: CaseId
) -> None:
    made = await _attached(api, case, jpeg(exif(6)))
    assert made["media_type"] == "image/jpeg"
    path = f"/referrals/{case}/attachments/{made['id']}/content"
    got = await api.get("city_expert", path)
    assert got.status_code == 200
    assert got.headers["content-type"] == "image/jpeg"
    assert got.headers["content-disposition"].startswith('attachment; filename="R2611-')
    assert got.headers["x-content-type-options"] == "nosniff"
    assert GPS not in got.content
    assert len(got.content) == made["size_bytes"]
    said = [e.payload for e in await net.events(case) if e.row.kind == "attachment.added"]
    assert said[0]["sha256"] == made["sha256"]
    for who in ("outsider", "city_two_expert"):
        assert (await api.get(who, path)).status_code == 404
    assert (await api.get("commission", path)).status_code == 404
    async with net.clone.system.session(SEEDER) as session:
        logged = await session.scalar(
            text("SELECT count(*) FROM access_log WHERE case_id = :c AND person_id = :p"),
            {"c": case, "p": net.staff["city_expert"].person_id},
        )
    assert logged == 1


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"<html><script>alert(1)</script></html>", "image/png"),
        (b"MZ" + b"\0" * 100, "application/octet-stream"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>", "image/png"),
        (pdf(b"/S /JavaScript /JS (x)"), "application/pdf"),
        (jpeg()[:-3], "image/jpeg"),
        (b"", "image/jpeg"),
    ],
)
async def test_what_is_no_picture_is_refused(
    net: Network, api: Caller, case: CaseId, content: bytes, kind: str
) -> None:
    answer = await api.upload("county_doctor", f"/referrals/{case}/{LAB}", content, kind=kind)
    assert (answer.status_code, _code(answer)) == (422, "referral.file_refused")
    assert (await net.papers("county_doctor", case)).attachments == []


async def test_the_name_and_the_declared_type_mean_nothing(
    net: Network, api: Caller, case: CaseId
) -> None:
    answer = await api.upload(
        "county_doctor", f"/referrals/{case}/{LAB}", png(), kind="application/pdf"
    )
    assert answer.json()["attachments"][0]["media_type"] == "image/png"
    for trick in ("../../etc/passwd", "lab%00.php", "lab&filename=../x"):
        path = f"/referrals/{case}/attachments?kind={trick}"
        answer = await api.upload("county_doctor", path, jpeg())
        assert answer.status_code in (400, 201)
        if answer.status_code == 201:
            assert "filename" not in str(answer.json()["attachments"])


async def test_too_large(net: Network, api: Caller, case: CaseId) -> None:
    answer = await api.upload("county_doctor", f"/referrals/{case}/{LAB}", jpeg() + b"0" * 300_000)
    assert (answer.status_code, _code(answer)) == (413, "referral.file_too_large")
    huge = await api.upload("county_doctor", f"/referrals/{case}/{LAB}", b"0" * 20_000_001)
    assert huge.status_code == 413


async def test_the_other_routes_keep_their_limit(net: Network, api: Caller, case: CaseId) -> None:
    answer = await api.post("county_doctor", f"/referrals/{case}/notes", {"text": "x" * 1_100_000})
    assert answer.status_code == 413


async def test_the_same_upload_again_is_the_same_attachment(
    net: Network, api: Caller, case: CaseId
) -> None:
    key = str(uuid4())
    for used in (key, key, str(uuid4())):
        answer = await api.upload(
            "county_doctor", f"/referrals/{case}/{LAB}", jpeg(exif(3)), key=used
        )
        assert len(answer.json()["attachments"]) == 1
    other = await api.upload("county_doctor", f"/referrals/{case}/{LAB}", png(), key=key)
    assert _code(other) == "kernel.idempotency_key_reused"


async def test_foreign_cases_take_and_give_nothing(net: Network, api: Caller, case: CaseId) -> None:
    made = await _attached(api, case, png())
    other = await net.sent(net.places["city"])
    answer = await api.get("city_expert", f"/referrals/{other}/attachments/{made['id']}/content")
    assert answer.status_code == 404
    answer = await api.upload("outsider", f"/referrals/{case}/{LAB}", png())
    assert answer.status_code == 404
    answer = await api.post(
        "county_doctor",
        f"/referrals/{other}/references",
        {"kind": "attachment", "attachment_id": made["id"]},
    )
    assert _code(answer) == "referral.reference_invalid"
    answer = await api.post(
        "county_doctor",
        f"/referrals/{case}/references",
        {"kind": "attachment", "attachment_id": made["id"]},
    )
    assert answer.json()["references"][0]["attachment_id"] == made["id"]


async def test_struck_through_it_is_listed_and_fetched_no_more(
    net: Network, api: Caller, case: CaseId
) -> None:
    made = await _attached(api, case, png())
    path = f"/referrals/{case}/attachments/{made['id']}"
    answer = await api.post("county_doctor", f"{path}/withdraw", {"reason": "拍错患者"})
    assert answer.json()["attachments"][0]["withdrawn"]["reason"] == "拍错患者"
    assert (await api.get("city_expert", f"{path}/content")).status_code == 404
    again = await _attached(api, case, png())
    assert again["id"] != made["id"]


async def test_no_row_is_changed_by_the_application(net: Network, case: CaseId) -> None:
    async with net.clone.system.session(SEEDER) as session:
        for table in ("referral_attachment", "referral_treatment", "referral_consent"):
            granted = await session.scalar(
                text("SELECT has_table_privilege('yunshang_app', :t, 'UPDATE,DELETE')"),
                {"t": table},
            )
            assert granted is False, table
