"""Files, the Excel file and the certificate over HTTP; the certificate is checked by anybody."""

from io import BytesIO
from uuid import UUID, uuid4

import pytest
from openpyxl import load_workbook
from sqlalchemy import text

from consult.training.routes import router
from server.paper.certificates import router as certificates
from server.paper.routes import router as papers
from tests.consult.training.conftest import RIGHT, School
from tests.referral.http import Caller, caller
from tests.referral.network import SEEDER, Network

PDF = b"%PDF-1.7 courseware"
ATTENDED = text(
    "UPDATE training_attendee SET present_s = 900, live_s = 900, asked = 2, answered = 2,"
    " verified = true, rules = 'test' WHERE class_id = :class_id"
)


@pytest.fixture
def api(net: Network) -> Caller:
    """The routes of training, its certificates, and of checking a paper."""
    return caller(net, router, certificates, papers)


@pytest.fixture
async def course(school: School) -> UUID:
    """A published course of the city's centre."""
    return await school.course()


async def test_a_file_is_taken_once_and_opened_by_everybody(api: Caller, course: UUID) -> None:
    path, key = f"/training/courses/{course}/materials?name=第一讲", str(uuid4())
    taken = await api.upload("city_expert", path, PDF, key=key, kind="application/pdf")
    assert taken.status_code == 201, taken.text
    again = await api.upload("city_expert", path, PDF, key=key, kind="application/pdf")
    (one,) = again.json()["materials"]
    assert again.json() == taken.json()
    opened = await api.get("outsider", f"/training/materials/{one['id']}/content")
    assert opened.content == PDF
    assert opened.headers["content-disposition"].startswith("attachment; ")
    assert opened.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"<html><script>", 415, "training.material_refused"),
        (b"", 415, "training.material_refused"),
        (PDF + bytes(300_000), 413, "training.material_too_large"),
    ],
)
async def test_what_is_no_courseware_is_refused(
    api: Caller, course: UUID, content: bytes, status: int, code: str
) -> None:
    path = f"/training/courses/{course}/materials?name=x"
    refused = await api.upload("city_expert", path, content, kind="application/pdf")
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert refused.json()["zh"]["detail"]


async def test_the_certificate_is_checked_by_anybody(
    api: Caller, net: Network, school: School, course: UUID
) -> None:
    seated = await school.opened(course)
    for by in ("commission", "county_doctor"):
        here = await api.post(by, f"/training/classes/{seated}/presence", {})
        assert here.status_code == 200, here.text
    async with net.clone.system.session(SEEDER) as session:
        await session.execute(ATTENDED, {"class_id": seated})
    path = f"/training/courses/{course}/certificate"
    assert (await api.get("county_doctor", path)).status_code == 404
    for by in ("commission", "county_doctor"):
        assert await school.tried(course, RIGHT, by)
    for by in ("commission", "county_doctor"):
        made = await api.post(by, path, {})
        assert made.status_code == 201, made.text
    paper = made.json()
    again = await api.post("county_doctor", path, {})
    assert again.json()["code"] == paper["code"]
    assert (await api.get("county_doctor", path)).json() == paper
    pdf = await api.get("county_doctor", f"{path}/pdf")
    assert pdf.content.startswith(b"%PDF-")
    checked = (await api.get("", f"/verify/{paper['code']}")).json()
    assert (checked["verdict"], checked["kind"]) == ("genuine", "certificate")
    assert checked["pdf_sha256"] == paper["pdf_sha256"]
    assert "name" not in checked
    refused = await api.post("outsider", path, {})
    assert (refused.status_code, refused.json()["code"]) == (409, "training.not_earned")


async def test_units_as_excel(api: Caller, net: Network) -> None:
    day = net.clock.now().date().isoformat()
    period = f"start={day}T00:00:00Z&end=2027-01-01T00:00:00Z"
    for language, title in (("zh", "培训统计"), ("en", "Training per facility")):
        path = f"/training/statistics/export?{period}&language={language}"
        file = await api.get("commission", path)
        assert file.status_code == 200, file.text
        page = load_workbook(BytesIO(file.content)).active
        assert page is not None
        assert page["A1"].value == title
        assert page.max_row == 6 + len(net.places)
