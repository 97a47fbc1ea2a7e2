"""A document before it is printed: labelled boxes in an order, free of fonts and PDF."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Any
from unicodedata import category

import msgspec

UNSEEN = frozenset({"Cc", "Cf", "Co", "Cs"})
"""Unicode categories that a paper never shows; among them U+202E, which reads backwards."""


class PaperKind(StrEnum):
    """The documents of a case; a certificate's case is its own."""

    TRANSFER = "transfer"
    NEWBORN_TRANSFER = "newborn_transfer"
    CHECKLIST = "checklist"
    CONSENT = "consent"
    HANDOVER = "handover"
    CONSULT = "consult"
    FEEDBACK = "feedback"
    BACK_REFERRAL = "back_referral"
    CERTIFICATE = "certificate"


TITLES: dict[PaperKind, str] = {
    PaperKind.TRANSFER: "孕产妇转诊单",
    PaperKind.NEWBORN_TRANSFER: "新生儿转诊单",
    PaperKind.CHECKLIST: "转运前核查表",
    PaperKind.CONSENT: "转运知情同意书",
    PaperKind.HANDOVER: "转运交接单",
    PaperKind.CONSULT: "远程会诊单",
    PaperKind.FEEDBACK: "转诊结局反馈单",
    PaperKind.BACK_REFERRAL: "下转（回转）单",
    PaperKind.CERTIFICATE: "培训合格证书",
}


@dataclass(frozen=True, slots=True)
class Box:
    """A labelled box; what is not known stays empty, to be filled by hand.

    Attributes:
        span: columns of six that it takes.
        lines: height of the empty box, in lines of writing.
    """

    label: str
    value: str | None = None
    span: int = 2
    lines: int = 1


@dataclass(frozen=True, slots=True)
class Ticks:
    """A labelled box with answers to tick."""

    label: str
    options: tuple[tuple[str, bool], ...]
    span: int = 6


@dataclass(frozen=True, slots=True)
class Section:
    """Boxes under one heading; `unverified` marks an order that no official form was seen for."""

    title: str
    boxes: tuple[Box | Ticks, ...] = ()
    text: str | None = None
    unverified: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """Everything that a document says, in its order."""

    kind: PaperKind
    number: str
    facility: str
    sections: tuple[Section, ...]
    source: str
    unverified: bool
    drill: bool = False
    demo: bool = False
    voided: bool = False

    @property
    def title(self) -> str:
        """As the form is called."""
        return TITLES[self.kind]

    def content(self) -> bytes:
        """The document as the press takes it; equal content gives equal bytes."""
        said = _plain({**asdict(self), "title": self.title})
        return msgspec.json.encode(said, order="deterministic")

    @property
    def content_hash(self) -> bytes:
        """SHA-256 of everything that it says."""
        return sha256(self.content()).digest()


def _plain(said: Any) -> Any:
    """The same without characters that are not seen: controls, and marks that turn text around."""
    match said:
        case str():
            return "".join(one for one in said if one == "\n" or category(one) not in UNSEEN)
        case dict():
            return {key: _plain(value) for key, value in said.items()}
        case list() | tuple():
            return [_plain(one) for one in said]
    return said


def ticks(label: str, options: Sequence[tuple[str, str]], chosen: object, span: int = 6) -> Ticks:
    """Answers (code, words) of which one, or several, are chosen."""
    picked = chosen if isinstance(chosen, list | tuple | set | frozenset) else [chosen]
    return Ticks(label, tuple((words, code in picked) for code, words in options), span)
