"""Versions of rules as rows that are only added; the nearest region's newest in force counts.

A version that was entered counts once somebody else has compared it. A county's own goes before
its city's, a city's before its province's, and the release's counts where nobody has any.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any, Final, Generic, TypeVar, cast
from uuid import UUID

import msgspec
import structlog
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.chain.canonical import encode
from kernel.ids import PersonId, new_id
from quality.obligations.calendar import Calendar
from quality.returns.forms import Form
from quality.rounds.rules import Rules
from quality.rulebook.kinds import CALENDAR_KIND, KINDS, ROUND, form_kind
from registry.facilities.rules import CHINA

log = structlog.get_logger()
T = TypeVar("T")
UNKEPT: Final = UUID(int=0)
"""Of the release's rules before an engine has kept them."""
LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=CHINA)

_INSTALL = text(
    "INSERT INTO rule_version (id, kind, label, region_id, valid_from, valid_to, source, content,"
    "  digest, added_by) VALUES (:id, :kind, :label, :region_id, :valid_from, :valid_to, :source,"
    "  CAST(:content AS jsonb), :digest, :added_by) ON CONFLICT (kind, label) DO NOTHING"
    " RETURNING id"
)
_VERSION = (
    "SELECT v.id, v.kind, v.label, v.region_id, g.name AS region, g.code AS region_code,"
    " v.valid_from, v.valid_to, v.source, v.content::text AS content, v.digest, v.added_by,"
    " v.added_at, f.person_id AS verified_by, f.at AS verified_at, f.document,"
    " w.person_id AS withdrawn_by"
    " FROM rule_version v LEFT JOIN region g ON g.id = v.region_id"
    " LEFT JOIN rule_verification f ON f.version_id = v.id"
    " LEFT JOIN rule_withdrawal w ON w.version_id = v.id"
)
_EVERY = text(f"{_VERSION} ORDER BY v.added_at DESC, v.id DESC")
_ONE = text(f"{_VERSION} WHERE v.id = :id")
_LABELLED = text(f"{_VERSION} WHERE v.kind = :kind AND v.label = :label")
_COUNTING = text(
    f"{_VERSION} WHERE v.kind = ANY(CAST(:kinds AS text[])) AND f.version_id IS NOT NULL"
)
_BELOW = text(
    "SELECT ancestor_id, descendant_id, depth FROM region_closure"
    " WHERE ancestor_id = ANY(CAST(:regions AS uuid[]))"
)
_VERIFY = text(
    "INSERT INTO rule_verification (version_id, person_id, document)"
    " VALUES (:id, :person, :document)"
)
_WITHDRAW = text("INSERT INTO rule_withdrawal (version_id, person_id) VALUES (:id, :person)")


@dataclass(frozen=True, slots=True)
class Version(Generic[T]):
    """Rules as somebody wrote them; `region_id` None: the release's.

    Attributes:
        label: what people see, and what records name: unique in its kind.
        valid_to: the first day on which it is over; then the next region above counts.
    """

    id: UUID
    kind: str
    label: str
    region_id: UUID | None
    region: str | None
    valid_from: date | None
    valid_to: date | None
    source: str
    content: T
    added_by: UUID | None
    added_at: datetime
    verified_by: UUID | None
    verified_at: datetime | None
    document: str | None
    withdrawn_by: UUID | None

    @property
    def waits(self) -> bool:
        """Entered, and neither compared by another person nor taken back."""
        return self.region_id is not None and self.verified_by is None and self.withdrawn_by is None


@dataclass(frozen=True, slots=True)
class Span(Generic[T]):
    """Days on which one content counts; both belong to it."""

    first: date
    last: date
    label: str
    content: T


@dataclass(frozen=True, slots=True)
class Rulebook(Generic[T]):
    """Everything that counts somewhere, of one kind."""

    shipped: T
    shipped_label: str
    own: dict[UUID, list[tuple[int, Version[T]]]]
    """By region: versions of its own and of regions above it, with how far above."""

    def at(self, region_id: UUID | None, day: date) -> Span[T]:
        """What counts in a region on a day."""
        own = self.own.get(region_id, []) if region_id is not None else []
        for depth in sorted({depth for depth, _ in own}):
            begun = [v for d, v in own if d == depth and cast(date, v.valid_from) <= day]
            newest = max(begun, key=lambda one: (one.valid_from, one.added_at), default=None)
            if newest is not None and (newest.valid_to is None or day < newest.valid_to):
                return Span(day, day, newest.label, newest.content)
        return Span(day, day, self.shipped_label, self.shipped)

    def spans(self, region_id: UUID, since: date, until: date) -> list[Span[T]]:
        """What counts in a region from day to day, in order; together they are all those days."""
        own = self.own.get(region_id, [])
        turns = {day for _, one in own for day in (one.valid_from, one.valid_to) if day is not None}
        starts = sorted({since, *(day for day in turns if since < day <= until)})
        ends = [*(day - timedelta(days=1) for day in starts[1:]), until]
        found = []
        for first, last in zip(starts, ends, strict=True):
            one = self.at(region_id, first)
            found.append(Span(first, last, one.label, one.content))
        return found


def plain(content: object) -> Any:
    """A content as JSON has it; sets in order."""
    return msgspec.to_builtins(content, order="deterministic")


