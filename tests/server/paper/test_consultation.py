"""The 会诊单 of a consultation: everything that was asked, said, signed and decided, on A4."""

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from pypdf import PdfReader

from consult import queries as advice
from consult import signing
from consult.commands import Countersign
from consult.imaging.archive import SealedFolder
from consult.imaging.parse import Box as Reader
from consult.imaging.taking import Desk, take
from consult.rooms.attendance import Attended
from consult.rooms.chat.schemas import RoomMessage
from consult.rooms.stills.schemas import RoomStill
from consult.telephone.schemas import ConsultCall
from kernel.blobs import BlobStore
from kernel.errors import NotFound
from referral.paper import words
from referral.paper.errors import NothingToPrint
from referral.paper.model import Box, Document, PaperKind, Ticks
from server.paper import routes
from server.paper.compose import ConsultSources, available, compose, gather
from server.paper.routes import press
from tests.consult.imaging.reports import biometry, report
from tests.consult.requests.table import Table
from tests.papers import said_in
from tests.referral.http import caller
from tests.referral.network import SEALER, Network
from tests.referral.paper.test_press import STAMP


@pytest.fixture
def table(net: Network) -> Table:
    """The network's table."""
    return Table(net)


async def _document(net: Network, who: str, consult: object) -> Document:
    viewer = net.staff[who]
    async with net.clone.app.session(viewer) as session:
        sources = await gather(session, net.clock, viewer, SEALER, consult)  # type: ignore[arg-type]
        assert [kind for kind in PaperKind if available(sources, kind)] == [PaperKind.CONSULT]
        with pytest.raises(NothingToPrint):
            compose(sources, PaperKind.TRANSFER)
        return compose(sources, PaperKind.CONSULT)


def _said(document: Document) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for section in document.sections:
        for box in section.boxes:
            if isinstance(box, Box):
                found.setdefault(box.label, []).append(box.value or "")
            elif isinstance(box, Ticks):
                chosen = [words for words, ticked in box.options if ticked]
                found.setdefault(box.label, []).append("、".join(chosen))
    return found


async def _held(table: Table, net: Network) -> object:
    consult = await table.ask()
    await table.answer("city_expert", consult, "accept")
    await table.step("city_expert", consult, "begin")
    await table.advise("city_expert", consult)
    viewer = net.staff["city_second"]
    async with net.clone.app.session(viewer) as session:
        (signed,) = await advice.advice_of_case(session, viewer, consult)
        dissent = Countersign(stand="dissents", words="先排除产道裂伤", password="x")
        await signing.countersign(session, net.clock, viewer, signed.id, dissent)
    await table.step("city_expert", consult, "conclude", outcome="advised")
    return consult


async def test_it_says_who_asked_who_advised_who_dissented(table: Table, net: Network) -> None:
    consult = await _held(table, net)
    said = _said(await _document(net, "county_doctor", consult))
    assert said["姓名"] == ["林测试"]
    assert said["形式"] == ["专家组"]
    assert said["结果"] == ["已给出意见"]
    assert said["意见"] == ["双合诊压迫，准备球囊"]
    assert said["医嘱建议及执行情况"] == ["1. 氨甲环酸 1 g 静滴（待执行）"]
    assert "先排除产道裂伤" in said["保留不同意见"][0]
    assert said["处理"] == [""]  # a box for the pen until the house has decided
    await table.decide("county_doctor", consult, "partly")  # type: ignore[arg-type]
    decided = _said(await _document(net, "city_expert", consult))
    assert decided["会诊意见"] == ["部分采纳"]
    assert decided["处理"] == ["按会诊意见处理，暂不转诊"]


def _message(n: int, text: str, corrects: int | None = None) -> RoomMessage:
    at = datetime(2026, 11, 22, 2, n, tzinfo=UTC)
    return RoomMessage(uuid4(), uuid4(), n, None, None, text, corrects, at, mine=False)


def _call() -> ConsultCall:
    at = datetime(2026, 11, 22, 2, tzinfo=UTC)
    return ConsultCall(
        uuid4(), 1, at, 8, "19900000503", "卓雨棠 主任", "urgent", "大出血", "先压迫",
        read_back=True, corrects=None, corrected_by=None, person=None, facility=None,
        recorded_at=at + timedelta(hours=1), late=True, mine=False,
    )  # fmt: skip


def _still() -> RoomStill:
    at = datetime(2026, 11, 22, 2, tzinfo=UTC)
    return RoomStill(
        uuid4(), uuid4(), "ultrasound", None, None, at_source=False, taken_at=at, kept_at=at,
        width=64, height=48, sha256="a" * 64, version=0, marks=[], marks_sha256="b" * 64,
        may_draw=False,
    )  # fmt: skip


