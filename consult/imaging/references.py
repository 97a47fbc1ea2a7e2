"""Which table or equation a measurement rests on: said for each, and said where nobody knows.

A machine writes gestational ages, weights and centiles by tables of its own and names them by a
code or in words. Codes of DICOM's context groups have a name there, with author and year; that a
machine computes by what it names, nobody here has verified, and so each reference is 待核实.
"""

import re
import tomllib
from pathlib import Path
from typing import Final, Literal

import msgspec

from consult.imaging.parse import Measurement

_YEAR: Final = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
DERIVED_UNITS: Final = frozenset({"wk", "d", "mo", "%", "{percentile}", "[percentile]"})
"""Ages and centiles (UCUM) are never what was measured, wherever they stand in a report."""

Said = Literal["standard", "machine", "none", "removed", "measured", "unread"]


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """What a value rests on.

    Attributes:
        said: `standard`: by a code of DICOM's, whose name `words` is; `machine`: in its own words;
            `none`: it should say and does not; `removed`: the file was de-identified, and words of
            the machine went with all free text; `measured`: the value itself was measured and
            needs none; `unread`: the file came before this was asked.
        code: scheme and code, or nothing.
        year: of the publication, where the words have one.
        confidence: 待核实 for every reference: names are compared, values never.
    """

    said: Said
    words: str = ""
    code: str = ""
    year: int | None = None
    source: str = ""
    confidence: str = ""


class Names(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The shipped names: scheme, code, name, context group."""

    version: str
    source: str
    confidence: str
    codes: list[tuple[str, str, str, int]]


def shipped() -> Names:
    """This release's names."""
    text = Path(__file__).with_name("references.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), Names)


NAMES: Final = shipped()
_BY_CODE: Final = {(scheme, code): (words, group) for scheme, code, words, group in NAMES.codes}


def reference_of(one: Measurement, *, deidentified: bool = False) -> Reference:
    """What a measurement rests on, in a file that was de-identified or as the machine wrote it."""
    if one.table is None:
        return Reference(said="unread", words=one.how, confidence=NAMES.confidence)
    known = _BY_CODE.get((one.table_scheme, one.table_code))
    if known is not None:
        words, group = known
        said: Said = "standard"
        source = f"DICOM PS3.16 CID {group}"
    elif one.table:
        words, said, source = one.table, "machine", ""
    else:
        derived = one.level > 0 or one.unit in DERIVED_UNITS
        if not derived:
            return Reference(said="measured")
        return Reference(said="removed" if deidentified else "none")
    year = _YEAR.search(words)
    return Reference(
        said=said,
        words=words,
        code=f"{one.table_scheme} {one.table_code}".strip(),
        year=int(year[0]) if year else None,
        source=source,
        confidence=NAMES.confidence,
    )
