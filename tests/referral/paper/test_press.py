"""The press: text is text whatever it says, every page carries its code, equal in, equal out."""

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from referral.paper import press as module
from referral.paper.errors import TypefaceMissing
from referral.paper.model import Box, Document, PaperKind, Section, ticks
from referral.paper.press import Press, Stamp
from server.paper.handing import FONTS
from tests.papers import said_in

STAMP = Stamp(
    code="0123456789ABCDEF",
    url="https://yunshang.example/verify",
    issued_at=datetime(2026, 11, 22, 2, 0, tzinfo=UTC),
    issued_at_text="2026-11-22 10:00",
    issued_by="清江市妇幼 测试 主任医师",
    head="#12 9f3ac07e",
)
HOSTILE = (
    '#read("/etc/passwd")',
    '#import "@preview/x:1.0.0": *',
    '"] #panic("x") #[',
    "#let doc = 1; $x^2$ *bold* _it_ = heading",
    '\\") } ] ) // comment /* never closed',
    "{{{(((#{#{",
    '","value":null},{"label":"假"',
    "</text><script>alert(1)</script>",
)


def _paper(*values: str, **marks: bool) -> Document:
    boxes = tuple(Box("内容", value, 6) for value in values)
    return Document(
        kind=PaperKind.TRANSFER,
        number="R2611-00001",
        facility="石桥县医院",
        sections=(Section("一般情况", (*boxes, ticks("选项", (("a", "甲"),), "a"))),),
        source="测试",
        unverified=False,
        **marks,
    )


def _print(document: Document) -> PdfReader:
    return PdfReader(io.BytesIO(Press(FONTS).print(document, STAMP)))


def _text(pdf: PdfReader) -> str:
    return said_in(pdf.pages)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_is_printed_as_it_stands(hostile: str) -> None:
    found = _text(_print(_paper(hostile)))
    assert "".join(hostile.split()) in found
    assert "root:" not in found


@settings(max_examples=25)
@given(st.text(max_size=300))
def test_no_text_stops_the_press(value: str) -> None:
    assert Press(FONTS).print(_paper(value), STAMP).startswith(b"%PDF")


def test_marks_that_turn_text_around_are_left_out() -> None:
    assert _paper("死亡\u202e救抢\x00\x1b").content() == _paper("死亡救抢").content()


def test_nothing_leaves_its_box() -> None:
    wide = _print(_paper("A" * 400 + "Z")).pages[0]
    right = 0.0

    def seen(text: str, _cm: object, tm: list[float], _font: object, size: float) -> None:
        nonlocal right
        if "A" in text:
            right = max(right, tm[4] + 0.5 * size * len(text.strip()))

    assert "Z" in wide.extract_text(visitor_text=seen)
    assert 0 < right < 595


def test_each_page_carries_number_code_and_page() -> None:
    pdf = _print(_paper(*["很长的一段病史。" * 60] * 12))
    assert len(pdf.pages) > 1
    for n, page in enumerate(pdf.pages, 1):
        said = "".join(page.extract_text().split())
        assert "R2611-00001" in said
        assert "0123-4567-89AB-CDEF" in said
        assert f"第{n}页/共{len(pdf.pages)}页" in said
    width, height = pdf.pages[0].mediabox[2:]
    assert (round(float(width)), round(float(height))) == (595, 842)


def test_the_typeface_is_inside() -> None:
    fonts = _print(_paper("林测试")).pages[0]["/Resources"]["/Font"]
    named = {str(font.get_object()["/BaseFont"]) for font in fonts.values()}
    assert named
    assert all("NotoSansSC" in name.replace("-", "") for name in named)


def test_drill_demo_and_void_are_said_on_the_paper() -> None:
    said = _text(_print(_paper("x", drill=True, demo=True, voided=True)))
    assert "演练·不得作为诊疗依据" in said
    assert "演示数据·非真实患者" in said
    assert "作废" in said


def test_equal_in_equal_out() -> None:
    first, second = (Press(FONTS).print(_paper("林测试"), STAMP) for _ in range(2))
    assert first == second


def test_without_the_typeface_nothing_is_printed(tmp_path: Path) -> None:
    with pytest.raises(TypefaceMissing):
        Press(tmp_path).print(_paper("x"), STAMP)
    assert module._fonts(FONTS) is module._fonts(FONTS)
