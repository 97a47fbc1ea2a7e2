"""Reads: every version of regions' rules, with what waiting ones would change."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.viewer import Viewer
from quality.frozen import periods
from quality.names import Names, read_names
from quality.rulebook import versions
from quality.rulebook.comparing import changes
from quality.rulebook.kinds import KINDS, Kind
from quality.rulebook.schemas import RegionRules, RuledRegion, RuleKind, RuleVersionOut
from quality.rulebook.service import may_verify
from quality.rulebook.versions import Rulebook, Version
from quality.second_person import may_withdraw


async def region_rules(session: AsyncSession, viewer: Viewer, today: date) -> RegionRules:
    """Every version of every kind."""
    known = await versions.every(session)
    overseen = await periods.overseen(session)
    names = await read_names(
        session, person_ids=[id_ for one in known for id_ in (one.added_by, one.verified_by)]
    )
    kinds, books = [], await versions.books(session, KINDS)
    for kind in KINDS.values():
        see = _Seen(viewer, today, names, {id_ for id_, _ in overseen}, books[kind.code])
        found = [see.version(one) for one in known if one.kind == kind.code and one.region_id]
        release = _shipped(kind, known, see.where(kind.shipped.version))
        kinds.append(RuleKind(kind.code, kind.zh, kind.en, [*found, release]))
    return RegionRules([RuledRegion(id_, name) for id_, name in overseen], kinds)


class _Seen:
    """Versions of one kind as a viewer sees them."""

    def __init__(
        self,
        viewer: Viewer,
        today: date,
        names: Names,
        overseen: set[UUID],
        book: Rulebook[Any],
    ) -> None:
        self.viewer, self.today, self.names = viewer, today, names
        self.overseen, self.book = overseen, book

    def where(self, label: str) -> list[UUID]:
        """Of the viewer's regions: where the version counts today."""
        return [id_ for id_ in self.overseen if self.book.at(id_, self.today).label == label]

    def version(self, one: Version[Any]) -> RuleVersionOut:
        """A region's."""
        assert one.region_id is not None  # noqa: S101  (the caller leaves the release's out)
        assert one.valid_from is not None  # noqa: S101  (by the table's check)
        content: Mapping[str, Any] = versions.plain(one.content)
        before = self.book.at(one.region_id, one.valid_from)
        return RuleVersionOut(
            id=one.id,
            kind=one.kind,
            label=one.label,
            origin="entered",
            region=RuledRegion(one.region_id, one.region or ""),
            valid_from=one.valid_from,
            valid_to=one.valid_to,
            source=one.source,
            content=dict(content),
            added_by=self.names.person(one.added_by),
            added_at=one.added_at,
            waits=one.waits,
            withdrawn=one.withdrawn_by is not None,
            counts=self.book.at(one.region_id, self.today).label == one.label,
            counts_in=self.where(one.label),
            verified_by=self.names.person(one.verified_by),
            verified_at=one.verified_at,
            document=one.document,
            changes=changes(versions.plain(before.content), content) if one.waits else [],
            may_verify=may_verify(self.viewer, one, self.overseen),
            may_withdraw=may_withdraw(self.viewer, one),
        )


def _shipped(kind: Kind, known: list[Version[Any]], counts_in: list[UUID]) -> RuleVersionOut:
    """The release's own; a first start may not have kept it yet."""
    label = kind.shipped.version
    kept = next((one for one in known if (one.kind, one.label) == (kind.code, label)), None)
    content: dict[str, Any] = versions.plain(kind.shipped)
    return RuleVersionOut(
        id=versions.UNKEPT if kept is None else kept.id,
        kind=kind.code,
        label=label,
        origin="shipped",
        region=None,
        valid_from=None,
        valid_to=None,
        source=content.get("source", ""),
        content=content,
        added_by=None,
        added_at=versions.LONG_AGO if kept is None else kept.added_at,
        waits=False,
        withdrawn=False,
        counts=True,
        counts_in=counts_in,
        verified_by=None,
        verified_at=None,
        document=None,
        changes=[],
        may_verify=False,
        may_withdraw=False,
    )
