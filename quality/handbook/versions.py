"""Versions of definitions as rows that are only added; what counts is the newest in force.

What was entered counts once a person other than its author has compared it: one person alone
changes no figure.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from hashlib import sha256
from typing import Literal, TypeAlias
from uuid import UUID

import msgspec
import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.chain.canonical import encode
from kernel.ids import PersonId, new_id
from quality.definitions import Definition, shipped

log = structlog.get_logger()

Origin: TypeAlias = Literal["shipped", "entered"]

_INSTALL = text(
    """
    INSERT INTO indicator_version
      (id, origin, code, version, valid_from, valid_to, content, digest, added_by)
    VALUES (:id, :origin, :code, :version, :valid_from, :valid_to, CAST(:content AS jsonb),
            :digest, :added_by)
    ON CONFLICT (origin, code, version) DO NOTHING
    RETURNING id
    """
)
_DIGESTS = text("SELECT code, version, digest FROM indicator_version WHERE origin = 'shipped'")
_ALL = text(
    """
    SELECT v.id, v.origin, v.content::text AS content, v.added_by, v.added_at,
           f.person_id AS verified_by, f.at AS verified_at, f.document,
           w.person_id AS withdrawn_by
      FROM indicator_version v LEFT JOIN indicator_verification f ON f.version_id = v.id
      LEFT JOIN indicator_withdrawal w ON w.version_id = v.id
     ORDER BY (v.content ->> 'order')::int, v.code, v.valid_from, v.added_at, v.id
    """
)
_VERIFY = text(
    "INSERT INTO indicator_verification (version_id, person_id, document)"
    " VALUES (:id, :person, :document) ON CONFLICT (version_id) DO NOTHING"
)
_WITHDRAW = text(
    "INSERT INTO indicator_withdrawal (version_id, person_id) VALUES (:id, :person)"
    " ON CONFLICT (version_id) DO NOTHING"
)


@dataclass(frozen=True, slots=True)
class Verification:
    """Who compared a version with which official document."""

    person_id: UUID
    at: datetime
    document: str


@dataclass(frozen=True, slots=True)
class Version:
    """A definition as it was written, by whom, and whether somebody verified it.

    Attributes:
        withdrawn_by: who took it back before anybody had compared it.
    """

    id: UUID
    origin: Origin
    definition: Definition
    added_by: UUID | None
    added_at: datetime
    verification: Verification | None
    withdrawn_by: UUID | None = None

    @property
    def waits(self) -> bool:
        """Entered, and neither compared by another person nor taken back."""
        undecided = self.verification is None and self.withdrawn_by is None
        return self.origin == "entered" and undecided

    @property
    def may_count(self) -> bool:
        """Shipped, or entered and compared by another person."""
        return self.origin == "shipped" or self.verification is not None

    @property
    def to_be_verified(self) -> bool:
        """Shown as 待核实: what was entered, until another person has compared it."""
        if self.verification is not None:
            return False
        return self.origin == "entered" or self.definition.to_be_verified


def digest_of(definition: Definition) -> bytes:
    """32 bytes that say which content this is: SHA-256 of its RFC 8785 form."""
    return sha256(encode(msgspec.to_builtins(definition))).digest()


async def install(
    session: AsyncSession, definition: Definition, *, added_by: PersonId | None = None
) -> UUID | None:
    """Add a version; None if this origin has one of this code and number already."""
    values = {
        "id": new_id(),
        "origin": "shipped" if added_by is None else "entered",
        "code": definition.code,
        "version": definition.version,
        "valid_from": definition.valid_from,
        "valid_to": definition.valid_to,
        "content": encode(msgspec.to_builtins(definition)).decode(),
        "digest": digest_of(definition),
        "added_by": added_by,
    }
    found: UUID | None = (await session.execute(_INSTALL, values)).scalar_one_or_none()
    return found


async def install_shipped(session: AsyncSession) -> None:
    """Install this release's definitions; versions already there stay as they are."""
    held = {(row.code, row.version): bytes(row.digest) for row in await session.execute(_DIGESTS)}
    for definition in shipped():
        known = held.get((definition.code, definition.version))
        if known is None:
            await install(session, definition)
        elif known != digest_of(definition):
            # A release that changes a version in place is a mistake; numbers keep their meaning.
            log.error("indicator.version_changed", code=definition.code, version=definition.version)


async def verify(
    session: AsyncSession, version_id: UUID, *, person_id: PersonId, document: str
) -> bool:
    """Record that somebody compared a version; False if it was verified already."""
    values = {"id": version_id, "person": person_id, "document": document}
    done = await session.execute(_VERIFY, values)
    return bool(done.rowcount)  # type: ignore[attr-defined]


async def withdraw(session: AsyncSession, version_id: UUID, *, person_id: PersonId) -> None:
    """Record that whoever entered a version took it back."""
    await session.execute(_WITHDRAW, {"id": version_id, "person": person_id})


async def every(session: AsyncSession) -> list[Version]:
    """All versions, by order, code and first day."""
    return [
        Version(
            id=row.id,
            origin=row.origin,
            definition=_read(row.content),
            added_by=row.added_by,
            added_at=row.added_at,
            verification=None
            if row.verified_by is None
            else Verification(row.verified_by, row.verified_at, row.document),
            withdrawn_by=row.withdrawn_by,
        )
        for row in await session.execute(_ALL)
    ]


@lru_cache(maxsize=4096)
def _read(content: str) -> Definition:
    """Read once: a content never changes, and every page asks for all of them."""
    return msgspec.json.decode(content, type=Definition)


def in_force(versions: Iterable[Version], day: date) -> dict[str, Version]:
    """What counts on `day`, by code: the newest version, if that day lies in it.

    What waits for another person, or was taken back, does not count. Newest is who begins last; of
    two that begin on one day, the entered one, then the one that was added last. A version that
    has ended does not bring the one before it back.
    """
    newest: dict[str, Version] = {}
    for one in versions:
        if one.definition.valid_from > day or not one.may_count:
            continue
        held = newest.get(one.definition.code)
        if held is None or _age(one) > _age(held):
            newest[one.definition.code] = one
    return {code: one for code, one in newest.items() if one.definition.in_force(day)}


def _age(one: Version) -> tuple[date, bool, int, datetime]:
    definition = one.definition
    return definition.valid_from, one.origin == "entered", definition.version, one.added_at


async def counting(session: AsyncSession, day: date) -> Sequence[Version]:
    """What counts on `day`, in the order of the handbook."""
    found = in_force(await every(session), day).values()
    return sorted(found, key=lambda one: (one.definition.order, one.definition.code))
