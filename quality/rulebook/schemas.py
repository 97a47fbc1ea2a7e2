"""What the API takes and says about regions' own rules."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, TypeAlias
from uuid import UUID

import msgspec

from quality.definitions import Line
from quality.schemas import PersonOut

KindCode = Annotated[
    str, msgspec.Meta(pattern="^(round|calendar|after_death|form:[a-z][a-z0-9_]{0,39})$")
]
Origin: TypeAlias = Literal["shipped", "entered"]


class EnterRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A region's version of some rules, whole.

    Attributes:
        replaces: the version that the writer began from; it must count in the region still.
        valid_from: its first day.
        valid_to: the first day on which it is over; then what counts above the region does.
        source: the document that decided it.
        content: as `RuleVersionOut.content` of this kind; `version` and `valid_from` in it are
            written by the server.
    """

    kind: KindCode
    region_id: UUID
    replaces: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
    valid_from: date
    valid_to: date | None = None
    source: Line
    content: dict[str, Any]


class VerifyRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which document the version was compared with."""

    document: Line


class FieldChange(msgspec.Struct, frozen=True):
    """A field before and after; empty where it is not said."""

    field: str
    before: str
    after: str


class RuleChange(msgspec.Struct, frozen=True):
    """A line that a version adds, removes or changes; `part` is empty for what is said over all."""

    part: str
    code: str
    name: str
    how: Literal["added", "removed", "changed"]
    fields: list[FieldChange]


class RulePreview(msgspec.Struct, frozen=True):
    """What a version would change in what counts in its region on its first day."""

    against: str
    changes: list[RuleChange]


class RuledRegion(msgspec.Struct, frozen=True):
    """A region by name."""

    id: UUID
    name: str


class RuleVersionOut(msgspec.Struct, frozen=True, kw_only=True):
    """A version as it was written.

    Attributes:
        region: None: the release's; it counts where no region has its own.
        waits: it counts only once another person has compared it.
        counts: in its own region, today; the release's: anywhere.
        counts_in: where it counts today, of the regions that the viewer may enter versions for.
        changes: against what stood before it; only while it waits.
    """

    id: UUID
    kind: str
    label: str
    origin: Origin
    region: RuledRegion | None
    valid_from: date | None
    valid_to: date | None
    source: str
    content: dict[str, Any]
    added_by: PersonOut | None
    added_at: datetime
    waits: bool
    withdrawn: bool
    counts: bool
    counts_in: list[UUID]
    verified_by: PersonOut | None
    verified_at: datetime | None
    document: str | None
    changes: list[RuleChange]
    may_verify: bool
    may_withdraw: bool


class RuleKind(msgspec.Struct, frozen=True):
    """One kind of rules with every version, the newest first; the release's is the last."""

    code: str
    zh: str
    en: str
    versions: list[RuleVersionOut]


class RegionRules(msgspec.Struct, frozen=True):
    """Rules by kind, and the regions that the viewer may enter versions for."""

    regions: list[RuledRegion]
    kinds: list[RuleKind]


class RuleVersionMade(msgspec.Struct, frozen=True):
    """The version that was added."""

    id: UUID
    label: str