def digest_of(content: object) -> bytes:
    """32 bytes that say which content this is: SHA-256 of its RFC 8785 form."""
    return sha256(encode(plain(content))).digest()


async def install(
    session: AsyncSession,
    kind: str,
    content: Any,
    *,
    region_id: UUID | None = None,
    valid_from: date | None = None,
    valid_to: date | None = None,
    source: str = "",
    added_by: PersonId | None = None,
) -> UUID | None:
    """Add a version; None if one of this kind and label stands."""
    values = {
        "id": new_id(),
        "kind": kind,
        "label": content.version,
        "region_id": region_id,
        "valid_from": valid_from,
        "valid_to": valid_to,
        "source": source,
        "content": encode(plain(content)).decode(),
        "digest": digest_of(content),
        "added_by": added_by,
    }
    found: UUID | None = (await session.execute(_INSTALL, values)).scalar_one_or_none()
    return found


async def install_shipped(session: AsyncSession) -> None:
    """Keep this release's rules, so that what was begun by them still finds them later."""
    for kind in KINDS.values():
        if await install(session, kind.code, kind.shipped) is not None:
            continue
        named = {"kind": kind.code, "label": kind.shipped.version}
        held = (await session.execute(_LABELLED, named)).one()
        if bytes(held.digest) != digest_of(kind.shipped):
            # A release that changes a version in place is a mistake; labels keep their meaning.
            log.error("rules.version_changed", kind=kind.code, label=kind.shipped.version)


async def verify(
    session: AsyncSession, version_id: UUID, *, person_id: PersonId, document: str
) -> None:
    """Record that somebody compared a version."""
    values = {"id": version_id, "person": person_id, "document": document}
    await session.execute(_VERIFY, values)


async def withdraw(session: AsyncSession, version_id: UUID, *, person_id: PersonId) -> None:
    """Record that its author took a version back."""
    await session.execute(_WITHDRAW, {"id": version_id, "person": person_id})


async def every(session: AsyncSession) -> list[Version[Any]]:
    """All versions of all kinds that this release knows, the newest first."""
    return [_version(row) for row in await session.execute(_EVERY) if row.kind in KINDS]


async def one(session: AsyncSession, version_id: UUID) -> Version[Any] | None:
    """A version by id."""
    row = (await session.execute(_ONE, {"id": version_id})).one_or_none()
    return None if row is None or row.kind not in KINDS else _version(row)


async def round_rules(session: AsyncSession) -> Rulebook[Rules]:
    """The rules of rounds, of all regions."""
    return await book(session, ROUND)


async def calendars(session: AsyncSession) -> Rulebook[Calendar]:
    """The calendars of obligations, of all regions."""
    return await book(session, CALENDAR_KIND)


async def form_book(session: AsyncSession, code: str) -> Rulebook[Form]:
    """The versions of one form, of all regions."""
    return await book(session, form_kind(code))


async def rules_called(session: AsyncSession, label: str) -> Rules:
    """The rules that a round was planned by."""
    return cast(Rules, await _called(session, ROUND, label))


async def form_called(session: AsyncSession, code: str, label: str) -> Form:
    """The form that a return was begun on."""
    return cast(Form, await _called(session, form_kind(code), label))


async def _called(session: AsyncSession, kind: str, label: str) -> Any:
    """The content of a label; that of the release if it was not kept (a first start)."""
    known = KINDS[kind]
    if label == known.shipped.version:
        return known.shipped
    row = (await session.execute(_LABELLED, {"kind": kind, "label": label})).one_or_none()
    return known.shipped if row is None else _version(row).content


async def book(session: AsyncSession, kind: str) -> Rulebook[Any]:
    """What counts of a kind, of all regions."""
    return (await books(session, [kind]))[kind]


async def books(session: AsyncSession, kinds: Collection[str]) -> dict[str, Rulebook[Any]]:
    """What counts of several kinds, of all regions, in two queries."""
    found = await session.execute(_COUNTING, {"kinds": list(kinds)})
    own = await _by_region(session, [_version(row) for row in found])
    return {
        kind: Rulebook(
            KINDS[kind].shipped,
            KINDS[kind].shipped.version,
            {
                region: [(depth, one) for depth, one in known if one.kind == kind]
                for region, known in own.items()
            },
        )
        for kind in kinds
    }


async def _by_region(
    session: AsyncSession, versions: Sequence[Version[Any]]
) -> dict[UUID, list[tuple[int, Version[Any]]]]:
    found: dict[UUID, list[tuple[int, Version[Any]]]] = {}
    if not versions:
        return found
    regions = {"regions": [one.region_id for one in versions]}
    for row in await session.execute(_BELOW, regions):
        of: Iterable[Version[Any]] = (v for v in versions if v.region_id == row.ancestor_id)
        found.setdefault(row.descendant_id, []).extend((row.depth, one) for one in of)
    return found


def _version(row: Row[Any]) -> Version[Any]:
    return Version(
        id=row.id,
        kind=row.kind,
        label=row.label,
        region_id=row.region_id,
        region=row.region,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        source=row.source,
        content=msgspec.json.decode(row.content, type=KINDS[row.kind].type),
        added_by=row.added_by,
        added_at=row.added_at,
        verified_by=row.verified_by,
        verified_at=row.verified_at,
        document=row.document,
        withdrawn_by=row.withdrawn_by,
    )
