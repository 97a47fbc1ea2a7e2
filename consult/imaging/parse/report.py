"""Measurements of a structured report: TID 5000, OB-GYN Ultrasound Procedure Report (PS3.16).

Read as they stand: numbers, units and the machine's own centiles, each with the table or equation
that the machine names for it. Nothing is computed and nothing is graded here.
"""

from collections.abc import Iterator
from typing import Any

from pydicom.dataset import Dataset

from consult.imaging.parse.summary import Measurement

DEPTH = 20
MOST = 1000

FETUS_ID = "11951-1"  # LOINC, in TID 1008 Subject Context, Fetus
DERIVATION = "121401"  # DCM
# Equation, its citation, table of values, its citation, reference authority; a code or words.
REFERENCES = frozenset({"121420", "121421", "121424", "121422", "121406"})


def measurements(ds: Dataset) -> list[Measurement]:
    """Every NUM item with a value, in the report's order."""
    found: list[Measurement] = []
    for one in _walk(ds, "", "", 0, 0):
        found.append(one)
        if len(found) >= MOST:
            break
    return found


def _walk(node: Dataset, section: str, fetus: str, level: int, depth: int) -> Iterator[Measurement]:
    if depth > DEPTH:
        return
    children = list(node.get("ContentSequence") or [])[:MOST]
    fetus = _fetus_of(children) or fetus
    for child in children:
        kind = str(child.get("ValueType") or "")
        name = _meaning(child, "ConceptNameCodeSequence")
        if kind == "CONTAINER":
            # A group of one measurement says no more than the section that it stands in.
            inner = name if depth == 0 or not section else section
            yield from _walk(child, inner or section, fetus, level, depth + 1)
        elif kind == "NUM":
            one = _number(child, section, fetus, level)
            if one is not None:
                yield one
            yield from _walk(child, section, fetus, min(level + 1, DEPTH), depth + 1)


def _fetus_of(children: list[Dataset]) -> str:
    for child in children:
        if _code(child, "ConceptNameCodeSequence")[0] == FETUS_ID:
            return _cut(child.get("TextValue"))
    return ""


def _number(item: Dataset, section: str, fetus: str, level: int) -> Measurement | None:
    values = item.get("MeasuredValueSequence")
    if not values:
        return None
    code, scheme = _code(item, "ConceptNameCodeSequence")
    return Measurement(
        section=section,
        fetus=fetus,
        code=code,
        scheme=scheme,
        name=_meaning(item, "ConceptNameCodeSequence"),
        value=_cut(values[0].get("NumericValue")),
        unit=_code(values[0], "MeasurementUnitsCodeSequence")[0],
        how=_how(item),
        level=level,
        **_reference(item),
    )


def _how(item: Dataset) -> str:
    """Mean, selected and the like, as the machine says it."""
    said = [
        _meaning(child, "ConceptCodeSequence")
        for child in _said_of(item)
        if _code(child, "ConceptNameCodeSequence")[0] == DERIVATION
    ]
    return "; ".join(said)[:200]


def _reference(item: Dataset) -> dict[str, str]:
    """What the machine names as the table or equation behind the value, and its first code."""
    words: list[str] = []
    scheme = code = ""
    for child in _said_of(item):
        if _code(child, "ConceptNameCodeSequence")[0] not in REFERENCES:
            continue
        if str(child.get("ValueType") or "") == "TEXT":
            words.append(_cut(child.get("TextValue")))
            continue
        words.append(_meaning(child, "ConceptCodeSequence"))
        if not code:
            code, scheme = _code(child, "ConceptCodeSequence")
    table = "; ".join(dict.fromkeys(one for one in words if one))[:200]
    return {"table": table, "table_scheme": scheme, "table_code": code}


def _said_of(item: Dataset) -> list[Dataset]:
    return list(item.get("ContentSequence") or [])[:50]


def _code(item: Dataset, sequence: str) -> tuple[str, str]:
    codes = item.get(sequence)
    if not codes:
        return "", ""
    return _cut(codes[0].get("CodeValue")), _cut(codes[0].get("CodingSchemeDesignator"))


def _meaning(item: Dataset, sequence: str) -> str:
    codes = item.get(sequence)
    return _cut(codes[0].get("CodeMeaning")) if codes else ""


def _cut(value: Any) -> str:
    from consult.imaging.parse.reading import clean

    return clean(value)
