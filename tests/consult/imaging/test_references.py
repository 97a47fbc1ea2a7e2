"""Each measurement says what it rests on, and where the machine says nothing, that is said."""

from collections.abc import Iterator

import pytest
from pydicom.sr.codedict import codes

from consult.imaging.parse import Box, Measurement
from consult.imaging.references import NAMES, Reference, reference_of
from tests.consult.imaging.reports import AUTHORITY, biometry, number, report, said

GROUPS = (12013, 12014, 12015, 12016)


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    """Reads files in a child."""
    made = Box(readers=1)
    yield made
    made.close()


async def test_each_line_of_a_report_says_its_reference_or_that_there_is_none(box: Box) -> None:
    summary = await box.summary(report(*biometry()))
    found = [(one.name, one.fetus, reference_of(one)) for one in summary.measurements]
    assert all(fetus == "A" for _, fetus, _ in found)
    assert [(name, one.said, one.words, one.year) for name, _, one in found] == [
        ("Biparietal Diameter", "measured", "", None),
        ("Gestational Age", "standard", "FL by GA, Hadlock 1984", 1984),
        ("Growth Percentile rank", "machine", "某市妇幼 2019 参考值", 2019),
        ("Femur Length", "measured", "", None),
        ("Growth Percentile rank", "none", "", None),
        ("Estimated Weight", "machine", "EFW-NEW", None),
        ("Composite GA", "none", "", None),
    ]
    named = [one for _, _, one in found if one.said in {"standard", "machine"}]
    assert {one.confidence for one in named} == {"待核实"}
    assert named[0].source == "DICOM PS3.16 CID 12015"
    assert named[-1].code == "99VENDOR X-1"
    assert summary.measurements[0].how == "Mean"


async def test_what_was_said_in_words_is_not_said_to_be_missing_when_words_were_taken_out(
    box: Box,
) -> None:
    clean = await box.deidentified(report(*biometry()), b"salt")
    summary = await box.summary(clean)
    assert summary.deidentified
    said_ = [reference_of(one, deidentified=True).said for one in summary.measurements]
    assert said_ == ["measured", "standard", "removed", "measured", "removed", "machine", "removed"]


async def test_several_words_for_one_value_are_all_kept(box: Box) -> None:
    centile = number(
        ("125012", "DCM", "Growth Percentile rank"), "7", "%",
        said(AUTHORITY, "INTERGROWTH-21st"), said(AUTHORITY, "Papageorghiou 2014"),
    )  # fmt: skip
    (one,) = (await box.summary(report(centile))).measurements
    assert reference_of(one).words == "INTERGROWTH-21st; Papageorghiou 2014"


def test_names_are_those_of_the_standard() -> None:
    found = set()
    for group in GROUPS:
        there = getattr(codes, f"CID{group}")
        for name in there.dir():
            # Some names stand for several codes; only those that stand for one are compared.
            try:
                code = getattr(there, name)
            except RuntimeError:
                continue
            found.add((code.scheme_designator, code.value, code.meaning))
    shipped = {(scheme, code, words) for scheme, code, words, _ in NAMES.codes}
    assert found <= shipped
    assert len(found) > 150
    assert {group for *_, group in NAMES.codes} == set(GROUPS)


def test_what_was_read_before_this_was_asked_says_so() -> None:
    old = Measurement("", "", "1", "LN", "BPD", "82", "mm", "Mean; Hadlock", 0)
    assert reference_of(old) == Reference(said="unread", words="Mean; Hadlock", confidence="待核实")