def _there() -> list[Attended]:
    at = datetime(2026, 11, 22, 2, tzinfo=UTC)
    until = at + timedelta(minutes=20)
    return [
        Attended(
            None, None, "requester", None, at, until, stays=3, cuts=1, cut_s=48, lost=True,
            loss=0.07, reconnects=2, audio_only_s=42,
        ),
        Attended(
            None, None, "guest", None, at, None, stays=1, cuts=0, cut_s=0, lost=False, loss=None,
            reconnects=0, audio_only_s=0,
        ),
    ]  # fmt: skip


async def test_what_was_written_in_the_room_is_on_it(table: Table, net: Network) -> None:
    viewer, consult = net.staff["county_doctor"], await _held(table, net)
    async with net.clone.app.session(viewer) as session:
        sources = await gather(session, net.clock, viewer, SEALER, consult)  # type: ignore[arg-type]
    assert isinstance(sources, ConsultSources)
    assert sources.written == []
    written = [_message(1, "缩宫素 5 U"), _message(2, "缩宫素 2.5 U", corrects=1)]
    assert sources.attended == []
    whole = replace(sources, attended=_there(), written=written, calls=[_call()], stills=[_still()])
    document = compose(whole, PaperKind.CONSULT)
    (section,) = [one for one in document.sections if one.title == "会诊室文字沟通"]
    assert [box.value for box in section.boxes if isinstance(box, Box)] == [
        "缩宫素 5 U（已由第 2 条更正）",
        "（更正第 1 条）缩宫素 2.5 U",
    ]
    said = _said(document)
    assert said["1. 邀请方"] == [
        "2026-11-22 10:00 至 2026-11-22 10:20（连接中断）；中断 1 次，共 48 秒；"
        "离开后再次进入 1 次；重连 2 次；丢包 7%；仅语音 42 秒"
    ]
    assert said["2. 访客"] == ["2026-11-22 10:00 至 仍在会诊室"]
    assert said["对方的意见"] == ["先压迫"]
    assert said["补录时间"] == [words.moment(_call().recorded_at)]
    (still,) = said["1. 超声画面"]
    assert "接收端截取" in still
    assert f"图像摘要 {'a' * 16}" in still
    assert PdfReader(io.BytesIO(press().print(document, STAMP))).pages


async def test_what_the_machine_measured_is_on_it_with_what_it_rests_on(
    table: Table, net: Network, tmp_path: Path
) -> None:
    viewer, consult = net.staff["county_doctor"], await _held(table, net)
    folder = SealedFolder(BlobStore(tmp_path, SEALER, max_bytes=0))
    desk = Desk(net.clone.app, net.clock, SEALER, folder, Reader(readers=1))
    content = report(*biometry(), patient="LIN^CESHI=林^测试")

    async def read() -> bytes:
        return content

    try:
        await take(desk, viewer, consult, read, deidentify=False)  # type: ignore[arg-type]
    finally:
        desk.box.close()
    document = await _document(net, "city_expert", consult)
    (section,) = [one for one in document.sections if one.title.startswith("超声测量")]
    assert section.title == "超声测量，设备报告（2026-11-26）"
    lines = [(box.label, box.value) for box in section.boxes if isinstance(box, Box)]
    assert lines[:5] == [
        ("胎儿 A · Biparietal Diameter", "82.4 mm；Mean；实测值"),
        ("胎儿 A · Gestational Age", "231 d；FL by GA, Hadlock 1984，1984 年（待核实）"),
        ("胎儿 A · Growth Percentile rank", "44 %；某市妇幼 2019 参考值，2019 年（待核实）"),
        ("胎儿 A · Femur Length", "61.0 mm；实测值"),
        ("胎儿 A · Growth Percentile rank", "12 %；设备未注明参考出处"),
    ]
    assert "平台未重新计算" in (lines[-1][1] or "")
    pages = PdfReader(io.BytesIO(press().print(document, STAMP))).pages
    text = said_in(pages)
    assert "设备未注明参考出处" in text


async def test_it_is_issued_once_and_only_to_those_who_see_her(table: Table, net: Network) -> None:
    consult, api = await _held(table, net), caller(net, routes.router)
    path = f"/cases/{consult}/documents"
    made = await api.post("county_doctor", f"{path}/consult", {})
    assert made.status_code == 201, made.text
    again = await api.post("city_expert", f"{path}/consult", {})
    assert again.json()["code"] == made.json()["code"]
    (listed,) = (await api.get("city_expert", path)).json()
    assert (listed["kind"], [one["current"] for one in listed["issued"]]) == ("consult", [True])
    pdf = await api.get("county_doctor", made.json()["path"].removeprefix("/api"))
    assert pdf.content.startswith(b"%PDF-")
    assert (await api.get("province_expert", path)).status_code == 404
    with pytest.raises(NotFound):
        await _document(net, "province_expert", consult)


async def test_every_box_stands_in_the_pdf(table: Table, net: Network) -> None:
    document = await _document(net, "county_doctor", await _held(table, net))
    pages = PdfReader(io.BytesIO(press().print(document, STAMP))).pages
    text = said_in(pages)
    for label in _said(document):
        assert label.replace(" ", "") in text, label
    assert "先排除产道裂伤" in text
